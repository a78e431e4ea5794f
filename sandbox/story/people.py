"""Made-up people of the demo: names, cities, things, and telephone numbers that look right and reach nobody here."""

import random
import tomllib
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

MAIL_DOMAIN = "mail.example"
AREAS = {"us": (209, 415, 510, 619, 916)}


@dataclass(frozen=True)
class Person:
    """A policyholder of the story. `phone` is E.164 and valid; the emulated provider calls nobody.

    Who hears by letter has no phone, and an `email` of a domain kept for examples.
    """

    ref: str
    name: str
    given_name: str
    language: str
    phone: str
    city: str
    zone: str
    birth_date: date
    email: str | None = None

    def by_letter(self) -> "Person":
        """The same person without a telephone."""
        return replace(self, phone="", email=f"{self.ref.partition(':')[2]}@{MAIL_DOMAIN}")


@cache
def words(country: str) -> dict[str, Any]:
    """What there is to choose from in `ru` or `us`."""
    with (Path(__file__).parent / "people.toml").open("rb") as file:
        return dict(tomllib.load(file)[country])


def a_person(dice: random.Random, country: str, number: int) -> Person:
    """The person `number`; each number has a telephone of its own."""
    have = words(country)
    is_woman = dice.random() < 0.5
    given = dice.choice(have["first_f" if is_woman else "first_m"])
    last = dice.choice(have["last"]) + ("а" if is_woman and country == "ru" else "")
    city, zone = dice.choice(have["cities"])
    return Person(
        ref=f"cc:p{number}",
        name=f"{given} {last}",
        given_name=given,
        language="ru" if country == "ru" else "en_US",
        phone=a_phone(country, number),
        city=city,
        zone=zone,
        birth_date=date(1950 + number % 50, number % 12 + 1, number % 28 + 1),
    )


def a_phone(country: str, number: int) -> str:
    """Russia: +7 901 000 0000 and on; America: 555-0100 to 555-0199 of an area, kept for fiction."""
    if country == "ru":
        return f"+7901{number % 10_000_000:07}"
    areas = AREAS["us"]
    return f"+1{areas[number // 100 % len(areas)]}55501{number % 100:02}"
