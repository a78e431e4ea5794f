"""Who may be calling: the people who have a number on file, with their claims. A number proves nothing: anybody can
show any."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.same_person import human_of, rows_of

AT_MOST = 20
# What carriers put in the place of a number that its owner does not show, besides words and nothing at all. The figures
# are "anonymous", "restricted", "unavailable" and "unknown" as they are typed on the keys of a telephone.
NOT_SHOWN = frozenset({"anonymous", "restricted", "unavailable", "unknown", "withheld", "private"})
NOT_SHOWN_AS_KEYS = frozenset({"+266696687", "+7378742833", "+86282452253", "+8656696", "+2562533"})

_CLAIMS = f"""
select distinct on (c.id) {human_of("p")} as human, c.policyholder_id, p.name, c.id as claim_id, c.claim_number,
  c.line_of_business, c.stage <> 'closed' as is_open, c.part_of is not null as is_claimants, c.handler_ref,
  c.reported_at
from contact_point a join policyholder me on me.id = a.policyholder_id
join claim c on c.policyholder_id = any({rows_of("me")}) join policyholder p on p.id = c.policyholder_id
where a.address = :number and a.kind = 'phone' and a.on_file and c.merged_into is null and c.erased_at is null
"""  # noqa: S608  (pieces of our own)
_BY_NUMBER = text(f"""
select human, policyholder_id, name, claim_id, claim_number, line_of_business, is_open, is_claimants
from ({_CLAIMS}) found order by is_open desc, reported_at desc, claim_id limit {AT_MOST}
""")  # noqa: S608
_HANDLERS = text(f"select handler_ref from ({_CLAIMS}) found where is_open and handler_ref is not null")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Match:
    """A claim of somebody who may be calling; `human` is equal for all rows of one person."""

    human: UUID
    policyholder_id: UUID
    name: str
    claim_id: UUID
    claim_number: str
    line_of_business: str
    is_open: bool
    is_claimants: bool


async def matches(session: AsyncSession, number: str | None) -> tuple[Match, ...]:
    """Whose number this may be, open claims first; empty for a number that is not shown or on no file."""
    if number is None:
        return ()
    rows = await (await session.connection()).execute(_BY_NUMBER, {"number": number})
    return tuple(Match(**row) for row in rows.mappings())


async def handlers_of(session: AsyncSession, number: str) -> list[str]:
    """The logins of those who answer for an open claim of this number."""
    return list((await (await session.connection()).execute(_HANDLERS, {"number": number})).scalars())


def is_withheld(said: str) -> bool:
    """Does this, in the place of a number, say that none is shown?"""
    return not said.strip() or said.strip().lower() in NOT_SHOWN or said.strip() in NOT_SHOWN_AS_KEYS
