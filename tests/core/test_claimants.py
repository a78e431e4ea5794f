"""Whoever claims against somebody's policy has a side of their own: what is personal to one is nowhere in another's."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.claimants import PERSONAL, goes_with, part_ref, parts_of, policyholders_side
from claims_core.db import driver_connection
from claims_core.requested import ChangeAction
from claims_core.snapshot import (
    CaseEventKind,
    ClaimantSnapshot,
    ClaimSnapshot,
    DocumentState,
    PaymentState,
    page_state_of,
)
from claims_core.stages import ClaimStage, Mover, Outcome, PageState, Situation
from claims_core.tables import Claim, Payment
from tests.factories import NOON, a_claimant, a_document, a_payment, a_person, a_snapshot, claim_of, events_of, later

EARLIER = NOON - timedelta(hours=2)
# Spelled here once more, so that nobody takes one away from what is kept from the policyholder.
ABOUT_MONEY = {
    Situation.PAYMENT_PREPARED,
    Situation.PAYMENT_SENT,
    Situation.PAYMENT_RETURNED,
    Situation.PAYMENT_CREDITED,
}
ABOUT_PAPERS = {Situation.DOCS_NEEDED, Situation.DOCS_RECEIVED_REVIEW, Situation.DOCS_REJECTED_RESEND}


def side_of(whole: ClaimSnapshot, claimant: ClaimantSnapshot) -> ClaimSnapshot:
    """The claimant's side of the claim."""
    return next(part for part in parts_of(whole) if part.policyholder == claimant.person)


async def record(session: AsyncSession, *snapshots: ClaimSnapshot, first_load: bool = False) -> ledger.Recorded:
    return await ledger.record(session, snapshots, now=NOON, settle=timedelta(0), first_load=first_load)


async def kinds(session: AsyncSession, snapshot: ClaimSnapshot) -> list[tuple[CaseEventKind, bool]]:
    return [(event.kind, event.historic) for event in await events_of(session, await claim_of(session, snapshot))]


payments = st.lists(
    st.builds(lambda state: a_payment(state=state), st.sampled_from(PaymentState)),
    max_size=2,
    unique_by=lambda p: p.ref,
)
papers = st.lists(st.builds(lambda state: a_document(state=state), st.sampled_from(DocumentState)), max_size=2)
claimants = st.lists(
    st.builds(
        lambda paid, asked, sum_: a_claimant(payments=tuple(paid), documents=tuple(asked), approved=sum_),
        payments,
        papers,
        st.none() | st.decimals(1, 900_000, places=2),
    ),
    min_size=1,
    max_size=3,
)
wholes = st.builds(
    lambda stage, situation, outcome, mover, theirs, paid, asked: a_snapshot(
        stage=stage, situation=situation, outcome=outcome, mover=mover, claimants=tuple(theirs),
        payments=tuple(paid), documents=tuple(asked), approved=Decimal("777777.77"), assessed=Decimal("888888.88"),
        reason="medical_papers",
    ),
    st.sampled_from(ClaimStage), st.none() | st.sampled_from(Situation), st.none() | st.sampled_from(Outcome),
    st.none() | st.sampled_from(Mover), claimants, payments, papers,
)  # fmt: skip


@settings(max_examples=50)
@given(wholes)
def test_nothing_personal_of_one_is_in_the_side_of_another(whole: ClaimSnapshot) -> None:
    own = {"policyholder": whole.policyholder, **{each.person.ref: each for each in whole.claimants}}
    for part in parts_of(whole):
        mine = own[part.policyholder.ref]
        said = repr(part.model_dump())
        for other in (each for each in whole.claimants if each is not mine):
            secrets = [other.person.ref, *other.person.phones, *(p.ref for p in other.payments + other.documents)]
            assert not [secret for secret in secrets if f"'{secret}'" in said]
        the_policyholders = [f"'{whole.policyholder.ref}'", whole.policyholder.phones[0], "777777.77", "888888.88"]
        assert not [secret for secret in the_policyholders if secret in said]
        assert part.policy_number is None
        assert part.object_label != whole.object_label
        assert ClaimSnapshot.model_validate(part.model_dump()) == part


@settings(max_examples=50)
@given(wholes)
def test_a_claimant_is_asked_for_nothing_that_is_not_theirs(whole: ClaimSnapshot) -> None:
    for part in parts_of(whole):
        if part.situation in PERSONAL:
            assert part.payments or part.documents
        if page_state_of(part) is PageState.DOCS_NEEDED:
            assert part.documents
        assert goes_with(part, whole)


