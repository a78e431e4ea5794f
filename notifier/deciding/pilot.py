"""A pilot before anybody is in it: what may be planned, whom it may ask, and which arm is drawn for them (pure)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from pydantic import SecretStr

from claims_core.i18n import marked as _
from claims_core.keyed import keyed_hash
from claims_core.pilots import MAIN, Measure
from claims_core.stages import ClaimStage, LineOfBusiness
from notifier.deciding.guardrails import Limits
from notifier.states import Arm, Cadence

MOST_ARMS, MOST_WEIGHT, MOST_DAYS, LONGEST_NAME = 4, 100, 3_650, 60


class Weighed(NamedTuple):
    """An arm and its weight: of all weights together, so many parts of the people are drawn into it."""

    arm: Arm
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Eligible:
    """Whose claims are asked to take part; what is empty does not narrow."""

    lines: tuple[LineOfBusiness, ...] = ()
    countries: tuple[str, ...] = ()
    stages: tuple[ClaimStage, ...] = ()
    sources: tuple[str, ...] = ()

    def fits(self, line: str, country: str, stage: str, source: str) -> bool:
        """May whoever has such a claim be asked?"""
        narrows = ((self.lines, line), (self.countries, country), (self.stages, stage), (self.sources, source))
        return all(not wanted or value in wanted for wanted, value in narrows)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is settled before the start and locked by it. `after` is the cadence from the end on until a person
    chooses; None is the insurer's own. `smallest` is the smallest difference worth knowing, as a part of the usual."""

    name: str
    question: str
    arms: tuple[Weighed, ...]
    wording_version: str
    eligible: Eligible = field(default_factory=Eligible)
    days: int = 56
    main_measure: Measure = Measure.CALLS
    smallest: float = 0.2
    limits: Limits = field(default_factory=Limits)
    after: Cadence | None = None


def often_or_rare(wording_version: str) -> Plan:
    """The example that ships: the main things against every step, the argument that began this project."""
    return Plan(
        name="often-or-rare",
        question="Do frequent texts spare calls, or do they annoy?",
        arms=(Weighed(Arm.ESSENTIAL), Weighed(Arm.FREQUENT)),
        wording_version=wording_version,
    )


def faults(plan: Plan) -> Iterator[tuple[str, str]]:
    """What is wrong with a plan, as the field and the words; nothing if it may be started."""
    if not plan.name.strip() or len(plan.name) > LONGEST_NAME or not plan.name.isprintable():
        yield "name", _("Give the pilot a name of at most 60 letters")
    if not plan.question.strip():
        yield "question", _("Write the question that the pilot answers")
    arms = [each.arm for each in plan.arms]
    if not 2 <= len(arms) <= MOST_ARMS or len(set(arms)) != len(arms):
        yield "arms", _("Choose two to four different arms")
    if any(not 1 <= each.weight <= MOST_WEIGHT for each in plan.arms):
        yield "arms", _("A weight is a whole number from 1 to 100")
    if not 1 <= plan.days <= MOST_DAYS:
        yield "days", _("A pilot lasts from 1 to 3,650 days")
    if plan.main_measure not in MAIN:
        yield "main_measure", _("Choose the main measure")
    if not 0 < plan.smallest < 1:
        yield "smallest", _("The smallest useful difference is between 1 and 99 per cent")
    if not (0 < plan.limits.opt_outs <= 1 and 0 < plan.limits.complaints <= 1 and plan.limits.messages > 0):
        yield "limits", _("A limit is more than nothing, and at most all")


def draw_arm(pilot_id: UUID, policyholder_id: UUID, arms: Sequence[Weighed], *, block: str = "", key: SecretStr) -> Arm:
    """The arm of this policyholder in this pilot, by the weights: the same however often and wherever we ask.

    `block` is the line of business: each line has a draw of its own. Without the server's key nobody can tell or steer
    an arm; a second pilot draws anew. The order of `arms` is part of the plan.
    """
    drawn = keyed_hash(key, "arm of a pilot", str(pilot_id), block, str(policyholder_id))
    # 64 bits over a handful of arms: the bias of the remainder is below one in 10^16.
    place = int.from_bytes(drawn[:8], "big") % sum(each.weight for each in arms)
    for each in arms:
        if place < each.weight:
            return each.arm
        place -= each.weight
    raise AssertionError("a place is below the sum of the weights")
