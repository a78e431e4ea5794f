"""A claim of the story as another core system would show it: one flat row in that system's own words (pure)."""

from collections.abc import Mapping
from typing import Any

from sandbox.claim_center.records import Attributes, Case

Row = dict[str, Any]

# What their column `status` says while this is being done: the first one in this order that is open.
AT_WORK = {
    "repair_referral": "REPAIR-REFERRAL", "repair_parts": "REPAIR-PARTS", "repair_work": "REPAIR-WORK",
    "repair_done": "REPAIR-DONE",
}  # fmt: skip
ONCE_DECIDED = {"bank_details": "BANK-DETAILS", "choose_money_or_repair": "CHOICE"}
UNDER_WAY = {
    "resend_documents": "PAPERS-AGAIN", "request_documents": "PAPERS", "inspection_missed": "VISIT-MISSED",
    "inspection_offer": "VISIT-OFFER", "reopened": "REOPENED", "special_review": "REVIEW-SPECIAL",
    "quality_check": "REVIEW-QUALITY", "missing_facts": "REVIEW-FACTS", "high_amount_review": "REVIEW-SUM",
    "court_wait": "COURT", "disagreement_review": "OBJECTION", "independent_expert": "EXPERT",
    "wait_police": "WAIT-POLICE", "wait_fire_service": "WAIT-FIRE", "wait_utility": "WAIT-UTILITY",
    "wait_clinic": "WAIT-CLINIC", "wait_registry": "WAIT-REGISTRY", "wait_other_insurer": "WAIT-INSURER",
    "identify_beneficiaries": "HEIRS", "approval": "APPROVAL", "calculation": "CALCULATION",
    "inspection_done": "VISIT-DONE", "inspection_booked": "VISIT-BOOKED", "review_documents": "PAPERS-CAME",
}  # fmt: skip
DECIDED = {"declined": "REFUSED", "approved_partly": "APPROVED-PART", "approved": "APPROVED"}
MONEY = {
    "awaitingsubmission": "PREPARED", "requesting": "PREPARED", "requested": "PREPARED", "notifying": "PREPARED",
    "issued": "SENT", "pendingstop": "SENT", "pendingvoid": "SENT", "cleared": "CREDITED",
    "stopped": "RETURNED", "voided": "RETURNED", "denied": "RETURNED",
}  # fmt: skip
REFUSAL = {"reason": "extRefusalReason_Ext", "clause": "extRefusalClause_Ext", "paper": "extRefusalDocument_Ext"}
PAPER = {"open": "ASKED", "complete": "ACCEPTED", "received": "RECEIVED", "rejected": "REFUSED"}
THINGS = ("vehicleIncident", "fixedPropertyIncident")
# These are no payments of theirs yet, or no longer.
NOT_MONEY = ("pendingapproval", "rejected", "transferred")


def to_row(case: Case) -> Row:
    """The claim as one row. Dates and sums are text, what is not there is empty; of three things there are lists."""
    claim, activities = case.claim, case.parts["activities"]
    booked = next((one for one in activities if _is_open(one) and _code(one, "activityPattern") == BOOKED), {})
    flat = {
        "claim_id": claim["id"],
        "claim_no": claim["claimNumber"],
        "policy_no": claim.get("policyNumber"),
        "product": _code(claim, "lobCode"),
        "country": (claim.get("lossLocation") or {}).get("country", {}).get("code"),
        "object": _object(case),
        "loss_date": claim.get("lossDate"),
        "reported_at": claim["reportedDate"],
        "papers_complete_at": claim.get("extDocumentsCompleteDate_Ext"),
        "status": status_of(case),
        "reason": _code(claim, "extExtensionReason_Ext"),
        "handler_id": (claim.get("assignedUser") or {}).get("id"),
        "handler_name": (claim.get("assignedUser") or {}).get("displayName"),
        "visit_at": booked.get("dueDate"),
        "visit_place": booked.get("extPlace_Ext"),
        "assessed": _amount(claim, "extAssessedAmount_Ext"),
        "deductible": _amount(claim, "extDeductible_Ext"),
        "approved": _amount(claim, "extApprovedAmount_Ext"),
        "promised_date": claim.get("extPromisedDate_Ext"),
        **{f"refusal_{name}": claim.get(theirs) for name, theirs in REFUSAL.items()},
        **{f"holder_{name}": said for name, said in _person(case, claim.get("insured") or {}).items()},
        "updated_at": _newest(case),
    }
    return {
        **{name: "" if value is None else value for name, value in flat.items()},
        "claimants": [_claimant(case, one) for one in case.parts["exposures"] if _is_anothers(case, one)],
        "payments": [_payment(case, one) for one in case.parts["checks"] if _code(one, "status") not in NOT_MONEY],
        "papers": [_paper(case, one) for one in activities if _is_paper(one)],
    }


BOOKED = "inspection_booked"


