"""The three forms for whoever cannot prove who they are: their fields, and what is wrong with what was typed (pure)."""

import re
from dataclasses import dataclass, fields, replace

from claims_core.i18n import marked
from claims_portal.auth.entries import LONGEST_NUMBER, read_numbers, read_phone
from claims_portal.pages.forms import Problem, Problems
from claims_portal.pages.speech import Speech
from claims_portal.settings import PortalSettings
from claims_portal.tables import RequestKind

LONGEST_TEXT = 2000
LONGEST_NAME = 120
LONGEST_CONTACT = 120
# Enough to tell an address from a slip of the hand; whether it is theirs, a person finds out.
_EMAIL = re.compile(r"[^@\s<>\"',;:]{1,64}@[^@\s<>\"',;:]{1,50}\.[^@\s<>\"',;:.]{2,20}")
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Asking:
    """One form: where it is sent, which fields it has, and which may stay empty. The words are the template's."""

    kind: RequestKind
    action: str
    fields: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    takes_email: bool = False


FORMS = {
    RequestKind.QUESTION: Asking(
        RequestKind.QUESTION, "/ask", ("number", "question", "contact"), frozenset({"contact"}), takes_email=True
    ),
    RequestKind.NO_NUMBER: Asking(
        RequestKind.NO_NUMBER, "/help/number", ("name", "contact", "question"), frozenset({"question"})
    ),
    RequestKind.NEW_PHONE: Asking(RequestKind.NEW_PHONE, "/help/phone", ("number", "name", "contact")),
}
EMPTY = {
    "number": marked("Enter the claim or policy number"),
    "question": marked("Write your question first"),
    "name": marked("Enter your name"),
    "contact": marked("Enter the phone to call"),
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields."""

    number: str = ""
    name: str = ""
    contact: str = ""
    question: str = ""

    def cut(self) -> "Typed":
        """The same, as long as a page may print it again."""
        longest = {"question": 2 * LONGEST_TEXT}
        cuts = {each.name: getattr(self, each.name)[: longest.get(each.name, LONGEST_CONTACT)] for each in fields(self)}
        return replace(self, **cuts)


@dataclass(frozen=True, slots=True)
class Read:
    """A form without a mistake: the number as sources may store it, the contact in E.164 or as an address."""

    numbers: tuple[str, ...]
    name: str
    contact: str
    text: str


def read_form(form: Asking, typed: Typed, settings: PortalSettings, said: Speech) -> tuple[Read | None, Problems]:
    """What was asked, or all that is wrong with it."""
    clean = {name: _UNSEEN.sub("", getattr(typed, name)).strip() for name in form.fields}
    problems = [
        Problem(name, said.say(EMPTY[name])) for name in form.fields if not clean[name] and name not in form.optional
    ]
    numbers = read_numbers(typed.number, settings.portal_number_formats) if clean.get("number") else ()
    contact = read_contact(clean.get("contact", ""), form, settings)
    if clean.get("number") and not numbers:
        text = said.say("The number has 4 to 40 digits or letters, for example {example}", example=_example(settings))
        problems.append(Problem("number", text))
    if clean.get("contact") and contact is None:
        problems.append(Problem("contact", _wrong_contact(form, said)))
    if len(clean.get("name", "")) > LONGEST_NAME:
        problems.append(Problem("name", said.say("The name is too long. {n} letters fit", n=LONGEST_NAME)))
    if len(clean.get("question", "")) > LONGEST_TEXT:
        have = len(clean["question"])
        text = said.say("The question is too long. {n} letters fit, yours has {have}", n=LONGEST_TEXT, have=have)
        problems.append(Problem("question", text))
    if problems:
        return None, Problems(tuple(problems))
    return Read(numbers, clean.get("name", ""), contact or "", clean.get("question", "")), Problems()


def read_contact(typed: str, form: Asking, settings: PortalSettings) -> str | None:
    """A telephone in E.164, or an e-mail address where the form takes one; None if it is neither."""
    if not typed:
        return ""
    if form.takes_email and "@" in typed:
        return typed if len(typed) <= LONGEST_CONTACT and _EMAIL.fullmatch(typed) else None
    return read_phone(typed, settings.portal_phone_countries)


def _example(settings: PortalSettings) -> str:
    return settings.portal_number_example[:LONGEST_NUMBER]


def _wrong_contact(form: Asking, said: Speech) -> str:
    if form.takes_email:
        return said.say("Enter a phone with its country code, or an email address")
    return said.say("Enter the phone with its country code, as in +7 912 000-00-00")
