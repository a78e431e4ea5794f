"""What a provider reports about a message, kept as it came and folded in at once: one statement, one commit."""

import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

from claims_core.failpoints import failpoint, register
from claims_core.ids import new_id
from notifier.channels.base import Report, hash_of_token
from notifier.channels.spoken import STATE_OF, verdict_on
from notifier.channels.twilio.signature import is_genuine
from notifier.channels.twilio.words import report_in
from notifier.people.verdicts import heed
from notifier.reports.folding import FOLD
from notifier.settings import NotifierSettings

log = logging.getLogger(__name__)
register("receipts.before_apply")

PARKED_FOR = timedelta(hours=72)
LONGEST_WORD = 200

# $1 now, then a report a row: token hash, receipt id, provider, ref, status, error code, raw, state, read.
# A token names its delivery, whoever answered first, the call or the receipt; without one the ref does. A ref that
# contradicts what the call brought belongs to something else and is parked.
_RECEIVE = f"""
with said as (
  select * from unnest($2::bytea[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::bool[]) with ordinality
    as said(token_hash, id, provider, ref, status, error_code, raw, state, read, place)
), found as (
  select s.*, coalesce(
    (select d.id from delivery d
      where d.token_hash = s.token_hash and (d.provider_ref is null or d.provider_ref = s.ref)),
    (select d.id from delivery d where d.provider = s.provider and d.provider_ref = s.ref limit 1)) as delivery_id
  from said s
), kept as (
  insert into receipt (id, provider, provider_ref, provider_status, error_code, delivery_id, received_at, raw)
  select f.id, f.provider, ref, status, f.error_code, delivery_id, $1, case d.address when '' then '{{}}' else
    f.raw::jsonb end from found f left join delivery d on d.id = f.delivery_id on conflict do nothing returning id
), o as (
  select f.delivery_id, f.state, f.ref as provider_ref, f.status as provider_status, f.error_code, f.read,
    'receipt' as how
  from found f join kept k on k.id = f.id where f.delivery_id is not null and f.state is not null
), {FOLD}
select f.delivery_id, k.id is not null as new, coalesce(d.conflict, false) as conflict
from found f left join kept k on k.id = f.id left join folded d on d.id = f.delivery_id order by f.place
"""  # noqa: S608
# $1 now, $2 parked since. Of each delivery the report of the highest rank comes first; the others follow next time.
_UNPARK = f"""
with matched as (
  select distinct on (d.id) r.id, d.id as d_id, case when d.address = '' then '{{}}' else r.raw end as raw
  from receipt r join delivery d on d.provider = r.provider and d.provider_ref = r.provider_ref
  where r.delivery_id is null and r.received_at > $2
  order by d.id, r.received_at
), kept as (
  update receipt r set delivery_id = m.d_id, raw = m.raw from matched m where r.id = m.id and r.delivery_id is null
  returning m.d_id as delivery_id, r.provider, r.provider_ref, r.provider_status, r.error_code
), o as (
  select k.delivery_id, w.state, k.provider_ref, k.provider_status, k.error_code, k.provider_status = 'read' as read,
    'receipt' as how
  from kept k join unnest($3::text[], $4::text[]) as w(word, state) on w.word = k.provider_status
), {FOLD}
select delivery_id, provider, error_code from kept
"""  # noqa: S608


class Reported(NamedTuple):
    """A report, who made it, and the token in the address that it came to."""

    report: Report
    provider: str
    token: str

    def as_row(self) -> tuple[object, ...]:
        """The row of `_RECEIVE`."""
        it = self.report
        said = (it.provider_ref, it.provider_status, it.error_code, _as_it_came(it.raw), it.state, it.read)
        return hash_of_token(self.token), new_id(), self.provider, *said


def signature_is_valid(settings: NotifierSettings, url: str, form: Mapping[str, str], signature: str) -> bool:
    """True if the provider signed `form` for `url`, the address under the configured PORTAL_PUBLIC_URL."""
    return is_genuine(settings, url, form, signature)


def report_of(form: Mapping[str, str]) -> Report:
    """What a signed form says, in our words. Raises `BadInput` for a form that reports nothing."""
    return report_in(form)


async def record_report(
    connection: asyncpg.Connection, report: Report, *, provider: str, token: str, now: datetime
) -> bool:
    """Keep and fold one report, in our words already. False: nobody knows the message yet, it is parked."""
    [known] = await record_reports(connection, [Reported(report, provider, token)], now=now)
    return known


async def record_reports(connection: asyncpg.Connection, said: Sequence[Reported], *, now: datetime) -> list[bool]:
    """`record_report` for several, about as many messages: of each the token and the ref are there once."""
    failpoint("receipts.before_apply")
    columns = zip(*(each.as_row() for each in said), strict=True)
    # What a code says about the person must not be lost between two commits; without one, one statement is all.
    async with connection.transaction() if any(each.report.verdict for each in said) else nullcontext():
        rows = await connection.fetch(_RECEIVE, now, *(list(column) for column in columns))
        pairs = [(row["delivery_id"], each.report) for row, each in zip(rows, said, strict=True) if row["new"]]
        await heed(
            connection, {key: (it.verdict, it.error_code or "") for key, it in pairs if key and it.verdict}, now=now
        )
    for row, each in zip(rows, said, strict=True):
        if row["conflict"] and row["new"]:
            log.warning("receipts_disagree", extra={"delivery_id": row["delivery_id"]})
        if row["delivery_id"] is None:
            log.warning("receipt_parked", extra={"provider": each.provider, "provider_ref": each.report.provider_ref})
    return [row["delivery_id"] is not None for row in rows]


async def unpark(connection: asyncpg.Connection, *, now: datetime) -> int:
    """Fold in the parked reports whose message has become known. How many; call until 0."""
    words, states = zip(*STATE_OF.items(), strict=True)
    rows = await connection.fetch(_UNPARK, now, now - PARKED_FOR, list(words), list(states))
    said = {row["delivery_id"]: (verdict_on(row["provider"], row["error_code"]), row["error_code"]) for row in rows}
    await heed(connection, {key: (verdict, code) for key, (verdict, code) in said.items() if verdict}, now=now)
    return len(rows)


def _as_it_came(form: Mapping[str, str]) -> str:
    # PostgreSQL keeps neither NUL nor half a surrogate pair in jsonb.
    kept = {str(name)[:LONGEST_WORD]: str(value)[:LONGEST_WORD] for name, value in form.items()}
    return json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace").decode().replace("\\u0000", "")
