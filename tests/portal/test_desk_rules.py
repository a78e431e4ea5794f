"""Who is told of what, at the desk: ticked by one person with a look back at thirty days, put in force by another."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import select

from claims_core.db import driver_connection, session_scope
from claims_core.tables import AuditEntry
from claims_portal.tables import Role
from notifier.deciding.decisions import cadence_of
from notifier.deciding.rules import Rule, shipped_rules
from notifier.deciding.silences import shipped_silences
from notifier.planning.facts import background_for
from notifier.planning.replay import Facts, facts_of, replayed
from notifier.states import Arm, Cadence, Importance
from notifier.tables import PilotEnrolment, Preference
from notifier.versions.rule_drafts import Rulebook, book_in, edited, key_of, propose, rulebook, source_of
from tests.factories import a_snapshot, later
from tests.journeys.chaos import MOVED
from tests.notifier.scenes import seen, the_settings
from tests.pilots import a_pilot
from tests.portal.desk import at_the_desk
from tests.portal.portal import NOON

SHIPPED: Rulebook = (shipped_rules(), shipped_silences())
RECEIVED = next(rule for rule in SHIPPED[0] if rule.template == "docs_received")
ESSENTIAL = Cadence.ESSENTIAL
WHY = "People ask whether their papers came"


def ticks(rules: Sequence[Rule], *more: tuple[Rule, Cadence]) -> list[str]:
    """The boxes of the form as they stand, and `more` of them."""
    may = [rule for rule in rules if rule.importance is not Importance.REQUIRED]
    return [f"{key_of(rule)}:{each}" for rule in may for each in rule.cadences] + [
        f"{key_of(rule)}:{each}" for rule, each in more
    ]


def a_form(*more: tuple[Rule, Cadence], days: str | None = None, why: str = WHY) -> dict[str, object]:
    """The form of the page with these boxes ticked too, and perhaps other days for those who hear often."""
    own = [one for one in SHIPPED[1] if not one.by_law]
    spans = [days if days and one.cadence is Cadence.FREQUENT else str(one.days) for one in own]
    return {"told": ticks(SHIPPED[0], *more), "silence": [key_of(one) for one in own], "days": spans, "why": why}


async def a_draft_of_rules(engine, now: datetime) -> None:
    """Somebody has proposed to tell everybody that a paper came."""
    async with session_scope(engine) as session:
        book = await rulebook(session)
        told = {(key_of(rule), each) for rule in book[0] for each in rule.cadences} | {(key_of(RECEIVED), ESSENTIAL)}
        after, facts = edited(book, told, {}), await facts_of(session, settings=the_settings(), now=now)
        replays = {"now": replayed(facts, book[0]), "draft": replayed(facts, after[0])}
        await propose(session, after, why=WHY, replays=replays, by="petrova", now=now)


async def in_force(engine) -> Rulebook:
    async with session_scope(engine) as session:
        return await rulebook(session)


async def acts(engine) -> list[str]:
    async with session_scope(engine) as session:
        return sorted(await session.exec(select(AuditEntry.action).where(AuditEntry.subject == "rules")))


PAIRS = [(key_of(rule), each) for rule in SHIPPED[0] for each in Cadence]
KEYS = [key_of(one) for one in SHIPPED[1]]


@given(st.sets(st.sampled_from(PAIRS)), st.dictionaries(st.sampled_from(KEYS), st.integers(1, 365)))
def test_whatever_is_ticked_what_is_required_goes_to_everybody_and_the_law_stays(told, days):
    rules, silences = edited(SHIPPED, told, days)
    for before, after in zip(SHIPPED[0], rules, strict=True):
        if before.importance is Importance.REQUIRED:
            assert after == before
        else:
            assert {(key_of(after), each) for each in after.cadences} == {
                one for one in told if one[0] == key_of(after)
            }
    assert [one for one in silences if one.by_law] == [one for one in SHIPPED[1] if one.by_law]
    assert {key_of(one) for one in book_in(source_of((rules, silences)))[0]} == {key_of(one) for one in rules}


@given(st.lists(st.builds(Facts, st.sampled_from("abc"), st.sampled_from(Cadence), st.just(RECEIVED.event),
                          st.just("assessment"), st.just("motor"), st.integers(1, 9)), max_size=9))  # fmt: skip
def test_a_look_back_counts_each_person_who_would_be_told(facts: list[Facts]):
    everybody, _ = edited(SHIPPED, {(key_of(RECEIVED), each) for each in Cadence}, {})
    nobody, _ = edited(SHIPPED, set(), {})
    found = replayed(facts, everybody)
    assert found.messages == sum(one.number for one in facts)
    assert found.people == len({one.person for one in facts})
    assert found.people <= found.messages
    assert found.busiest <= found.messages
    assert replayed(facts, nobody).messages == 0
    some = replayed(facts, SHIPPED[0])
    assert some.messages == sum(one.number for one in facts if one.cadence in RECEIVED.cadences)


async def test_a_look_back_knows_each_persons_cadence_as_a_message_does(engine):
    """One chose for themselves, two are in a pilot, one hears as the insurer has it; what is older counts not."""
    settings = the_settings(notifier_cadence="every_step")
    async with session_scope(engine) as session:
        month = {"starts_at": NOON - timedelta(days=15), "ends_at": NOON + timedelta(days=15)}
        pilot = await a_pilot(session, **month, arms=(Arm.ESSENTIAL, Arm.SELF_CHOSEN))
    for how in (Cadence.FREQUENT, Arm.ESSENTIAL, Arm.SELF_CHOSEN, None):
        claim = a_snapshot()
        await seen(engine, claim, now=NOON - timedelta(hours=1), first_load=True)
        await seen(engine, later(claim, **MOVED), now=NOON)
        async with session_scope(engine) as session:
            owner = (await session.exec(text("select id from policyholder order by id desc limit 1"))).scalar_one()
            if isinstance(how, Cadence):
                session.add(Preference(policyholder_id=owner, cadence=how, chosen_at=NOON))
            elif how:
                joined = {"pilot_id": pilot.id, "line": claim.line_of_business, "consented_at": NOON}
                session.add(PilotEnrolment(policyholder_id=owner, arm=how, **joined))
    async with session_scope(engine) as session:
        found = await facts_of(session, settings=settings, now=NOON + timedelta(hours=1))
        told = sorted(one.cadence for one in found)
        assert told == [Cadence.ESSENTIAL, Cadence.EVERY_STEP, Cadence.EVERY_STEP, Cadence.FREQUENT]
        owners = (await session.exec(text("select id from policyholder"))).scalars().all()
        connection = await driver_connection(session)
        stands = [await background_for(connection, one, claim_id=None, now=NOON) for one in owners]
        assert sorted(cadence_of(one, settings) for one in stands) == told
        assert await facts_of(session, settings=settings, now=NOON + timedelta(days=31)) == []


async def test_the_page_has_the_order_of_the_file_whatever_the_table_has(engine, app):
    async with session_scope(engine) as session:
        await rulebook(session)
    async with engine.begin() as connection:  # each is written anew, the last one first
        for table in ("notification_rule", "silence_rule"):
            ids = (await connection.execute(text(f"select id from {table} order by id desc"))).scalars().all()
            for one in ids:
                await connection.execute(text(f"update {table} set version = 1 where id = :id"), {"id": one})
    assert await in_force(engine) == SHIPPED


async def test_one_proposes_with_the_look_back_and_another_puts_it_in_force(engine, app):
    form = a_form((RECEIVED, Cadence.ESSENTIAL), days="5")
    async with at_the_desk(app, engine, Role.SUPERVISOR) as writer:
        looked = await writer.post("/desk/rules/preview", data=form)
        assert looked.status_code == 200
        assert "The last 30 days, counted anew" in looked.text
        assert await in_force(engine) == SHIPPED
        assert (await writer.post("/desk/rules/propose", data=form)).headers["location"].endswith("done=proposed")
        own = await writer.get("/desk/rules")
        assert "You wrote it: another person puts it in force." in own.text
        assert "Documents received: main things only, every step, often; before every step, often" in own.text
        assert "Often: after 5 days without a word; before 7 days" in own.text
        again = await writer.post("/desk/rules/publish", data={"draft": 1})
        assert again.headers["location"].endswith("done=same")
        assert await in_force(engine) == SHIPPED
    async with at_the_desk(app, engine, Role.ADMINISTRATOR) as other:
        assert "Waits for another person" in (await other.get("/desk/rules")).text
        done = await other.post("/desk/rules/publish", data={"draft": 1})
        assert done.headers["location"].endswith("done=published")
        late = await other.post("/desk/rules/withdraw", data={"draft": 1})
        assert late.headers["location"].endswith("done=meanwhile")
    rules, silences = await in_force(engine)
    [received] = [rule for rule in rules if rule.template == "docs_received"]
    assert (received.cadences, received.version) == (tuple(Cadence), 2)
    assert [one.days for one in silences if one.cadence is Cadence.FREQUENT] == [5]
    assert await acts(engine) == ["rules_proposed", "rules_published"]


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (a_form(), "Nothing is changed yet"),
        (a_form((RECEIVED, Cadence.ESSENTIAL), why=" "), "Say in a sentence why"),
        (a_form(days="0"), "Days are a whole number from 1 to 365."),
        (a_form(days="366"), "Days are a whole number from 1 to 365."),
        (a_form(days="٣"), "Days are a whole number from 1 to 365."),
        (a_form(days="x\0"), "Days are a whole number from 1 to 365."),
    ],
)
async def test_what_is_wrong_comes_back_and_nothing_is_kept(engine, app, form, says):
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        answer = await browser.post("/desk/rules/propose", data=form)
    assert answer.status_code == 422
    assert says in answer.text
    assert await acts(engine) == []


async def test_a_draft_of_rules_that_have_changed_since_is_not_put_in_force(engine, app):
    async with at_the_desk(app, engine, Role.SUPERVISOR) as writer:
        for more in (Cadence.ESSENTIAL,), (Cadence.ESSENTIAL, Cadence.EVERY_STEP):
            form = a_form(*((RECEIVED, each) for each in more), days=str(4 + len(more)))
            await writer.post("/desk/rules/propose", data=form)
    async with at_the_desk(app, engine, Role.SUPERVISOR, login="second") as other:
        await other.post("/desk/rules/publish", data={"draft": 2})
        late = await other.post("/desk/rules/publish", data={"draft": 1})
        assert late.headers["location"].endswith("done=meanwhile")
        aside = await other.post("/desk/rules/withdraw", data={"draft": 1})
        assert aside.headers["location"].endswith("done=withdrawn")
        assert (await other.post("/desk/rules/publish", data={"draft": 9})).status_code == 404


async def test_an_auditor_reads_the_rules_in_russian_and_changes_none(engine, app):
    async with at_the_desk(app, engine, Role.AUDITOR, language="ru") as browser:
        page = (await browser.get("/desk/rules")).text
    assert "Кому о чём пишем" in page
    assert "/desk/rules/propose" not in page
    assert len(re.findall(r'name="told"[^>]*disabled', page)) == page.count('name="told"') > 0