@settings(max_examples=50)
@given(wholes)
def test_the_policyholder_hears_of_no_money_and_no_papers_of_a_claimant(whole: ClaimSnapshot) -> None:
    side = policyholders_side(whole)
    if side.situation in ABOUT_MONEY and not side.payments:
        assert not any(each.payments for each in whole.claimants)
    if side.situation in ABOUT_PAPERS and not side.documents:
        assert not any(each.documents for each in whole.claimants)
    assert side.situation in (whole.situation, None)
    assert side.model_copy(update={"situation": whole.situation, "mover": whole.mover}) == whole


def test_a_word_of_the_back_office_about_one_claimant_is_theirs_alone() -> None:
    refused = a_claimant(stage=ClaimStage.DECIDED, outcome=Outcome.REFUSED)
    other = a_claimant()
    whole = a_snapshot(stage=ClaimStage.ASSESSING, situation=Situation.CALCULATION, claimants=(refused, other))
    assert page_state_of(side_of(whole, refused)) is PageState.DECLINED
    assert page_state_of(side_of(whole, other)) is PageState.ASSESSMENT
    assert not goes_with(side_of(whole, refused), whole)


def test_the_policyholders_own_exposure_is_no_third_partys() -> None:
    person = a_person()
    assert parts_of(a_snapshot(policyholder=person, claimants=(a_claimant(person=person),))) == []


async def test_a_claim_without_claimants_is_written_as_ever(session: AsyncSession) -> None:
    shot = a_snapshot()
    await record(session, shot)
    claim = await claim_of(session, shot)
    assert (claim.part_of, claim.has_claimants) == (None, False)
    assert len((await session.exec(select(Claim))).all()) == 1


async def test_a_batch_without_claimants_asks_nothing_about_claimants(session: AsyncSession) -> None:
    shots, asked = [a_snapshot() for _ in range(3)], list[str]()
    connection = await driver_connection(session)
    with connection.query_logger(lambda query: asked.append(query.query)):
        await record(session, *shots)
        first = len(asked)
        await record(session, *(later(shot, stage=ClaimStage.ASSESSING) for shot in shots))
    assert first
    assert not [query for query in asked if "part_of =" in query]


async def test_a_claimant_has_a_side_with_their_own_money_and_facts(session: AsyncSession) -> None:
    claimant = a_claimant()
    shot = a_snapshot(claimants=(claimant,), stage=ClaimStage.DECIDED, outcome=Outcome.APPROVED, situation=None)
    await record(session, shot, first_load=True)
    paid = a_claimant(person=claimant.person, payments=(a_payment(ref="theirs"),))
    moved = {"stage": ClaimStage.FULFILLING, "situation": Situation.PAYMENT_SENT}
    done = await record(session, later(shot, claimants=(paid,), **moved))
    whole, part = await claim_of(session, shot), await claim_of(session, side_of(shot, claimant))
    assert (done.changed, done.stage_changes, part.part_of, whole.has_claimants) == (1, 1, whole.id, True)
    assert [(each.payment_ref, each.claim_id) for each in await session.exec(select(Payment))] == [("theirs", part.id)]
    assert (await kinds(session, side_of(shot, claimant)))[-1] == (CaseEventKind.PAYMENT_SENT, False)
    assert CaseEventKind.PAYMENT_SENT not in dict(await kinds(session, shot))
    assert (part.page_state, whole.page_state) == (PageState.PAYMENT_SENT, PageState.APPROVED)


async def test_a_first_load_tells_a_claimant_nothing_and_a_new_claim_one_fact(session: AsyncSession) -> None:
    old, new = a_claimant(), a_claimant()
    first, second = a_snapshot(claimants=(old,)), a_snapshot(claimants=(new,))
    await record(session, first, first_load=True)
    await record(session, second)
    assert await kinds(session, side_of(first, old)) == [(CaseEventKind.REGISTERED, True)]
    assert await kinds(session, side_of(second, new)) == [(CaseEventKind.REGISTERED, False)]


async def test_a_claimant_who_is_added_later_hears_nothing_of_the_past(session: AsyncSession) -> None:
    shot, claimant = a_snapshot(stage=ClaimStage.ASSESSING), a_claimant(payments=(a_payment(),))
    await record(session, shot)
    await record(session, later(shot, claimants=(claimant,)))
    part = side_of(later(shot, claimants=(claimant,)), claimant)
    assert await kinds(session, part) == [(CaseEventKind.REGISTERED, True), (CaseEventKind.PAYMENT_SENT, True)]
    await record(session, later(shot, claimants=(claimant,), stage=ClaimStage.DECIDING))
    assert (await kinds(session, part))[-1] == (CaseEventKind.STAGE_CHANGED, False)


