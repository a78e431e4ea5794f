"""A queue to send from: claims that have just moved, planned for their policyholders; and what became of it."""

from collections.abc import Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import open_pool, session_scope
from claims_core.sealing import seal
from claims_core.stages import ClaimStage, Situation
from notifier.channels.twilio.channel import TwilioChannel, open_http
from notifier.dispatch import dispatch_once
from notifier.planning.planner import plan_batch
from notifier.reports.resolve import resolve_once
from notifier.settings import NotifierSettings
from notifier.states import PRIORITY, CauseKind, ChannelName, Importance
from notifier.tables import Notification
from notifier.wording.texts import CODE_SEAL, SEALED
from tests.factories import a_snapshot, later
from tests.fakes.provider import FakeTwilio
from tests.notifier.conftest import settings_for
from tests.notifier.scenes import seen

MOVED = {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION}


class Desk:
    """One notifier in a test's hands: its provider, its settings, its pool, and a clock that the test moves."""

    def __init__(self, engine: AsyncEngine, pool: asyncpg.Pool, twilio: FakeTwilio, settings: NotifierSettings) -> None:
        self.engine, self.pool, self.twilio, self.settings = engine, pool, twilio, settings
        self.now = datetime.now(UTC)
        http = open_http(settings)
        self.http = http
        self.channels = {ChannelName.SMS: TwilioChannel(ChannelName.SMS, settings, http)}

    def later(self, **span: float) -> datetime:
        """Move the clock, ours and the provider's."""
        self.now += timedelta(**span)
        self.twilio.ahead += timedelta(**span).total_seconds()
        return self.now

    async def queue(self, count: int, **person: Any) -> list[UUID]:
        """`count` claims have moved and are planned to be told; the notifications' ids, in their order."""
        claims = [a_snapshot(**person) for _ in range(count)]
        await seen(self.engine, *claims, now=self.now - timedelta(hours=1), first_load=True)
        await seen(self.engine, *[later(claim, **MOVED) for claim in claims], now=self.now)
        while await plan_batch(self.engine, now=self.now, settings=self.settings):
            pass
        rows = await self.pool.fetch("select id from notification where state = 'planned' order by priority, id")
        return [row["id"] for row in rows]

    async def code(self, code: str = "123456") -> UUID:
        """Somebody asks for a code; the notification's id."""
        row = await self.pool.fetchrow(
            "select p.policyholder_id, p.id, c.id as claim_id from contact_point p"
            " join claim c on c.policyholder_id = p.policyholder_id limit 1"
        )
        assert row is not None
        wanted = Notification(
            cause_kind=CauseKind.SIGN_IN_CODE,
            cause_id=uuid4(),
            template="otp",
            recipient_id=row["policyholder_id"],
            claim_id=row["claim_id"],
            contact_point_id=row["id"],
            importance=Importance.CODE,
            priority=PRIORITY[Importance.CODE],
            channel=ChannelName.SMS,
            language="en",
            values={SEALED: seal(code, self.settings.portal_secret_key, purpose=CODE_SEAL)},
            not_before=self.now,
            send_by=self.now + timedelta(minutes=10),
        )
        async with session_scope(self.engine) as session:
            session.add(wanted)
        return wanted.id

    async def dispatch(self, **how: Any) -> int:
        """One pass."""
        return await dispatch_once(self.pool, self.channels, self.settings, now=self.now, **how)

    async def resolve(self) -> int:
        """One look at what got lost."""
        return await resolve_once(self.pool, self.channels, now=self.now)

    async def states(self) -> dict[str, int]:
        """How many notifications are in each state."""
        rows = await self.pool.fetch("select state, count(*) as n from notification group by 1")
        return {row["state"]: row["n"] for row in rows}

    async def notification(self, notification_id: UUID) -> Mapping[str, Any]:
        """One row."""
        row = await self.pool.fetchrow("select * from notification where id = $1", notification_id)
        assert row is not None
        return dict(row)

    async def deliveries(self, notification_id: UUID | None = None) -> list[dict[str, Any]]:
        """The hand-overs, oldest first."""
        rows = await self.pool.fetch(
            "select * from delivery where $1::uuid is null or notification_id = $1 order by started_at, attempt, id",
            notification_id,
        )
        return [dict(row) for row in rows]

    def tokens(self) -> list[str]:
        """The tokens in the callback addresses that the provider got."""
        return [message.callback.rsplit("/", 1)[-1] for message in self.twilio.taken]


@asynccontextmanager
async def a_desk(engine: AsyncEngine, url: str, **settings: Any):
    """A notifier with a provider of its own."""
    async with FakeTwilio() as twilio:
        pool = await open_pool(url, size=10)
        chosen = {"notifier_quiet_hours": False, "notifier_daily_cap": 0, "notifier_cadence": "frequent"} | settings
        desk = Desk(engine, pool, twilio, settings_for(twilio, **chosen))
        try:
            yield desk
        finally:
            await desk.http.close()
            await pool.close()
