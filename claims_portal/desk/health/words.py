"""How everything stands, in words for one reader (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from claims_core.i18n import marked as _
from claims_portal.desk.health.judging import How, Part, Row
from claims_portal.desk.says import Says

PARTS: dict[Part, str] = {
    Part.SOURCE: _("Claims system"),
    Part.QUEUE: _("Messages to send"),
    Part.SENDER: _("Sender"),
    Part.WAY: _("Delivery"),
    Part.JOB: _("Timed work"),
    Part.CHANGES: _("Handlers' changes"),
    Part.PEOPLE: _("People who wait"),
    Part.MONEY: _("Money"),
}
# how -> (tone, icon, word)
HOWS: dict[How, tuple[str, str, str]] = {
    How.WRONG: ("no", "x", _("wrong")),
    How.LOOK: ("act", "warn", _("look")),
    How.FINE: ("ok", "check", _("fine")),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing of the page, in words."""

    part: str
    name: str
    how: tuple[str, str, str]
    words: str
    address: str | None


def line_of(row: Row, says: Says, *, reads_claims: bool) -> Line:
    """The row in words; a link only to a page that the reader may open."""
    tone, icon, word = HOWS[row.how]
    closed = row.part is Part.PEOPLE and not reads_claims
    said = {name: _said(value, row, says) for name, value in row.values.items()}
    return Line(
        part=says.told(PARTS[row.part]),
        name="" if row.part is Part.MONEY else says.told("all senders") if row.name == "*" else row.name,
        how=(tone, icon, says.told(word)),
        words=says.told(row.words, said),
        address=None if closed else row.address,
    )


def verdict(rows: Sequence[Row], says: Says) -> tuple[str, str, str]:
    """The sentence at the top, with its tone and icon."""
    wrong, look = (sum(row.how is how for row in rows) for how in (How.WRONG, How.LOOK))
    if wrong:
        return "no", "x", says.counted("{n} thing is wrong", "{n} things are wrong", wrong)
    if look:
        return "act", "warn", says.counted("{n} thing to look at", "{n} things to look at", look)
    return "ok", "check", says.told("Everything works")


def _said(value: object, row: Row, says: Says) -> object:
    if isinstance(value, datetime):
        return says.when(value)
    if isinstance(value, timedelta):
        return says.span(value)
    return says.sum(value, row.name) if isinstance(value, Decimal) else value
