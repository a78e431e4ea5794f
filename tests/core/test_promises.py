"""Dates told to a policyholder: made, moved by an extension or a pause, kept, missed, and never made too late."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.snapshot import CaseEventKind, ClaimSnapshot
from claims_core.stages import ClaimStage, Outcome, Situation
from claims_core.tables import Claim, Pause, Promise, PromiseBasis, PromiseKind
from tests.factories import NOON, a_document, a_payment, a_snapshot, claim_of, events_of, later

DAY = timedelta(days=1)
# OSAGO, reported on 31 May 2026: 14 days of ours and 20 of the law, 12 June is a holiday.
TARGET, LIMIT = date(2026, 6, 15), date(2026, 6, 21)
ASSESSING = {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION}
APPROVED = {"stage": ClaimStage.DECIDED, "situation": None, "outcome": Outcome.APPROVED, "approved": Decimal(1000)}


async def record(session: AsyncSession, *snapshots: ClaimSnapshot, now: datetime = NOON) -> None:
    await ledger.record(session, snapshots, now=now, settle=timedelta(0))


async def promises(session: AsyncSession, **wanted: Any) -> list[Promise]:
    query = select(Promise).filter_by(**wanted).order_by(Promise.made_at, Promise.due_date)
    return list(await session.exec(query.execution_options(populate_existing=True)))


async def kinds(session: AsyncSession, shot: ClaimSnapshot) -> list[CaseEventKind]:
    return [event.kind for event in await events_of(session, await claim_of(session, shot))]


async def test_an_undecided_claim_is_promised_our_date_and_the_laws(session: AsyncSession) -> None:
    await record(session, a_snapshot())
    ours, law = await promises(session)
    assert (ours.basis, ours.due_date, ours.kind) == (PromiseBasis.TARGET, TARGET, PromiseKind.DECISION)
    assert (law.basis, law.due_date) == (PromiseBasis.LAW, LIMIT)
    assert ours.start_date == law.start_date == date(2026, 5, 31)


async def test_the_clock_starts_with_the_last_document(session: AsyncSession) -> None:
    await record(session, a_snapshot(documents_complete_at=NOON + DAY))
    assert {row.start_date for row in await promises(session)} == {date(2026, 6, 2)}


async def test_a_claim_first_seen_past_its_term_is_promised_nothing(session: AsyncSession) -> None:
    await record(session, a_snapshot(reported_at=NOON - 60 * DAY), a_snapshot(**APPROVED))
    assert [row.kind for row in await promises(session)] == []


async def test_a_claim_first_seen_between_our_date_and_the_limit_has_the_limit_alone(session: AsyncSession) -> None:
    await record(session, a_snapshot(), now=NOON + 17 * DAY)
    assert [row.basis for row in await promises(session)] == [PromiseBasis.LAW]


async def test_a_decision_in_time_keeps_both_and_promises_the_money(session: AsyncSession) -> None:
    shot = a_snapshot()
    await record(session, shot, later(shot, **APPROVED, changed_at=NOON))
    assert {(row.kept, row.ended_at) for row in await promises(session, kind=PromiseKind.DECISION)} == {(True, NOON)}
    (money,) = await promises(session, kind=PromiseKind.PAYMENT)
    assert (money.start_date, money.due_date, money.basis) == (date(2026, 6, 1), date(2026, 6, 8), PromiseBasis.TARGET)


async def test_a_decision_between_our_date_and_the_limit_keeps_the_limit_alone(session: AsyncSession) -> None:
    shot = a_snapshot()
    await record(session, shot)
    await record(session, later(shot, **APPROVED), now=NOON + 17 * DAY)
    assert [row.kept for row in await promises(session, kind=PromiseKind.DECISION)] == [False, True]


async def test_money_sent_in_time_keeps_its_promise(session: AsyncSession) -> None:
    shot = a_snapshot()
    approved = later(shot, **APPROVED)
    sent = later(approved, stage=ClaimStage.FULFILLING, situation=Situation.PAYMENT_SENT, payments=(a_payment(),))
    await record(session, shot, approved, sent)
    (money,) = await promises(session, kind=PromiseKind.PAYMENT)
    assert (money.kept, money.ended_at) == (True, NOON)


async def test_a_withdrawn_claim_ends_its_promises_without_a_verdict(session: AsyncSession) -> None:
    shot = a_snapshot()
    await record(session, shot, later(shot, stage=ClaimStage.CLOSED, outcome=Outcome.WITHDRAWN))
    assert {(row.kept, row.ended_at) for row in await promises(session)} == {(None, NOON)}


async def test_an_extension_moves_our_date_and_leaves_the_laws(session: AsyncSession) -> None:
    shot = a_snapshot(stage=ClaimStage.CHECKING)
    longer = later(shot, situation=Situation.EXTENDED_CHECK, new_date=date(2026, 6, 20), reason="circumstances")
    await record(session, shot, longer, later(longer, handler_ref="another"))
    old, *new = await promises(session)
    assert (old.due_date, old.ended_at, old.kept) == (TARGET, NOON, None)
    assert [(row.basis, row.due_date, row.reason, row.ended_at) for row in new] == [
        (PromiseBasis.HANDLER, date(2026, 6, 20), "circumstances", None),
        (PromiseBasis.LAW, LIMIT, None, None),
    ]
    assert (await kinds(session, shot)) == [CaseEventKind.REGISTERED, CaseEventKind.PROMISE_MOVED]


@pytest.mark.parametrize(("new_date", "sooner"), [(date(2026, 6, 25), None), (date(2026, 6, 19), 1)])
async def test_whoever_moves_our_date_forward_the_fact_says_that_it_is_an_earlier_one(
    session: AsyncSession, new_date: date, sooner: int | None
) -> None:
    shot = a_snapshot(stage=ClaimStage.CHECKING)
    longer = later(shot, situation=Situation.EXTENDED_CHECK, new_date=date(2026, 6, 20))
    await record(session, shot, longer, later(longer, new_date=new_date))
    moved = (await events_of(session, await claim_of(session, shot)))[-1]
    assert (moved.detail["old_date"], moved.detail["date"]) == ("2026-06-20", new_date.isoformat())
    assert moved.detail.get("sooner") == sooner


async def test_an_extension_without_a_date_takes_the_products_usual_one(session: AsyncSession) -> None:
    shot = a_snapshot(stage=ClaimStage.CHECKING)
    await record(session, shot)
    await record(session, later(shot, situation=Situation.WAITING_POLICE), now=NOON + 10 * DAY)
    (handler,) = await promises(session, basis=PromiseBasis.HANDLER)
    event = (await events_of(session, await claim_of(session, shot)))[-1]
    assert handler.due_date == date(2026, 6, 22)  # ten days from 11 June, the 12th is a holiday
    assert event.detail == {"date": "2026-06-22", "old_date": TARGET.isoformat()}


async def test_an_extension_that_moves_nothing_leaves_our_date(session: AsyncSession) -> None:
    shot = a_snapshot(stage=ClaimStage.CHECKING)
    await record(session, shot, later(shot, situation=Situation.WAITING_POLICE))
    assert (await kinds(session, shot))[-1] is CaseEventKind.SITUATION_CHANGED
    assert await promises(session, basis=PromiseBasis.HANDLER) == []


async def test_days_that_wait_for_the_policyholder_are_given_back(session: AsyncSession) -> None:
    shot = a_snapshot(stage=ClaimStage.COLLECTING)
    asked = later(shot, situation=Situation.DOCS_NEEDED, documents=(a_document(ref="d"),))
    await record(session, shot, asked)
    (pause,) = await session.exec(select(Pause))
    assert (pause.started_at, pause.ended_at) == (NOON, None)
    back = later(asked, situation=Situation.DOCS_RECEIVED_REVIEW, documents=(a_document(ref="d", state="received"),))
    await record(session, back, now=NOON + 3 * DAY)
    await session.refresh(pause)
    assert pause.ended_at == NOON + 3 * DAY
    waiting = [row for row in await promises(session) if row.ended_at is None]
    assert [(row.basis, row.due_date) for row in waiting] == [
        (PromiseBasis.TARGET, TARGET + 3 * DAY),
        (PromiseBasis.LAW, LIMIT + 3 * DAY),
    ]
    assert {row.kept for row in await promises(session)} == {None}


async def test_a_reopened_claim_starts_anew(session: AsyncSession) -> None:
    shot = a_snapshot(**APPROVED)
    await record(session, shot)
    again = later(shot, stage=ClaimStage.CLOSED)
    opened = later(again, stage=ClaimStage.ASSESSING, situation=Situation.REOPENED, outcome=None)
    await record(session, again, opened)
    assert {row.start_date for row in await promises(session, kind=PromiseKind.DECISION)} == {NOON.date()}


async def test_a_missed_date_is_a_fact_that_names_the_next(session: AsyncSession) -> None:
    shot = a_snapshot()
    await record(session, shot)
    over = datetime(2026, 6, 15, 22, 0, tzinfo=UTC)  # the 16th begins in Kaliningrad
    assert await ledger.miss_promises(session, now=over - timedelta(hours=1)) == 0
    assert await ledger.miss_promises(session, now=over) == 1
    assert await ledger.miss_promises(session, now=over) == 0
    missed, waiting = await promises(session)
    assert (missed.kept, missed.ended_at, waiting.ended_at) == (False, over, None)
    claim = await claim_of(session, shot)
    event = (await events_of(session, claim))[-1]
    assert (event.kind, event.historic, claim.version) == (CaseEventKind.PROMISE_MISSED, False, 2)
    assert event.detail == {
        "promise": "decision",
        "basis": "target",
        "old_date": TARGET.isoformat(),
        "date": LIMIT.isoformat(),
    }


async def test_a_claim_that_waits_for_its_policyholder_misses_nothing(session: AsyncSession) -> None:
    await record(session, a_snapshot(stage=ClaimStage.COLLECTING, situation=Situation.DOCS_NEEDED))
    assert await ledger.miss_promises(session, now=NOON + 90 * DAY) == 0


async def test_a_missed_date_is_not_told_again_by_the_same_old_extension(session: AsyncSession) -> None:
    shot = a_snapshot(stage=ClaimStage.CHECKING, situation=Situation.EXTENDED_CHECK, new_date=date(2026, 6, 10))
    await record(session, shot)
    await ledger.miss_promises(session, now=NOON + 11 * DAY)
    await record(session, later(shot, handler_ref="another"), now=NOON + 12 * DAY)
    assert await kinds(session, shot) == [
        CaseEventKind.REGISTERED,
        CaseEventKind.PROMISE_MOVED,
        CaseEventKind.PROMISE_MISSED,
    ]


async def test_a_claim_without_terms_of_its_own_has_the_default(session: AsyncSession) -> None:
    await record(session, a_snapshot(product="pet", country="xx"))
    assert [(row.basis, row.due_date) for row in await promises(session)] == [
        (PromiseBasis.TARGET, date(2026, 6, 15)),
        (PromiseBasis.CONTRACT, date(2026, 6, 30)),
    ]
    assert (await session.exec(select(Claim.version))).one() == 1
