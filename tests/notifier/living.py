"""The notifier in one hand: a clock that a test moves, a provider that does what it is told, and the books."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_core.ids import new_id
from claims_core.snapshot import ClaimSnapshot, DocumentSnapshot
from claims_core.stages import ClaimStage, Outcome, Situation
from notifier import direct, held, switch
from notifier.dispatch.rates import open_sender
from notifier.dispatch.readying import make_ready
from notifier.dispatch.sender import Sender
from notifier.dispatch.taking import take
from notifier.incoming import inbound
from notifier.planning.heartbeat import beat
from notifier.planning.planner import plan_batch
from notifier.reports.receipts import record_report, report_of, unpark
from notifier.reports.resolve import poll_receipts, resolve_once
from notifier.settings import NotifierSettings
from notifier.states import HOLDS, ChannelName
from notifier.sweeps import expire, hold_backlog
from tests.factories import a_person, a_snapshot, later
from tests.fakes.by_hand import ByHand
from tests.notifier.scenes import seen, the_settings

PLACES = {
    "assess": {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION},
    "decide": {"stage": ClaimStage.DECIDING, "situation": Situation.APPROVAL},
    "docs": {"stage": ClaimStage.COLLECTING, "situation": Situation.DOCS_NEEDED},
    "extended": {"stage": ClaimStage.ASSESSING, "situation": Situation.EXTENDED_CHECK},
    "approved": {"stage": ClaimStage.DECIDED, "situation": None, "outcome": Outcome.APPROVED},
}
NOTIFICATIONS = """
select n.id, c.source_ref as claim, n.cause_kind, n.template, n.importance, n.event_seq, n.state, n.reason, n.send_by,
  n.step, point.address
from notification n left join claim c on c.id = n.claim_id
left join lateral (select i.address from contact_point i where i.policyholder_id = n.recipient_id order by i.id limit 1)
  point on true
