"""The sandbox's ClaimCenter mapping knows every stage, most situations, and never says an inner word."""

from typing import Any

import pytest

from backoffice_adapter.mapping import LeftOut, Unmapped, load
from claims_core.snapshot import ClaimSnapshot, DocumentState, PaymentState
from claims_core.stages import ClaimStage, Outcome, Situation
from claims_core.tables import ChangeAction
from tests.adapter.cases import CLAIM_CENTER, NOON, activity, as_record, check, claim_center_case

MAPPING = load(CLAIM_CENTER)
translate = MAPPING.translator(source="cc", mapping_version=1)

# A document that was filed to the request `cc:a1`.
FILED = {"id": "cc:d1", "name": "scan-0017.pdf", "status": {"code": "final"}, "relatedTo": {"id": "cc:a1"}}
CLOSED = {
    "completed": "approved", "denied": "refused", "withdrawn": "withdrawn", "duplicate": "duplicate",
    "transferred": "transferred", "no_response": "no_response", "below_deductible": "below_deductible",
}  # fmt: skip
PLACES = [
    (claim_center_case(assignedUser=None), "registered", "new_unassigned", None),
    (claim_center_case(), "checking", "cover_check", None),
    (
        claim_center_case(activities=[activity("identify_beneficiaries")]),
        "checking",
        "beneficiaries_being_identified",
        None,
    ),
    (claim_center_case(activities=[activity("reopened")]), "checking", "reopened", None),
    (claim_center_case(activities=[activity("request_documents")]), "collecting", "docs_needed", None),
    (claim_center_case(activities=[activity("resend_documents")]), "collecting", "docs_rejected_resend", None),
    (claim_center_case(activities=[activity("inspection_booked")]), "collecting", "inspection_booked", None),
    (claim_center_case(activities=[activity("wait_police")]), "collecting", "waiting_police", None),
    (claim_center_case(activities=[activity("calculation")]), "assessing", "calculation", None),
    (claim_center_case(activities=[activity("special_review")]), "assessing", "extended_check", None),
    (claim_center_case(exposures=[{"id": "cc:e1", "state": {"code": "open"}}]), "assessing", "calculation", None),
    (claim_center_case(checks=[check("pendingapproval")]), "deciding", "approval", None),
    (claim_center_case(extSelfServiceStage_Ext={"code": "approved"}), "decided", None, "approved"),
    (claim_center_case(extSelfServiceStage_Ext={"code": "approved_partly"}), "decided", None, "approved_partly"),
    (claim_center_case(extSelfServiceStage_Ext="declined"), "decided", None, "refused"),
    (claim_center_case(checks=[check("requested")]), "fulfilling", "payment_prepared", "approved"),
    (claim_center_case(checks=[check("issued")]), "fulfilling", "payment_sent", "approved"),
    (claim_center_case(checks=[check("cleared")]), "fulfilling", "payment_credited", "approved"),
    (claim_center_case(checks=[check("stopped")]), "fulfilling", "payment_returned", "approved"),
    (claim_center_case(activities=[activity("repair_work")]), "fulfilling", "repair_in_progress", "approved"),
    (claim_center_case(state={"code": "closed"}, checks=[check("issued")]), "fulfilling", "payment_sent", "approved"),
    (claim_center_case(state={"code": "closed"}, checks=[check("cleared")]), "closed", None, "approved"),
    (claim_center_case(state={"code": "closed"}, closedOutcome={"code": "denied"}), "closed", None, "refused"),
    (claim_center_case(activities=[activity("request_documents")], documents=[FILED]), "collecting",
     "docs_received_review", None),
    (claim_center_case(activities=[activity("request_documents"), activity("request_documents", ref="cc:a2")],
     documents=[FILED]), "collecting", "docs_needed", None),
    (claim_center_case(reopenedReason={"code": "newinfo"}), "checking", "reopened", None),
    (claim_center_case(reopenedReason={"code": "newinfo"}, checks=[check("cleared")]), "checking", "reopened", None),
    (claim_center_case(reopenedReason={"code": "newinfo"}, activities=[activity("calculation")]), "assessing",
     "calculation", None),
    *((claim_center_case(state={"code": state}, closedOutcome={"code": theirs}), "closed", None, ours)
      for state in ("closed", "archived") for theirs, ours in CLOSED.items()),
]  # fmt: skip


@pytest.mark.parametrize(("case", "stage", "situation", "outcome"), PLACES)
def test_a_claim_center_claim_stands_where_its_codes_say(case, stage, situation, outcome):
    claim = translate(as_record(case), NOON)
    assert isinstance(claim, ClaimSnapshot), claim
    assert (claim.stage, claim.situation, claim.outcome) == (stage, situation, outcome)


def test_the_mapping_reaches_all_eight_stages():
    assert {stage for _, stage, _, _ in PLACES} == set(ClaimStage)


def test_a_draft_is_not_shown():
    assert isinstance(translate(as_record(claim_center_case(state={"code": "draft"})), NOON), LeftOut)


def test_a_state_that_no_rule_knows_leaves_the_claim_as_it_is_and_is_written_down_by_its_codes():
    answer = translate(as_record(claim_center_case(state={"code": "limbo"})), NOON)
    assert isinstance(answer, Unmapped)
    assert "claim.state.code=limbo" in answer.code
    assert "Petrova" not in answer.code


