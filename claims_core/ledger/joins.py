"""Rows of one human joined, and joins undone. One writer at a time; every join and its end stays on record."""

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import advisory_key, driver_connection
from claims_core.errors import NotFound, Refused
from claims_core.identity import Join, JoinBasis, Pair, PersonFacts, contradicted, humans, joins_among, pair_of
from claims_core.ids import new_id
from claims_core.ledger.audit import audit
from claims_core.tables import PersonJoin

log = logging.getLogger(__name__)

# Who joins and undoes when no person does.
BY_FACTS = "facts"
# Whoever may be one human with these: all that share a telephone or a directory key, and all they are joined with.
# Other telephones of theirs are left out: not all who have those on file are here, so they prove nothing.
_NEAR = """
with asked as (
  select address from contact_point where policyholder_id = any($1) and kind = 'phone' and on_file
), near as (
  select unnest($1::uuid[]) as id
  union select o.policyholder_id from contact_point o join policyholder p on p.id = o.policyholder_id
    where o.address in (select address from asked) and o.kind = 'phone' and o.on_file and p.source <> 'representative'
  union select o.id from policyholder p join policyholder o on o.directory_ref = p.directory_ref where p.id = any($1)
), whole as (
  select id from near
  union select o.id from near join policyholder p on p.id = near.id join policyholder o on o.person_id = p.person_id
)
select p.id, p.source, p.birth_date, p.directory_ref, p.given_name,
  coalesce(array_agg(c.address) filter (where c.on_file), '{}') as phones,
  coalesce(array_agg(c.address) filter (where c.on_file and (p.phones_verified or c.verified_at is not null)), '{}')
    as proven
from whole join policyholder p on p.id = whole.id
left join contact_point c on c.policyholder_id = p.id and c.kind = 'phone' and c.address in (select address from asked)
group by p.id
"""
_EDGES = "select one_id, other_id, undone_at from person_join where one_id = any($1) or other_id = any($1)"
_WRITE = """
insert into person_join (id, one_id, other_id, basis, made_by, made_at)
select * , $5::text, $6::timestamptz from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[])
"""
# Rows that differ in nothing that could join them are not worth a look: what shares a telephone and a birth date, or a
# key of the directory, and is not one human yet.
_CANDIDATES = """
select array_agg(distinct p.id) from contact_point c join policyholder p on p.id = c.policyholder_id
where c.kind = 'phone' and c.on_file and p.birth_date is not null
group by c.address, p.birth_date
having count(distinct p.source) > 1 and count(distinct coalesce(p.person_id, p.id)) > 1
union all
select array_agg(p.id) from policyholder p where p.directory_ref is not null
group by p.directory_ref having count(distinct coalesce(p.person_id, p.id)) > 1
"""
_DOUBTFUL = """
select j.id, j.basis, j.one_id, j.other_id, a.source as source_a, b.source as source_b,
  a.birth_date as birth_a, b.birth_date as birth_b, a.directory_ref as ref_a, b.directory_ref as ref_b
from person_join j join policyholder a on a.id = j.one_id join policyholder b on b.id = j.other_id
where j.undone_at is null and (a.birth_date <> b.birth_date or a.directory_ref <> b.directory_ref)
"""
_MARK = """
update contact_point c set shared = held.many from (
  select o.address, count(distinct coalesce(p.person_id, p.id)) > 1 as many
  from contact_point o join policyholder p on p.id = o.policyholder_id
  where o.kind = 'phone' and o.on_file and p.source <> 'representative' group by o.address) held
where c.address = held.address and c.kind = 'phone' and c.shared <> held.many
"""


async def verify_contact_point(session: AsyncSession, contact_point_id: UUID, *, now: datetime) -> None:
    """Its holder proved this address with a code."""
    connection = await driver_connection(session)
    # The person before the address, as a batch of a source locks them.
    await connection.execute(
        "select from policyholder p join contact_point c on c.policyholder_id = p.id where c.id = $1"
        " for no key update of p",
        contact_point_id,
    )
    await connection.execute("update contact_point set verified_at = $2 where id = $1", contact_point_id, now)


async def join_candidates(session: AsyncSession) -> list[list[UUID]]:
    """Groups of rows that may be one human and are not joined; a look at all rows, for a job."""
    connection = await driver_connection(session)
    return [list(row[0]) for row in await connection.fetch(_CANDIDATES)]


async def join_people(session: AsyncSession, rows: Collection[UUID], *, now: datetime) -> int:
    """Join what the facts about `rows` and their neighbours join; how many joins. Repeating it adds nothing."""
    connection = await _alone(session)
    people = [_facts(row) for row in await connection.fetch(_NEAR, list(rows))]
    joined, apart = await _edges(connection, [person.id for person in people])
    made = joins_among(people, joined=joined, apart=apart)
    await _write(connection, made, joined, by=BY_FACTS, now=now)
    if made:
        log.info("people_joined", extra={"joins": len(made)})
    return len(made)


async def join_by_hand(session: AsyncSession, one: UUID, other: UUID, *, by: str, now: datetime) -> UUID:
    """Join two rows because a person knows that they are one human; the join's id. Audited.

    Raises `NotFound`, and `Refused` when they are one already.
    """
    connection = await _alone(session)
    if (
        one == other
        or await connection.fetchval("select count(*) from policyholder where id = any($1)", [one, other]) < 2
    ):
        raise NotFound("there are no such two people")
    joined = await _whole(connection, [one, other])
    if other in humans([one, other], joined)[one]:
        raise Refused("the two are one person already")
    [join_id] = await _write(connection, [Join(pair_of(one, other), JoinBasis.BY_HAND)], joined, by=by, now=now)
    await _audit(session, "people_joined", join_id, pair_of(one, other), JoinBasis.BY_HAND, by=by, now=now)
    return join_id