def status_of(case: Case) -> str:
    """Their one code of where a claim stands."""
    claim, tasks = case.claim, {_code(one, "activityPattern") for one in case.parts["activities"] if _is_open(one)}
    money = {MONEY.get(_code(one, "status"), "") for one in case.parts["checks"]} - {""}
    decision = _code(claim, "extSelfServiceStage_Ext")
    part = "-PART" if decision == "approved_partly" else ""
    if _code(claim, "state") != "open":
        return "MONEY-SENT" if "SENT" in money else _closed(_code(claim, "closedOutcome"), decision)
    if money == {"RETURNED"}:
        return "MONEY-RETURNED"
    if "SENT" in money or "PREPARED" in money:
        return f"MONEY-{'SENT' if 'SENT' in money else 'PREPARED'}{part}"
    if "CREDITED" in money and not tasks:
        return "MONEY-CREDITED"
    return _without_money(case, tasks, decision)


def _closed(outcome: str, decision: str) -> str:
    if outcome in ("completed", ""):
        outcome = {"declined": "denied", "approved_partly": "part"}.get(decision, "completed")
    return f"CLOSED-{outcome.upper()}"


def _without_money(case: Case, tasks: set[str], decision: str) -> str:
    tables = [AT_WORK, ONCE_DECIDED if decision in ("approved", "approved_partly") else {}]
    first = next((code for table in tables for task, code in table.items() if task in tasks), None)
    if first is not None and decision != "declined":
        return first
    if decision in DECIDED:
        return DECIDED[decision]
    under_way = next((code for task, code in UNDER_WAY.items() if task in tasks), None)
    if under_way is not None:
        return under_way
    if "assignedUser" not in case.claim:
        return "NEW"
    return "CALCULATION" if any(_code(one, "state") == "open" for one in case.parts["exposures"]) else "COVER"


def _person(case: Case, named: Mapping[str, Any]) -> Row:
    """Somebody whom the claim names, from its contacts."""
    contact: Mapping[str, Any] = next((one for one in case.parts["contacts"] if one["id"] == named.get("id")), {})
    return {
        "id": named.get("id"),
        "name": contact.get("displayName") or named.get("displayName"),
        "first_name": contact.get("firstName"),
        "birth_date": contact.get("dateOfBirth"),
        "language": _code(contact, "primaryLanguage"),
        "time_zone": contact.get("extTimeZone_Ext"),
        "phone": (contact.get("cellPhone") or {}).get("number"),
        "email": contact.get("emailAddress1"),
        "do_not_contact": "Y" if contact.get("contactProhibited") else "N",
    }


def _claimant(case: Case, exposure: Attributes) -> Row:
    """Who claims against the policy, and for what."""
    things = [exposure[kind]["displayName"] for kind in THINGS if kind in exposure]
    return {
        **_person(case, exposure["claimant"]),
        "reported_at": exposure.get("createTime"),
        "object": things[0] if things else None,
        "assessed": _amount(exposure, "extAssessedAmount_Ext"),
        "approved": _amount(exposure, "extApprovedAmount_Ext"),
    }


def _is_anothers(case: Case, exposure: Attributes) -> bool:
    claimant = (exposure.get("claimant") or {}).get("id")
    return claimant is not None and claimant != (case.claim.get("insured") or {}).get("id")


def _whose(case: Case, part: Attributes) -> str | None:
    """The claimant whose money or paper this is; None where it is the policyholder's."""
    ref = (part.get("exposure") or {}).get("id")
    return next(
        (one["claimant"]["id"] for one in case.parts["exposures"] if one["id"] == ref and "claimant" in one), None
    )


def _payment(case: Case, check: Attributes) -> Row:
    return {
        "claimant": _whose(case, check),
        "id": check["id"],
        "amount": check["grossAmount"]["amount"],
        "state": MONEY.get(_code(check, "status"), _code(check, "status")),
        "sent_date": check.get("issueDate"),
        "expected_date": check.get("extExpectedDate_Ext"),
        "account": check.get("extAccountLast4_Ext"),
        "bank": check.get("extBank_Ext"),
    }


def _paper(case: Case, activity: Attributes) -> Row:
    state = _code(activity, "extDocumentState_Ext") or _code(activity, "status")
    return {
        "claimant": _whose(case, activity),
        "id": activity["id"],
        "paper": _code(activity, "extDocument_Ext"),
        "title_ru": activity.get("extTitleRu_Ext"),
        "title_en": activity.get("extTitleEn_Ext"),
        "due_date": activity.get("dueDate"),
        "state": PAPER.get(state, state),
    }


def _is_paper(activity: Attributes) -> bool:
    asked = _code(activity, "activityPattern") in ("request_documents", "resend_documents")
    return asked and _code(activity, "status") != "canceled"


def _is_open(activity: Attributes) -> bool:
    return _code(activity, "status") == "open"


def _object(case: Case) -> str | None:
    things = [
        one[kind]["displayName"]
        for kind in THINGS
        for one in case.parts["exposures"]
        if kind in one and not _is_anothers(case, one)
    ]
    return str(things[0]) if things else None


def _newest(case: Case) -> str:
    """When anything of the claim last moved: theirs has one stamp for all of it."""
    parts = [item for items in case.parts.values() for item in items]
    stamps = [one.get(name) for one in (case.claim, *parts) for name in ("updateTime", "createTime")]
    return max(str(stamp) for stamp in stamps if stamp)


def _amount(claim: Attributes, name: str) -> str | None:
    money = claim.get(name)
    return str(money["amount"]) if money else None


def _code(of: Mapping[str, Any], name: str) -> str:
    said = of.get(name)
    return str((said.get("code") if isinstance(said, Mapping) else said) or "")
