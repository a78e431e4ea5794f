"""One new date for several claims: chosen in the queue, looked at, saved of all or of none, undone within a minute."""

import re
from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import Conflict
from claims_core.ids import new_id
from claims_core.requested import ChangeAction, Extend, ExtensionReason, asked_for
from claims_core.stages import ClaimStage, Outcome
from claims_core.tables import AuditEntry, ChangeState, Claim, Promise
from claims_portal.desk.acts.dates_form import AT_MOST, dates_form
from claims_portal.tables import AccessLog, Role
from tests.factories import SOURCE, a_claim, a_person
from tests.portal.desk import a_staff, at_the_desk
from tests.portal.portal import NOON
from tests.portal.test_desk_change import GOOD, a_deciding_claim, able, changes_of, hidden, save

REASON = {"extend_reason": "police_papers", "new_date": "2026-06-18"}


async def some(engine, count: int = 3) -> list[Claim]:
    await able(engine)
    people = [a_person(phones=(f"+7903555{number:04}",)) for number in range(count)]
    return [await a_deciding_claim(engine, policyholder=person) for person in people]


def chosen_on(page: str) -> list[str]:
    return re.findall(r'name="claim" value="([^"]+)"', page)


async def look(browser, claims, **over):
    fields = REASON | over
    return await browser.post("/desk/dates/preview", data={"claim": [str(one.id) for one in claims], **fields})


async def save_all(browser, page: str, **over):
    fields = REASON | {"previewed": hidden(page, "previewed")} | over
    return await browser.post("/desk/dates/save", data={"claim": chosen_on(page), **fields})


async def test_claims_are_chosen_in_the_queue_by_who_may_change_them(engine, app):
    claims = await some(engine, 2)
    async with at_the_desk(app, engine) as browser:
        page = (await browser.get("/desk")).text
        assert sorted(chosen_on(page)) == sorted(str(one.id) for one in claims)
        form = (await browser.get("/desk/dates", params={"claim": chosen_on(page)})).text
        assert "A new date for 2 claims" in form
        assert "Save and send" not in form, "nothing is saved before it was looked at"
        assert "No claim is chosen" in (await browser.get("/desk/dates")).text
    async with at_the_desk(app, engine, Role.AGENT) as agent:
        assert chosen_on((await agent.get("/desk")).text) == []


async def test_the_preview_counts_clients_texts_and_cost_and_shows_every_text(engine, app):
    claims = await some(engine)
    async with at_the_desk(app, engine) as browser:
        page = (await look(browser, claims)).text.replace("\xa0", " ")
        assert "3 clients get a message" in page
        assert re.search(r"3 SMS, 12\.60 ₽", page)
        for claim in claims:
            assert f"Дело {claim.claim_number[-4:]}: нужно больше времени, до 18.06." in page
        assert await changes_of(engine) == [], "a look saves nothing"


async def test_whoever_has_several_of_the_claims_is_one_client_in_however_many_back_offices(engine, app):
    await able(engine)
    await able(engine, source="life")
    irina, anna = a_person(), a_person(phones=("+79035550099",))
    claims = [await a_deciding_claim(engine, policyholder=one) for one in (irina, irina, anna)]
    claims.append(await a_deciding_claim(engine, policyholder=irina, source="life"))
    silent = [await a_deciding_claim(engine, policyholder=a_person(ref="silent", phones=())) for _ in range(2)]
    async with at_the_desk(app, engine) as browser:
        page = (await look(browser, [*claims, *silent])).text
        assert "3 clients get a message" in page, "two rows of Irina's, not yet joined, are two"
        assert "1 client is told on the page alone" in page
        async with session_scope(engine) as session:
            one, other = claims[0].policyholder_id, claims[3].policyholder_id
            await ledger.join_by_hand(session, one, other, by="ivanova", now=NOON)
        page = (await look(browser, [*claims, *silent])).text
    assert "2 clients get a message" in page
    assert "4 SMS" in page.replace("\xa0", " ")


