"""One claim of the story: made, put at a place on its road, and taken a step further in the emulated back office."""

import random
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.claim_center.records import Attributes, Case, Records, moment
from sandbox.story.people import Person, a_person, words
from sandbox.story.roads import STEPS, Line, Step

REFUSAL = {
    "ru": ("Повреждения появились до начала действия полиса", "п. 4.2 правил", "Акт осмотра"),
    "us": ("The damage happened before the policy began", "section 4.2", "Inspection report"),
}
OPEN, COMPLETE = {"code": "open", "name": "Open"}, {"code": "complete", "name": "Complete"}
# Of the claims against somebody's policy, every third; claimants' telephones stand far from all policyholders'.
EVERY_THIRD, CLAIMANTS_FROM = 3, 1_000_000
# Nobody works on an exposure before the papers are there.
DRAFT = {"code": "draft", "name": "Draft"}


@dataclass(frozen=True)
class Tale:
    """Whose claim this is, what it is about, and the road it has yet to go. `version` is the record's as we left it."""

    ref: str
    number: str
    line: Line
    person: Person
    assessed: int
    road: tuple[str, ...]
    place: int = -1
    checks: int = 0
    version: int = 0
    claimant: Person | None = None

    @property
    def currency(self) -> str:
        """As ClaimCenter spells it."""
        return "rub" if self.line.country == "ru" else "usd"

    @property
    def step_ahead(self) -> str | None:
        """The name of the next step; None at the end of the road."""
        return self.road[self.place + 1] if self.place + 1 < len(self.road) else None


def a_tale(dice: random.Random, place: int, number: str, line: Line, road: tuple[str, ...]) -> Tale:
    """A new claim on `road`, not yet begun; `place` is its place in the story, and gives it a telephone of its own."""
    person = a_person(dice, line.country, place)
    low, high = line.sums
    assessed = round(low * (high / low) ** dice.random(), -2)
    is_theirs = line.harms_others and place % EVERY_THIRD == 0
    claimant = a_person(dice, line.country, CLAIMANTS_FROM + place) if is_theirs else None
    return Tale(f"cc:{2000 + place}", number, line, person, int(assessed), road, claimant=claimant)


def begin(records: Records, dice: random.Random, tale: Tale, *, reported_at: datetime) -> None:
    """Put the claim into the back office as it comes in: open, nobody's yet."""
    line, person = tale.line, tale.person
    lost = (reported_at - timedelta(days=dice.randrange(4))).date()
    claim: Attributes = {
        "id": tale.ref,
        "claimNumber": tale.number,
        "policyNumber": line.policy.format(number=f"70{int(tale.number.replace('-', '')) * 37 % 10**8:08}"),
        "state": dict(OPEN),
        "lobCode": {"code": line.code, "name": line.code.title()},
        "lossDate": lost.isoformat(),
        "reportedDate": moment(reported_at),
        "lossLocation": {"country": {"code": line.country.upper()}, "city": person.city},
        "insured": {"id": person.ref, "displayName": person.name},
        "extDeductible_Ext": _money(line.deductible, tale.currency),
    }
    exposure: Attributes = {"id": f"{tale.ref}-e1", "claimOrder": 1, "state": dict(DRAFT)}
    if line.thing:
        thing = {"displayName": dice.choice(words(line.country)[line.thing])}
        exposure["vehicleIncident" if line.thing == "cars" else "fixedPropertyIncident"] = thing
    contacts = [_contact(person, "insured", "Insured")]
    if tale.claimant is not None:
        exposure |= {"claimant": {"id": tale.claimant.ref}, "createTime": moment(reported_at)}
        contacts.append(_contact(tale.claimant, "claimant", "Claimant"))
    records.add(claim, contacts=contacts, exposures=[exposure])


def _contact(person: Person, role: str, name: str) -> Attributes:
    return {
        "id": person.ref,
        "displayName": person.name,
        "firstName": person.given_name,
        "dateOfBirth": person.birth_date.isoformat(),
        "contactProhibited": False,
        **({"cellPhone": {"number": person.phone}} if person.phone else {}),
        **({"emailAddress1": person.email} if person.email else {}),
        "primaryLanguage": {"code": person.language, "name": person.language},
        "extTimeZone_Ext": person.zone,
        "roles": [{"role": {"code": role, "name": name}, "active": True}],
    }


def go_on(records: Records, dice: random.Random, tale: Tale, *, now: datetime) -> Tale:
    """Take the claim its next step. The tale comes back one place further."""
    name = tale.step_ahead
    assert name is not None, f"{tale.number} is at the end of its road"
    step, case = STEPS[name], records.cases[tale.ref]
    checks = tale.checks + step.new_check
    _finish_open(case)
    if step.opens:
        case.parts["activities"] += _activities(records, dice, tale, step, now)
    if step.check:
        _move_money(case, replace(tale, checks=checks), step.check, dice, now)
    if step.complete:
        case.parts["exposures"][0]["state"] = dict(OPEN)
    records.change(tale.ref, **_attributes(case, tale, step, dice, now))
    return replace(tale, place=tale.place + 1, checks=checks, version=case.version)


