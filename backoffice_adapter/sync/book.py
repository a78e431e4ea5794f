"""The adapter's own rows: runs, cursors, mapping versions, cases that could not be read, codes without a rule."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter.mapping import Mapping as CaseMapping
from backoffice_adapter.mapping import Rejected, Unmapped
from backoffice_adapter.source import HASH_BYTES, FileRead, Unreadable, content_hash
from backoffice_adapter.tables import (
    CaseMark,
    MappingVersion,
    ReadFile,
    RejectedCase,
    RunState,
    SourceAbility,
    SourceCursor,
    SyncRun,
)
from claims_core.db import advisory_key, driver_connection
from claims_core.ids import new_id
from claims_core.snapshot import ClaimSnapshot
from claims_core.tables import ChangeAction, Claim

log = logging.getLogger(__name__)

MOST_RAW = 200_000
# By version, else by date, else by where it stood in the page: what was said before the unreadable settles nothing.
SETTLE = """
update rejected_case r set settled_at = $2
from unnest($3::text[], $4::text[], $5::timestamptz[], $6::boolean[]) as k(ref, version, changed_at, is_last)
where r.source = $1 and r.settled_at is null and r.case_ref = k.ref and (
  case when k.version ~ '^[0-9]+$' and r.case_version ~ '^[0-9]+$'
    then k.version::numeric - r.case_version::numeric else 0 end,
  coalesce(extract(epoch from k.changed_at - r.changed_at), 0), k.is_last::int) >= (0, 0, 1)
"""
VANISHED = """
update rejected_case set settled_at = $2 where source = $1 and settled_at is null and last_seen_at < $2
"""
# Of an erased claim no copy stays here either, and the back office may have sent another one since.
FORGET = """
update rejected_case r set raw = '', reason = '', place = null, settled_at = coalesce(settled_at, $2) from claim c
where r.source = $1 and r.raw <> '' and c.source = r.source and c.source_ref = r.case_ref and c.erased_at is not null
"""
HASHES = f"select source_hash from claim where source = $1 and length(source_hash) = {HASH_BYTES}"  # noqa: S608
# Key by key by the index, however many there are (as in `claims_core.ledger.known`).
HASHES_OF = """
select c.source_hash from unnest($2::text[]) as k(ref) cross join lateral (
  select c.source_hash from claim c where c.source = $1 and c.source_ref = k.ref offset 0) c
"""
MARK = """
insert into case_mark (source, case_ref, mark)
select $1, k.ref, k.mark from unnest($2::text[], $3::text[]) as k(ref, mark)
on conflict (source, case_ref) do update set mark = excluded.mark where case_mark.mark is distinct from excluded.mark
"""
REJECT = """
insert into rejected_case (id, source, case_ref, content_hash, place, reason, raw, mapping_version, first_seen_at,
  last_seen_at, times, case_version, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 1, $10, $11)
on conflict (source, content_hash) do update set last_seen_at = excluded.last_seen_at, times = rejected_case.times + 1,
  place = excluded.place, reason = excluded.reason, mapping_version = excluded.mapping_version, settled_at = null
"""
COUNT = """
insert into unmapped_code (source, code, first_seen_at, last_seen_at, times, example_ref)
values ($1, $2, $3, $3, $4, $5)
on conflict (source, code) do update set last_seen_at = excluded.last_seen_at,
  times = unmapped_code.times + excluded.times, example_ref = excluded.example_ref
"""
FIRED = """
insert into rule_use (source, mapping_version, rule, times, last_used_at)
select $1, $2, k.rule, k.times, $3 from unnest($4::text[], $5::bigint[]) as k(rule, times)
on conflict (source, mapping_version, rule) do update set times = rule_use.times + excluded.times,
  last_used_at = excluded.last_used_at
