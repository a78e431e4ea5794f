"""What the page of a pilot shows of last night's row (pure): a word beside every picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from claims_core.pilots import DAYS, Measure
from claims_core.stages import LineOfBusiness
from claims_figures.tables import Figure
from claims_portal.desk.pilots.words import ARMS, MEASURES, Read, headline, interval, read, value
from claims_portal.desk.says import Says
from claims_portal.desk.words import LINES
from notifier.states import Arm

# Units of the drawing: half of it is less, half is more.
WIDE, MIDDLE, EDGE = 128, 64, 4
# The picture of waits: how wide and deep, and the space above.
ACROSS, DEEP, TOP = 340, 140, 10
# Below these chances the draw, or the mixture of lines, is not what was planned.
SUSPECT = 0.01


@dataclass(frozen=True, slots=True)
class Span:
    """An interval as a picture: where it begins, ends, and its middle; units of the drawing."""

    low: float
    middle: float
    high: float
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """A measure, or a line, of two arms."""

    name: str
    hint: str
    first: str
    second: str
    span: Span | None
    between: str
    read: Read


@dataclass(frozen=True, slots=True)
class Compared:
    """A further arm beside the first one."""

    first: str
    second: str
    headline: str
    text: str
    rows: tuple[Row, ...]
    lines: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must hold for the comparison to be fair; `tone` is ok or warn."""

    icon: str
    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class Settled:
    """Claims that are over by each day: a line for each arm, and the same as a table."""

    lines: tuple[tuple[str, str], ...]  # name, points of the drawing
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Results:
    """All of it. `counted` says of when; `compared` is empty where there is one arm alone."""

    compared: tuple[Compared, ...]
    checks: tuple[Check, ...]
    survey: tuple[tuple[str, str, str], ...]
    settled: Settled | None
    needed: str | None
    counted: str


def results_of(row: Figure, says: Says) -> Results:
    """The row in words and drawings."""
    numbers = row.numbers
    names = [says.told(ARMS[Arm(each["arm"])]) for each in numbers["arms"]]
    return Results(
        compared=tuple(_compared(numbers, at, names, says) for at in range(1, len(names))),
        checks=tuple(_checks(numbers, says)),
        survey=_survey(numbers, names, says),
        settled=_settled(numbers["settled"], names, says),
        needed=_needed(numbers, says),
        counted=says.told(
            "Counted {time}, everybody by their first group. Shares: Newcombe; counts: a bootstrap over people; "
            "waits: Kaplan–Meier and a log-rank test.",
            time=says.when(row.data_at),
        ),
    )


def _compared(numbers: Mapping[str, Any], at: int, names: Sequence[str], says: Says) -> Compared:
    main = Measure(numbers["main"])
    order = [main, *(measure for measure in Measure if measure is not main)]
    measures = numbers["measures"]
    told = measures[main]
    top, text = headline(main, told["values"][0], told["differences"][at - 1], (names[0], names[at]), says)
    lines = [
        _row(main, says.told(LINES[LineOfBusiness(each["line"])]), _people(each, at, says), each, at, says)
        for each in numbers["lines"]
    ]
    rows = []
    for measure in order:
        words = MEASURES[measure]
        hint = (
            says.told("main measure, {unit}", unit=says.told(words.hint)) if measure is main else says.told(words.hint)
        )
        rows.append(_row(measure, says.told(words.name), hint, measures[measure], at, says))
    return Compared(names[0], names[at], top, text, tuple(rows), tuple(_on_one_scale(lines, numbers["lines"], at)))


def _people(line: Mapping[str, Any], at: int, says: Says) -> str:
    people = line["people"][0] + line["people"][at]
    many = says.counted("{n} person", "{n} people", people)
    return says.told("{people}: too few to tell", people=many) if line["small"] else many


def _row(measure: Measure, name: str, hint: str, told: Mapping[str, Any], at: int, says: Says) -> Row:
    difference = told["differences"][at - 1]
    between = interval(measure, difference, says) if difference else "–"
    return Row(
        name=name,
        hint=hint,
        first=value(measure, told["values"][0], says),
        second=value(measure, told["values"][at], says),
        span=None if difference is None or measure in DAYS else _span(difference, between),
        between=between,
        read=read(measure, difference, says),
    )


def _span(difference: Mapping[str, Any], label: str, widest: float | None = None) -> Span:
    widest = widest or max(abs(difference["low"]), abs(difference["high"])) or 1.0
    low, middle, high = (
        round(MIDDLE + (MIDDLE - EDGE) * difference[name] / widest, 1) for name in ("low", "difference", "high")
    )
    return Span(low, middle, high, label)


