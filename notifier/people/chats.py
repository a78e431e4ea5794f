"""Chats that people link themselves: a one-time token from their own page ties one, and it ends in one statement.

A linked chat has a standing consent whose purpose is the channel's name; ending the chat withdraws it, and what was
planned for it goes by SMS. A telephone number proves nothing here.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import driver_connection
from claims_core.ids import new_id, new_token
from claims_core.same_person import rows_of, rows_of_person
from notifier.channels.base import hash_of_token
from notifier.channels.messengers import MESSENGERS
from notifier.channels.ways import WAYS, standing
from notifier.people.consents import give_consent
from notifier.planning.addresses import NOTE_HOLDS
from notifier.settings import NotifierSettings
from notifier.states import CHATS, ChannelName
from notifier.tables import Chat, ChatInvitation
from notifier.wording.chat_words import newest_wording

INVITATION_LIVES = timedelta(minutes=15)
# What people call each messenger, in every language.
NAMES: dict[str, str] = {channel: messenger.name for channel, messenger in MESSENGERS.items()}


class EndedHow(StrEnum):
    """Why a chat is linked no more."""

    PAGE = "page"  # disconnected on the person's own page
    STOP = "stop"  # a STOP, here or from a number of theirs
    BLOCKED = "blocked"  # they blocked us in the messenger
    GONE = "gone"  # the messenger does not know the chat any more
    REPLACED = "replaced"  # they linked another one


class Tied(StrEnum):
    """What became of a token that somebody sent."""

    YES = "yes"
    DEAD = "dead"  # nobody's, used, too old, or of another messenger
    ANOTHERS = "anothers"  # the chat is linked to somebody else


# Follows a CTE `gone(policyholder_id, channel)` of chats that end now; $1 is now, $2 how. It is for all rows of the
# human.
_AFTERWARDS = f"""
whose as (
  select k.id, gone.channel from gone join policyholder p on p.id = gone.policyholder_id
  cross join lateral unnest({rows_of("p")}) as k(id)
), withdrawn as (
  update consent c set withdrawn_at = $1, withdrawn_how = $2 from whose
  where c.policyholder_id = whose.id and c.purpose = whose.channel and c.withdrawn_at is null
), unchosen as (
  update preference x set channel = null from whose
  where x.policyholder_id = whose.id and x.channel = whose.channel
), by_sms as (
  update notification n set channel = 'sms', sender = 'sms' from whose
  where n.recipient_id = whose.id and n.channel = whose.channel and n.state in ('planned', 'held')
)
select distinct channel from whose
"""  # noqa: S608  (pieces of our own)
_END = f"""
with gone as (
  update chat c set ended_at = $1, ended_how = $2 where c.ended_at is null and ({{which}})
  returning c.policyholder_id, c.channel
), {_AFTERWARDS}
"""  # noqa: S608
_AT = _END.format(which="c.channel = $3 and c.address = $4")
_OF_PEOPLE = _END.format(which="c.policyholder_id = any($3::uuid[]) and ($4::text is null or c.channel = $4)")
_BY_NUMBER = _END.format(
    which=f"""c.policyholder_id in (select k.id from contact_point i join policyholder p on p.id = i.policyholder_id
    cross join lateral unnest({rows_of("p")}) as k(id) where i.address = $3 and i.kind = 'phone')"""  # noqa: S608
)
_BY_DELIVERY = _END.format(
    which="(c.channel, c.address) in (select d.channel, d.address from delivery d where d.id = any($3::uuid[]))"
)


def offered(settings: NotifierSettings) -> tuple[ChannelName, ...]:
    """The messengers that a person may link here: ready, and allowed by the market's law."""
    ready = (each for each in standing(settings, WAYS) if each.allowed and each.why_not is None)
    return tuple(dict.fromkeys(each.way.name for each in ready if each.way.name in CHATS))


async def invite(session: AsyncSession, policyholder_id: UUID, channel: ChannelName, *, now: datetime) -> str:
    """A token that ties one chat to this person, once, within 15 minutes; the one before is dead from here on."""
    token = new_token()
    values = {"token_hash": hash_of_token(token), "wording_version": newest_wording(channel), "made_at": now}
    made = insert(ChatInvitation).values(policyholder_id=policyholder_id, channel=channel, used_at=None, **values)
    again = made.on_conflict_do_update(index_elements=["policyholder_id", "channel"], set_={**values, "used_at": None})
    await (await session.connection()).execute(again)
    return token


def deep_link(channel: ChannelName, token: str, settings: NotifierSettings) -> str:
    """The address that opens the messenger at our bot, with the token as what Start sends."""
    return MESSENGERS[channel].link(settings, token)


def bot_of(channel: ChannelName, settings: NotifierSettings) -> str:
    """Our bot as people look for it in the messenger."""
    return MESSENGERS[channel].bot(settings)


async def tie(session: AsyncSession, channel: ChannelName, address: str, token: str, *, now: datetime) -> Tied:
    """Link the chat to the person whose token this is, with their consent; it is their only one of this messenger."""
    found = select(ChatInvitation).where(ChatInvitation.token_hash == hash_of_token(token))
    invitation = (await session.exec(found.with_for_update())).first()
    if invitation is None or invitation.channel is not channel or invitation.used_at is not None:
        return Tied.DEAD
    if invitation.made_at + INVITATION_LIVES <= now:
        return Tied.DEAD
    rows = await rows_of_person(session, invitation.policyholder_id)
    stands = await linked_at(session, channel, address)
    if stands is not None and stands.policyholder_id not in rows:
        return Tied.ANOTHERS
    invitation.used_at = now
    await session.flush()
    return await _link(
        session, invitation.policyholder_id, channel, address, wording=invitation.wording_version, how="chat", now=now
    )


