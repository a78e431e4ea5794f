"""A handler's change: asked, undone in its minute, taken once, and a fact only when the back office said yes."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import Conflict, NotFound
from claims_core.ids import new_id
from claims_core.requested import ChangeAction
from claims_core.snapshot import CaseEventKind, ClaimSnapshot
from claims_core.stages import ClaimStage, Outcome, PageState, Situation
from claims_core.tables import AuditEntry, ChangeRequest, ChangeState, Claim, DocumentRequest
from tests.factories import NOON, SOURCE, a_snapshot, claim_of, events_of, later

MINUTE = timedelta(seconds=60)
EXTEND = {"reason": "police_papers", "new_date": "2026-06-30"}


async def a_known(session: AsyncSession, **overrides: Any) -> tuple[ClaimSnapshot, Claim]:
    shot = a_snapshot(**{"stage": ClaimStage.CHECKING} | overrides)
    await ledger.record(session, [shot], now=NOON, settle=timedelta(0), first_load=True)
    return shot, await claim_of(session, shot)


async def ask(session: AsyncSession, claim: Claim, **overrides: Any) -> ChangeRequest:
    values: dict[str, Any] = {
        "claim_id": claim.id,
        "claim_version": claim.version,
        "action": ChangeAction.EXTEND,
        "values": EXTEND,
        "note": None,
        "told": True,
        "untold_reason": None,
        "by": "staff:1",
        "now": NOON,
        "undo_for": MINUTE,
    }
    return await ledger.request_change(session, **values | overrides)


async def taken(session: AsyncSession, claim: Claim, **overrides: Any) -> UUID:
    change = await ask(session, claim, **overrides)
    assert await ledger.take_change(session, source=SOURCE, now=NOON + MINUTE) is change
    return change.id


async def test_a_change_is_asked_for_with_its_audit_and_is_no_fact_yet(session: AsyncSession) -> None:
    _, claim = await a_known(session)
    change = await ask(session, claim)
    (entry,) = await session.exec(select(AuditEntry).order_by(col(AuditEntry.seq)))
    assert (change.state, change.not_before) == (ChangeState.WAITING, NOON + MINUTE)
    assert (entry.actor, entry.action, entry.subject) == ("staff:1", "change_requested", f"claim:{claim.id}")
    assert [event.kind for event in await events_of(session, claim)] == [CaseEventKind.REGISTERED]


async def test_a_claim_that_moved_meanwhile_takes_no_change(session: AsyncSession) -> None:
    _, claim = await a_known(session)
    with pytest.raises(Conflict):
        await ask(session, claim, claim_version=claim.version - 1)
    with pytest.raises(NotFound):
        await ask(session, claim, claim_id=new_id())


async def test_one_change_of_a_claim_is_on_its_way_at_a_time(session: AsyncSession) -> None:
    _, claim = await a_known(session)
    await ask(session, claim)
    with pytest.raises(Conflict):
        await ask(session, claim)


async def test_values_of_another_action_are_refused(session: AsyncSession) -> None:
    _, claim = await a_known(session)
    with pytest.raises(ValidationError):
        await ask(session, claim, action=ChangeAction.APPROVE)


async def test_a_change_can_be_undone_until_its_minute_is_over(session: AsyncSession) -> None:
    _, claim = await a_known(session)
    change = await ask(session, claim)
    assert not await ledger.undo_change(session, change.id, by="staff:1", now=NOON + MINUTE)
    assert await ledger.undo_change(session, change.id, by="staff:1", now=NOON + MINUTE / 2)
    assert not await ledger.undo_change(session, change.id, by="staff:1", now=NOON + MINUTE / 2)
    assert list(await session.exec(select(ChangeRequest.id))) == []
    written = await session.exec(select(AuditEntry.action).order_by(col(AuditEntry.seq)))
    assert list(written) == ["change_requested", "change_undone"]


async def test_a_change_is_taken_when_it_is_due_by_one_taker(engine: AsyncEngine) -> None:
    async with session_scope(engine) as session:
        _, claim = await a_known(session)
        change = await ask(session, claim)
    async with session_scope(engine) as one, session_scope(engine) as other:
        assert await ledger.take_change(one, source=SOURCE, now=NOON) is None
        assert await ledger.take_change(one, source="another", now=NOON + MINUTE) is None
        won = await ledger.take_change(one, source=SOURCE, now=NOON + MINUTE)
        assert won is not None
        assert (won.id, won.state) == (change.id, ChangeState.APPLYING)
        assert await ledger.take_change(other, source=SOURCE, now=NOON + MINUTE) is None
    async with session_scope(engine) as late:
        assert not await ledger.undo_change(late, change.id, by="staff:1", now=NOON)
        assert await ledger.take_change(late, source=SOURCE, now=NOON + 2 * MINUTE) is None
        again = await ledger.take_change(late, source=SOURCE, now=NOON + 5 * MINUTE)
        assert again is not None, "a change whose taker died is handed out again"


async def test_the_back_offices_yes_is_a_fact_and_the_next_snapshot_is_none(session: AsyncSession) -> None:
    shot, claim = await a_known(session)
    change_id = await taken(session, claim)
    said = later(shot, situation=Situation.EXTENDED_CHECK, new_date=date(2026, 6, 30), reason="police_papers")
    await ledger.finish_change(session, change_id, snapshot=said, now=NOON + MINUTE)
    await ledger.finish_change(session, change_id, snapshot=said, now=NOON + MINUTE)
    done = await ledger.record(session, [said], now=NOON + 2 * MINUTE, settle=timedelta(0))
    events = await events_of(session, claim)
    change = await session.get_one(ChangeRequest, change_id)
    assert (done, change.state, change.finished_at) == (ledger.Recorded(), ChangeState.APPLIED, NOON + MINUTE)
    assert [event.kind for event in events] == [CaseEventKind.REGISTERED, CaseEventKind.PROMISE_MOVED]
    assert "told" not in events[-1].detail


async def test_what_the_handler_wants_untold_says_so_on_the_fact(session: AsyncSession) -> None:
    shot, claim = await a_known(session)
    change_id = await taken(session, claim, told=False, untold_reason="called")
    said = later(shot, situation=Situation.EXTENDED_CHECK, new_date=date(2026, 6, 30))
    # The poll may see the change before the writer hears the yes: it is the same change.
    await ledger.record(session, [said], now=NOON + MINUTE, settle=timedelta(0))
    await ledger.finish_change(session, change_id, snapshot=said, now=NOON + MINUTE)
    events = await events_of(session, claim)
    assert [event.detail.get("told") for event in events] == [None, False]


async def test_a_no_is_kept_for_the_handler_and_nothing_is_told(session: AsyncSession) -> None:
    _, claim = await a_known(session)
    change_id = await taken(session, claim)
    await ledger.refuse_change(session, change_id, problem="The claim is closed there.", now=NOON + MINUTE)
    change = await session.get_one(ChangeRequest, change_id, populate_existing=True)
    assert (change.state, change.problem) == (ChangeState.REFUSED, "The claim is closed there.")
    assert [event.kind for event in await events_of(session, claim)] == [CaseEventKind.REGISTERED]
    with pytest.raises(Conflict):
        await ledger.finish_change(session, change_id, snapshot=None, now=NOON + MINUTE)
    assert await ask(session, claim), "the handler may try again"


@pytest.mark.parametrize(
    ("action", "values", "page_state", "kind"),
    [
        (
            ChangeAction.APPROVE,
            {"amount": "184300.00", "money_by": "2026-06-10"},
            PageState.APPROVED,
            CaseEventKind.DECISION_MADE,
        ),
        (
            ChangeAction.DECLINE,
            {"reason": "Нет договора", "clause": "2.1", "document": "Полис"},
            PageState.DECLINED,
            CaseEventKind.DECISION_MADE,
        ),
        (
            ChangeAction.REQUEST_DOCUMENTS,
            {"documents": [{"title_ru": "Паспорт", "title_en": "Passport"}], "due_date": "2026-06-20"},
            PageState.DOCS_NEEDED,
            CaseEventKind.DOCUMENTS_REQUESTED,
        ),
        (ChangeAction.EXTEND, EXTEND, PageState.EXTENDED, CaseEventKind.PROMISE_MOVED),
        (ChangeAction.CLOSE, {"outcome": "withdrawn"}, PageState.WITHDRAWN, CaseEventKind.WITHDRAWN),
    ],
)
async def test_where_the_source_takes_no_changes_our_ledger_is_the_record(
    session: AsyncSession, action: ChangeAction, values: dict[str, Any], page_state: PageState, kind: CaseEventKind
) -> None:
    _, claim = await a_known(session)
    change_id = await taken(session, claim, action=action, values=values)
    await ledger.finish_change(session, change_id, snapshot=None, now=NOON + MINUTE)
    await session.refresh(claim)
    _, event, *_ = await events_of(session, claim)
    assert (claim.page_state, event.kind, event.occurred_at) == (page_state, kind, NOON + MINUTE)


async def test_our_word_holds_until_the_source_says_something_new(session: AsyncSession) -> None:
    shot, claim = await a_known(session)
    asked = {"documents": [{"title_ru": "Паспорт", "title_en": "Passport"}], "due_date": "2026-06-20"}
    change_id = await taken(session, claim, action=ChangeAction.REQUEST_DOCUMENTS, values=asked)
    await ledger.finish_change(session, change_id, snapshot=None, now=NOON + MINUTE)
    repeats = later(shot, handler_name="Олег Титов")
    await ledger.record(session, [repeats], now=NOON + 2 * MINUTE, settle=timedelta(0))
    await session.refresh(claim)
    assert (claim.page_state, claim.handler_name) == (PageState.DOCS_NEEDED, "Олег Титов")
    assert len(list(await session.exec(select(DocumentRequest.id)))) == 1
    moves = later(repeats, stage=ClaimStage.DECIDED, outcome=Outcome.APPROVED, situation=None)
    await ledger.record(session, [moves], now=NOON + 3 * MINUTE, settle=timedelta(0))
    await session.refresh(claim)
    assert claim.page_state is PageState.APPROVED
    assert list(await session.exec(select(DocumentRequest.id))) == []


async def test_the_writer_is_woken_by_a_new_change(engine: AsyncEngine, database_url: str) -> None:
    heard: list[str] = []
    listener = await asyncpg.connect(database_url)
    await listener.add_listener("change_request", lambda *call: heard.append(call[3]))
    async with session_scope(engine) as session:
        _, claim = await a_known(session)
        change = await ask(session, claim)
    await listener.execute("select 1")
    assert heard == [str(change.id)]
    await listener.close()
