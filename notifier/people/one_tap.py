"""The one tap in a letter that turns letters off (RFC 8058): whose address it is about, and what it changes."""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from notifier.channels.base import hash_of_token
from notifier.channels.email.words import token_of
from notifier.people import preferences
from notifier.states import ChannelName
from notifier.tables import Delivery, OptOut


async def is_on(session: AsyncSession, tag: str) -> bool | None:
    """Do letters go to the address that the letter with this tag went to? None if there was no such letter."""
    address = await _address(session, tag)
    if address is None:
        return None
    stands = select(OptOut.id).where(
        OptOut.address == address, OptOut.channel == ChannelName.EMAIL, col(OptOut.ended_at).is_(None)
    )
    return (await session.exec(stands)).first() is None


async def turn(session: AsyncSession, tag: str, *, on: bool, now: datetime) -> bool:
    """Turn letters to that address on or off, at once. False if there was no such letter; may be called again."""
    address = await _address(session, tag)
    if address is None:
        return False
    await (preferences.start_address if on else preferences.stop_address)(session, address, how="letter", now=now)
    return True


async def _address(session: AsyncSession, tag: str) -> str | None:
    token = token_of(tag)
    if token is None:
        return None
    sent = select(Delivery.address).where(
        Delivery.token_hash == hash_of_token(token), Delivery.channel == ChannelName.EMAIL
    )
    return (await session.exec(sent)).first()