"""


async def mapping_version(session: AsyncSession, source: str, mapping: CaseMapping, *, now: datetime) -> int:
    """The number of this mapping, a new one if another text was in force last."""
    found = await session.exec(
        select(MappingVersion)
        .where(MappingVersion.source == source)
        .order_by(col(MappingVersion.version).desc())
        .limit(1)
    )
    last = found.first()
    if last is not None and last.content_hash == mapping.key.hex():
        return last.version
    version = last.version + 1 if last else 1
    row = MappingVersion(
        source=source, version=version, content_hash=mapping.key.hex(), content=mapping.text, first_used_at=now
    )
    session.add(row)
    return version


async def take_in(session: AsyncSession, source: str, mapping: CaseMapping, *, now: datetime) -> int:
    """Make a mapping the one in force: its number, and what the desk may offer by it. One process at a time."""
    key = advisory_key(f"mapping:{source}")
    await (await session.connection()).execute(text("select pg_advisory_xact_lock(:key)"), {"key": key})
    await publish_abilities(session, source, mapping)
    return await mapping_version(session, source, mapping, now=now)


async def publish_abilities(session: AsyncSession, source: str, mapping: CaseMapping) -> None:
    """Write down what the desk may offer for claims of this source."""
    connection = await session.connection()
    await connection.execute(delete(SourceAbility).where(col(SourceAbility.source) == source))
    for action in sorted(mapping.actions()):
        here = mapping.recorded_here(ChangeAction(action))
        session.add(SourceAbility(source=source, action=action, recorded_here=here))


async def read_cursor(session: AsyncSession, source: str) -> SourceCursor | None:
    """How far this source has been read."""
    return (await session.exec(select(SourceCursor).where(SourceCursor.source == source))).first()


async def move_cursor(
    session: AsyncSession, source: str, cursor: dict[str, Any] | None, *, version: int, complete: bool, now: datetime
) -> None:
    """Stand behind the page of this transaction; a cursor of None leaves the one we have."""
    values: dict[str, Any] = {"source": source, "moved_at": now}
    if cursor is not None:
        values["cursor"] = cursor
    if complete:
        # Only a complete reading makes a mapping the one that has read everything.
        values |= {"complete_at": now, "mapping_version": version}
    statement = insert(SourceCursor).values(**values)
    changed = {name: value for name, value in values.items() if name != "source"}
    await (await session.connection()).execute(statement.on_conflict_do_update(index_elements=["source"], set_=changed))


async def start_run(session: AsyncSession, source: str, *, full: bool, again: bool, now: datetime) -> SyncRun:
    """A run begins; what another process left running has died, for only one at a time has the source's lock."""
    connection = await session.connection()
    await connection.execute(
        update(SyncRun)
        .where(col(SyncRun.source) == source, col(SyncRun.state) == RunState.RUNNING)
        .values(state=RunState.FAILED, finished_at=now, problem="the process ended before the run did")
    )
    run = SyncRun(source=source, full=full, again=again, started_at=now, page_at=now)
    session.add(run)
    return run


async def note_run(session: AsyncSession, run: SyncRun, **values: Any) -> None:
    """Write the run's counters or its end."""
    await (await session.connection()).execute(update(SyncRun).where(col(SyncRun.id) == run.id).values(**values))


async def quarantine(
    session: AsyncSession, source: str, refused: Sequence[Rejected | Unreadable], *, version: int, now: datetime
) -> None:
    """Keep what could not be read, as it came, with the reason. The same content again is counted, not kept twice."""
    if refused:
        connection = await driver_connection(session)
        await connection.executemany(REJECT, [_reject_row(source, one, version, now) for one in refused])


async def settle_rejected(
    session: AsyncSession, source: str, good: Sequence[ClaimSnapshot], *, not_last: Collection[str], now: datetime
) -> None:
    """Cases that could be read now: what was wrong with them before is settled.

    `not_last` are the keys of those after whom something unreadable came in the same page.
    """
    connection = await driver_connection(session)
    await connection.execute(
        SETTLE, source, now, [one.source_ref for one in good], [one.source_version for one in good],
        [one.changed_at for one in good], [one.source_ref not in not_last for one in good],
    )  # fmt: skip


async def settle_vanished(session: AsyncSession, run: SyncRun) -> None:
    """What a complete reading has not met again as unreadable is settled, also where nobody knows its key."""
    await (await driver_connection(session)).execute(VANISHED, run.source, run.started_at)


async def has_rejected(session: AsyncSession, source: str) -> bool:
    """Is there a case of this source that still cannot be read?"""
    found = await session.exec(
        select(RejectedCase.id).where(RejectedCase.source == source, col(RejectedCase.settled_at).is_(None)).limit(1)
    )
    return found.first() is not None


async def has_claims(session: AsyncSession, source: str) -> bool:
    """Does the ledger hold a claim of this source?"""
    return (await session.exec(select(Claim.id).where(Claim.source == source).limit(1))).first() is not None


