"""The column of sections at the side of every page of the desk."""

from dataclasses import dataclass

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.stages import ClaimStage
from claims_core.tables import Claim, Question
from claims_portal.staff import StaffViewer


@dataclass(frozen=True, slots=True)
class Rail:
    """Who is signed in, where they are, and the two counts."""

    name: str
    initials: str
    team: str | None
    section: str
    claims: int
    questions: int


async def rail_for(session: AsyncSession, viewer: StaffViewer, section: str) -> Rail:
    """The rail of a page in `section` (`claims` or `questions`)."""
    open_claims = select(func.count()).select_from(Claim).where(col(Claim.stage) != ClaimStage.CLOSED)
    unanswered = select(func.count()).select_from(Question).where(col(Question.answered_at).is_(None))
    return Rail(
        name=viewer.name,
        initials="".join(word[0] for word in viewer.name.split()[:2] if word).upper(),
        team=viewer.team,
        section=section,
        claims=(await session.exec(open_claims)).one(),
        questions=(await session.exec(unanswered)).one(),
    )
