"""What handlers say of claims on which nothing new happened."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.errors import NotFound
from claims_core.ledger.asked import Holder
from claims_core.ledger.audit import audit
from claims_core.tables import Claim, TrueSentence


async def write_sentence(
    session: AsyncSession, claim_id: UUID, *, text: str, by: Holder, now: datetime
) -> TrueSentence:
    """Keep what the policyholder is to read of this claim as it stands now. Raises `NotFound`."""
    claim = await session.get(Claim, claim_id)
    if claim is None:
        raise NotFound("there is no such claim")
    sentence = TrueSentence(
        claim_id=claim_id,
        page_state=claim.page_state,
        text=text,
        written_by=by.actor,
        written_by_name=by.name,
        written_at=now,
    )
    session.add(sentence)
    await session.flush()
    detail = {"sentence_id": str(sentence.id)}
    await audit(session, actor=by.actor, action="sentence_written", subject=f"claim:{claim_id}", detail=detail, now=now)
    return sentence
