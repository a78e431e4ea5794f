"""A claim with claimants at the desk: who hears of it, with which number, and what each of them will receive."""

import html
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select

from claims_core import ledger
from claims_core.claimants import part_ref
from claims_core.db import session_scope
from claims_core.requested import ChangeAction, Extend, ExtensionReason, to_values
from claims_core.snapshot import ClaimSnapshot
from claims_core.stages import ClaimStage, PageState, Situation
from claims_core.tables import CaseEvent, ChangeRequest, Claim
from tests.factories import NOON, SOURCE, a_claimant, a_person, a_snapshot, claim_of, later
from tests.notifier.scenes import planned, seen
from tests.portal.desk import at_the_desk
from tests.portal.test_desk_change import GOOD, able

EXTENDED = Extend(reason=ExtensionReason.POLICE_PAPERS, new_date=(NOON + timedelta(days=20)).date())


async def an_accident(engine: AsyncEngine, phone: str = "+79120000002") -> ClaimSnapshot:
    harmed = a_claimant(person=a_person(ref="harmed", phones=(phone,), name="Пётр Зимин"))
    liable = a_person(phones=("+79120000001",), name="Игорь Виноватов")
    shot = a_snapshot(
        policyholder=liable, claimants=(harmed,), stage=ClaimStage.DECIDING, situation=Situation.APPROVAL,
        assessed=Decimal(184300),
    )  # fmt: skip
    await seen(engine, shot, first_load=True)
    return shot


async def sides_of(engine: AsyncEngine, shot: ClaimSnapshot) -> tuple[Claim, Claim]:
    """The policyholder's side and the claimant's."""
    async with session_scope(engine) as session:
        theirs = select(Claim).where(Claim.source_ref == part_ref(shot.source_ref, "harmed"))
        return await claim_of(session, shot), (await session.exec(theirs)).one()


def plain(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", page)).replace("\xa0", " ")


async def test_the_claim_lists_who_hears_of_it(app: FastAPI, engine: AsyncEngine):
    whole, side = await sides_of(engine, await an_accident(engine))
    async with at_the_desk(app, engine) as browser:
        page = (await browser.get(f"/desk/{whole.id}")).text
        theirs = (await browser.get(f"/desk/{side.id}")).text
    for said in ("Who hears of this claim", "Policyholder", "Claimant, the harmed party", "Пётр Зимин"):
        assert said in plain(page)
    assert f'href="/desk/{side.id}"' in page
    assert f'href="/desk/{whole.id}"' in theirs
    assert "Another reader" not in plain(page)


async def test_a_claim_with_one_reader_lists_nobody(app: FastAPI, engine: AsyncEngine):
    shot = a_snapshot()
    await seen(engine, shot, first_load=True)
    async with session_scope(engine) as session:
        claim = await claim_of(session, shot)
    async with at_the_desk(app, engine) as browser:
        assert "Who hears" not in (await browser.get(f"/desk/{claim.id}")).text


async def test_a_number_of_two_readers_is_said_where_a_handler_looks(app: FastAPI, engine: AsyncEngine):
    whole, _ = await sides_of(engine, await an_accident(engine, phone="+79120000001"))
    async with session_scope(engine) as session:
        await ledger.mark_shared(session)
    async with at_the_desk(app, engine) as browser:
        page = plain((await browser.get(f"/desk/{whole.id}")).text)
    assert "Another reader of this claim has the same number" in page
    assert "a STOP from it stops texts to all of them" in page


async def test_of_a_couple_with_one_number_the_desk_says_at_both_why_nothing_is_texted_and_what_helps(
    app: FastAPI, engine: AsyncEngine
):
    couple = [
        a_claimant(person=a_person(ref=ref, phones=("+79120000002",), name=name))
        for ref, name in (("harmed", "Пётр Зимин"), ("spouse", "Анна Зимина"))
    ]
    accident = a_snapshot(policyholder=a_person(), claimants=couple, stage=ClaimStage.ASSESSING, situation=None)
    await seen(engine, accident, now=NOON - timedelta(days=1), first_load=True)
    await seen(engine, later(accident, stage=ClaimStage.DECIDING))
    await planned(engine)
    async with session_scope(engine) as session:
        sides = (await session.exec(select(Claim).where(col(Claim.part_of).is_not(None)))).all()
    async with at_the_desk(app, engine) as browser:
        pages = [plain((await browser.get(f"/desk/{one.id}")).text) for one in sides]
    assert len(pages) == 2
    for page in pages:
        assert page.count("nothing is texted to it about this side. Call or write to them") == 2
        assert "the number on file is another reader's of this claim too" in page


async def test_the_preview_shows_what_each_will_receive(app: FastAPI, engine: AsyncEngine):
    whole, _ = await sides_of(engine, await an_accident(engine))
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        form = {**GOOD["extend"], "version": str(whole.version)}
        page = plain((await browser.post(f"/desk/{whole.id}/preview", data=form)).text)
        asked = {**GOOD["request_documents"], "version": str(whole.version)}
        papers = plain((await browser.post(f"/desk/{whole.id}/preview", data=asked)).text)
    assert "The claimant Пётр Зимин will receive" in page
    assert page.count("нужно больше времени") == 2
    assert papers.count("пришлите документы") == 1


@pytest.mark.parametrize("told", [True, False])
async def test_what_our_ledger_records_moves_the_claimants_who_go_with_the_claim(engine: AsyncEngine, told: bool):
    shot = await an_accident(engine)
    whole, side = await sides_of(engine, shot)
    async with session_scope(engine) as session:
        await ledger.request_change(
            session, claim_id=whole.id, claim_version=whole.version, action=ChangeAction.EXTEND,
            values=to_values(EXTENDED), note=None, told=told, untold_reason=None, by="staff:1", now=NOON,
            undo_for=timedelta(0),
        )  # fmt: skip
        change = await ledger.take_change(session, source=SOURCE, now=NOON)
        assert isinstance(change, ChangeRequest)
        await ledger.finish_change(session, change.id, snapshot=None, now=NOON)
    _, moved = await sides_of(engine, shot)
    assert moved.page_state is PageState.EXTENDED
    async with session_scope(engine) as session:
        newest = select(CaseEvent).where(CaseEvent.claim_id == side.id).order_by(CaseEvent.seq.desc()).limit(1)  # type: ignore[union-attr]
        assert ("told" not in (await session.exec(newest)).one().detail) is told
    # The back office repeats what it had said before: our word stands on both sides.
    await seen(engine, later(shot, team="Отдел осмотров"))
    assert [one.page_state for one in await sides_of(engine, shot)] == [PageState.EXTENDED, PageState.EXTENDED]


async def test_on_a_claimants_side_only_what_we_record_ourselves_can_be_asked(app: FastAPI, engine: AsyncEngine):
    whole, side = await sides_of(engine, await an_accident(engine))
    async with session_scope(engine) as session:
        connection = await session.connection()
        await connection.exec_driver_sql(f"insert into source_ability values ('{SOURCE}', 'extend', false)")
    async with at_the_desk(app, engine) as browser:
        assert "takes no changes" not in (await browser.get(f"/desk/{whole.id}")).text
        assert "takes no changes" in (await browser.get(f"/desk/{side.id}")).text