"""
DELIVERIES = "select * from delivery order by started_at, attempt"


class Living:
    """One notifier on one database. Each method is one thing that happens; none of them waits."""

    def __init__(self, engine: AsyncEngine, pool: asyncpg.Pool, now: datetime) -> None:
        self.engine, self.pool, self.now, self.step = engine, pool, now, 0
        self.provider = ByHand(lambda: self.now, lambda: self.step)
        self.settings: NotifierSettings = the_settings()
        self.claims: dict[str, ClaimSnapshot] = {}
        self.sleepers: list[Sender] = []

    async def opens(self, phone: str, zone: str) -> str:
        """The back office has a claim that we have not seen; its ref."""
        person = a_person(ref=phone, phones=(phone,), time_zone=zone)
        claim = a_snapshot(policyholder=person, reported_at=self.now - timedelta(days=1))
        self.claims[claim.source_ref] = claim
        await seen(self.engine, claim, now=self.now, first_load=True)
        return claim.source_ref

    async def moves(self, ref: str, to: str) -> None:
        """The back office says that the claim stands elsewhere, a moment after what it said before."""
        self.now += timedelta(seconds=1)
        changes: dict[str, Any] = dict(PLACES[to])
        if to == "docs":
            wanted = DocumentSnapshot(ref=f"paper-{self.step}", title_ru="Фото", title_en="Photos")
            changes["documents"] = (*self.claims[ref].documents, wanted)
        self.claims[ref] = later(self.claims[ref], **changes)
        await seen(self.engine, self.claims[ref], now=self.now)

    async def plan(self) -> None:
        """Decide on all there is."""
        while await plan_batch(self.engine, now=self.now, settings=self.settings):
            pass

    async def send(self, outcomes: list[str]) -> None:
        """One pass of a sender, to the end of its calls."""
        sender = await self._called(outcomes)
        await sender.write_outcomes()

    async def dies_after_the_take(self) -> None:
        """A worker has won rows and is gone."""
        await self._open()
        await take(self.pool, ChannelName.SMS, most=4, now=self.now, lease=self.settings.notifier_lease)

    async def dies_before_the_call(self) -> None:
        """A worker has committed what it was about to call, and is gone."""
        await self._open()
        batch = await take(self.pool, ChannelName.SMS, most=4, now=self.now, lease=self.settings.notifier_lease)
        if batch.rows:
            await make_ready(self.pool, batch, self._channels, settings=self.settings, worker="dead", now=self.now)

    async def dies_after_the_call(self, outcomes: list[str]) -> None:
        """The provider has heard it all, and nobody here remembers."""
        await self._called(outcomes)

    async def sleeps_after_the_call(self, outcomes: list[str]) -> None:
        """A worker is stopped with its outcomes in hand; it may wake when others have taken over."""
        self.sleepers.append(await self._called(outcomes))

    async def wakes(self) -> None:
        """Those that slept write what they have."""
        for sender in self.sleepers:
            await sender.write_outcomes()
        self.sleepers.clear()

    async def follows_up(self) -> None:
        """The timed work: what was lost, what is silent, what is parked, what is late, and what waited too long."""
        channels = self._channels
        await expire(self.pool, now=self.now)
        await hold_backlog(self.pool, now=self.now)
        await resolve_once(self.pool, channels, now=self.now)
        await poll_receipts(self.pool, channels, now=self.now)
        async with self.pool.acquire() as connection:
            while await unpark(connection, now=self.now):
                pass

    async def beats(self) -> None:
        """Who has heard nothing for long hears that there is nothing."""
        await beat(self.engine, now=self.now, settings=self.settings)

    async def reports(self, ref: str, token: str, word: str) -> None:
        """The provider says what became of a message."""
        form = {"MessageSid": ref, "MessageStatus": word} | ({"ErrorCode": "30003"} if word == "undelivered" else {})
        async with self.pool.acquire() as connection:
            await record_report(connection, report_of(form), provider="twilio", token=token, now=self.now)

    async def is_written_to(self, address: str, body: str) -> None:
        """Somebody writes to our number."""
        async with session_scope(self.engine) as session:
            await inbound.receive(
                session,
                provider="twilio",
                provider_ref=f"SM{new_id().hex}",
                channel=ChannelName.SMS,
                address=address,
                body=body,
                now=self.now,
                settings=self.settings,
            )

    async def is_asked_for_a_code(self, address: str) -> None:
        """Somebody wants to sign in."""
        row = await self.pool.fetchrow("select id, policyholder_id from contact_point where address = $1", address)
        assert row is not None
        async with session_scope(self.engine) as session:
            await direct.send_code(
                session,
                cause_id=new_id(),
                policyholder_id=row["policyholder_id"],
                claim_id=None,
                contact_point_id=row["id"],
                language="ru",
                code="123456",
                domain="claims.example",
                now=self.now,
                key=self.settings.portal_secret_key,
            )

    async def is_stopped(self, *, codes_too: bool) -> None:
        """A person presses the switch."""
        async with session_scope(self.engine) as session:
            await switch.stop(session, switch.EVERY, codes_too=codes_too, why="a drill", by="o", now=self.now)

    async def goes_on(self) -> None:
        """And lets it go."""
        async with session_scope(self.engine) as session:
            await switch.let_go(session, switch.EVERY, by="o", now=self.now)

    async def decides_on_held(self, *, release: bool) -> None:
        """A person looks at all that is held."""
        decide = held.release_all if release else held.drop_all
        for reason in HOLDS:
            async with session_scope(self.engine) as session:
                await decide(session, reason, by="o", now=self.now)

    async def books(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The notifications and the deliveries."""
        rows = await self.pool.fetch(NOTIFICATIONS), await self.pool.fetch(DELIVERIES)
        return [dict(row) for row in rows[0]], [dict(row) for row in rows[1]]

    @property
    def _channels(self) -> dict[ChannelName, ByHand]:
        return {ChannelName.SMS: self.provider}

    async def _open(self) -> None:
        await open_sender(self.pool, ChannelName.SMS, per_second=1000, now=self.now)

    async def _called(self, outcomes: list[str]) -> Sender:
        await self._open()
        self.provider.script = list(outcomes)
        sender = Sender(ChannelName.SMS, self.pool, self._channels, self.settings, worker="w", clock=lambda: self.now)
        await sender.take_and_call(8)
        for _ in range(3):  # the provider answers without waiting
            await asyncio.sleep(0)
        self.provider.script.clear()
        return sender
