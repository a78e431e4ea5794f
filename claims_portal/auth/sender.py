"""Looks for the claims that codes were asked for, and hands the codes to the notifier's queue.

Nothing of this happens while somebody waits for a page: the look-up form writes one and the same row whatever
exists, so its answer cannot tell, neither in bytes nor in time. The rows are taken here a moment later, in batches.
"""

import asyncio
import logging
from collections.abc import Awaitable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import Row, text, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import session_scope
from claims_core.ids import new_code
from claims_portal.auth.budget import Sent, Unsent, affordable, why_unsent
from claims_portal.auth.codes import CALL, Way, code_hmac, never_right
from claims_portal.auth.devices import has_seen
from claims_portal.auth.tidying import tidy
from claims_portal.auth.unproven import match_asked
from claims_portal.deps import Portal
from claims_portal.tables import SignInCode
from notifier.people import chats
from notifier.states import ChannelName

log = logging.getLogger(__name__)

BATCH = 100
HOUR = timedelta(hours=1)
# Who means to use a code has typed it in by then.
TIME_TO_USE = timedelta(minutes=3)
# Every answer waits for its code as long, so the work on one look-up falls on others at random, not on the next.
PAUSE_SECONDS = 0.08
POLL_SECONDS = 1.0
# How a code came in the end; anything else is a chat.
WAY_OF = {ChannelName.SMS: Way.TEXT, ChannelName.VOICE: Way.CALL}
TIDY_EVERY = timedelta(minutes=5)

_TAKE = text("""
select c.id, c.challenge_hash, c.asked_numbers, c.asked_phone, c.device_mark, c.language, c.way, c.purpose,
       c.claim_id, c.policyholder_id
from sign_in_code c
where c.resolved_at is null and c.expires_at > :now
order by c.created_at limit :batch for update skip locked
""")
# A telephone that a file gives to the policyholder and to a claimant opens the policyholder's side. A policy number is
# in no claimant's row, so theirs finds nothing, as any wrong number does; nor does a representative's.
_FIND = text("""
select claim_id, policyholder_id, contact_point_id, by_policy from (
  select c.id as claim_id, c.policyholder_id, p.id as contact_point_id,
         not (c.claim_number = any(:numbers)) as by_policy, false as represents,
         c.part_of is not null as is_part, c.stage = 'closed' as is_closed, c.reported_at
  from claim c join contact_point p
    on p.policyholder_id = c.policyholder_id and p.kind = 'phone' and p.on_file and p.address = :phone
  where c.claim_number = any(:numbers) or c.policy_number = any(:numbers)
     or c.id in (select n.claim_id from claim_number n where n.number = any(:numbers))
  union all
  select c.id, r.person_id, p.id, false, true, c.part_of is not null, c.stage = 'closed', c.reported_at
  from contact_point p join representative r on r.person_id = p.policyholder_id join claim c on c.id = r.claim_id
  where p.address = :phone and p.kind = 'phone' and p.on_file and r.ended_at is null and r.ends_at > :now
    and c.claim_number = any(:numbers)) found
order by represents, by_policy, is_part, is_closed, reported_at desc
limit 1
""")
_OF_POLICYHOLDER = text("""
select cast(:claim_id as uuid) as claim_id, p.policyholder_id, p.id as contact_point_id, false as by_policy
from contact_point p
where p.policyholder_id = :policyholder_id and p.kind = 'phone' and p.on_file
order by p.place, p.id limit 1
""")
_SENT = text("""
select count(*) filter (where contact_point_id = :contact_point_id) as here, count(*) as everywhere,
       count(*) filter (where used_at is not null or created_at <= :had_time) as had_time,
       count(*) filter (where used_at is not null) as used
from sign_in_code where contact_point_id is not null and created_at > :since and resolved_at is not null
""")


class SendCode(Protocol):
    """`notifier.direct.send_code`: the code travels sealed, and is wiped at hand-over."""

    def __call__(
        self,
        session: AsyncSession,
        *,
        cause_id: UUID,
        policyholder_id: UUID,
        claim_id: UUID | None,
        contact_point_id: UUID,
        language: str,
        code: str,
        domain: str,
        now: datetime,
        key: SecretStr,
        channel: ChannelName,
        for_call: bool,
    ) -> Awaitable[None]: ...


async def send_asked(portal: Portal, send_code: SendCode, *, now: datetime) -> int:
    """Look for the claims of one batch and queue their codes, in one transaction. Returns how many were asked for.

    A crash before the commit leaves the rows as they were: the next pass, of any process, takes them.
    """
    async with session_scope(portal.engine) as session:
        rows = (await session.exec(_TAKE, params={"now": now, "batch": BATCH})).all()  # type: ignore[call-overload]
        for row in rows:
            found, way = await _match(session, row, now), ChannelName.SMS
            if found is not None:
                way = await _way(session, portal, row, found, now=now)
                found = found if await _may_send(session, portal, row, found, way, now=now) else None
            await _resolve(session, portal, row, found, way, send_code, now=now)
    return len(rows)


