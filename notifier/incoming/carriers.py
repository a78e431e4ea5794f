"""What a bind to an SMSC brings: receipts, messages to us whole or in parts, and answers that came too late.

The SMSC keeps each of them until we have said yes, and we say yes once it is in the database.
"""

import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import DATABASE_AWAY, advisory_key, driver_connection, insert_once, pool_scope, session_scope
from claims_core.ids import new_id, new_token
from notifier.channels.base import Channel, Report, without_code
from notifier.channels.roads import roads_over
from notifier.channels.smpp.alphabet import decoded
from notifier.channels.smpp.reading import Brought, LateAnswer, Part, Reported
from notifier.channels.smpp.words import PROVIDER
from notifier.incoming import inbound
from notifier.reports.receipts import PARKED_FOR, record_report
from notifier.settings import NotifierSettings
from notifier.states import ChannelName, DeliveryState
from notifier.tables import InboundPart
from notifier.wording.keywords import Command, understand

log = logging.getLogger(__name__)

# A deliver_sm has no name: the same words from the same number within this span are the SMSC's repeat.
REPEATED_WITHIN = timedelta(minutes=5)
PARTS_WAIT = timedelta(minutes=10)  # for what is missing of a chain; then what is there is read
GAP = " … "
NO_NAME = "?"  # before the name in a report whose message we do not know: it must not be taken for another's
LONG_ENOUGH = 5  # characters of a text that a report repeats

# $1 addresses, $2 the names it may have been given. The number must fit, too: in another notation a name is another's.
_NAMED = f"""
select d.provider_ref from delivery d where d.provider = '{PROVIDER}' and d.provider_ref = any($2::text[])
  and d.address = any($1::text[]) order by array_position($2::text[], d.provider_ref) limit 1
"""  # noqa: S608
# $1 addresses, $2 since. The answer that brings the name may be about to be written: its writer is waited for, or waits
# for us, and not both in a ring (notifications are locked before their deliveries, as in `reports.folding`).
_LOCK = f"""
select n.id from delivery d join notification n on n.id = d.notification_id
where d.provider = '{PROVIDER}' and d.provider_ref is null and d.state in ('sending', 'unknown')
  and d.address = any($1::text[]) and d.started_at > $2
order by n.id for no key update of n
"""  # noqa: S608
# $1 addresses, $2 since. All others of ours have a name: two without one, and nobody can say which of them it is.
_NAMELESS = f"""
select d.id, d.text from delivery d where d.provider = '{PROVIDER}' and d.provider_ref is null
  and d.state in ('sending', 'unknown') and d.address = any($1::text[]) and d.started_at > $2 limit 2
"""  # noqa: S608
_NAME = "update delivery set provider_ref = $2 where id = $1 and provider_ref is null"
# $1 since. Once the answer to the message is written, its report finds it, in whichever notation it came.
_FIND_OWNERS = f"""
update receipt r set provider_ref = d.provider_ref from delivery d
where r.provider = '{PROVIDER}' and r.delivery_id is null and r.received_at > $1 and d.provider = '{PROVIDER}'
  and d.provider_ref = any(string_to_array(r.raw ->> 'ids', ' '))
  and d.address = any(string_to_array(r.raw ->> 'to', ' '))
  and not exists (select from receipt s where s.provider = r.provider and s.provider_ref = d.provider_ref
    and s.provider_status = r.provider_status and s.error_code is not distinct from r.error_code)
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Carrier:
    """Takes what is brought, one after the other, and returns when it is safe. Raises while the database is away."""

    engine: AsyncEngine
    pool: asyncpg.Pool
    settings: NotifierSettings
    clock: Callable[[], datetime]

    async def take(self, brought: Brought) -> None:
        """Keep it, and do what it says."""
        try:
            if isinstance(brought, Part):
                async with session_scope(self.engine) as session:
                    await hear(session, brought, settings=self.settings, now=self.clock())
                return
            async with pool_scope(self.pool) as connection:
                if isinstance(brought, Reported):
                    await record(connection, brought, now=self.clock())
                else:
                    await record_late(connection, brought, now=self.clock())
        except (*DATABASE_AWAY, DBAPIError) as problem:
            log.warning("database_away", extra={"why": type(problem).__name__})
            raise ConnectionError("the database is away") from problem


@asynccontextmanager
async def taking_deliveries(
    engine: AsyncEngine,
    pool: asyncpg.Pool,
    channels: Mapping[ChannelName, Channel],
    settings: NotifierSettings,
    clock: Callable[[], datetime],
) -> AsyncIterator[None]:
    """Listen to every road that brings something by itself, from now until it is closed."""
    carrier = Carrier(engine, pool, settings, clock)
    for road in (road for channel in channels.values() for road in roads_over(channel)):
        listen = getattr(road, "listen", None)
        if listen is not None:
            listen(carrier.take)
    yield


async def record(connection: asyncpg.Connection, reported: Reported, *, now: datetime) -> bool:
    """Keep and fold a report, in the caller's transaction. False: nobody knows the message yet, it is parked.

    An answer that got lost never told us the name; a report on the only message to a number that has none is its.
    """
    ref = await connection.fetchval(_NAMED, list(reported.addresses), list(reported.ids))
    if ref is None:
        await connection.execute(_LOCK, list(reported.addresses), now - PARKED_FOR)
        ref = await connection.fetchval(_NAMED, list(reported.addresses), list(reported.ids))
    if ref is None:
        nameless = await connection.fetch(_NAMELESS, list(reported.addresses), now - PARKED_FOR)
        if len(nameless) == 1 and _may_be(reported, nameless[0]["text"]):
            ref = reported.ids[0]
            await connection.execute(_NAME, nameless[0]["id"], ref)
    report = reported.as_report(ref or NO_NAME + reported.ids[0])
    return await record_report(connection, report, provider=PROVIDER, token=NO_NAME, now=now)


async def record_late(connection: asyncpg.Connection, late: LateAnswer, *, now: datetime) -> bool:
    """The yes that came after we had stopped waiting: the message was taken."""
    report = Report(late.provider_ref, "accepted", None, DeliveryState.ACCEPTED, None, {})
    return await record_report(connection, report, provider=PROVIDER, token=late.token, now=now)


def _may_be(reported: Reported, text: str) -> bool:
    """Does nothing of what the report repeats of a text speak against it? Other alphabets come back as rubbish."""
    begins = without_code(reported.begins)
    comparable = len(begins) >= LONG_ENOUGH and begins.isascii() and text[: len(begins)].isascii()
    return not comparable or text.startswith(begins)


async def find_owners(connection: asyncpg.Connection, *, now: datetime) -> int:
    """Give parked reports the name of their message, now that we know it; `receipts.unpark` folds them. How many."""
    return int((await connection.execute(_FIND_OWNERS, now - PARKED_FOR)).split()[-1])


async def hear(session: AsyncSession, part: Part, *, settings: NotifierSettings, now: datetime) -> None:
    """Take a message to us, in the caller's transaction; a part waits for the others of its chain."""
    if part.chain.total > 1:
        parts = await _together(session, part, now)
        if len(parts) == part.chain.total:
            await _forget(session, parts)
            await _heard(session, parts, settings=settings, now=now)
        return
    await _heard(session, [_row(part, now)], settings=settings, now=now)