async def test_all_are_saved_at_once_with_one_minute_and_undone_together(engine, app, clock):
    claims = await some(engine)
    async with at_the_desk(app, engine) as browser:
        saved = await save_all(browser, (await look(browser, claims)).text)
        assert saved.status_code == 303
        changes = await changes_of(engine)
        assert {one.not_before for one in changes} == {NOON + timedelta(seconds=60)}
        asked = Extend(reason=ExtensionReason.POLICE_PAPERS, new_date=date(2026, 6, 18))
        assert {asked_for(one.action, one.values) for one in changes} == {asked}
        place = saved.headers["location"]
        page = (await browser.get(place)).text
        assert "You can undo it until 12:01:00" in page
        assert "Undo for all of them" in page
        clock.now += timedelta(seconds=59)
        undone = await browser.post(f"{place}/undo")
        assert "Undone." in (await browser.get(undone.headers["location"])).text
    assert await changes_of(engine) == []
    async with session_scope(engine) as session:
        acts = [
            row.action
            for row in (await session.exec(select(AuditEntry).order_by(col(AuditEntry.seq)))).all()
            if row.subject.startswith("claim")
        ]
    assert sorted(acts) == ["change_requested"] * 3 + ["change_undone"] * 3


async def test_after_the_minute_nothing_is_undone_and_the_page_says_how_far_each_is(engine, app, clock):
    claims = await some(engine, 2)
    async with at_the_desk(app, engine) as browser:
        saved = await save_all(browser, (await look(browser, claims)).text)
        clock.now += timedelta(seconds=61)
        async with session_scope(engine) as session:
            taken = await ledger.take_change(session, source=SOURCE, now=clock.now)
            await ledger.refuse_change(session, taken.id, problem="The exposure is closed", now=clock.now)
        late = await browser.post(f"{saved.headers['location']}/undo")
        page = (await browser.get(late.headers["location"])).text
    assert "Too late to undo" in page
    assert "The exposure is closed" in page
    assert "The minute of undo is over." in page
    assert "Undo for all" not in page
    assert sorted(one.state for one in await changes_of(engine)) == [ChangeState.REFUSED, ChangeState.WAITING]


async def test_each_conflict_is_said_at_its_claim_and_the_others_are_saved(engine, app):
    good, busy, late, closed = await some(engine, 4)
    async with session_scope(engine) as session:
        gone = await a_claim(session, stage=ClaimStage.CLOSED, policyholder=a_person(phones=("+79035550099",)))
    async with at_the_desk(app, engine) as browser:
        await save(browser, busy, **GOOD["approve"])
        page = (await look(browser, [good, busy, gone])).text
        assert "Another change of this claim is being saved." in page
        assert "The claim is closed." in page
        assert "2 claims keep their date" in page
        assert "1 client gets a message" in page
        past = (await look(browser, [late, closed], new_date="2026-12-31")).text
        assert past.count("The date is past the limit") == 2
        assert 'name="previewed"' not in past
        saved = await save_all(browser, page)
        assert saved.status_code == 303
    changes = await changes_of(engine)
    assert [one.claim_id for one in changes if one.action is ChangeAction.EXTEND] == [good.id]


@pytest.mark.parametrize("meanwhile", ["the note", "the claims", "the date"])
async def test_only_what_was_looked_at_is_saved(engine, app, meanwhile):
    claims = await some(engine)
    async with at_the_desk(app, engine) as browser:
        page = (await look(browser, claims)).text
        over = {"the note": {"note": "Ещё"}, "the date": {"new_date": "2026-06-17"}}.get(meanwhile, {})
        if meanwhile == "the claims":
            over = {"claim": chosen_on(page)[:2]}
        refused = await save_all(browser, page, **over)
        assert refused.status_code == 409
        assert "not what you last looked at" in refused.text
    assert await changes_of(engine) == []


async def test_a_claim_that_moved_since_the_look_stops_the_save_and_is_named(engine, app):
    claims = await some(engine, 2)
    async with at_the_desk(app, engine) as browser:
        page = (await look(browser, claims)).text
        async with session_scope(engine) as session:
            row = await session.get_one(Claim, claims[0].id)
            values = {"reason": "police_papers", "new_date": "2026-06-05"}
            await ledger.request_change(
                session,
                claim_id=row.id,
                claim_version=row.version,
                action=ChangeAction.EXTEND,
                values=values,
                note=None,
                told=True,
                untold_reason=None,
                by=f"staff:{new_id()}",
                now=NOON,
                undo_for=timedelta(seconds=60),
            )
        refused = await save_all(browser, page)
        assert refused.status_code == 409
        assert "Another change of this claim is being saved." in refused.text
        again = await save_all(browser, refused.text)
        assert again.status_code == 303, "the rest is saved once it was looked at"
    assert len(await changes_of(engine)) == 2