async def _match(session: AsyncSession, row: Row[Any], now: datetime) -> Row[Any] | None:
    connection = await session.connection()
    if row.asked_phone is not None:
        found = await connection.execute(_FIND, {"numbers": row.asked_numbers, "phone": row.asked_phone, "now": now})
    else:
        values = {"claim_id": row.claim_id, "policyholder_id": row.policyholder_id}
        found = await connection.execute(_OF_POLICYHOLDER, values)
    return found.first()


async def _way(session: AsyncSession, portal: Portal, row: Row[Any], found: Row[Any], *, now: datetime) -> ChannelName:
    """As it was asked for; a chat also where no text reaches the number, and a text where no chat is linked."""
    if row.purpose == CALL:
        # Whoever is on the line has the telephone in their hand, and reads the text there.
        return ChannelName.SMS
    if row.way == Way.CALL:
        return ChannelName.VOICE
    if row.way == Way.CHAT or await chats.gets_no_texts(session, found.contact_point_id, now=now):
        return await chats.chat_for_code(session, found.policyholder_id, portal.notifier) or ChannelName.SMS
    return ChannelName.SMS


async def _may_send(
    session: AsyncSession, portal: Portal, row: Row[Any], found: Row[Any], way: ChannelName, *, now: datetime
) -> bool:
    values = {"contact_point_id": found.contact_point_id, "since": now - HOUR, "had_time": now - TIME_TO_USE}
    sent = Sent(**(await (await session.connection()).execute(_SENT, values)).mappings().one())
    settings, prices = portal.settings, portal.notifier
    billed = {ChannelName.VOICE: prices.notifier_voice_price, ChannelName.SMS: prices.notifier_sms_price}
    price = billed.get(way, Decimal(0))
    budget = affordable(most=settings.portal_codes_per_hour, money=settings.portal_code_money_per_hour, price=price)
    seen = has_seen(settings.portal_secret_key, row.device_mark, found.policyholder_id)
    unsent = why_unsent(sent, budget=budget, seen=seen)
    if unsent is Unsent.BUDGET_SPENT:
        log.error("code_budget_spent", extra={"codes": sent.everywhere, "budget": budget})
    elif unsent is Unsent.TOO_FEW_USED:
        log.error("code_breaker_open", extra={"codes": sent.had_time, "used": sent.used})
    return unsent is None


async def _resolve(
    session: AsyncSession,
    portal: Portal,
    row: Row[Any],
    found: Row[Any] | None,
    way: ChannelName,
    send_code: SendCode,
    *,
    now: datetime,
) -> None:
    settings, code = portal.settings, new_code()
    hidden = code_hmac(settings.portal_secret_key, row.challenge_hash, code) if found else never_right()
    await session.exec(
        update(SignInCode)
        .where(col(SignInCode.id) == row.id)
        .values(
            resolved_at=now,
            code_hmac=hidden,
            policyholder_id=found.policyholder_id if found else None,
            claim_id=found.claim_id if found else None,
            contact_point_id=found.contact_point_id if found else None,
            by_policy=bool(found and found.by_policy),
            way=WAY_OF.get(way, Way.CHAT) if found else row.way,
        )
    )
    if found is not None:
        await _queue(session, portal, row, found, way, code, send_code, now=now)


async def _queue(
    session: AsyncSession,
    portal: Portal,
    row: Row[Any],
    found: Row[Any],
    way: ChannelName,
    code: str,
    send_code: SendCode,
    *,
    now: datetime,
) -> None:
    settings = portal.settings
    await send_code(
        session,
        cause_id=row.id,
        policyholder_id=found.policyholder_id,
        claim_id=found.claim_id,
        contact_point_id=found.contact_point_id,
        language=row.language,
        code=code,
        domain=settings.host,
        now=now,
        key=settings.portal_secret_key,
        channel=way,
        for_call=row.purpose == CALL,
    )


class CodeSender:
    """Runs `send_asked` beside the pages: a moment after somebody asked, and every second for other processes' rows."""

    def __init__(self, portal: Portal, send_code: SendCode) -> None:
        self.portal = portal
        self.send_code = send_code

    async def run(self) -> None:
        """Until cancelled. A database that is away is waited for; the rows stay."""
        tidied: datetime | None = None
        while True:
            await _wait(self.portal.asked, POLL_SECONDS)
            await asyncio.sleep(PAUSE_SECONDS)
            self.portal.asked.clear()
            now = self.portal.clock()
            try:
                while await send_asked(self.portal, self.send_code, now=now) == BATCH:
                    pass
                while await match_asked(self.portal, now=now) == BATCH:
                    pass
                if tidied is None or now - tidied >= TIDY_EVERY:
                    tidied = now
                    await tidy(self.portal.engine, now=now)
            except Exception as error:  # an entry point: the next pass tries again
                log.error("codes_not_sent", extra={"error": type(error).__name__})


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
