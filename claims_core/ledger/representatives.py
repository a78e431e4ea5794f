"""Who may read a claim for its policyholder, until which day: named, agreed, ended. Each act is in the audit."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.errors import Conflict, NotFound
from claims_core.ids import new_id
from claims_core.ledger.audit import audit
from claims_core.same_person import REPRESENTATIVES
from claims_core.tables import ContactKind, ContactPoint, Policyholder, Representative

# A claim is read by its policyholder, and by a lawyer or a child; more than this is a list that nobody oversees.
MOST_AT_ONCE = 5
# Two who name at once must not both be the fifth.
_LOCK = text("select id from claim where id = :id for no key update")


@dataclass(frozen=True, slots=True)
class Named:
    """Whom somebody wants to read their claim; `basis` is how the policyholder said so, `wording` which words."""

    name: str
    phone: str
    basis: str
    wording: str | None
    language: str
    ends_at: datetime


async def name_representative(session: AsyncSession, claim_id: UUID, named: Named, *, by: str, now: datetime) -> UUID:
    """Let somebody read this claim until `named.ends_at`, once they have agreed themselves; the id.

    They are a person of their own with the one telephone that was named; no back office knows of them. Raises
    `Conflict` when the claim has enough of them, or one with this telephone.
    """
    if (await (await session.connection()).execute(_LOCK, {"id": claim_id})).first() is None:
        raise NotFound
    standing = await representatives_of(session, claim_id, now=now)
    if len(standing) >= MOST_AT_ONCE or any(each.phone == named.phone for each in standing):
        raise Conflict("there are enough representatives, or this one is there")
    made, person = new_id(), new_id()
    session.add(
        Policyholder(id=person, source=REPRESENTATIVES, source_ref=str(made), name=named.name, language=named.language)
    )
    session.add(ContactPoint(policyholder_id=person, kind=ContactKind.PHONE, address=named.phone))
    session.add(
        Representative(
            id=made,
            claim_id=claim_id,
            person_id=person,
            named_by=by,
            basis=named.basis,
            named_wording=named.wording,
            named_at=now,
            ends_at=named.ends_at,
        )
    )
    await session.flush()
    detail = {"claim_id": str(claim_id), "basis": named.basis, "until": named.ends_at.isoformat()}
    await audit(
        session, actor=by, action="representative_named", subject=f"representative:{made}", detail=detail, now=now
    )
    return made


async def agree_to_represent(session: AsyncSession, representative_id: UUID, *, wording: str, now: datetime) -> None:
    """They agreed themselves, with these words; a second time changes nothing. Raises `NotFound` when it is over."""
    mine = col(Representative.id) == representative_id
    stands = (col(Representative.ended_at).is_(None), col(Representative.ends_at) > now)
    first = col(Representative.agreed_at).is_(None)
    agreed = await session.exec(
        update(Representative).where(mine, first, *stands).values(agreed_at=now, agreed_wording=wording)
    )
    if not agreed.rowcount:
        if (await session.exec(select(Representative.id).where(mine, *stands))).first() is None:
            raise NotFound
        return
    who, detail = f"representative:{representative_id}", {"wording": wording}
    await audit(session, actor=who, action="representative_agreed", subject=who, detail=detail, now=now)


async def end_representative(
    session: AsyncSession, representative_id: UUID, *, claim_id: UUID, by: str, now: datetime
) -> None:
    """They read this claim no more, from the commit on. Raises `NotFound` if they do not, or it is another claim's."""
    ended = await session.exec(
        update(Representative)
        .where(
            col(Representative.id) == representative_id,
            col(Representative.claim_id) == claim_id,
            col(Representative.ended_at).is_(None),
        )
        .values(ended_at=now, ended_by=by)
    )
    if not ended.rowcount:
        raise NotFound
    subject, detail = f"representative:{representative_id}", {"claim_id": str(claim_id)}
    await audit(session, actor=by, action="representative_ended", subject=subject, detail=detail, now=now)


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody who may read a claim now; `agreed_at` is None until they have agreed themselves."""

    id: UUID
    person_id: UUID
    name: str
    phone: str
    named_by: str
    named_at: datetime
    ends_at: datetime
    agreed_at: datetime | None


async def representatives_of(session: AsyncSession, claim_id: UUID, *, now: datetime) -> list[Standing]:
    """Who may read this claim for its policyholder now, in the order in which they were named."""
    found = await session.exec(
        select(Representative, Policyholder.name, ContactPoint.address)
        .join(Policyholder, col(Policyholder.id) == col(Representative.person_id))
        .join(ContactPoint, col(ContactPoint.policyholder_id) == col(Representative.person_id))
        .where(
            col(Representative.claim_id) == claim_id,
            col(Representative.ended_at).is_(None),
            col(Representative.ends_at) > now,
        )
        .order_by(col(Representative.named_at), col(Representative.id))
    )
    return [
        Standing(each.id, each.person_id, name, phone, each.named_by, each.named_at, each.ends_at, each.agreed_at)
        for each, name, phone in found.all()
    ]
