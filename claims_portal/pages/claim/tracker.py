"""The tracker: at most five steps by line; past ones with the day they happened, the next ones with a promised day."""

from dataclasses import replace
from datetime import date

from claims_core.i18n import marked
from claims_core.stages import STAGE_ORDER, ClaimStage, PageState
from claims_portal.pages.claim import words
from claims_portal.pages.claim.facts import Facts, moment_of
from claims_portal.pages.claim.page import Step
from claims_portal.pages.claim.steps_back import WentBack, went_back
from claims_portal.pages.speech import Speech

STOPPED = frozenset({PageState.DECLINED, PageState.WITHDRAWN, PageState.CLOSED_OTHER})
BEFORE = {"done": marked("Done: "), "now": "", "next": marked("Ahead: "), "no": marked("Stopped here: ")}
# The stage from which on a step is behind us.
_BEHIND = {
    "damage": (ClaimStage.REGISTERED, ClaimStage.ASSESSING, ClaimStage.DECIDING, ClaimStage.DECIDED, None),
    "papers": (ClaimStage.REGISTERED, ClaimStage.ASSESSING, ClaimStage.DECIDED, None),
}


def steps_of(facts: Facts, said: Speech) -> tuple[Step, ...]:
    """The steps of this claim's line, each with its state and its day."""
    road = words.road_of(facts.line)
    names, place = list(words.STEPS[road]), words.STEP_OF[road][facts.stage]
    stopped = facts.state in STOPPED and not facts.is_anothers_money
    if facts.is_anothers_money:
        # It was decided; whether and how somebody else is paid is no step of the reader's.
        names, place = names[:-1], len(names)
    elif facts.state is PageState.REPAIR:
        names[-1] = words.REPAIR_STEP
    if stopped:
        place = min(place, len(names) - 2)
        names = names[: place + 1]
    is_over = facts.state is PageState.PAID
    back = went_back(facts, said, road)
    steps = []
    for number, name in enumerate(names):
        kind = "done" if is_over or number < place else "now" if number == place else "next"
        if kind == "now" and stopped:
            kind = "no"
        made = _step(facts, said, kind, name, number, road)
        steps.append(_explained(made, back, number, said) if back else made)
    return tuple(steps)


def _explained(step: Step, back: WentBack, number: int, said: Speech) -> Step:
    """The step with why it is here again, or with the day on which it was reached before."""
    if step.kind == "now":
        return replace(step, note=back.sentence)
    if step.kind == "next" and number in back.reached:
        note = said.say("Was reached on {date}, comes again", date=said.day(back.reached[number]))
        return replace(step, note=note)
    return step


def _step(facts: Facts, said: Speech, kind: str, name: str, number: int, road: str) -> Step:
    behind, is_last = _BEHIND[road][number], number == len(_BEHIND[road]) - 1
    detail, when, iso = None, None, None
    if kind in ("done", "no"):
        day = _day_done(facts, said, behind, kind)
        when, iso = (said.day(day), day.isoformat()) if day else (None, None)
    else:
        due = _money_due(facts) if is_last else _decision_due(facts, behind)
        when = said.say("by {date}", date=said.day(due)) if due else None
    if kind == "now":
        detail = said.say(_detail(facts))
    if kind == "no":
        detail = said.say("The reasons are on this page") if facts.state is PageState.DECLINED else None
    return Step(kind, said.say(BEFORE[kind]) if BEFORE[kind] else "", said.say(name), detail, when, iso)


def _detail(facts: Facts) -> str:
    if facts.situation is None:
        return words.NOW
    usual = words.STEP_DETAIL.get(facts.situation, words.NOW)
    return words.CLAIMANTS_DETAIL.get(facts.situation, usual) if facts.is_claimants else usual


def _money_due(facts: Facts) -> date | None:
    return facts.our_date if not facts.is_undecided else None


def _decision_due(facts: Facts, behind: ClaimStage | None) -> date | None:
    return facts.our_date if facts.is_undecided and behind is ClaimStage.DECIDED else None


def _day_done(facts: Facts, said: Speech, behind: ClaimStage | None, kind: str) -> date | None:
    if behind is ClaimStage.REGISTERED:
        return said.day_of(facts.row["reported_at"])
    if kind == "no" or behind is None:
        return said.day_of(facts.row["stage_since"])
    for event in facts.row.parts["events"]:
        if STAGE_ORDER[ClaimStage(event["stage"])] >= STAGE_ORDER[behind]:
            return said.day_of(moment_of(event["at"]))
    return None
