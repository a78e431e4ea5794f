"""A handler's change: looked at, saved, undone, applied, refused, and what stands in its way."""

import asyncio
import html
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import col, select

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.requested import ChangeAction, ExtensionReason, asked_for
from claims_core.stages import ClaimStage, Situation
from claims_core.tables import AuditEntry, CaseEvent, ChangeRequest, ChangeState, Claim, Promise
from claims_portal.desk.form.documents import DOCUMENTS
from claims_portal.desk.form.form import FIELDS, Bounds, ChangeForm, change_form, check, to_amount, to_date
from claims_portal.tables import Role
from notifier.channels.base import Accepted, Capabilities
from notifier.dispatch import dispatch_once
from notifier.planning.planner import plan_batch
from notifier.states import ChannelName
from tests.factories import SOURCE, a_claim, a_snapshot, claim_of, later
from tests.portal.desk import at_the_desk
from tests.portal.portal import NOON, notifier_settings, portal_settings

TODAY = date(2026, 6, 1)
BOUNDS = Bounds(today=TODAY, limit=date(2026, 6, 19), money_limit=date(2026, 6, 10))
ACTIONS = ("approve", "decline", "request_documents", "extend", "close")
GOOD = {
    "approve": {"action": "approve", "amount": "174 300", "money_by": "2026-06-08"},
    "decline": {"action": "decline", "reason": "Шины не застрахованы", "clause": "4.2", "document": "Акт осмотра"},
    "request_documents": {"action": "request_documents", "documents": ["account", "photos"], "due_date": "2026-06-10"},
    "extend": {"action": "extend", "extend_reason": "police_papers", "new_date": "2026-06-18"},
    "close": {"action": "close", "outcome": "no_response"},
}


async def able(engine, *actions: str, source: str = SOURCE) -> None:
    """The adapter has published what the claim's source can take."""
    async with session_scope(engine) as session:
        for action in actions or ACTIONS:
            await session.exec(
                text("insert into source_ability values (:source, :action, true)").bindparams(
                    source=source, action=action
                )
            )


async def a_deciding_claim(engine, **over):
    async with session_scope(engine) as session:
        values = {"stage": ClaimStage.DECIDING, "situation": Situation.APPROVAL, "assessed": Decimal("184300")} | over
        return await a_claim(session, **values)