async def test_a_claimant_who_came_after_we_last_looked_is_greeted(session: AsyncSession) -> None:
    shot = a_snapshot(reported_at=EARLIER - timedelta(days=1))
    await ledger.record(session, [shot], now=EARLIER, settle=timedelta(0))
    came = a_claimant(reported_at=EARLIER + timedelta(hours=1))
    await record(session, later(shot, claimants=(came,)))
    assert await kinds(session, side_of(later(shot, claimants=(came,)), came)) == [(CaseEventKind.REGISTERED, False)]


async def test_a_claimant_who_is_named_no_more_is_marked_and_comes_back(session: AsyncSession) -> None:
    one, other = a_claimant(), a_claimant()
    shot = a_snapshot(claimants=(one, other))
    await record(session, shot)
    fewer = later(shot, claimants=(other,), team="Отдел осмотров")
    await record(session, fewer)
    assert (await claim_of(session, side_of(shot, one))).gone_at == NOON
    assert (await claim_of(session, side_of(shot, other))).gone_at is None
    await record(session, later(fewer, claimants=(one, other)))
    assert (await claim_of(session, side_of(shot, one))).gone_at is None


async def test_a_claimant_is_back_when_the_very_content_that_named_them_comes_again(session: AsyncSession) -> None:
    one, other = a_claimant(), a_claimant()
    named = a_snapshot(claimants=(one, other), source_version="1")
    dropped = later(named, claimants=(other,))
    for shot in (named, dropped, later(named, source_version="3", source_hash=named.source_hash)):
        await record(session, shot)
    assert (await claim_of(session, side_of(named, one))).gone_at is None


async def test_a_claimant_who_was_dropped_does_not_come_back_with_the_claim(session: AsyncSession) -> None:
    one, other, third = a_claimant(), a_claimant(), a_claimant()
    named = a_snapshot(claimants=(one, other, third))
    await record(session, named)
    fewer = later(named, claimants=(other, third))
    await record(session, fewer)
    await ledger.mark_gone(session, named.source, [named.source_ref], now=NOON)
    fewest = later(fewer, claimants=(third,))
    await record(session, fewest)  # it is there again, before anybody has looked for what is gone
    await ledger.mark_gone(session, named.source, [named.source_ref], now=NOON)
    await ledger.mark_gone(session, named.source, [], now=NOON)
    gone = [(await claim_of(session, side_of(named, each))).gone_at for each in (one, other, third)]
    assert gone == [NOON, NOON, None]


async def test_the_sides_go_and_come_back_with_their_claim(session: AsyncSession) -> None:
    claimant = a_claimant()
    shot = a_snapshot(claimants=(claimant,))
    await record(session, shot)
    assert await ledger.mark_gone(session, shot.source, [shot.source_ref], now=NOON) == 1
    assert (await claim_of(session, side_of(shot, claimant))).gone_at == NOON
    await ledger.mark_gone(session, shot.source, [], now=NOON)
    assert (await claim_of(session, side_of(shot, claimant))).gone_at is None


async def test_the_same_record_again_writes_no_side_again(session: AsyncSession) -> None:
    shot = a_snapshot(claimants=(a_claimant(), a_claimant()))
    await record(session, shot)
    assert await record(session, shot) == ledger.Recorded()


async def test_what_a_handler_did_stands_while_a_claimants_money_is_on_its_way(
    session: AsyncSession,
) -> None:
    sent = {"stage": ClaimStage.FULFILLING, "situation": Situation.PAYMENT_SENT, "outcome": Outcome.APPROVED}
    shot = a_snapshot(claimants=(a_claimant(payments=(a_payment(),)),), **sent)
    await record(session, shot, first_load=True)
    claim = await claim_of(session, shot)
    await ledger.request_change(
        session, claim_id=claim.id, claim_version=claim.version, action=ChangeAction.CLOSE, values={"outcome": None},
        note=None, told=True, untold_reason=None, by="staff:1", now=NOON, undo_for=timedelta(0),
    )  # fmt: skip
    change = await ledger.take_change(session, source=shot.source, now=NOON)
    assert change is not None
    await ledger.finish_change(session, change.id, snapshot=None, now=NOON)
    await record(session, later(shot, team="Отдел осмотров"))
    assert (await claim_of(session, shot)).stage is ClaimStage.CLOSED


def test_the_key_of_a_side_is_made_of_the_claim_and_the_person() -> None:
    whole = a_snapshot(source_ref="cc:1", claimants=(a_claimant(person=a_person(ref="cc:9")),))
    assert [part.source_ref for part in parts_of(whole)] == [part_ref("cc:1", "cc:9")]
