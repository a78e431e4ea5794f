"""Did you send this? When a text left us, by its check words, and nothing about what it says."""

from collections.abc import Collection
from datetime import datetime

from pydantic import SecretStr
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.keyed import keyed_hash
from notifier.settings import NotifierSettings
from notifier.tables import MESSAGE_LINK, Delivery
from notifier.wording.check_words import MOST_WORDS, own_hosts, words_in

OURS, NOT_OURS, NO_WORD = "kw_ours_yes", "kw_ours_no", "kw_ours_how"  # the answers to the keyword


async def sent_at(session: AsyncSession, words: Collection[str], *, key: SecretStr) -> datetime | None:
    """When the last of the texts with these words left us; None unless all of them did."""
    if not words or len(words) > MOST_WORDS:
        return None
    hashes = [keyed_hash(key, MESSAGE_LINK, word) for word in words]
    known = select(func.count(), func.max(col(Delivery.started_at))).where(col(Delivery.link_hash).in_(hashes))
    count, last = (await session.exec(known)).one()
    return last if count == len(hashes) else None


async def judged(session: AsyncSession, pasted: str, *, settings: NotifierSettings) -> tuple[str, datetime | None]:
    """The answer to a text that was forwarded to us, and when that left; a link to elsewhere is never ours."""
    words = words_in(pasted, own_hosts(settings.portal_public_url, settings.portal_short_url))
    if words.leads_elsewhere:
        return NOT_OURS, None
    if not words.found:
        return NO_WORD, None
    at = await sent_at(session, words.found, key=settings.portal_secret_key)
    return (OURS if at else NOT_OURS), at
