"""What a person types to get in: numbers and telephones, read kindly, checked before anything is searched (pure)."""

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers

from claims_portal.settings import NumberFormat

LONGEST_NUMBER = 60
LONGEST_PHONE = 40
CODE_DIGITS = 6

# Letters that look alike on paper: a policy series is printed in one alphabet and typed in the other.
_LATIN, _CYRILLIC = "ABEKMHOPCTYX", "АВЕКМНОРСТУХ"
_TO_LATIN, _TO_CYRILLIC = str.maketrans(_CYRILLIC, _LATIN), str.maketrans(_LATIN, _CYRILLIC)
_BLANKS = re.compile(r"[\s\u00ad\u200b\u2010-\u2015\u2212№#-]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose claim somebody asks for: the number as a source may have stored it, and a telephone in E.164.

    `typed` is the number without blanks and dashes: what tries are counted by, whatever exists.
    """

    numbers: tuple[str, ...]
    phone: str
    typed: str


def read_numbers(typed: str, formats: tuple[NumberFormat, ...]) -> tuple[str, ...]:
    """The ways in which a source may have stored the number that was typed; empty when no source writes it so."""
    if len(typed) > LONGEST_NUMBER:
        return ()
    text = unicodedata.normalize("NFKC", typed.replace("№", " ")).strip().upper()
    bare = bare_number(text)
    found: dict[str, None] = {}
    for kind in formats:
        for variant in (bare, bare.translate(_TO_LATIN), bare.translate(_TO_CYRILLIC)):
            match = re.fullmatch(kind.pattern, variant)
            if match:
                found[kind.printed.format(*match.groups()) if kind.printed else variant] = None
    if found:
        spaced = " ".join(text.split())
        found.update(dict.fromkeys((spaced, spaced.translate(_TO_LATIN), spaced.translate(_TO_CYRILLIC))))
    return tuple(found)


def bare_number(typed: str) -> str:
    """A number without blanks and dashes, in capitals and in one alphabet where letters look alike."""
    return _BLANKS.sub("", typed.upper())


def read_phone(typed: str, countries: tuple[str, ...]) -> str | None:
    """The telephone in E.164, read as a number of the first of `countries` it may belong to; None if of none."""
    if len(typed) > LONGEST_PHONE:
        return None
    for country in countries:
        try:
            number = phonenumbers.parse(typed, country.upper())
        except phonenumbers.NumberParseException:
            continue
        codes = {phonenumbers.country_code_for_region(each.upper()) for each in countries}
        if number.country_code in codes and phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


def read_code(typed: str) -> str:
    """The decimal digits of what was typed, whichever script they are of; blanks, dashes and letters fall away."""
    digits = (unicodedata.decimal(sign, None) for sign in typed[:100])
    return "".join(str(digit) for digit in digits if digit is not None)