def hidden(page: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


async def look(browser, claim, **fields):
    return await browser.post(f"/desk/{claim.id}/preview", data={"version": str(claim.version), **fields})


async def save(browser, claim, **fields):
    """Look at the change, then save what was looked at."""
    seen = await look(browser, claim, **fields)
    assert seen.status_code == 200, seen.text
    given = {"version": str(claim.version), "previewed": hidden(seen.text, "previewed"), "told": "yes", **fields}
    return await browser.post(f"/desk/{claim.id}/change", data=given)


async def changes_of(engine) -> list[ChangeRequest]:
    async with session_scope(engine) as session:
        return list((await session.exec(select(ChangeRequest))).all())


@pytest.mark.parametrize("action", ACTIONS)
async def test_each_change_is_looked_at_saved_and_waits_for_a_minute(engine, app, action):
    claim = await a_deciding_claim(engine)
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        saved = await save(browser, claim, **GOOD[action])
        assert saved.status_code == 303, saved.text
        page = (await browser.get(f"/desk/{claim.id}")).text
    [change] = await changes_of(engine)
    assert (change.action, change.state, change.told) == (ChangeAction(action), ChangeState.WAITING, True)
    assert change.not_before == NOON + timedelta(seconds=60)
    assert asked_for(change.action, change.values)
    assert "You can undo it until 12:01:00" in page
    assert "The text leaves once the claims system confirms" in page


async def test_what_was_saved_becomes_a_fact_only_when_the_claims_system_says_yes(engine, app, clock):
    async with session_scope(engine) as session:
        first = a_snapshot(stage=ClaimStage.DECIDING, situation=Situation.APPROVAL, source_version="1")
        await ledger.record(session, [first], now=NOON, settle=timedelta(0), first_load=True)
        claim = await claim_of(session, first)
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        await save(browser, claim, **GOOD["extend"])
        clock.now += timedelta(seconds=61)
        assert "Being saved to the claims system" in (await browser.get(f"/desk/{claim.id}")).text
        async with session_scope(engine) as session:
            assert not [one for one in (await session.exec(select(CaseEvent))).all() if not one.historic]
            taken = await ledger.take_change(session, source=SOURCE, now=clock.now)
        after = later(first, situation=Situation.WAITING_POLICE, new_date=date(2026, 6, 18), reason="police_papers")
        async with session_scope(engine) as session:
            await ledger.finish_change(session, taken.id, snapshot=after, now=clock.now)
        page = (await browser.get(f"/desk/{claim.id}")).text
    async with session_scope(engine) as session:
        facts = [one.kind.value for one in (await session.exec(select(CaseEvent))).all() if not one.historic]
    assert "promise_moved" in facts
    assert "Saved in the claims system at 12:01" in page
    assert "Extended review" in page


async def test_a_refused_change_shows_both_sides_and_can_be_mended(engine, app, clock):
    claim = await a_deciding_claim(engine)
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        await save(browser, claim, **GOOD["approve"], note="По смете")
        clock.now += timedelta(seconds=61)
        async with session_scope(engine) as session:
            taken = await ledger.take_change(session, source=SOURCE, now=clock.now)
            await ledger.refuse_change(session, taken.id, problem="The exposure is closed", now=clock.now)
        page = (await browser.get(f"/desk/{claim.id}")).text.replace("\xa0", " ")
        again = (await browser.get(f"/desk/{claim.id}?again={taken.id}")).text
    assert "The claims system did not take it. The client was told nothing." in page
    assert "The exposure is closed" in page
    assert "You asked for" in page
    assert "174,300 ₽" in page
    assert "The claims system has" in page
    assert 'value="174300' in again
    assert "По смете" in again


async def test_a_change_is_undone_within_its_minute_and_leaves_nothing(engine, app, clock):
    claim = await a_deciding_claim(engine)
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        await save(browser, claim, **GOOD["approve"])
        [change] = await changes_of(engine)
        clock.now += timedelta(seconds=59)
        undone = await browser.post(f"/desk/changes/{change.id}/undo")
        assert undone.headers["location"] == f"/desk/{claim.id}?done=undone"
        assert "Undone." in (await browser.get(undone.headers["location"])).text
    assert await changes_of(engine) == []
    async with session_scope(engine) as session:
        acts = [one.action for one in (await session.exec(select(AuditEntry).order_by(col(AuditEntry.seq)))).all()]
    assert acts[-2:] == ["change_requested", "change_undone"]


async def test_after_the_minute_it_is_too_late_to_undo(engine, app, clock):
    claim = await a_deciding_claim(engine)
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        await save(browser, claim, **GOOD["approve"])
        [change] = await changes_of(engine)
        clock.now += timedelta(seconds=60)
        late = await browser.post(f"/desk/changes/{change.id}/undo")
        assert "done=late" in late.headers["location"]
    assert len(await changes_of(engine)) == 1


async def test_only_who_asked_or_the_head_of_the_team_undoes(engine, app):
    claim = await a_deciding_claim(engine)
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        await save(browser, claim, **GOOD["approve"])
    [change] = await changes_of(engine)
    undo = f'action="/desk/changes/{change.id}/undo"'
    async with at_the_desk(app, engine, login="colleague") as browser:
        assert undo not in (await browser.get(f"/desk/{claim.id}")).text, "nobody is offered what they may not do"
        assert "not-yours" in (await browser.post(f"/desk/changes/{change.id}/undo")).headers["location"]
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        assert undo in (await browser.get(f"/desk/{claim.id}")).text
        assert "undone" in (await browser.post(f"/desk/changes/{change.id}/undo")).headers["location"]


async def test_a_claim_that_changed_meanwhile_shows_both_sides_and_keeps_the_text(engine, app):
    async with session_scope(engine) as session:
        first = a_snapshot(stage=ClaimStage.DECIDING, situation=Situation.APPROVAL)
        await ledger.record(session, [first], now=NOON, settle=timedelta(0), first_load=True)
        claim = await claim_of(session, first)
    await able(engine)
    fields = GOOD["approve"] | {"note": "Мои слова, которые жалко терять"}
    async with at_the_desk(app, engine) as browser:
        seen = await look(browser, claim, **fields)
        async with session_scope(engine) as session:
            moved = later(first, situation=Situation.EXTENDED_CHECK)
            await ledger.record(session, [moved], now=NOON, settle=timedelta(0))
        given = {"version": str(claim.version), "previewed": hidden(seen.text, "previewed"), "told": "yes", **fields}
        refused = await browser.post(f"/desk/{claim.id}/change", data=given)
    assert refused.status_code == 409
    assert "The claims system changed this claim at 12:00. Your text is kept below." in refused.text
    assert "Мои слова, которые жалко терять" in refused.text
    assert "Extended review" in refused.text
    assert await changes_of(engine) == []


async def test_of_two_who_save_at_once_one_wins_and_the_other_keeps_their_text(engine, app):
    claim = await a_deciding_claim(engine)
    await able(engine)
    async with at_the_desk(app, engine) as one, at_the_desk(app, engine, login="colleague") as other:
        answers = await asyncio.gather(save(one, claim, **GOOD["approve"]), save(other, claim, **GOOD["extend"]))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert len(await changes_of(engine)) == 1
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert "Your text is kept below" in loser.text


async def test_what_was_not_looked_at_is_not_saved(engine, app):
    claim = await a_deciding_claim(engine)
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        seen = await look(browser, claim, **GOOD["approve"])
        previewed = hidden(seen.text, "previewed")
        other = GOOD["approve"] | {"amount": "999 999"}
        for digest in (previewed, "", "x"):
            given = {"version": str(claim.version), "previewed": digest, "told": "yes", **other}
            answer = await browser.post(f"/desk/{claim.id}/change", data=given)
            assert answer.status_code == 409
            assert "Look at the text again" in answer.text
    assert await changes_of(engine) == []


@pytest.mark.parametrize("action", ["approve", "decline", "request_documents", "extend"])
async def test_what_the_client_gets_is_what_the_handler_saw(engine, app, clock, pool, action):
    claim = await a_deciding_claim(engine)
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        seen = await look(browser, claim, **GOOD[action])
        shown = re.search(r'class="bubble"[^>]*>([^<]*)<', seen.text)[1]
        await save(browser, claim, **GOOD[action])
        await apply(engine, clock)
        listener = Listener()
        await plan_and_send(engine, pool, listener, clock.now + timedelta(minutes=3))
        assert [without_link(message) for message in listener.texts] == [without_link(shown)]
        assert "Sent at 12:04. Delivery in the history." in (await browser.get(f"/desk/{claim.id}")).text
        row = (await browser.get("/desk")).text.split(f">{claim.claim_number}</a>")[1]
    assert ">today</span>" in row.split("</tr>")[0], "the queue knows that the client heard from us"


async def test_a_client_who_was_not_to_be_told_hears_nothing(engine, app, clock, pool):
    claim = await a_deciding_claim(engine)
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        untold = GOOD["decline"] | {"version": str(claim.version), "told": "no", "untold_reason": "correction"}
        assert (await browser.post(f"/desk/{claim.id}/change", data=untold)).status_code == 303
        await apply(engine, clock)
        listener = Listener()
        await plan_and_send(engine, pool, listener, clock.now + timedelta(minutes=3))
        page = (await browser.get(f"/desk/{claim.id}?show=sent")).text
    assert listener.texts == []
    assert "Not sent: the handler chose not to text" in page


async def apply(engine, clock) -> None:
    """The minute is over, and a source that takes no changes lets our ledger be the record."""
    clock.now += timedelta(seconds=61)
    async with session_scope(engine) as session:
        taken = await ledger.take_change(session, source=SOURCE, now=clock.now)
        await ledger.finish_change(session, taken.id, snapshot=None, now=clock.now)


class Listener:
    """A provider that takes everything and remembers the texts."""

    name = ChannelName.SMS
    provider = "listener"
    capabilities = Capabilities(receipts=True, lookup=False, replies=False)

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def send(self, address, text, **_):
        self.texts.append(text)
        return Accepted(provider_ref=f"L{len(self.texts)}", provider_status="queued")

    async def find(self, **_):
        return None


async def plan_and_send(engine, pool, listener: Listener, now) -> None:
    """One pass of the planner, one of the sender."""
    settings = notifier_settings(portal_settings())
    await plan_batch(engine, now=now, settings=settings)
    await dispatch_once(pool, {ChannelName.SMS: listener}, settings, now=now)


def without_link(message: str) -> str:
    return re.sub(r"pr\.example/\w+", "LINK", html.unescape(message))


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({}, "action", "Choose the next stage"),
        ({"action": "approve", "money_by": "2026-06-08"}, "amount", "Enter the sum"),
        ({"action": "approve", "amount": "10"}, "money_by", "Enter the date the money arrives"),
        ({"action": "decline", "reason": "x"}, "clause", "Add a policy clause and a document"),
        ({"action": "decline", "clause": "4.2", "document": "x"}, "reason", "Say the reason"),
        ({"action": "request_documents", "due_date": "2026-06-10"}, "documents", "Choose at least one document"),
        ({"action": "request_documents", "documents": ("photos",)}, "due_date", "Enter the date we need them by"),
        ({"action": "extend", "new_date": "2026-06-18"}, "extend_reason", "Choose a reason and a new date"),
        ({"action": "extend", "extend_reason": "because"}, "extend_reason", "Choose a reason and a new date"),
        ({"action": "extend", "extend_reason": "police_papers"}, "new_date", "Choose a reason and a new date"),
        (
            {"action": "extend", "extend_reason": "police_papers", "new_date": "2026-06-20"},
            "new_date",
            "past the limit",
        ),
        ({"action": "extend", "extend_reason": "police_papers", "new_date": "2026-05-31"}, "new_date", "in the past"),
        ({"action": "close", "outcome": "approved"}, "outcome", "Choose how the claim ends"),
        ({"action": "approve", "amount": "1", "money_by": "2026-06-08", "note": "x" * 501}, "note", "more than"),
    ],
)
def test_a_form_that_cannot_be_says_why_at_its_field(fields, field, words):
    checked = check(ChangeForm(**fields), BOUNDS)
    assert checked.asked is None
    assert field in {problem.field for problem in checked.problems}
    assert any(words in problem.text for problem in checked.problems)


