"""A STOP holds at once and shows everywhere; one for a single claim leaves the others alone."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select

from claims_core.db import session_scope
from claims_core.i18n import last4
from claims_core.stages import ClaimStage, Situation
from claims_core.tables import Claim
from notifier.commands.notifications import account_of
from notifier.incoming.inbound import receive
from notifier.people.claim_stops import claim_meant
from notifier.states import ChannelName, NotificationState, Reason
from notifier.tables import Inbound, Notification
from tests.factories import NOON, a_person, a_snapshot, claim_of, later
from tests.notifier.scenes import planned, seen, the_settings
from tests.portal.desk import at_the_desk
from tests.portal.people import signed_in

PHONE = "+79125550017"
MOVED = {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION}


async def two_claims(engine: AsyncEngine) -> tuple[Claim, Claim]:
    """One person's claims 2041-7785 and 2041-0142; a text about each waits to leave."""
    person = a_person(phones=(PHONE,))
    first = a_snapshot(claim_number="2041-7785", policyholder=person)
    second = a_snapshot(claim_number="2041-0142", policyholder=person)
    await seen(engine, first, second, first_load=True)
    await seen(engine, later(first, **MOVED), later(second, **MOVED))
    await planned(engine)
    async with session_scope(engine) as session:
        return await claim_of(session, first), await claim_of(session, second)


async def says(engine: AsyncEngine, body: str) -> str | None:
    """The person texts this; what became of it."""
    async with session_scope(engine) as session:
        how = {"provider": "twilio", "channel": ChannelName.SMS, "address": PHONE, "now": NOON}
        await receive(session, provider_ref=body, body=body, settings=the_settings(), **how)
        return (await session.exec(select(Inbound.outcome).where(Inbound.provider_ref == body))).one()


async def news(engine: AsyncEngine, claim: Claim) -> list[tuple[NotificationState, Reason | None]]:
    """What became of the news about this claim."""
    async with session_scope(engine) as session:
        of_claim = select(Notification.state, Notification.reason).where(
            Notification.claim_id == claim.id, Notification.cause_kind == "case_event"
        )
        return [tuple(row) for row in await session.exec(of_claim.order_by(col(Notification.planned_at)))]


STOPPED = (NotificationState.SUPPRESSED, Reason.OPTED_OUT)
WAITS = (NotificationState.PLANNED, None)


@pytest.mark.parametrize("said", ["by_text", "on_the_page"])
async def test_a_stop_for_one_claim_shows_everywhere_at_once_and_the_other_goes_on(engine, app, said: str):
    one, other = await two_claims(engine)
    if said == "by_text":
        assert await says(engine, "СТОП 7785") == "optout_claim"
    async with signed_in(app, one, headers={"Accept-Language": "en"}) as browser:
        if said == "on_the_page":
            assert "No texts about this claim" in (await browser.get(f"/claim/{one.id}/messages")).text
            assert (await browser.post(f"/claim/{one.id}/one/stop")).status_code == 303
        assert "No texts about this claim since" in (await browser.get(f"/claim/{one.id}/messages")).text
        assert "No texts about this claim since" not in (await browser.get(f"/claim/{other.id}/messages")).text
    async with at_the_desk(app, engine) as browser:
        assert "STOP for this claim since" in (await browser.get(f"/desk/{one.id}")).text
        assert "STOP for this claim" not in (await browser.get(f"/desk/{other.id}")).text
    async with session_scope(engine) as session:
        why = {(row["what"], row["state"]) for row in await account_of(session, "2041-7785")}
    assert ("stop of this claim", "stands") in why
    assert (await news(engine, one), await news(engine, other)) == ([STOPPED], [WAITS])
    # What happens afterwards is not told either, until they turn it on.
    await seen(engine, later_of(one))
    await planned(engine)
    assert (await news(engine, one))[-1] == STOPPED
    assert await says(engine, "СТАРТ") in ("optin_often", "optin_rare")
    async with signed_in(app, one, headers={"Accept-Language": "en"}) as browser:
        assert "No texts about this claim since" not in (await browser.get(f"/claim/{one.id}/messages")).text


@pytest.mark.parametrize("body", ["STOP", "СТОП", "STOP 9999", "STOP 2041", "STOP 7785 0142"])
async def test_a_plain_stop_is_for_everything_and_shows_everywhere_at_once(engine, app, body: str):
    one, other = await two_claims(engine)
    assert await says(engine, body) == "optout"
    for claim in (one, other):
        assert await news(engine, claim) == [STOPPED]
        async with signed_in(app, claim, headers={"Accept-Language": "en"}) as browser:
            page = (await browser.get(f"/claim/{claim.id}/messages")).text
            assert 'value="none" checked' in page
        async with at_the_desk(app, engine) as browser:
            assert "STOP: no texts to this client" in (await browser.get(f"/desk/{claim.id}")).text
        async with session_scope(engine) as session:
            why = {(row["what"], row["state"]) for row in await account_of(session, claim.claim_number)}
        assert ("stop of all texts", "stands") in why


def later_of(claim: Claim):
    """The same claim a stage on."""
    return a_snapshot(
        claim_number=claim.claim_number,
        source_ref=claim.source_ref,
        policyholder=a_person(phones=(PHONE,)),
        stage=ClaimStage.DECIDING,
        situation=Situation.APPROVAL,
    )


@given(st.lists(st.from_regex(r"\A[0-9]{4}-[0-9]{4}\Z"), max_size=5), st.text(max_size=20))
def test_a_claim_is_meant_only_if_it_alone_is_named(numbers: list[str], words: str):
    known = {UUID(int=place): number for place, number in enumerate(numbers)}
    meant = claim_meant(f"STOP {words}", known)
    if meant is not None:
        assert len(numbers) > 1
        said = "".join(filter(str.isalnum, words))
        assert last4(known[meant]) in said
        alike = [number for number in numbers if last4(number) == last4(known[meant])]
        assert len(alike) == 1 or [number.replace("-", "") in said for number in alike].count(True) == 1


@pytest.mark.parametrize("words", ["STOP 2041-7785", "стоп по делу 2041 7785", "STOP 20417785", "STOP 2041\u20117785."])
def test_a_whole_number_is_understood_however_it_is_written(words: str):
    known = {UUID(int=1): "2041-7785", UUID(int=2): "2042-7785", UUID(int=3): "2041-0001"}
    assert claim_meant(words, known) == UUID(int=1)
    assert claim_meant("STOP 7785", known) is None, "two claims end with it"
