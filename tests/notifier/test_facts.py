"""What is looked at when a message is about to leave: its values, its link, and whether it still may."""

from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import driver_connection, session_scope
from claims_core.keyed import keyed_hash
from claims_core.stages import ClaimStage, Outcome, Situation
from notifier.planning.facts import Ready, ready_for
from notifier.rendering import names_in, render
from notifier.states import ChannelName, Reason
from notifier.tables import MESSAGE_LINK, OptOut
from notifier.wording.values import NAMES
from tests.factories import NOON, a_document, a_payment, a_person, later
from tests.notifier.scenes import KEY, known, planned, seen, the_settings


async def ready(engine: AsyncEngine, **how) -> list[Ready]:
    """Everything planned, looked at again."""
    ids = [each.id for each in await planned(engine)]
    async with session_scope(engine) as session:
        values = {"settings": the_settings(), "now": NOON} | how
        found = await ready_for(await driver_connection(session), ids, **values)
    return [found[each] for each in ids]


async def ready_by_whatsapp(engine: AsyncEngine) -> list[Ready]:
    """The same, had it been planned for WhatsApp."""
    async with session_scope(engine) as session:
        await (await driver_connection(session)).execute("update notification set channel = 'whatsapp'")
    return await ready(engine)


async def test_a_text_is_made_of_what_is_known_when_it_leaves(engine: AsyncEngine):
    first = await known(engine, claim_number="2041-7785", documents_complete_at=NOON - timedelta(days=1))
    sent = later(
        first,
        stage=ClaimStage.FULFILLING,
        situation=Situation.PAYMENT_SENT,
        outcome=Outcome.APPROVED,
        payments=(a_payment(expected_date=date(2026, 6, 4)),),
    )
    await seen(engine, sent)
    [one] = await ready(engine)
    assert one.verdict is None
    assert one.address == first.policyholder.phones[0]
    text = render("payment_sent", "sms", "ru", one.values)
    assert text.startswith("Дело 7785: отправили 184 300 ₽, ждите до 04.06. primer.exm/")


async def test_a_text_names_our_own_date_and_not_the_laws(engine: AsyncEngine):
    first = await known(engine, documents_complete_at=NOON)
    await seen(engine, later(first, stage=ClaimStage.ASSESSING, situation=Situation.CALCULATION))
    [one] = await ready(engine)
    # OSAGO: our target is 14 days without holidays (12 June is one), the law leaves 20.
    assert one.values["date"] == "16.06"
    assert "Решение до 16.06." in render("assessment", "sms", "ru", one.values)
    [over_whatsapp] = await ready_by_whatsapp(engine)
    assert over_whatsapp.values["limit_long"] == "22 июня, понедельник"


async def test_only_what_a_text_names_is_worked_out_so_that_nothing_else_can_spoil_it(engine: AsyncEngine):
    first = await known(engine)
    await seen(engine, later(first, stage=ClaimStage.ASSESSING, situation=Situation.CALCULATION))
    [one] = await ready(engine)
    assert one.values.keys() == names_in("assessment", "sms", "ru")
    [over_whatsapp] = await ready_by_whatsapp(engine)
    assert over_whatsapp.values.keys() == NAMES  # a text that the provider keeps may name others than ours


async def test_the_link_in_the_text_goes_with_its_keyed_hash(engine: AsyncEngine):
    first = await known(engine)
    await seen(engine, later(first, stage=ClaimStage.ASSESSING, situation=Situation.CALCULATION))
    [one] = await ready(engine)
    token = one.values["link"].removeprefix("primer.exm/")
    assert len(token) == 8
    assert one.link_hash == keyed_hash(KEY, MESSAGE_LINK, token)


async def test_a_stop_between_plan_and_take_is_obeyed_and_makes_no_link(engine: AsyncEngine):
    first = await known(engine)
    await seen(engine, later(first, stage=ClaimStage.ASSESSING, situation=Situation.CALCULATION))
    await planned(engine)
    async with session_scope(engine) as session:
        session.add(OptOut(address=first.policyholder.phones[0], channel=ChannelName.SMS, how="reply", at=NOON))
    [one] = await ready(engine)
    assert (one.verdict, one.link_hash) == (Reason.OPTED_OUT, None)


async def test_what_has_become_untrue_since_it_was_planned_is_not_sent(engine: AsyncEngine):
    first = await known(engine)
    papers = (a_document(ref="d1"),)
    asked = later(first, stage=ClaimStage.COLLECTING, situation=Situation.DOCS_NEEDED, documents=papers)
    await seen(engine, asked)
    await planned(engine)
    came = (a_document(ref="d1", state="accepted"),)
    await seen(engine, later(asked, situation=Situation.DOCS_RECEIVED_REVIEW, documents=came))
    old, new = await ready(engine)
    assert old.verdict is Reason.NO_LONGER_TRUE
    assert new.verdict is None


async def test_at_night_a_message_waits_for_the_recipients_morning(engine: AsyncEngine):
    first = await known(engine, policyholder=a_person(time_zone="Asia/Vladivostok"))
    await seen(engine, later(first, stage=ClaimStage.ASSESSING, situation=Situation.CALCULATION))
    await planned(engine)
    evening = NOON + timedelta(hours=2, minutes=30)  # half past nine in the evening there
    [one] = await ready(engine, now=evening)
    assert one.verdict == evening + timedelta(hours=11, minutes=30)


async def test_a_late_message_is_too_late(engine: AsyncEngine):
    first = await known(engine)
    await seen(engine, later(first, stage=ClaimStage.ASSESSING, situation=Situation.CALCULATION))
    await planned(engine)
    [one] = await ready(engine, now=NOON + timedelta(hours=24))
    assert one.verdict is Reason.TOO_LATE


async def test_a_life_claim_hears_of_no_damage(engine: AsyncEngine):
    first = await known(engine, line_of_business="life", product="life", policyholder=a_person(language="en"))
    await seen(engine, later(first, stage=ClaimStage.ASSESSING, situation=None))
    [one] = await ready(engine)
    assert "damage" not in render("assessment", "sms", "en", one.values)
