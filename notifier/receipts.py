"""What a provider reports about a message, kept as it came and folded in at once: one statement, one commit."""

import json
import logging
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import cast

import asyncpg
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import driver_connection
from claims_core.failpoints import failpoint, register
from claims_core.ids import new_id
from notifier.channels.base import Report, hash_of_token
from notifier.channels.twilio.signature import is_genuine
from notifier.channels.twilio.words import STATE_OF, report_in, verdict_on
from notifier.folding import FOLD
from notifier.settings import NotifierSettings
from notifier.verdicts import heed

log = logging.getLogger(__name__)
register("receipts.before_apply")

PARKED_FOR = timedelta(hours=72)
LONGEST_WORD = 200

# $1 now, $2 token hash, $3 receipt id, $4 provider, $5 ref, $6 status, $7 error code, $8 raw, $9 state, $10 read.
# A token names its delivery, whoever answered first, the call or the receipt; without one the ref does. A ref that
# contradicts what the call brought belongs to something else and is parked.
_RECEIVE = f"""
with found as (
  select coalesce(
    (select d.id from delivery d where d.token_hash = $2 and (d.provider_ref is null or d.provider_ref = $5)),
    (select d.id from delivery d where d.provider = $4 and d.provider_ref = $5 limit 1)) as id
), kept as (
  insert into receipt (id, provider, provider_ref, provider_status, error_code, delivery_id, received_at, raw)
  values ($3, $4, $5, $6, $7, (select id from found), $1, $8::text::jsonb) on conflict do nothing
  returning delivery_id
), o as (
  select delivery_id, $9::text as state, $5 as provider_ref, $6 as provider_status, $7 as error_code,
    $10::bool as read, 'receipt' as how
  from kept where delivery_id is not null and $9::text is not null
), {FOLD}
select (select id from found) as delivery_id, exists (select from kept) as new,
  coalesce((select conflict from folded), false) as conflict
"""  # noqa: S608
# $1 now, $2 parked since. Of each delivery the report of the highest rank comes first; the others follow next time.
_UNPARK = f"""
with matched as (
  select distinct on (d.id) r.id, d.id as delivery_id, r.provider_ref, r.provider_status, r.error_code
  from receipt r join delivery d on d.provider = r.provider and d.provider_ref = r.provider_ref
  where r.delivery_id is null and r.received_at > $2
  order by d.id, r.received_at
), kept as (
  update receipt r set delivery_id = m.delivery_id from matched m where r.id = m.id and r.delivery_id is null
  returning m.delivery_id, m.provider_ref, m.provider_status, m.error_code
), o as (
  select k.delivery_id, w.state, k.provider_ref, k.provider_status, k.error_code, k.provider_status = 'read' as read,
    'receipt' as how
  from kept k join unnest($3::text[], $4::text[]) as w(word, state) on w.word = k.provider_status
), {FOLD}
select delivery_id, error_code from kept
"""  # noqa: S608


def signature_is_valid(settings: NotifierSettings, url: str, form: Mapping[str, str], signature: str) -> bool:
    """True if the provider signed `form` for `url`, the address under the configured PORTAL_PUBLIC_URL."""
    return is_genuine(settings, url, form, signature)


async def receive(session: AsyncSession, *, provider: str, token: str, form: Mapping[str, str], now: datetime) -> bool:
    """Keep and fold one report, in the caller's transaction. False: nobody knows the message yet, it is parked.

    May be called again with the same report. Raises `BadInput` for a form that reports nothing.
    """
    return await receive_on(await driver_connection(session), provider=provider, token=token, form=form, now=now)


async def receive_at_once(
    pool: asyncpg.Pool, *, provider: str, token: str, form: Mapping[str, str], now: datetime
) -> bool:
    """`receive`, committed when this returns: one trip to the database, for the webhook."""
    async with pool.acquire() as connection:
        plain = cast(asyncpg.Connection, connection)
        return await receive_on(plain, provider=provider, token=token, form=form, now=now)


async def receive_on(
    connection: asyncpg.Connection, *, provider: str, token: str, form: Mapping[str, str], now: datetime
) -> bool:
    """`receive` on a plain connection; committed by itself when no transaction is open."""
    return await record_report(connection, report_in(form), provider=provider, token=token, now=now)


async def record_report(
    connection: asyncpg.Connection, report: Report, *, provider: str, token: str, now: datetime
) -> bool:
    """Keep and fold one report, in our words already. False: nobody knows the message yet, it is parked."""
    failpoint("receipts.before_apply")
    said = (report.provider_ref, report.provider_status, report.error_code, _as_it_came(report.raw))
    # What the code says about the person must not be lost between two commits; without one, one statement is all.
    async with connection.transaction() if report.verdict else nullcontext():
        values = (now, hash_of_token(token), new_id(), provider, *said, report.state, report.read)
        row = await connection.fetchrow(_RECEIVE, *values)
        assert row is not None  # the statement always answers with one row
        if row["new"] and row["delivery_id"] and report.verdict is not None:
            await heed(connection, {row["delivery_id"]: (report.verdict, report.error_code or "")}, now=now)
    if row["conflict"] and row["new"]:
        log.warning("receipts_disagree", extra={"delivery_id": row["delivery_id"]})
    if row["delivery_id"] is None:
        log.warning("receipt_parked", extra={"provider": provider, "provider_ref": report.provider_ref})
    return row["delivery_id"] is not None


async def unpark(connection: asyncpg.Connection, *, now: datetime) -> int:
    """Fold in the parked reports whose message has become known. How many; call until 0."""
    words, states = zip(*STATE_OF.items(), strict=True)
    rows = await connection.fetch(_UNPARK, now, now - PARKED_FOR, list(words), list(states))
    verdicts = {row["delivery_id"]: (verdict_on(row["error_code"]), row["error_code"]) for row in rows}
    await heed(connection, {key: (verdict, code) for key, (verdict, code) in verdicts.items() if verdict}, now=now)
    return len(rows)


def _as_it_came(form: Mapping[str, str]) -> str:
    # PostgreSQL keeps neither NUL nor half a surrogate pair in jsonb.
    kept = {str(name)[:LONGEST_WORD]: str(value)[:LONGEST_WORD] for name, value in form.items()}
    return json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace").decode().replace("\\u0000", "")
