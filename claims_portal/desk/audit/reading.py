"""The rows of the trail: acts and looks at claims, the latest on top, a page at a time. It reads two tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.tables import AuditCheck, Claim
from claims_portal.desk.audit.filters import Part, Step
from claims_portal.tables import Staff

# Only fixed pieces are joined here; what was typed goes in as values. Each half ends early by its index on the moment.
_ACTS = """
(select at, 1 as act, seq as id, actor as who, action, subject, detail ->> 'page' as page, detail ->> 'why' as why
 from audit_entry where {where} order by at desc, seq desc limit :size)
"""
_LOOKS = """
(select at, 0 as act, id, viewer_kind || ':' || viewer_id as who, '' as action, 'claim:' || claim_id as subject,
   page, why
 from access_log where {where} order by at desc, id desc limit :size)
"""
_SUBJECTS = """subject in (
  select 'claim:' || c from unnest(cast(:claims as uuid[])) c
  union all select 'question:' || id from question where claim_id = any(:claims)
  union all select 'upload:' || id from upload where claim_id = any(:claims)
  union all select 'representative:' || id from representative where claim_id = any(:claims)
  union all select 'unheard_fact:' || id from unheard_fact where claim_id = any(:claims))"""
_NUMBERS = """
select id from claim where claim_number = :number or cast(id as text) = :number
union select claim_id from claim_number where number = :number
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows; None narrows nothing. `actors` are names as the audit has them."""

    part: Part = Part.ALL
    actors: tuple[str, ...] | None = None
    claims: tuple[UUID, ...] | None = None
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: Step | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One act or one look. `who` and `subject` are a kind and an id, never a name."""

    at: datetime
    act: int
    id: int
    who: str
    action: str
    subject: str
    page: str | None
    why: str | None

    @property
    def step(self) -> Step:
        """Where it stands."""
        return Step(self.at, self.act, self.id)


async def read_trail(session: AsyncSession, asked: Asked, *, size: int) -> list[Row]:
    """Up to `size` rows, the latest first."""
    values = _values(asked) | {"size": size}
    halves = []
    if asked.part is not Part.LOOKS:
        halves.append(_ACTS.format(where=_where(asked, act=1)))
    if asked.part is not Part.ACTS and not asked.action:
        halves.append(_LOOKS.format(where=_where(asked, act=0)))
    if not halves:
        return []
    both = " union all ".join(halves)
    statement = f"select * from ({both}) as trail order by at desc, act desc, id desc limit :size"  # noqa: S608
    found = await (await session.connection()).execute(text(statement), values)
    return [Row(**row._mapping) for row in found]


def _where(asked: Asked, *, act: int) -> str:
    id_column = "seq" if act else "id"
    pieces = ["true"]
    if asked.actors is not None:
        # Looks of policyholders are nobody's acts: a name is somebody's of the desk.
        pieces.append("actor = any(:actors)" if act else "viewer_kind = 'staff' and viewer_id = any(:viewers)")
    if asked.claims is not None:
        pieces.append(_SUBJECTS if act else "claim_id = any(:claims)")
    if asked.action:
        pieces.append("action = :action")
    if asked.since:
        pieces.append("at >= :since")
    if asked.until:
        pieces.append("at < :until")
    if asked.after:
        pieces.append(f"at <= :at and (at, {act}, {id_column}) < (:at, :act, :id)")
    return " and ".join(pieces)


def _values(asked: Asked) -> dict[str, Any]:
    values = {
        "actors": None if asked.actors is None else list(asked.actors),
        "viewers": None if asked.actors is None else _staff_ids(asked.actors),
        "claims": None if asked.claims is None else list(asked.claims),
        "action": asked.action or None,
        "since": asked.since,
        "until": asked.until,
    }
    used = {name: value for name, value in values.items() if value is not None}
    return used | ({"at": asked.after.at, "act": asked.after.act, "id": asked.after.id} if asked.after else {})


def _staff_ids(actors: Sequence[str]) -> list[UUID]:
    """The ids in `staff:<id>`."""
    return [UUID(each.removeprefix("staff:")) for each in actors if each.startswith("staff:") and len(each) == 42]


async def claims_numbered(session: AsyncSession, number: str) -> tuple[UUID, ...]:
    """The claims that have or had this number, or this id."""
    return tuple((await (await session.connection()).execute(text(_NUMBERS), {"number": number})).scalars())


async def actors_called(session: AsyncSession, word: str) -> tuple[str, ...]:
    """How the audit names whoever has this login or name at the desk; the word itself for who acted at a shell."""
    same = (col(Staff.login) == word) | (col(Staff.name) == word)
    return (word, *(f"staff:{staff_id}" for staff_id in await session.exec(select(Staff.id).where(same))))


async def names_of(session: AsyncSession, whos: Sequence[str]) -> dict[str, str]:
    """The names behind `staff:<id>`."""
    found = await session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(_staff_ids(list(set(whos))))))
    return {f"staff:{staff_id}": name for staff_id, name in found}


async def numbers_of(session: AsyncSession, subjects: Sequence[str]) -> dict[str, str]:
    """The claim numbers behind `claim:<id>`."""
    ids = [UUID(each.removeprefix("claim:")) for each in set(subjects) if each.startswith("claim:") and len(each) == 42]
    found = await session.exec(select(Claim.id, Claim.claim_number).where(col(Claim.id).in_(ids)))
    return {f"claim:{claim_id}": number for claim_id, number in found}


async def last_check(session: AsyncSession) -> AuditCheck | None:
    """The latest walk along the chain, whoever made it."""
    return (await session.exec(select(AuditCheck).order_by(col(AuditCheck.id).desc()).limit(1))).one_or_none()