def _on_one_scale(rows: Sequence[Row], lines: Sequence[Mapping[str, Any]], at: int) -> list[Row]:
    """Lines are compared with each other, so their pictures have one scale."""
    found = [line["differences"][at - 1] for line in lines]
    widest = max((abs(each[end]) for each in found if each for end in ("low", "high")), default=0.0)
    made = []
    for row, difference in zip(rows, found, strict=True):
        span = _span(difference, row.between, widest) if difference and row.span else None
        made.append(Row(row.name, row.hint, row.first, row.second, span, row.between, row.read))
    return made


def _checks(numbers: Mapping[str, Any], says: Says) -> list[Check]:
    fair, arms = numbers["fair"], numbers["arms"]
    sizes = ", ".join(str(arm["people"]) for arm in arms)
    made = [
        _likely(fair["sample_ratio"], says.told("Groups are as large as drawn"),
                says.told("Groups are not as large as drawn: look for the mistake first"), sizes, says),
        _likely(fair["balance"], says.told("Lines are spread alike"),
                says.told("Lines are not spread alike: read them one by one"), "", says),
        Check("check", says.told("Choices are respected"), says.counted(
            "{n} client chose for themselves and stays in the first group here",
            "{n} clients chose for themselves and stay in their first group here", fair["crossed"])),
    ]  # fmt: skip
    silent = fair["asked"] - fair["answered"]
    if fair["asked"]:
        tenth = round(10 * silent / fair["asked"])
        made.append(Check("warn" if tenth > 3 else "check", says.told("{n} in 10 skipped the survey", n=tenth),
                          says.told("Read “it was clear” with care")))  # fmt: skip
    chance = says.told("About one in twenty differs by chance alone. Only the main one was named before.")
    made.append(Check("info", says.counted("{n} comparison", "{n} comparisons", numbers["compared"]), chance))
    return made


def _likely(p: float | None, fine: str, wrong: str, hint: str, says: Says) -> Check:
    if p is None:
        return Check("dots", fine, says.told("too few to check"))
    said = says.told("p = {p}", p=value(Measure.COST, p, says))
    hint = f"{hint}, {said}" if hint else said
    return Check("warn", wrong, hint) if p < SUSPECT else Check("check", fine, hint)


def _survey(numbers: Mapping[str, Any], names: Sequence[str], says: Says) -> tuple[tuple[str, str, str], ...]:
    """Asked, answered, and what it would be if all who were silent were unhappy, or all happy."""
    made = []
    for name, arm in zip(names, numbers["arms"], strict=True):
        said = arm["silent"]
        if not said["asked"]:
            continue
        low = said["happy"] / said["asked"]
        high = 1 - (said["answered"] - said["happy"]) / said["asked"]
        span = says.told("{low} to {high}", low=value(Measure.CLEAR, low, says), high=value(Measure.CLEAR, high, says))
        of = says.told("{answered} of {asked}", answered=said["answered"], asked=said["asked"])
        made.append((name, of, span))
    return tuple(made)


def _settled(told: Mapping[str, Any], names: Sequence[str], says: Says) -> Settled | None:
    """None while too little is over in an arm."""
    if any(shares[0] is None for shares in told["arms"]):
        return None
    last = told["days"][-1]
    lines = []
    for name, shares in zip(names, told["arms"], strict=True):
        known = [
            (0, 0.0),
            *((day, share) for day, share in zip(told["days"], shares, strict=True) if share is not None),
        ]
        points = " ".join(f"{ACROSS * day / last:.1f},{DEEP * (1 - share) + TOP:.1f}" for day, share in known)
        lines.append((name, points))
    rows = tuple(
        (
            says.counted("within {n} day", "within {n} days", day),
            tuple(value(Measure.CLEAR, shares[at], says) for shares in told["arms"]),
        )
        for at, day in enumerate(told["days"])
    )
    return Settled(tuple(lines), rows)


def _needed(numbers: Mapping[str, Any], says: Says) -> str | None:
    if not numbers["more_needed"]:
        return None
    return says.counted(
        "{n} more person is needed to see the smallest useful difference.",
        "{n} more people are needed to see the smallest useful difference.",
        numbers["more_needed"],
    )


def day_of(starts_at: datetime, planned_end: datetime, says: Says) -> tuple[int, int]:
    """Which day of how many it is."""
    whole = max(1, (planned_end - starts_at).days)
    return min(whole, max(1, (says.now - starts_at).days + 1)), whole
