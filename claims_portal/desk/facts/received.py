"""What a change would make people read: the policyholder, and the claimants who go with the claim."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.requested import Asked, ChangeAction, to_values
from claims_portal.desk.facts.claim import ClaimFacts
from notifier import direct
from notifier.direct import Preview
from notifier.settings import NotifierSettings


@dataclass(frozen=True, slots=True)
class Received:
    """The policyholder's message, and each claimant's by name; `by_human` has everybody's, and whose it is."""

    preview: Preview
    claimants: tuple[tuple[str, Preview], ...]
    by_human: tuple[tuple[UUID, Preview], ...]


async def what_is_received(
    session: AsyncSession,
    facts: ClaimFacts,
    action: ChangeAction,
    asked: Asked,
    *,
    note: str,
    now: datetime,
    settings: NotifierSettings,
) -> Received:
    """By the code that sends; nothing is written."""
    change = direct.ProposedChange(action=action, values=to_values(asked), note=note or None, told=True)
    claim_id = facts.claim.id
    preview = await direct.preview(session, claim_id=claim_id, change=change, now=now, settings=settings)
    people = {one.claim_id: one for one in facts.recipients}
    own = (people[claim_id].human, preview)
    if not facts.claim.has_claimants:
        return Received(preview, (), (own,))
    beside = await direct.previews_beside(session, claim_id=claim_id, change=change, now=now, settings=settings)
    read = [(people[side_id], look) for side_id, look in beside.items() if side_id in people]
    return Received(
        preview, tuple((one.name, look) for one, look in read), (own, *((one.human, look) for one, look in read))
    )
