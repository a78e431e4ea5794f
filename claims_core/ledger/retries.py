"""A case that could not be read, to be tried again: asked for at the desk, done by the adapter."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.ledger.audit import audit
from claims_core.tables import RetryRequest


async def request_retry(session: AsyncSession, rejected_case_id: UUID, *, by: str, now: datetime) -> None:
    """Ask for it; asked again before it is done, it is done once. The adapter looks every few seconds."""
    session.add(RetryRequest(rejected_case_id=rejected_case_id, requested_by=by, requested_at=now))
    subject = f"rejected_case:{rejected_case_id}"
    await audit(session, actor=by, action="retry_requested", subject=subject, detail={}, now=now)