def test_a_check_in_a_state_that_no_table_knows_leaves_the_claim_as_it_is():
    answer = translate(as_record(claim_center_case(checks=[check("teleported")])), NOON)
    assert isinstance(answer, Unmapped)
    assert answer.code == "status.code=teleported"


def test_money_papers_and_the_person_come_over():
    papers = [activity("request_documents", extDocument_Ext={"code": "passport"}, dueDate="2026-12-01T00:00:00.000Z")]
    money = [check("issued", issueDate="2026-11-19T08:00:00.000Z"), check("pendingapproval", ref="cc:k2")]
    claim = translate(as_record(claim_center_case(activities=papers, checks=money)), NOON)
    assert isinstance(claim, ClaimSnapshot)
    assert [(paper.title_en, paper.state) for paper in claim.documents] == [("Passport", DocumentState.ASKED)]
    assert [(payment.ref, payment.state) for payment in claim.payments] == [("cc:k1", PaymentState.SENT)]
    assert claim.policyholder.phones == ("+79000001234",)
    assert (claim.product, claim.country, claim.currency) == ("osago", "ru", "RUB")


def test_contact_prohibited_is_carried_over():
    case = claim_center_case()
    case["contacts"][0]["contactProhibited"] = True
    claim = translate(as_record(case), NOON)
    assert isinstance(claim, ClaimSnapshot)
    assert claim.policyholder.contact_prohibited


def test_notes_reserves_and_fraud_marks_have_no_way_into_a_snapshot():
    case = claim_center_case(siEscalateSIU={"code": "yes"}, description="ЗАПАХ ОБМАНА")
    case |= {"notes": [{"body": "ЗАПАХ ОБМАНА"}], "reserves": [{"amount": "999999.99"}]}
    claim = translate(as_record(case), NOON)
    assert isinstance(claim, ClaimSnapshot)
    assert "ОБМАНА" not in repr(claim)
    assert "999999.99" not in repr(claim)


def test_every_action_of_the_desk_has_a_way_back():
    assert MAPPING.actions() == {action.value for action in ChangeAction}


def test_a_handlers_approval_becomes_the_extension_field():
    (order,) = MAPPING.orders(ChangeAction.APPROVE, values={"amount": "174300.00"}, claim={"currency": "RUB"})
    assert order.attributes == {
        "extSelfServiceStage_Ext": {"code": "approved"},
        "extApprovedAmount_Ext": {"amount": "174300.00", "currency": "rub"},
    }


def test_each_document_asked_for_is_an_activity_of_its_own():
    papers = [{"title_ru": "Паспорт", "title_en": "Passport"}, {"title_ru": "Фото", "title_en": "A photo"}]
    values = {"documents": papers, "due_date": "2026-12-01"}
    orders = MAPPING.orders(ChangeAction.REQUEST_DOCUMENTS, values=values, claim={})
    assert [order.attributes.get("subject") for order in orders] == ["Passport", "A photo"]
    assert orders[0].attributes["dueDate"] == "2026-12-01"


@pytest.mark.parametrize(("outcome", "theirs"), [("no_response", "no_response"), (None, "completed")])
def test_closing_says_their_word_for_the_outcome(outcome, theirs):
    (order,) = MAPPING.orders(ChangeAction.CLOSE, values={"outcome": outcome}, claim={})
    assert order.attributes == {"closedOutcome": {"code": theirs}}


def test_a_refusal_comes_back_with_its_reasons():
    case = claim_center_case(extSelfServiceStage_Ext={"code": "declined"}, extRefusalReason_Ext="Past the term")
    claim = translate(as_record(case), NOON)
    assert isinstance(claim, ClaimSnapshot)
    assert claim.decision_reasons == ({"reason": "Past the term"},)


def test_the_words_of_the_mapping_are_ours():
    said = [rule for rule in MAPPING.file.rule if not rule.leave_out]
    assert {rule.situation for rule in said if rule.situation} <= set(Situation)
    assert {rule.outcome for rule in said if rule.outcome} <= set(Outcome)


@pytest.mark.parametrize(("request_state", "documents", "state"), [
    ("open", [], DocumentState.ASKED), ("open", [FILED], DocumentState.RECEIVED),
    ("complete", [FILED], DocumentState.ACCEPTED), ("complete", [], DocumentState.ACCEPTED),
])  # fmt: skip
def test_a_document_filed_to_a_request_is_the_one_that_came_and_its_name_is_never_shown(
    request_state: str, documents: list[dict[str, Any]], state: DocumentState
):
    internal = {"id": "cc:d9", "name": "fraud-report.pdf", "status": {"code": "final"}}
    asked = activity("request_documents", state=request_state, extDocument_Ext={"code": "passport"})
    claim = translate(as_record(claim_center_case(activities=[asked], documents=[*documents, internal])), NOON)
    assert isinstance(claim, ClaimSnapshot)
    assert [(paper.ref, paper.title_en, paper.state) for paper in claim.documents] == [("cc:a1", "Passport", state)]
    assert "pdf" not in claim.model_dump_json(exclude={"source_hash"})


def test_a_closed_outcome_that_no_rule_knows_leaves_the_claim_as_it_is():
    answer = translate(as_record(claim_center_case(state={"code": "closed"}, closedOutcome={"code": "other"})), NOON)
    assert isinstance(answer, Unmapped)
    assert "claim.closedOutcome.code=other" in answer.code
