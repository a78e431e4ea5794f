"""What `/how-long` shows of last night's rows (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from claims_core.i18n import marked
from claims_core.stages import LineOfBusiness
from claims_figures.tables import Figure
from claims_portal.pages.claim.words import LINE
from claims_portal.pages.speech import Speech

MARKS = (14, 30, 60)
WEEK = 7
# In the chart: a bar is at most so high, the whole is so wide; units of the drawing.
HIGH, WIDE, BAR = 120, 360, 30
ENDED = {
    "paid": marked("paid in full"),
    "partly": marked("paid in part"),
    "declined": marked("declined"),
    "otherwise": marked("ended otherwise: withdrawn, passed on, too small"),
}
QUARTERS = (
    marked("the smallest quarter"),
    marked("the second"),
    marked("the third"),
    marked("the largest quarter"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A line to choose."""

    href: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the chart: of 100 claims `n` ended in these days. Places are units of the drawing."""

    label: str
    days: str
    n: int
    x: float
    y: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    """What is said of one line."""

    counts: str
    tiles: tuple[tuple[str, str], ...]
    chart: str
    bars: tuple[Bar, ...]
    ended: tuple[tuple[str, int], ...]
    kept: str | None
    more: tuple[str, ...]
    by_size: tuple[tuple[str, str, str], ...]
    before: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class HowLongPage:
    """pages/how_long.html. `line` is None where there is too little to say, or nothing was counted yet."""

    choices: tuple[Choice, ...]
    name: str
    line: Line | None
    counted: str | None


def build(rows: Sequence[Figure], line: LineOfBusiness | None, said: Speech) -> HowLongPage:
    """The page of `line`, or of the line with the most claims."""
    latest = {LineOfBusiness(row.subject): row for row in rows if row.period == "latest"}
    if line is None:
        line = max(latest, key=lambda each: latest[each].numbers.get("claims", 0), default=None)
    row = latest.get(line) if line else None
    before = next((each for each in rows if each.period == "before" and each.subject == line), None)
    return HowLongPage(
        choices=tuple(Choice(f"/how-long/{each}", said.say(LINE[each]), each is line) for each in latest),
        name=said.say(LINE[line]) if line else "",
        line=None if row is None or row.numbers["few"] else _line(row, before, said),
        counted=said.say("Counted {when}.", when=said.stamp(row.data_at)) if row else None,
    )


def _line(row: Figure, before: Figure | None, said: Speech) -> Line:
    numbers = row.numbers
    bars = _bars(numbers["weeks"], said)
    return Line(
        counts=said.say_count(
            "{n} claim of the half year to {date}, {still} of them still open.",
            "{n} claims of the half year to {date}, {still} of them still open.",
            numbers["claims"],
            date=said.day(row.until),
            still=numbers["open"],
        ),
        tiles=_tiles(numbers, said),
        chart=said.say("Of 100 claims, how many ended in which week. The table below says the same."),
        bars=bars,
        ended=_ended(numbers["ended"], said),
        kept=_promise(numbers["promises"], said),
        more=tuple(_more(numbers, said)),
        by_size=_by_size(numbers["by_size"], said),
        before=_compared(numbers, before.numbers if before else {"few": True}, said),
    )


def _tiles(numbers: Mapping[str, Any], said: Speech) -> tuple[tuple[str, str], ...]:
    later = numbers["within"]["60"]
    return (
        (said.say("Half are over within"), _days(numbers["half"], said)),
        (said.say("8 of 10 are over within"), _days(numbers["eight_in_ten"], said)),
        (said.say("Longer than 60 days"), _of_100(None if later is None else 1 - later, said)),
    )


def _days(days: int | None, said: Speech) -> str:
    return said.say("not known yet") if days is None else said.days(max(days, 1))


def _of_100(share: float | None, said: Speech) -> str:
    return said.say("not known yet") if share is None else said.say("{n} of 100", n=round(100 * share))


def _bars(weeks: Sequence[float | None], said: Speech) -> tuple[Bar, ...]:
    """A bar a week as far as anybody was watched, and one for all that took longer. They add up to 100."""
    known = [0.0, *(share for share in weeks if share is not None)]
    whole = [round(100 * share) for share in known]
    parts = [after - before for before, after in pairwise(whole)] + [100 - whole[-1]]
    most, step = max(1, *parts), WIDE / len(parts)
    bars = []
    for place, n in enumerate(parts):
        first, last = place * WEEK + 1, (place + 1) * WEEK
        is_last = place == len(parts) - 1
        high = HIGH * n / most
        bars.append(
            Bar(
                label=f"{first}+" if is_last else f"–{last}",
                days=said.say("day {first} and later, or still open", first=first)
                if is_last
                else said.say("days {first} to {last}", first=first if place else 0, last=last),
                n=n, x=round(place * step + (step - BAR) / 2, 1), y=round(HIGH - high, 1), high=round(high, 1),
            )
        )  # fmt: skip
    return tuple(bars)


def _ended(ended: Mapping[str, float] | None, said: Speech) -> tuple[tuple[str, int], ...]:
    """Of 100, sixty days after the start; rounded so that the parts add up to 100."""
    if ended is None:
        return ()
    told, so_far, sum_so_far = [], 0.0, 0
    for key, word in ENDED.items():
        if share := ended.get(key):
            so_far += share
            n = round(100 * so_far) - sum_so_far
            sum_so_far += n
            told.append((said.say(word), n))
    return (*told, (said.say("still open"), 100 - sum_so_far))


def _promise(promises: Mapping[str, int] | None, said: Speech) -> str | None:
    if promises is None:
        return None
    judged = promises["kept"] + promises["missed"]
    return said.say("We kept our own date in {n} of 100 claims", n=round(100 * promises["kept"] / judged))


def _more(numbers: Mapping[str, Any], said: Speech) -> Sequence[str]:
    extended = said.say("{n} of 100 claims went through an extended check.", n=round(100 * numbers["extended"]))
    if numbers["complaints"] is None:
        return (extended, said.say("Formal complaints about broken promises: fewer than 10."))
    sent, in_time = numbers["complaints"]["sent"], numbers["complaints"]["in_time"]
    told = said.say(
        "Formal complaints about broken promises: {sent}, answered by their day: {done}.", sent=sent, done=in_time
    )
    return (extended, told if sent else said.say("Formal complaints about broken promises: none."))


def _by_size(quarters: Sequence[Mapping[str, Any]] | None, said: Speech) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (said.say(word), _days(quarter["half"], said), _days(quarter["eight_in_ten"], said))
        for word, quarter in zip(QUARTERS, quarters or (), strict=False)
    )


def _compared(now: Mapping[str, Any], before: Mapping[str, Any], said: Speech) -> tuple[tuple[str, str, str], ...]:
    """Over within so many days: this half year, and the one before."""
    earlier = {} if before["few"] else before["within"]
    return tuple(
        (
            said.say("within {days}", days=said.days(mark)),
            _of_100(now["within"][str(mark)], said),
            _of_100(earlier[str(mark)], said) if earlier else said.say("too few claims"),
        )
        for mark in MARKS
    )
