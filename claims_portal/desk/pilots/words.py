"""What arms, measures and limits are called, and what is said of a difference: what its interval says (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claims_core.i18n import decimal
from claims_core.i18n import marked as _
from claims_core.pilots import COUNTED, DAYS, SHARES, Measure
from claims_portal.desk.says import Says
from notifier.states import Arm, Guardrail

ARMS = {
    Arm.ESSENTIAL: _("Main things"),
    Arm.EVERY_STEP: _("Each step"),
    Arm.FREQUENT: _("Often"),
    Arm.SELF_CHOSEN: _("Their choice"),
}
LIMITS = {
    Guardrail.OPT_OUTS: _("too many turned texts off"),
    Guardrail.COMPLAINTS: _("too many complained"),
    Guardrail.MESSAGES: _("too many messages a claim"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """The words of a measure: its name, a hint, and what "less" and "more" are called. `more_is_good` paints them."""

    name: str
    hint: str
    less: str
    more: str
    more_is_good: bool = False


MEASURES = {
    Measure.CALLS: Told(_("Calls"), _("in 100 weeks of open claims"), _("Fewer calls"), _("More calls")),
    Measure.CONTACTS: Told(
        _("Calls, questions, look-ups"), _("in 100 weeks of open claims"), _("Fewer contacts"), _("More contacts")
    ),
    Measure.REPEATED: Told(_("Had to repeat themselves"), _("of all people"), _("Repeat less"), _("Repeat more")),
    Measure.CLEAR: Told(
        _("Said it was clear"), _("survey, 4 or 5 of 5"), _("Less clear"), _("Clearer"), more_is_good=True
    ),
    Measure.OPT_OUTS: Told(_("Turned texts off"), _("of all people"), _("Fewer stops"), _("More stops")),
    Measure.COMPLAINTS: Told(_("Complained"), _("of all people"), _("Fewer complaints"), _("More complaints")),
    Measure.DOCUMENT_DAYS: Told(
        _("Days until a document came"), _("median of the first one asked for"), _("Sooner"), _("Later")
    ),
    Measure.SETTLE_DAYS: Told(_("Days to settle"), _("median, open claims too"), _("Faster"), _("Slower")),
    Measure.COST: Told(_("Messages cost"), _("a person"), _("Cheaper"), _("Dearer")),
}
POINTS, PLAIN = _("{difference} points ({low} to {high})"), _("{difference} ({low} to {high})")
CLOSE, CANNOT, TOO_FEW = _("Too close to call"), _("Cannot tell"), _("Too few to compare")
# The sentence at the top: of the main measure, as its interval says.
LESS = {
    Measure.CALLS: _("“{arm}”: clients call {n}% less than with “{first}”"),
    Measure.CONTACTS: _("“{arm}”: clients come to us {n}% less than with “{first}”"),
    Measure.CLEAR: _("“{arm}”: {n}% fewer say that it was clear than with “{first}”"),
    Measure.COMPLAINTS: _("“{arm}”: {n}% fewer complain than with “{first}”"),
}
MORE = {
    Measure.CALLS: _("“{arm}”: clients call {n}% more than with “{first}”"),
    Measure.CONTACTS: _("“{arm}”: clients come to us {n}% more than with “{first}”"),
    Measure.CLEAR: _("“{arm}”: {n}% more say that it was clear than with “{first}”"),
    Measure.COMPLAINTS: _("“{arm}”: {n}% more complain than with “{first}”"),
}
NONE_YET = {
    Measure.CALLS: _("No proven difference in calls so far"),
    Measure.CONTACTS: _("No proven difference in contacts so far"),
    Measure.CLEAR: _("No proven difference in clearness so far"),
    Measure.COMPLAINTS: _("No proven difference in complaints so far"),
}


@dataclass(frozen=True, slots=True)
class Read:
    """What is said of a difference: tone, icon, and a word; never colour alone."""

    tone: str
    icon: str
    word: str


def read(measure: Measure, difference: Mapping[str, Any] | None, says: Says) -> Read:
    """The word for one difference: what its reading says, and nothing else."""
    if difference is None:
        return Read("un", "dots", says.told(TOO_FEW))
    told = MEASURES[measure]
    match difference["reading"]:
        case "less":
            good = not told.more_is_good
            return Read("ok" if good else "bad", "check" if good else "warn", says.told(told.less))
        case "more":
            good = told.more_is_good
            return Read("ok" if good else "bad", "check" if good else "warn", says.told(told.more))
        case "cannot_tell":
            return Read("un", "dots", says.told(CANNOT))
    return Read("un", "dots", says.told(CLOSE))


def headline(
    measure: Measure,
    first: float | None,
    difference: Mapping[str, Any] | None,
    arms: tuple[str, str],
    says: Says,
) -> tuple[str, str]:
    """The sentence about the main measure and what stands under it, both as the interval says."""
    if difference is None:
        return says.told(NONE_YET[measure]), says.told("With fewer than 30 people in a group nothing is compared.")
    between = interval(measure, difference, says)
    if difference["reading"] == "cannot_tell":
        return says.told(NONE_YET[measure]), says.told(
            "{difference}, but those who did not answer could turn it round: we cannot tell.", difference=between
        )
    if difference["reading"] == "close":
        return says.told(NONE_YET[measure]), says.told("{difference}: too close to call.", difference=between)
    n = round(100 * abs(difference["difference"]) / first) if first else 100
    words = LESS if difference["reading"] == "less" else MORE
    top = says.told(words[measure], arm=arms[1], first=arms[0], n=n)
    return top, says.told(
        "{difference}, {unit}: very likely so.", difference=between, unit=says.told(MEASURES[measure].hint)
    )


def value(measure: Measure, number: float | None, says: Says) -> str:
    """A measure of one arm: `40.7`, `58%`, `14`."""
    if number is None:
        return "–"
    if measure in SHARES:
        return f"{decimal(100 * number, says.language)}%"
    return decimal(number, says.language, digits=2 if measure is Measure.COST else 1)


def interval(measure: Measure, difference: Mapping[str, Any], says: Says) -> str:
    """A difference with its interval: `−13 (−17.5 to −8.6)`; of days the chance that it is none."""
    if measure in DAYS:
        p = decimal(difference["p"], says.language, digits=3)
        return says.told("log-rank p = {p}", p=p)
    scale = 100 if measure in SHARES else 1
    digits = 2 if measure is Measure.COST else 1
    middle, low, high = (
        decimal(scale * difference[name], says.language, digits=digits, signed=True)
        for name in ("difference", "low", "high")
    )
    return says.told(POINTS if measure in SHARES else PLAIN, difference=middle, low=low, high=high)


assert set(COUNTED) | set(SHARES) | set(DAYS) | {Measure.COST} == set(MEASURES)