async def test_nothing_of_a_batch_is_saved_where_one_claim_is_not_as_it_was_seen(engine):
    claims = await some(engine, 3)
    wanted = {one.id: one.version for one in claims} | {claims[2].id: claims[2].version + 1}
    with pytest.raises(Conflict):
        async with session_scope(engine) as session:
            await ledger.request_changes(
                session,
                wanted,
                action=ChangeAction.EXTEND,
                values={"reason": "police_papers", "new_date": "2026-06-18"},
                note=None,
                by="staff:x",
                now=NOON,
                undo_for=timedelta(seconds=60),
            )
    assert await changes_of(engine) == []


async def test_a_colleague_may_not_undo_what_somebody_else_asked_for_but_the_head_of_the_team_may(engine, app):
    claims = await some(engine, 2)
    async with at_the_desk(app, engine) as browser:
        place = (await save_all(browser, (await look(browser, claims)).text)).headers["location"]
    await a_staff(engine, login="oleg")
    async with at_the_desk(app, engine, login="oleg") as oleg:
        assert "Undo for all" not in (await oleg.get(place)).text
        assert (await oleg.post(f"{place}/undo")).status_code == 404
    async with at_the_desk(app, engine, Role.SUPERVISOR) as head:
        assert (await head.post(f"{place}/undo")).headers["location"].endswith("done=undone")
    assert await changes_of(engine) == []


async def test_a_missing_reason_or_date_is_said_at_its_field_in_russian_too(engine, app):
    claims = await some(engine, 1)
    async with at_the_desk(app, engine, language="ru") as browser:
        answer = await look(browser, claims, extend_reason="", new_date="31.02.2026")
    assert answer.status_code == 422
    assert "<title>Ошибка: Новый срок для 1 дела" in answer.text
    assert answer.text.count("Выберите причину и новый срок") >= 2


def test_a_form_with_a_strange_field_a_field_twice_or_too_many_claims_is_no_form():
    one = "0" * 8 + "-0000-0000-0000-" + "0" * 11
    assert dates_form([("claim", f"{one}1_3"), ("note", "x\0y")]) is not None
    assert dates_form([("claim", "1; drop table")]) is None
    assert dates_form([("note", "a"), ("note", "b")]) is None
    assert dates_form([("told", "no")]) is None
    many = [("claim", f"{number:08x}-0000-0000-0000-000000000000") for number in range(AT_MOST + 1)]
    assert dates_form(many) is None
    assert dates_form(many[:-1]) is not None


async def test_whoever_reads_what_clients_will_receive_has_looked_at_their_claims(engine, app):
    claims = await some(engine, 2)
    async with at_the_desk(app, engine) as browser:
        await browser.get("/desk/dates", params={"claim": [str(one.id) for one in claims]})
        await look(browser, claims)
    async with session_scope(engine) as session:
        looks = [
            (row.claim_id, row.page)
            for row in (await session.exec(select(AccessLog).order_by(col(AccessLog.at), col(AccessLog.id)))).all()
        ]
    assert looks == [(one.id, "desk_dates") for one in claims]


async def test_nobody_is_told_of_more_time_who_has_a_later_date_or_the_decision(engine, app):
    sooner, later_already = await some(engine, 2)
    decided = await a_deciding_claim(
        engine, stage=ClaimStage.DECIDED, situation=None, outcome=Outcome.REFUSED, policyholder=a_person()
    )
    async with session_scope(engine) as session:
        for row in (await session.exec(select(Promise).where(Promise.claim_id == later_already.id))).all():
            row.due_date = date(2026, 6, 20)
    async with at_the_desk(app, engine) as browser:
        page = (await look(browser, [sooner, later_already, decided])).text.replace("\xa0", " ")
        assert "Our date is 20 June already. More time means a later one" in page
        assert "The claim is decided: there is no date to move" in page
        assert "1 client gets a message" in page
        assert (await save_all(browser, page)).status_code == 303
    assert [one.claim_id for one in await changes_of(engine)] == [sooner.id]
