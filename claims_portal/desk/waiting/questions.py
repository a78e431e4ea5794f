"""The questions of the inbox: which are shown, how many there are, and who could answer them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy import select as sql_select
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.tables import Claim, Policyholder, Question
from claims_portal.tables import Role, Staff

AT_MOST = 100
ANSWERING = (Role.HANDLER, Role.AGENT, Role.SUPERVISOR)


class Shown(StrEnum):
    """The parts of the inbox."""

    ALL = "all"
    MINE = "mine"
    NOBODYS = "nobodys"
    LATE = "late"


Counts = dict[Shown, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question without an answer, who asked, and about which claim (empty where it is not known)."""

    question: Question
    name: str
    claim_number: str


async def read_asked(session: AsyncSession, shown: Shown, *, actor: str, now: datetime) -> list[Asked]:
    """The questions of a part, the least time left first; at most `AT_MOST`."""
    found = await session.exec(
        select(Question, Policyholder.name, Claim.claim_number)
        .join(Policyholder, col(Policyholder.id) == col(Question.policyholder_id))
        .join(Claim, col(Claim.id) == col(Question.claim_id), isouter=True)
        .where(col(Question.answered_at).is_(None), _part(shown, actor, now))
        .order_by(col(Question.answer_due_at), col(Question.id))
        .limit(AT_MOST)
    )
    return [Asked(question, name, number or "") for question, name, number in found.all()]


async def read_counts(session: AsyncSession, *, actor: str, now: datetime) -> Counts:
    """How many questions each part has."""
    counted = [func.count().filter(_part(part, actor, now)) for part in Shown]
    asked = sql_select(*counted).where(col(Question.answered_at).is_(None))
    found = (await (await session.connection()).execute(asked)).one()
    return {part: int(number) for part, number in zip(Shown, found, strict=True)}


async def colleagues(session: AsyncSession) -> tuple[tuple[UUID, str], ...]:
    """Everybody who may answer, by name."""
    found = await session.exec(
        select(Staff.id, Staff.name)
        .where(col(Staff.role).in_(ANSWERING), col(Staff.disabled_at).is_(None))
        .order_by(col(Staff.name), col(Staff.id))
    )
    return tuple((staff_id, name) for staff_id, name in found.all())


def _part(shown: Shown, actor: str, now: datetime) -> ColumnElement[bool]:
    if shown is Shown.MINE:
        return col(Question.taken_by) == actor
    if shown is Shown.NOBODYS:
        return col(Question.taken_by).is_(None)
    return col(Question.answer_due_at) < now if shown is Shown.LATE else col(Question.id).is_not(None)
