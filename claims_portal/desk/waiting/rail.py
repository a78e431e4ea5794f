"""The column of sections at the side of every page of the desk."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.stages import ClaimStage
from claims_core.tables import Claim, Question
from claims_portal.desk.waiting.erasures import how_many as to_erase
from claims_portal.desk.waiting.held_runs import undecided
from claims_portal.desk.waiting.rejected import to_look_at
from claims_portal.desk.waiting.texts import to_decide
from claims_portal.desk.waiting.unproven import how_many as how_many_ask
from claims_portal.staff import StaffViewer
from claims_portal.tables import Role, Staff, Upload, UploadState
from notifier.planning import calls


@dataclass(frozen=True, slots=True)
class Rail:
    """Who is signed in, where they are, and the counts of what waits; None where the role has no such page."""

    name: str
    initials: str
    team: str | None
    section: str
    claims: int | None
    questions: int | None
    calls: int | None
    files: int | None
    sources: int | None
    health: bool
    texts: int | None
    erasures: int | None
    audit: bool
    pilots: bool
    takes_calls: bool


async def rail_for(session: AsyncSession, viewer: StaffViewer, section: str, *, now: datetime) -> Rail:
    """The rail of a page in `section`, which is named as the field of it here."""
    reads, keeps = viewer.role is not Role.ADMINISTRATOR, viewer.role in (Role.SUPERVISOR, Role.ADMINISTRATOR)
    reads_texts = viewer.role in (Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR)
    open_claims = select(func.count()).select_from(Claim).where(col(Claim.stage) != ClaimStage.CLOSED)
    unanswered = select(func.count()).select_from(Question).where(col(Question.answered_at).is_(None))
    unseen = select(func.count()).select_from(Upload).where(col(Upload.state) == UploadState.CHECKING)
    return Rail(
        name=viewer.name,
        initials="".join(word[0] for word in viewer.name.split()[:2] if word).upper(),
        team=viewer.team,
        section=section,
        claims=(await session.exec(open_claims)).one() if reads else None,
        questions=(await session.exec(unanswered)).one() if reads else None,
        calls=await _to_call(session, now=now) if reads else None,
        files=(await session.exec(unseen)).one() if reads else None,
        sources=await to_look_at(session) + await undecided(session) if keeps else None,
        health=keeps,
        texts=await to_decide(session) if reads_texts else None,
        takes_calls=reads and await _takes_calls(session, viewer),
        # A rare thing: its section is there while there is something to do.
        erasures=(await to_erase(session) or None) if reads else None,
        audit=reads_texts,
        pilots=keeps,
    )


async def _takes_calls(session: AsyncSession, viewer: StaffViewer) -> bool:
    return (await session.exec(select(Staff.takes_calls).where(col(Staff.id) == viewer.id))).first() or False


async def _to_call(session: AsyncSession, *, now: datetime) -> int:
    return await calls.how_many(session, now=now) + await how_many_ask(session, now=now)
