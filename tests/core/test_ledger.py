"""What a back office says becomes facts: once, in order, and told only when it is news."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.snapshot import CaseEventKind, ClaimSnapshot
from claims_core.stages import ClaimStage, Outcome, PageState, Situation
from claims_core.tables import CaseEvent, ClaimNumber, ContactPoint, DocumentRequest, Payment
from tests.factories import (
    NOON,
    SOURCE,
    a_document,
    a_payment,
    a_person,
    a_snapshot,
    claim_of,
    events_of,
    later,
)

SETTLE = timedelta(minutes=2)


async def record(session: AsyncSession, *snapshots: ClaimSnapshot, first_load: bool = False) -> ledger.Recorded:
    return await ledger.record(session, snapshots, now=NOON, settle=SETTLE, first_load=first_load)


async def test_the_first_load_is_history_and_told_to_nobody(session: AsyncSession) -> None:
    shot = a_snapshot(stage=ClaimStage.DECIDED, situation=None, outcome=Outcome.APPROVED, approved="184300.00")
    done = await record(session, shot, first_load=True)
    claim = await claim_of(session, shot)
    events = await events_of(session, claim)
    assert (done.new, done.events) == (1, 2)
    assert claim.page_state is PageState.APPROVED
    assert [event.kind for event in events] == [CaseEventKind.REGISTERED, CaseEventKind.DECISION_MADE]
    assert all(event.historic for event in events)


async def test_what_changes_while_a_source_is_loaded_for_the_first_time_is_history_too(session: AsyncSession) -> None:
    shot = a_snapshot()
    await record(session, shot, first_load=True)
    done = await record(session, later(shot, stage=ClaimStage.ASSESSING), first_load=True)
    events = await events_of(session, await claim_of(session, shot))
    assert [(event.kind, event.historic) for event in events] == [
        (CaseEventKind.REGISTERED, True),
        (CaseEventKind.STAGE_CHANGED, True),
    ]
    assert done.stage_changes == 0, "nobody need be asked whether it is too much"


async def test_a_claim_among_new_ones_that_was_there_already_is_changed_by_a_first_load_and_not_made_twice(
    session: AsyncSession,
) -> None:
    known, *new = [a_snapshot(source_ref=f"ref:{place}") for place in (2, 1, 3, 4, 5)]
    await record(session, known, first_load=True)
    moved = later(known, stage=ClaimStage.ASSESSING)
    done = await record(session, *new, moved, first_load=True)
    assert (done.new, done.changed) == (4, 1), "looked at three of them, none of which was there"
    assert (await claim_of(session, known)).stage is ClaimStage.ASSESSING


async def test_of_a_source_that_catches_up_a_claim_never_seen_is_history_and_a_change_is_news(
    session: AsyncSession,
) -> None:
    known, unseen = a_snapshot(), a_snapshot()
    await record(session, known, first_load=True)
    both = [later(known, stage=ClaimStage.ASSESSING), unseen]
    await ledger.record(session, both, now=NOON, settle=SETTLE, catching_up=True)
    told = [(await events_of(session, await claim_of(session, shot)))[-1] for shot in both]
    assert [(event.kind, event.historic) for event in told] == [
        (CaseEventKind.STAGE_CHANGED, False),
        (CaseEventKind.REGISTERED, True),
    ]


async def test_a_claim_that_appears_after_the_first_load_is_told_after_the_settle_window(session: AsyncSession) -> None:
    shot = a_snapshot()
    await record(session, shot)
    (event,) = await events_of(session, await claim_of(session, shot))
    assert (event.kind, event.historic) == (CaseEventKind.REGISTERED, False)
    assert event.occurred_at == shot.reported_at
    assert event.tell_after == NOON + SETTLE


async def test_the_same_snapshot_again_writes_nothing(session: AsyncSession) -> None:
    shot = a_snapshot()
    await record(session, shot)
    assert await record(session, shot) == ledger.Recorded()
    assert (await claim_of(session, shot)).version == 1


async def test_only_unknown_and_different_records_need_work(session: AsyncSession) -> None:
    same, other = a_snapshot(), a_snapshot()
    await record(session, same, other)
    hashes = {same.source_ref: same.source_hash, other.source_ref: b"new", "cc:never": b"x"}
    assert await ledger.changed_refs(session, SOURCE, hashes) == {other.source_ref, "cc:never"}
    assert await ledger.changed_refs(session, "another source", hashes) == set(hashes)


async def test_a_step_forward_is_one_fact_with_the_new_page_state(session: AsyncSession) -> None:
    shot = a_snapshot()
    await record(session, shot, first_load=True)
    done = await record(session, later(shot, stage=ClaimStage.DECIDING, situation=Situation.APPROVAL))
    claim = await claim_of(session, shot)
    assert (done.changed, done.stage_changes, done.events) == (1, 1, 1)
    assert (claim.stage, claim.page_state, claim.version) == (ClaimStage.DECIDING, PageState.AWAITING, 2)
    assert claim.stage_since == NOON
    event = (await events_of(session, claim))[-1]
    assert (event.kind, event.historic, event.page_state) == (CaseEventKind.STAGE_CHANGED, False, PageState.AWAITING)


async def test_an_older_version_that_comes_late_has_no_effect(session: AsyncSession) -> None:
    first = a_snapshot(source_version="9")
    newer = later(first, stage=ClaimStage.ASSESSING, source_version="10")
    done = await record(session, first, newer, later(first, stage=ClaimStage.COLLECTING, source_version="9"))
    claim = await claim_of(session, first)
    assert (done.stale, claim.stage) == (1, ClaimStage.ASSESSING)
    assert len(await events_of(session, claim)) == 2


async def test_an_older_date_that_comes_late_has_no_effect(session: AsyncSession) -> None:
    first = a_snapshot(changed_at=NOON)
    await record(session, first)
    done = await record(session, later(first, stage=ClaimStage.ASSESSING, changed_at=NOON - SETTLE))
    assert (done.stale, (await claim_of(session, first)).stage) == (1, ClaimStage.REGISTERED)


async def test_one_version_with_two_contents_has_one_winner_in_any_order(session: AsyncSession) -> None:
    one = a_snapshot(source_version="5", source_hash=b"a", stage=ClaimStage.CHECKING)
    two = later(one, source_version="5", source_hash=b"b", stage=ClaimStage.ASSESSING)
    await record(session, one, two)
    await record(session, one)
    assert (await claim_of(session, one)).stage is ClaimStage.ASSESSING


async def test_another_content_under_the_same_version_is_warned_of(
    session: AsyncSession, caplog: pytest.LogCaptureFixture
) -> None:
    one = a_snapshot(source_version="5", source_hash=b"b")
    await record(session, one)
    await record(session, later(one, source_version="5", source_hash=b"a", stage=ClaimStage.ASSESSING))
    assert (await claim_of(session, one)).stage is ClaimStage.REGISTERED
    assert "same_version_other_content" in caplog.messages


async def test_a_moment_in_the_future_is_never_a_facts_moment(session: AsyncSession) -> None:
    first = a_snapshot()
    await record(session, first)
    await record(session, later(first, stage=ClaimStage.ASSESSING, changed_at=NOON + timedelta(hours=20)))
    claim = await claim_of(session, first)
    assert max(event.occurred_at for event in await events_of(session, claim)) <= NOON
    assert claim.stage_since == NOON


async def test_a_new_mapping_of_the_same_version_is_believed(session: AsyncSession) -> None:
    first = a_snapshot(source_version="5", source_hash=b"b")
    await record(session, first)
    await record(session, later(first, source_version="5", source_hash=b"a", mapping_version=2, team="Отдел осмотров"))
    claim = await claim_of(session, first)
    assert (claim.team, claim.mapping_version) == ("Отдел осмотров", 2)


async def test_an_unexpected_step_is_believed_and_kept_for_a_handler(session: AsyncSession) -> None:
    shot = a_snapshot(stage=ClaimStage.DECIDED, outcome=Outcome.APPROVED, situation=None)
    await record(session, shot, first_load=True)
    await record(session, later(shot, stage=ClaimStage.CHECKING, outcome=None))
    claim = await claim_of(session, shot)
    assert claim.stage is ClaimStage.CHECKING
    assert (await events_of(session, claim))[-1].kind is CaseEventKind.STAGE_CORRECTED


async def test_a_change_that_only_the_back_office_sees_is_no_fact(session: AsyncSession) -> None:
    shot = a_snapshot(source_version="1")
    await record(session, shot)
    done = await record(session, later(shot, handler_ref="h-18"))
    claim = await claim_of(session, shot)
    assert (done.changed, done.events, claim.version) == (1, 0, 1)
    assert (claim.handler_ref, claim.source_version) == ("h-18", "2")


async def test_a_letter_with_the_old_number_still_finds_its_claim(session: AsyncSession) -> None:
    shot = a_snapshot(claim_number="2041-1")
    await record(session, shot)
    await record(session, later(shot, claim_number="2041-2"))
    claim = await claim_of(session, shot)
    (old,) = await session.exec(select(ClaimNumber).where(ClaimNumber.claim_id == claim.id))
    assert (claim.claim_number, old.number) == ("2041-2", "2041-1")


async def test_payments_and_papers_follow_the_back_office(session: AsyncSession) -> None:
    paper, paid = a_document(), a_payment(state="prepared")
    shot = a_snapshot(documents=(paper, a_document(ref="withdrawn")), payments=(paid,))
    await record(session, shot, first_load=True)
    paper, paid = paper.model_copy(update={"state": "received"}), paid.model_copy(update={"state": "sent"})
    await record(session, later(shot, documents=(paper,), payments=(paid,)))
    (papers,) = await session.exec(select(DocumentRequest))
    (payment,) = await session.exec(select(Payment))
    assert (papers.request_ref, papers.state, papers.settled_at) == (paper.ref, "received", NOON)
    assert (payment.payment_ref, payment.state) == (paid.ref, "sent")


async def test_all_papers_withdrawn_leaves_none_to_wait_for(session: AsyncSession) -> None:
    shot = a_snapshot(documents=(a_document(),))
    await record(session, shot)
    await record(session, later(shot, documents=()))
    assert list(await session.exec(select(DocumentRequest))) == []


async def test_two_claims_of_one_person_share_the_person_and_a_dropped_number_is_no_longer_used(
    session: AsyncSession,
) -> None:
    person = a_person(phones=("+79120000001",), email="i@example.org")
    one, two = a_snapshot(policyholder=person), a_snapshot(policyholder=person)
    await record(session, one, two)
    assert (await claim_of(session, one)).policyholder_id == (await claim_of(session, two)).policyholder_id
    moved = person.model_copy(update={"phones": ("+79120000002",), "email": None})
    await record(session, later(one, policyholder=moved))
    points = {point.address: point.on_file for point in await session.exec(select(ContactPoint))}
    assert points == {"+79120000001": False, "+79120000002": True, "i@example.org": False}


async def test_two_writers_of_one_claim_make_each_fact_once(engine: AsyncEngine) -> None:
    first = a_snapshot(source_version="1")
    second = later(first, stage=ClaimStage.ASSESSING)
    async with session_scope(engine) as slow:
        await record(slow, first)
        async with session_scope(engine) as fast:
            # The other writer waits for our claim, sees that it is known, and goes on from there.
            waiting = asyncio.create_task(record(fast, first, second))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            await slow.commit()
            assert await waiting == ledger.Recorded(changed=1, events=1, stage_changes=1)
    async with session_scope(engine) as session:
        kinds = [event.kind for event in await session.exec(select(CaseEvent))]
    assert sorted(kinds) == [CaseEventKind.REGISTERED, CaseEventKind.STAGE_CHANGED]


async def test_the_planner_is_woken_only_by_news(engine: AsyncEngine, database_url: str) -> None:
    heard: list[str] = []
    listener = await asyncpg.connect(database_url)
    await listener.add_listener("case_event", lambda *call: heard.append(call[2]))
    shot = a_snapshot()
    async with session_scope(engine) as session:
        await record(session, shot, first_load=True)
    await listener.execute("select 1")
    assert heard == []
    async with session_scope(engine) as session:
        await record(session, later(shot, stage=ClaimStage.ASSESSING))
    await listener.execute("select 1")
    assert heard == ["case_event"]
    await listener.close()