async def count_unmapped(session: AsyncSession, source: str, unmapped: Iterable[Unmapped], *, now: datetime) -> None:
    """Count codes without a rule, with a case to look at, and raise the alarm."""
    times: Counter[str] = Counter()
    example: dict[str, str] = {}
    for one in unmapped:
        times[one.code] += 1
        example[one.code] = one.record.ref
    connection = await driver_connection(session)
    for code in sorted(times):
        await connection.execute(COUNT, source, code, now, times[code], example[code])
        log.error("unmapped_code", extra={"source": source, "unmapped": code, "times": times[code]})


async def count_rules(
    session: AsyncSession, source: str, fired: Mapping[str, int], *, version: int, now: datetime
) -> None:
    """Count how often each rule of a mapping version was the one that held."""
    if fired:
        rules = sorted(fired)
        await (await driver_connection(session)).execute(
            FIRED, source, version, now, rules, [fired[rule] for rule in rules]
        )


async def keep_marks(session: AsyncSession, source: str, marks: Mapping[str, str]) -> None:
    """Remember the source's own marks of the cases just read."""
    if marks:
        refs = sorted(marks)
        await (await driver_connection(session)).execute(MARK, source, refs, [marks[ref] for ref in refs])


async def keep_file(session: AsyncSession, source: str, file: FileRead, *, now: datetime) -> None:
    """Remember that a file was read to its end."""
    row = insert(ReadFile).values(source=source, checksum=file.checksum, name=file.name, rows=file.rows, read_at=now)
    await (await session.connection()).execute(row.on_conflict_do_nothing())


async def file_is_known(session: AsyncSession, source: str, checksum: str) -> bool:
    """Was a file with this content read to its end?"""
    found = await session.exec(select(ReadFile.name).where(ReadFile.source == source, ReadFile.checksum == checksum))
    return found.first() is not None


async def same_marks(session: AsyncSession, source: str, marks: Mapping[str, str]) -> set[str]:
    """The keys whose mark is the one we keep."""
    found = await session.exec(
        select(CaseMark).where(CaseMark.source == source, col(CaseMark.case_ref).in_(list(marks)))
    )
    return {row.case_ref for row in found if marks[row.case_ref] == row.mark}


async def known_hashes(session: AsyncSession, source: str) -> set[bytes]:
    """The hashes of all cases of this source in the ledger (16 bytes each; a million take about 90 MB)."""
    connection, received = await driver_connection(session), bytearray()

    async def keep(data: bytes) -> None:
        received.extend(data)

    await connection.copy_from_query(HASHES, source, output=keep, format="binary")
    copied = bytes(received)
    # The binary format: 19 bytes in front, two at the end; a row is its number of columns, the length, the bytes.
    rows = range(19 + 6, len(copied) - 2, 6 + HASH_BYTES)
    return {copied[place : place + HASH_BYTES] for place in rows}


async def known_hashes_of(session: AsyncSession, source: str, refs: Collection[str]) -> set[bytes]:
    """The hashes of these cases of this source in the ledger."""
    connection = await driver_connection(session)
    return {row["source_hash"] for row in await connection.fetch(HASHES_OF, source, list(refs))}


def _reject_row(source: str, one: Rejected | Unreadable, version: int, now: datetime) -> tuple[Any, ...]:
    raw = one.record.raw if isinstance(one, Rejected) else one.raw
    ref, place = (one.record.ref, one.record.place) if isinstance(one, Rejected) else (one.ref, one.place)
    said = storable(raw.decode("utf-8", "backslashreplace"))[:MOST_RAW]
    name = None if ref is None else storable(ref)[:500]
    reason = storable(one.reason)[:1000]
    key = content_hash(raw, b"").hex()
    theirs, changed_at = (one.record.version, one.changed_at) if isinstance(one, Rejected) else (None, None)
    their_version = None if theirs is None else storable(theirs)[:500]
    return new_id(), source, name, key, place, reason, said, version, now, their_version, changed_at


def storable(words: str) -> str:
    """PostgreSQL holds any text but NUL."""
    return words.replace("\x00", "\\x00")


async def forget_erased(session: AsyncSession, source: str, *, now: datetime) -> None:
    """Empty what could not be read of claims that were erased."""
    await (await driver_connection(session)).execute(FORGET, source, now)
