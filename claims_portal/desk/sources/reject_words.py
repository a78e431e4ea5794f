"""Why a case could not be read, and where it stood, in the reader's language: the adapter writes both in English.

A reason is the way to a field, and one of these forms with its details; a place is a form by itself. The details (what
came, what a parser said) stay as they are; what is of no known form is shown as it was written.
"""

import re
from dataclasses import dataclass

from claims_core.i18n import marked as _
from claims_portal.desk.says import Says

FORMS = (
    _("is missing"),
    _("has no '{field}'"),
    _("is {n} characters long, more than {most}"),
    _("its key or version is longer than {most}"),
    _("has a control character"),
    _("has a NUL"),
    _("is not a JSON object"),
    _("is not JSON: {why}"),
    _("the event is no JSON: {why}"),
    _("there is no object at '{path}' of the event"),
    _("cannot be kept: {why}"),
    _("cannot be read: {why}"),
    _("is nested deeper than {most} levels"),
    _("is bytes and not text"),
    _("is not text but {kind}"),
    _("'{value}' is not a date as {formats}"),
    _("{moment} is more than a day ahead"),
    _("{moment} is before {first}"),
    _("is not one of {words}"),
    _("'{word}' is neither yes nor no"),
    _("is not an amount"),
    _("is more money than we can store"),
    _("{n} of them, more than {most}"),
    _("has {n} cells, and the header {many}"),
    _("is not {encoding}: byte {n} of it"),
    _("is not a row: {why}"),
    _("a quote is opened and never closed"),
    _("the line has {n} bytes, more than {most}"),
    _("the database refuses it: {why}"),
)

PLACES = (
    (_("{file}, line {n}"), re.compile(r"(?P<file>.+), line (?P<n>\d+)", re.DOTALL)),
    (_("{file}, event {n}"), re.compile(r"(?P<file>.+), event (?P<n>\d+)", re.DOTALL)),
    (_("line {n}"), re.compile(r"line (?P<n>\d+)")),
    (_("the view {name}"), re.compile(r"the view (?P<name>.+)", re.DOTALL)),
    (_("the query"), re.compile("the query")),
)


@dataclass(frozen=True, slots=True)
class RejectWords:
    """`field` is the way to what is to blame, empty where a reason names none; `reason` what is wrong with it."""

    field: str
    reason: str


def reject_words(reason: str, says: Says) -> RejectWords:
    """The reason in the reader's words."""
    path: list[str] = []
    rest = reason
    while True:
        found = next(((form, match) for form, pattern in _PATTERNS if (match := pattern.fullmatch(rest))), None)
        if found is not None:
            return RejectWords(": ".join(path), says.told(found[0], found[1].groupdict()))
        name, colon, after = rest.partition(": ")
        if not colon or " " in name.replace(", ", ","):
            return RejectWords(": ".join(path), rest)
        path.append(name)
        rest = after


def place_words(place: str, says: Says) -> str:
    """Where the case stood, in the reader's words; an address, and whatever is of no known form, as it was written."""
    found = next(((form, match) for form, pattern in PLACES if (match := pattern.fullmatch(place))), None)
    return says.told(found[0], found[1].groupdict()) if found else place


def _pattern(form: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", form)
    # A detail in front would swallow the way to the field.
    first = "[^:]" if parts[0] == "" else "."
    named = [
        f"(?P<{part}>{first if place == 1 else '.'}*?)" if place % 2 else re.escape(part)
        for place, part in enumerate(parts)
    ]
    return re.compile("".join(named), re.DOTALL)


_PATTERNS = tuple((form, _pattern(form)) for form in FORMS)
