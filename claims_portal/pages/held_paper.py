"""What we hold about a person as a paper: each category with why and how long, and its rows in short (pure)."""

import re
from datetime import datetime
from typing import Any

from claims_portal.pages.speech import Speech
from claims_portal.pdf import Paper, Part
from claims_portal.personal.copy import Rows
from claims_portal.personal.held import DRAWERS, Category

# Of one table on paper; the file has them all.
MOST_PRINTED = 100
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def held_paper(found: list[Rows], said: Speech, insurer: str) -> Paper:
    """The paper of a copy, in the language of the page."""
    return Paper(
        title=said.say("What we hold about you"),
        language=said.language,
        made_at=said.now,
        parts=tuple(_part(category, found, said) for category in DRAWERS),
        foot=said.say("{insurer}, {when}", insurer=insurer, when=said.stamp(said.now)),
        maker=insurer,
    )


def _part(category: Category, found: list[Rows], said: Speech) -> Part:
    drawer, lines = DRAWERS[category], list[str]()
    for one in found:
        if one.held.category is category and one.held.printed:
            lines.extend(_line(row, one.held.printed, said) for row in one.rows[:MOST_PRINTED])
    count = sum(len(one.rows) for one in found if one.held.category is category)
    lines = lines or [said.say("Nothing.")]
    rows = said.say_count(
        "{n} row; the file in JSON has all of them", "{n} rows; the file in JSON has all of them", count
    )
    return Part(said.say(drawer.name), (said.say(drawer.why), said.say(drawer.how_long), "\n".join(lines), rows))


def _line(row: dict[str, Any], printed: tuple[str, ...], said: Speech) -> str:
    values = (_value(row[name], said) for name in printed)
    return "• " + " · ".join(value for value in values if value)


def _value(value: Any, said: Speech) -> str:
    if isinstance(value, str) and _MOMENT.match(value):
        return said.stamp(datetime.fromisoformat(value))
    return "" if value is None else " ".join(str(value).split())
