"""What a change would make people read: the policyholder, and the claimants who go with the claim."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.requested import Asked, ChangeAction, to_values
from claims_portal.desk.claim_facts import ClaimFacts
from notifier import direct
from notifier.direct import Preview
from notifier.settings import NotifierSettings


@dataclass(frozen=True, slots=True)
class Received:
    """The policyholder's message, and each claimant's by name."""

    preview: Preview
    claimants: tuple[tuple[str, Preview], ...] = ()

    @property
    def all(self) -> tuple[Preview, ...]:
        """Everybody's."""
        return (self.preview, *(read for _name, read in self.claimants))


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
    if not facts.claim.has_claimants:
        return Received(preview)
    beside = await direct.previews_beside(session, claim_id=claim_id, change=change, now=now, settings=settings)
    names = {one.claim_id: one.name for one in facts.recipients}
    return Received(preview, tuple((names[side_id], read) for side_id, read in beside.items() if side_id in names))
