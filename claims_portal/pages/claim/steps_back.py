"""A claim that went back in the tracker: when, from which step and why; what was reached before comes again (pure)."""

from dataclasses import dataclass
from datetime import date

from claims_core.i18n import marked
from claims_core.snapshot import CaseEventKind
from claims_core.stages import ClaimStage, PageState, Situation
from claims_portal.pages.claim import words
from claims_portal.pages.claim.facts import OVER, Facts, moment_of
from claims_portal.pages.claim.ledes import reason_of
from claims_portal.pages.speech import Speech

# Why a claim stands where it stood before, by what is done about it now; nothing here is the back office's own words.
_WHY = {
    Situation.REOPENED: marked("the claim was opened again"),
    Situation.DOCS_NEEDED: marked("a document is still missing"),
    Situation.DOCS_REJECTED_RESEND: marked("a document could not be read"),
    Situation.DOCS_RECEIVED_REVIEW: marked("we look at what you sent since then"),
    Situation.INSPECTION_OFFER: marked("another inspection is needed"),
    Situation.INSPECTION_BOOKED: marked("another inspection is needed"),
    Situation.INSPECTION_MISSED: marked("the inspection did not take place"),
    Situation.CALCULATION: marked("we count the sum again"),
    Situation.APPROVAL: marked("we look at the decision again"),
    Situation.DISAGREEMENT_REVIEW: marked("we look at your objection"),
}


@dataclass(frozen=True, slots=True)
class WentBack:
    """The last step back that still holds: its sentence, and on which day each step ahead was reached before."""

    sentence: str
    reached: dict[int, date]


def went_back(facts: Facts, said: Speech, road: str) -> WentBack | None:
    """Why the claim is at an earlier step than it has been; None where it is not, or where it is over."""
    if facts.state in OVER or facts.is_anothers_money:
        return None
    now, before = words.STEP_OF[road][facts.stage], 0
    reached: dict[int, date] = {}
    since: tuple[int, date, Situation | None] | None = None
    for event in facts.row.parts["events"]:
        place, day = words.STEP_OF[road][ClaimStage(event["stage"])], said.day_of(moment_of(event["at"]))
        situation = Situation(event["situation"]) if event["situation"] else None
        if place < before:
            is_reopened = event["kind"] == CaseEventKind.REOPENED
            since = (before, day, Situation.REOPENED if is_reopened else situation)
        for number in range(place + 1):
            reached.setdefault(number, day)
        before = place
    furthest = max(reached, default=0)
    if since is None or now >= furthest:
        return None
    names = words.STEPS[road]
    left, day, situation = since
    sentence = said.say(
        "On {date} it went back from “{step}”: {why}.",
        date=said.day(day),
        step=said.say(names[left]),
        why=_why(facts, said, situation),
    )
    return WentBack(sentence, {number: day for number, day in reached.items() if now < number <= furthest})


def _why(facts: Facts, said: Speech, situation: Situation | None) -> str:
    if facts.state is PageState.EXTENDED:
        return said.say("we wait for {reason}", reason=reason_of(facts, said))
    known = _WHY.get(situation) if situation else None
    return said.say(known or marked("something has to be looked at once more; ask us below what it is"))