async def undo_join(session: AsyncSession, join_id: UUID, *, by: str, now: datetime) -> frozenset[UUID]:
    """Split what this join held together, for good: only a person joins it again. All rows that were one human.

    From the commit on nobody sees the other's claims. Audited. Raises `NotFound`; `Refused` if it was undone before.
    """
    connection = await _alone(session)
    row = await session.get(PersonJoin, join_id, populate_existing=True)
    if row is None:
        raise NotFound("there is no such join")
    if row.undone_at is not None:
        raise Refused("this join was undone already")
    before = humans([row.one_id], await _whole(connection, [row.one_id]))[row.one_id]
    row.undone_at, row.undone_by = now, by
    await session.flush()
    joined, _ = await _edges(connection, list(before))
    await _mark(connection, before, joined)
    await _audit(session, "people_split", join_id, (row.one_id, row.other_id), row.basis, by=by, now=now)
    return before


async def undo_contradicted(session: AsyncSession, *, now: datetime) -> int:
    """Undo joins by facts that a back office has corrected since; how many."""
    connection = await _alone(session)
    undone = 0
    for row in await connection.fetch(_DOUBTFUL):
        one = PersonFacts(row["one_id"], row["source_a"], row["birth_a"], row["ref_a"])
        other = PersonFacts(row["other_id"], row["source_b"], row["birth_b"], row["ref_b"])
        if contradicted(JoinBasis(row["basis"]), one, other):
            await undo_join(session, row["id"], by=BY_FACTS, now=now)
            undone += 1
    return undone


async def mark_shared(session: AsyncSession) -> int:
    """Mark each telephone that several people have on file, and take the mark off again; how many changed."""
    return int((await (await driver_connection(session)).execute(_MARK)).rpartition(" ")[2])


async def joins_of(session: AsyncSession, rows: Collection[UUID]) -> Sequence[PersonJoin]:
    """Every join that ever touched these rows, the oldest first."""
    touched = col(PersonJoin.one_id).in_(rows) | col(PersonJoin.other_id).in_(rows)
    return (await session.exec(select(PersonJoin).where(touched).order_by(col(PersonJoin.made_at)))).all()


async def _alone(session: AsyncSession) -> asyncpg.Connection:
    """The connection, with the only right to join: two who join at once could make one human of two by a circle."""
    connection = await driver_connection(session)
    await connection.execute("select pg_advisory_xact_lock($1)", advisory_key("claims people"))
    return connection


def _facts(row: asyncpg.Record) -> PersonFacts:
    values = dict(row)
    return PersonFacts(**values | {name: frozenset(values[name]) for name in ("phones", "proven")})


async def _edges(connection: asyncpg.Connection, rows: list[UUID]) -> tuple[list[Pair], list[Pair]]:
    """The pairs that stand, and those that were undone and do not stand."""
    found = await connection.fetch(_EDGES, rows)
    joined = [(row["one_id"], row["other_id"]) for row in found if row["undone_at"] is None]
    undone = {(row["one_id"], row["other_id"]) for row in found if row["undone_at"] is not None}
    return joined, sorted(undone.difference(joined))


async def _whole(connection: asyncpg.Connection, rows: list[UUID]) -> list[Pair]:
    """The pairs that stand among all rows of these humans."""
    kin = "select o.id from policyholder p join policyholder o on o.person_id = p.person_id where p.id = any($1)"
    ids = {*rows, *(row["id"] for row in await connection.fetch(kin, rows))}
    return (await _edges(connection, list(ids)))[0]


async def _write(
    connection: asyncpg.Connection, made: Sequence[Join], joined: Iterable[Pair], *, by: str, now: datetime
) -> list[UUID]:
    if not made:
        return []
    ids = [new_id() for _ in made]
    ones, others = zip(*(join.pair for join in made), strict=True)
    await connection.execute(_WRITE, ids, ones, others, [join.basis for join in made], by, now)
    await _mark(connection, {*ones, *others}, [*joined, *(join.pair for join in made)])
    return ids


async def _mark(connection: asyncpg.Connection, rows: Iterable[UUID], joined: Iterable[Pair]) -> None:
    """Give all rows of each human the same `person_id`: the smallest id. Whoever is alone has none."""
    together = set(humans(rows, joined).values())
    # In the order in which a batch of a source locks them: whoever locks in one order never waits in a circle.
    await connection.execute(
        "select from policyholder where id = any($1) order by source, source_ref for no key update",
        [row for each in together for row in each],
    )
    marks = [(row, min(each) if len(each) > 1 else None) for each in together for row in each]
    await connection.execute(
        "update policyholder p set person_id = m.person_id from unnest($1::uuid[], $2::uuid[]) as m(id, person_id)"
        " where p.id = m.id and p.person_id is distinct from m.person_id",
        [row for row, _ in marks],
        [person_id for _, person_id in marks],
    )


async def _audit(
    session: AsyncSession, action: str, join_id: UUID, pair: Pair, basis: JoinBasis, *, by: str, now: datetime
) -> None:
    detail = {"one_id": str(pair[0]), "other_id": str(pair[1]), "basis": basis}
    await audit(session, actor=by, action=action, subject=f"person_join:{join_id}", detail=detail, now=now)