async def tie_again(session: AsyncSession, channel: ChannelName, address: str, *, now: datetime) -> bool:
    """START in a chat that a STOP has ended links it as before. False: there is nothing to go back to."""
    if await linked_at(session, channel, address) is not None:
        return False
    last = select(Chat).where(Chat.channel == channel, Chat.address == address).order_by(col(Chat.linked_at).desc())
    chat = (await session.exec(last.limit(1))).first()
    if chat is None or chat.ended_how != EndedHow.STOP:
        return False
    person, wording = chat.policyholder_id, newest_wording(channel)
    return await _link(session, person, channel, address, wording=wording, how="reply", now=now) is Tied.YES


async def _link(
    session: AsyncSession,
    policyholder_id: UUID,
    channel: ChannelName,
    address: str,
    *,
    wording: str,
    how: str,
    now: datetime,
) -> Tied:
    await end(session, policyholder_id, channel, how=EndedHow.REPLACED, now=now)
    chat = Chat(id=new_id(), policyholder_id=policyholder_id, channel=channel, address=address, linked_at=now)
    made = insert(Chat).values(chat.model_dump(exclude={"ended_at", "ended_how"}))
    once = made.on_conflict_do_nothing()
    if not (await (await session.connection()).execute(once)).rowcount:
        return Tied.ANOTHERS  # somebody else was quicker
    await give_consent(session, policyholder_id, purpose=channel, wording_version=wording, how=how, now=now)
    return Tied.YES


async def linked_at(session: AsyncSession, channel: ChannelName, address: str) -> Chat | None:
    """The link that stands for this chat."""
    stands = select(Chat).where(Chat.channel == channel, Chat.address == address, col(Chat.ended_at).is_(None))
    return (await session.exec(stands)).first()


async def last_of(session: AsyncSession, policyholder_id: UUID, channel: ChannelName) -> Chat | None:
    """The person's chat of this messenger, or how their last one ended; None if they never had one."""
    theirs = col(Chat.policyholder_id).in_(await rows_of_person(session, policyholder_id))
    newest = select(Chat).where(theirs, Chat.channel == channel)
    newest = newest.order_by(col(Chat.ended_at).is_not(None), col(Chat.linked_at).desc()).limit(1)
    return (await session.exec(newest)).first()


async def has_one(session: AsyncSession, policyholder_id: UUID) -> bool:
    """Is a chat of this person linked, in whichever messenger?"""
    theirs = col(Chat.policyholder_id).in_(await rows_of_person(session, policyholder_id))
    return (await session.exec(select(Chat.id).where(theirs, col(Chat.ended_at).is_(None)))).first() is not None


_NO_TEXTS = text(f"""
select exists (select from contact_point i join address_note a on a.address = i.address and a.channel = 'sms'
  and a.noted_at > cast(:now as timestamptz) - interval '{NOTE_HOLDS.days} days' where i.id = :id)
""")  # noqa: S608  (pieces of our own)


async def gets_no_texts(session: AsyncSession, contact_point_id: UUID, *, now: datetime) -> bool:
    """Has a provider said that no SMS reaches this number?"""
    asked = await (await session.connection()).execute(_NO_TEXTS, {"id": contact_point_id, "now": now})
    return bool(asked.scalar_one())


async def chat_for_code(session: AsyncSession, policyholder_id: UUID, settings: NotifierSettings) -> ChannelName | None:
    """The messenger that a code may come to: offered here, and linked by this person; of several the newest chat."""
    theirs = col(Chat.policyholder_id).in_(await rows_of_person(session, policyholder_id))
    standing_ones = select(Chat.channel).where(
        theirs, col(Chat.ended_at).is_(None), col(Chat.channel).in_(offered(settings))
    )
    newest = (await session.exec(standing_ones.order_by(col(Chat.linked_at).desc(), col(Chat.id)).limit(1))).first()
    return ChannelName(newest) if newest else None


async def end(
    session: AsyncSession, policyholder_id: UUID, channel: ChannelName | None = None, *, how: EndedHow, now: datetime
) -> None:
    """Unlink the person's chat of this messenger, or all of them."""
    rows = await rows_of_person(session, policyholder_id)
    await session.flush()
    await (await driver_connection(session)).execute(_OF_PEOPLE, now, how, rows, channel)


async def end_at(session: AsyncSession, channel: ChannelName, address: str, *, how: EndedHow, now: datetime) -> None:
    """Unlink this chat, whoever's it is."""
    await session.flush()
    await (await driver_connection(session)).execute(_AT, now, how, channel, address)


async def end_by_number(session: AsyncSession, number: str, *, now: datetime) -> None:
    """A STOP from a number is for all that we write to its holders."""
    await session.flush()
    await (await driver_connection(session)).execute(_BY_NUMBER, now, EndedHow.STOP, number)


async def end_by_deliveries(connection: asyncpg.Connection, ended: Mapping[UUID, EndedHow], *, now: datetime) -> None:
    """The messenger said, about these deliveries, that their chats cannot be reached any more."""
    for how in dict.fromkeys(ended.values()):
        await connection.execute(_BY_DELIVERY, now, how, [each for each, said in ended.items() if said is how])
