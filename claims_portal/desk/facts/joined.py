"""Which claims the claims system joined with this one, and into which one this one went: for the desk."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.i18n import marked as _
from claims_core.tables import Claim
from claims_portal.desk.says import Says

_JOINED = text("""
select o.id, o.claim_number, true as goes_on from claim o where o.source = :source and o.source_ref = :merged_into
union all
select o.id, o.claim_number, false from claim o where o.source = :source and o.merged_into = :ref
order by 3 desc, 2
""")
GOES_ON, CAME, UNKNOWN = (
    _("The claims system joined this claim with claim {number}. It goes on there, and nothing is told of this one."),
    _("The claims system joined claim {number} with this one."),
    _("The claims system joined this claim with another one that is not here. Nothing is told of this one."),
)


@dataclass(frozen=True, slots=True)
class Joined:
    """A claim joined with this one; `goes_on` says that this one went into it."""

    id: UUID
    number: str
    goes_on: bool


@dataclass(frozen=True, slots=True)
class JoinedLine:
    """The same in words; without an address where we do not have the other claim."""

    words: str
    address: str | None


async def joined_with(session: AsyncSession, claim: Claim) -> tuple[Joined, ...]:
    """The claims joined with this one, the one that it goes on in first."""
    about = {"source": claim.source, "ref": claim.source_ref, "merged_into": claim.merged_into}
    rows = await (await session.connection()).execute(_JOINED, about)
    return tuple(Joined(row.id, row.claim_number, row.goes_on) for row in rows)


def joined_lines(joined: tuple[Joined, ...], claim: Claim, says: Says) -> tuple[JoinedLine, ...]:
    """A line for each, with the way to it."""
    lines = tuple(
        JoinedLine(says.told(GOES_ON if one.goes_on else CAME, number=one.number), f"/desk/{one.id}") for one in joined
    )
    if claim.merged_into is not None and not any(one.goes_on for one in joined):
        return (JoinedLine(says.told(UNKNOWN), None), *lines)
    return lines