def test_the_head_of_the_team_may_go_past_the_limit():
    form = ChangeForm(action="extend", extend_reason="police_papers", new_date="2026-06-25")
    assert check(form, BOUNDS).asked is None
    assert check(form, Bounds(today=TODAY, limit=date(2026, 6, 19), may_pass_limit=True)).asked is not None


@pytest.mark.parametrize("over", [{"ours": date(2026, 6, 18)}, {"ours": date(2026, 6, 19)}, {"is_decided": True}])
def test_more_time_means_a_later_date_of_a_decision_that_is_still_to_come(over):
    form = ChangeForm(**GOOD["extend"])
    assert check(form, replace(BOUNDS, ours=date(2026, 6, 17))).asked is not None
    assert check(form, replace(BOUNDS, **over)).asked is None


@given(fields=st.dictionaries(st.sampled_from(sorted(FIELDS - {"documents"})), st.text(max_size=60)))
def test_any_typing_is_a_change_or_words_that_say_why_not(fields):
    form = change_form(list(fields.items()))
    assert form is not None
    checked = check(form, BOUNDS)
    assert (checked.asked is None) == bool(checked.problems)


@given(extend=st.sampled_from(list(ExtensionReason)), days=st.integers(0, 18), note=st.text(max_size=500))
def test_a_good_extension_is_asked_for_as_it_was_typed(extend, days, note):
    new_date = TODAY + timedelta(days=days)
    form = ChangeForm(action="extend", extend_reason=extend.value, new_date=new_date.isoformat(), note=note[:400])
    asked = check(form, BOUNDS).asked
    assert (asked.reason, asked.new_date) == (extend, new_date)


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("174 300", "174300"),
        ("174\u00a0300,50 ₽", "174300.50"),
        ("174,300.50", "174300.50"),
        ("174,300", "174300"),
        ("0", None),
        ("-5", None),
        ("1e5", None),
        ("١٢", None),
        ("", None),
        ("9" * 13, None),
    ],
)
def test_a_sum_is_read_as_people_write_it(typed, amount):
    assert to_amount(typed) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2026-06-09", date(2026, 6, 9)),
        ("9.6.2026", date(2026, 6, 9)),
        ("31.02.2026", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_date_is_read_as_people_write_it(typed, day):
    assert to_date(typed) == day


async def test_a_date_past_the_limit_is_refused_on_the_page_in_words(engine, app):
    claim = await a_deciding_claim(engine)
    await able(engine)
    async with session_scope(engine) as session:
        limits = [
            one.due_date for one in (await session.exec(select(Promise))).all() if one.basis in ("law", "contract")
        ]
    past = (max(limits) + timedelta(days=1)).isoformat()
    async with at_the_desk(app, engine) as browser:
        refused = await look(browser, claim, **GOOD["extend"] | {"new_date": past})
    assert refused.status_code == 422
    assert "The date is past the limit" in refused.text
    assert "<title>Error:" in refused.text
    assert 'aria-describedby="wrong-new_date"' in refused.text


@pytest.mark.parametrize(
    ("product", "country", "last"),
    [("osago", "ru", date(2026, 6, 8)), ("kasko", "ru", date(2026, 6, 8)), ("us_property", "us", date(2026, 6, 30))],
    ids=["5 working days", "5 working days by contract", "30 calendar days, and still May in Honolulu"],
)
async def test_the_money_has_a_limit_of_its_own_counted_from_the_decision(engine, app, product, country, last):
    """Not the limit of the decision: that one may be tomorrow, or a month away."""
    claim = await a_deciding_claim(engine, product=product, country=country)
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        for day, status in ((last, 200), (last + timedelta(days=1), 422)):
            seen = await look(browser, claim, action="approve", amount="174 300", money_by=day.isoformat())
            assert seen.status_code == status, day
        assert f"The date is past the limit {last.day}" in seen.text.replace("\xa0", " ")


async def test_what_the_source_cannot_take_is_disabled_and_the_page_says_why(engine, app):
    claim = await a_deciding_claim(engine)
    await able(engine, "request_documents", "close")
    async with at_the_desk(app, engine) as browser:
        page = (await browser.get(f"/desk/{claim.id}")).text
        refused = await look(browser, claim, **GOOD["approve"])
    assert re.search(r'value="approve"[^>]* disabled', page)
    assert not re.search(r'value="request_documents"[^>]* disabled', page)
    assert "Approve: the claims system takes no such change from here" in page
    assert refused.status_code == 422
    assert await changes_of(engine) == []


async def test_a_source_that_said_nothing_takes_no_changes(engine, app):
    claim = await a_deciding_claim(engine)
    async with at_the_desk(app, engine) as browser:
        page = (await browser.get(f"/desk/{claim.id}")).text
    assert "The claims system of this claim takes no changes from here." in page


async def test_not_to_tell_the_client_needs_a_reason(engine, app):
    claim = await a_deciding_claim(engine)
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        untold = GOOD["approve"] | {"version": str(claim.version), "told": "no"}
        for more in ({}, {"untold_reason": "because"}, {"untold_reason": "other"}):
            refused = await browser.post(f"/desk/{claim.id}/change", data=untold | more)
            assert refused.status_code == 422
        said = await browser.post(f"/desk/{claim.id}/change", data=untold | {"untold_reason": "told_by_phone"})
    assert said.status_code == 303
    [change] = await changes_of(engine)
    assert (change.told, change.untold_reason) == (False, "told_by_phone")


@pytest.mark.parametrize("act", ["preview", "change"])
async def test_a_form_with_a_field_it_does_not_have_is_refused_and_changes_nothing(engine, app, act):
    claim = await a_deciding_claim(engine)
    await able(engine)
    columns = {
        *Claim.model_fields,
        *ChangeRequest.model_fields,
        "is_admin",
        "role",
        "team_id",
        "consent",
        "tier",
    } - FIELDS
    good = GOOD["approve"] | {"version": str(claim.version)}
    async with at_the_desk(app, engine) as browser:
        for name in sorted(columns):
            refused = await browser.post(f"/desk/{claim.id}/{act}", data=good | {name: "1"})
            assert refused.status_code == 422, name
    assert await changes_of(engine) == []


async def test_a_foreign_page_cannot_change_undo_or_answer(engine, app):
    claim = await a_deciding_claim(engine)
    await able(engine)
    foreign = [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "", "Content-Type": "text/plain"},
    ]
    async with at_the_desk(app, engine) as browser:
        for path in (f"/desk/{claim.id}/preview", f"/desk/{claim.id}/change", f"/desk/{claim.id}/answer"):
            for headers in foreign:
                answer = await browser.post(path, data=GOOD["approve"], headers=headers)
                assert answer.status_code == 403, (path, headers)
    assert await changes_of(engine) == []


@pytest.mark.parametrize("typed", ["\0", "x" * 10_000, "%", "<script>alert(1)</script>", "۱۲", "' or 1=1 --"])
async def test_strange_typing_gets_a_page_and_never_runs(engine, app, typed):
    claim = await a_deciding_claim(engine)
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        for name in sorted(FIELDS - {"version"}):
            answer = await look(browser, claim, **{**GOOD["decline"], name: typed})
            assert answer.status_code in (200, 422), name
            assert "<script>alert" not in answer.text


async def test_the_preview_alone_is_the_panel_and_nothing_else(engine, app):
    claim = await a_deciding_claim(engine)
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        path = f"/desk/{claim.id}/preview"
        given = GOOD["approve"] | {"version": str(claim.version)}
        part = (await browser.post(path, data=given, headers={"X-Part": "preview"})).text
        missing = await browser.post(path, data=given | {"amount": ""}, headers={"X-Part": "preview"})
    assert "<html" not in part
    assert "What the client will receive" in part
    assert hidden(part, "previewed")
    assert missing.status_code == 200
    assert "Enter the sum to be paid" in missing.text


def test_every_document_is_named_in_both_languages():
    assert all(one.title_ru != one.title_en for one in DOCUMENTS.values())