async def read_incomplete(session: AsyncSession, *, settings: NotifierSettings, now: datetime) -> int:
    """Read what is there of the chains whose rest did not come, in the caller's transaction. How many."""
    old = select(InboundPart).where(InboundPart.received_at < now - PARTS_WAIT).with_for_update()
    in_order = (InboundPart.address, InboundPart.sent_to, InboundPart.reference, InboundPart.total, InboundPart.number)
    chains: dict[tuple[str, str, int, int], list[InboundPart]] = {}
    for row in await session.exec(old.order_by(*(col(each) for each in in_order))):
        chains.setdefault((row.address, row.sent_to, row.reference, row.total), []).append(row)
    for parts in chains.values():
        await _forget(session, parts)
        await _heard(session, parts, settings=settings, now=now)
    return len(chains)


async def _together(session: AsyncSession, part: Part, now: datetime) -> list[InboundPart]:
    """This part and the others of its chain that are there, in their order. Parts may come over several binds."""
    chain = f"{part.address} {part.to} {part.chain.reference} {part.chain.total}"
    connection = await driver_connection(session)
    await connection.execute("select pg_advisory_xact_lock($1)", advisory_key(chain))
    row = _row(part, now)
    await insert_once(session, row, unique=("address", "sent_to", "reference", "total", "number"))
    same = (
        InboundPart.address == row.address,
        InboundPart.sent_to == row.sent_to,
        InboundPart.reference == row.reference,
        InboundPart.total == row.total,
    )
    return list(await session.exec(select(InboundPart).where(*same).order_by(col(InboundPart.number))))


def _row(part: Part, now: datetime) -> InboundPart:
    return InboundPart(
        id=new_id(),
        address=part.address,
        sent_to=part.to,
        reference=part.chain.reference,
        total=part.chain.total,
        number=part.chain.number,
        coding=part.coding,
        raw=part.raw,
        received_at=now,
    )


async def _forget(session: AsyncSession, parts: list[InboundPart]) -> None:
    for row in parts:
        await session.delete(row)
    await session.flush()


async def _heard(session: AsyncSession, parts: list[InboundPart], *, settings: NotifierSettings, now: datetime) -> None:
    body = _text_of(parts)
    if body is None:
        log.info("inbound_no_text", extra={"coding": parts[0].coding})
        return
    who = f"{parts[0].address} {parts[0].sent_to} {parts[0].reference} {body}"
    # A STOP counts each time: a START may stand between two of them.
    stop = understand(body).command is Command.STOP
    span = int(now.timestamp() // REPEATED_WITHIN.total_seconds())
    ref, before = (_digest(f"{each} {who}") for each in (span, span - 1))
    if not stop and await _is_known(session, before):
        return
    await inbound.receive(
        session,
        provider=PROVIDER,
        provider_ref=new_token() if stop else ref,
        channel=ChannelName.SMS,
        address=parts[0].address,
        body=body,
        now=now,
        settings=settings,
    )


def _text_of(parts: list[InboundPart]) -> str | None:
    """The text: bytes that follow each other are read together, for a letter may be cut in two."""
    said, raw, before = "", b"", 0
    for row in parts:
        if row.number != before + 1:
            said, raw = said + (decoded(raw, row.coding) or "") + GAP, b""
        raw, before = raw + row.raw, row.number
    text = decoded(raw, parts[-1].coding)
    if text is None:
        return None
    return said + text + (GAP if before < parts[-1].total else "")


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:40]


async def _is_known(session: AsyncSession, ref: str) -> bool:
    connection = await driver_connection(session)
    seen = "select exists (select from inbound where provider = $1 and provider_ref = $2)"
    return bool(await connection.fetchval(seen, PROVIDER, ref))