def _finish_open(case: Case) -> None:
    for activity in case.parts["activities"]:
        if activity["status"]["code"] == "open":
            activity["status"] = dict(COMPLETE)
            activity.pop("extDocumentState_Ext", None)


def _activities(records: Records, dice: random.Random, tale: Tale, step: Step, now: datetime) -> list[Attributes]:
    made: Attributes = {
        "activityPattern": {"code": step.opens, "name": str(step.opens).replace("_", " ").capitalize()},
        "subject": str(step.opens).replace("_", " ").capitalize(),
        "status": dict(OPEN),
        "createTime": moment(now),
    }
    if step.opens == "inspection_booked":
        visit = (now + timedelta(days=dice.randrange(1, 5))).replace(hour=dice.randrange(7, 13), minute=0, second=0)
        place = f"{tale.person.city}, {dice.choice(words(tale.line.country)['places'])}"
        return [{"id": records.new_id(), **made, "dueDate": moment(visit), "extPlace_Ext": place}]
    if not step.papers:
        return [{"id": records.new_id(), **made}]
    due = (now + timedelta(days=7)).date().isoformat()
    made |= _of_exposure(tale)
    state = {"extDocumentState_Ext": {"code": "rejected"}} if step.opens == "resend_documents" else {}
    papers = tale.line.papers[:1] if state else tale.line.papers
    return [
        {"id": records.new_id(), **made, "dueDate": due, "extDocument_Ext": {"code": paper}, **state}
        for paper in papers
    ]


def _move_money(case: Case, tale: Tale, status: str, dice: random.Random, now: datetime) -> None:
    ref = f"{tale.ref}-k{tale.checks}"
    known = next((check for check in case.parts["checks"] if check["id"] == ref), None)
    if known is None:
        bank = dice.choice(words(tale.line.country)["banks"])
        approved = _holder(case, tale).get("extApprovedAmount_Ext") or _money(tale.assessed, tale.currency)
        known = {"id": ref, **_of_exposure(tale), "grossAmount": approved, "extBank_Ext": bank}
        known["extAccountLast4_Ext"] = f"{dice.randrange(10_000):04}"
        case.parts["checks"].append(known)
    known["status"] = {"code": status, "name": status.capitalize()}
    if status == "issued":
        known["issueDate"] = now.date().isoformat()
        known["extExpectedDate_Ext"] = _workday(now.date() + timedelta(days=3)).isoformat()


def _attributes(case: Case, tale: Tale, step: Step, dice: random.Random, now: datetime) -> dict[str, Any]:
    set_to: dict[str, Any] = {"extExtensionReason_Ext": {"code": step.reason} if step.reason else None}
    # What is counted for a claimant stands with their exposure.
    sums = set_to if tale.claimant is None else _holder(case, tale)
    country = tale.line.country
    if step.assigns and "assignedUser" not in case.claim:
        name = dice.choice(words(country)["handlers"])
        set_to["assignedUser"] = {"id": f"cc:u{words(country)['handlers'].index(name)}{country}", "displayName": name}
        set_to["assignedGroup"] = {"id": f"cc:g-{tale.line.code}", "displayName": tale.line.code.upper()}
    if step.complete and "extDocumentsCompleteDate_Ext" not in case.claim:
        set_to["extDocumentsCompleteDate_Ext"] = moment(now)
    if step.assessed:
        sums["extAssessedAmount_Ext"] = _money(tale.assessed, tale.currency)
        # What was decided before an approval is asked for anew holds no longer.
        set_to |= {"extSelfServiceStage_Ext": None, "extPromisedDate_Ext": None}
    if step.decision:
        set_to["extSelfServiceStage_Ext"] = {"code": step.decision}
        if step.decision != "declined":
            share = 0.6 if step.decision == "approved_partly" else 1.0
            approved = max(100, round((tale.assessed - tale.line.deductible) * share, -2))
            sums["extApprovedAmount_Ext"] = _money(approved, tale.currency)
    if step.refusal:
        fields = ("extRefusalReason_Ext", "extRefusalClause_Ext", "extRefusalDocument_Ext")
        set_to |= dict(zip(fields, REFUSAL[country], strict=True))
    if step.new_check:
        set_to["reopenedReason"] = None  # it was open again until now: what is paid from here on is of the new decision
    if step.outcome:
        set_to |= {"state": {"code": "closed", "name": "Closed"}, "closedOutcome": {"code": step.outcome}}
    if step.reopens:
        set_to |= {"state": dict(OPEN), "closedOutcome": None, "extSelfServiceStage_Ext": None}
        set_to["reopenedReason"] = {"code": "newinfo", "name": "New information"}
    return set_to


def _holder(case: Case, tale: Tale) -> Attributes:
    """Where the sums stand: with the claim, or with the claimant's exposure."""
    return case.claim if tale.claimant is None else case.parts["exposures"][0]


def _of_exposure(tale: Tale) -> Attributes:
    """Whose money or paper it is, where it is a claimant's."""
    return {} if tale.claimant is None else {"exposure": {"id": f"{tale.ref}-e1"}}


def _money(amount: float, currency: str) -> Attributes:
    return {"amount": f"{amount:.2f}", "currency": currency}


def _workday(day: date) -> date:
    return day + timedelta(days=(7 - day.weekday()) % 7) if day.weekday() > 4 else day
