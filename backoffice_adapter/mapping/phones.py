"""Telephone numbers as people write them into E.164, for the countries that an insurer names."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata

_KINDS = ("fixed_line", "mobile", "toll_free", "personal_number", "voip", "uan")


def phone_reader(countries: Sequence[str]) -> Callable[[Any], str | None]:
    """`value -> "+79161234567"`, or None when it is no valid number of one of `countries` (the first is the default).

    The common case, a number already in E.164, is checked by the library's own patterns, compiled once: the full
    parse costs as much as the rest of a case.
    """
    home = countries[0]
    whole = re.compile("|".join(_pattern(country) for country in countries))

    def read(value: Any) -> str | None:
        said = str(value).strip()
        if whole.fullmatch(said):
            return said
        try:
            number = phonenumbers.parse(said, home)
        except phonenumbers.NumberParseException:
            return None
        if not any(phonenumbers.is_valid_number_for_region(number, country) for country in countries):
            return None
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    return read


def is_country(code: str) -> bool:
    """Does the library know this two-letter country?"""
    return code in phonenumbers.SUPPORTED_REGIONS


def _pattern(country: str) -> str:
    data = PhoneMetadata.metadata_for_region(country)
    assert data is not None, country
    kinds = [getattr(data, kind) for kind in _KINDS]
    patterns = [kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern]
    return rf"\+{data.country_code}(?:{'|'.join(patterns)})"
