"""What a chat reads at once that is nobody's message: that it is not linked yet, why a link is dead, that we stop.

Some messengers take it as the answer to their webhook. For the others it waits here, one line a chat, for a notifier
that has the messenger open. It is handed over at most once: what is lost is asked for again by writing once more.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

import asyncpg
from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import driver_connection
from claims_core.errors import ChannelError
from claims_core.ids import new_token
from claims_core.installation import foreign
from notifier.channels.base import Channel
from notifier.states import ChannelName
from notifier.switch import EVERY
from notifier.tables import ChatAnswer
from notifier.wording.chat_words import answer_to_chat

log = logging.getLogger(__name__)

BELL = "chat_answer"
WORTH_SAYING = timedelta(minutes=10)
AT_ONCE = 10
# $1 now, $2 messengers that are open here, $3 most, $4 asked before that is too late, $5 instance.
_TAKE = f"""
with due as (
  select a.channel, a.address from chat_answer a
  where a.channel = any($2::text[]) and not {foreign("$5")}
    and not exists (select from sending_stop s where s.sender in (a.channel, '{EVERY}'))
    and not exists (select from sender_rate r where r.sender = a.channel and r.paused_until > $1)
  order by a.asked_at limit $3 for update of a skip locked
)
delete from chat_answer a using due where a.channel = due.channel and a.address = due.address
returning a.channel, a.address, a.word, a.language, a.asked_at >= $4::timestamptz as in_time
"""  # noqa: S608


async def ask_for_answer(
    session: AsyncSession, channel: ChannelName, address: str, *, word: str, language: str, now: datetime
) -> None:
    """Have the chat read this word of `chat_words`, in the caller's transaction; it takes the place of what waits."""
    values = {"word": word, "language": language, "asked_at": now}
    row = insert(ChatAnswer).values(channel=channel, address=address, **values)
    newest = row.on_conflict_do_update(index_elements=["channel", "address"], set_=values)
    await (await session.connection()).execute(newest)
    await (await driver_connection(session)).execute(f"select pg_notify('{BELL}', '')")


async def answer_chats(
    pool: asyncpg.Pool,
    channels: Mapping[ChannelName, Channel],
    *,
    now: datetime,
    instance_id: str | None = None,
) -> int:
    """Hand over what waits, a few at a time; how many were taken. What is stopped or paused waits, and gets too old."""
    rows = await pool.fetch(_TAKE, now, list(channels), AT_ONCE, now - WORTH_SAYING, instance_id)
    said = [row for row in rows if row["in_time"]]
    await asyncio.gather(*(_say(channels[ChannelName(row["channel"])], row, now) for row in said))
    return len(rows)


async def _say(channel: Channel, row: asyncpg.Record, now: datetime) -> None:
    text = answer_to_chat(row["word"], row["language"])
    try:
        await channel.send(
            row["address"], text, token=new_token(), send_by=now + WORTH_SAYING, now=now, callback_url=""
        )
    except ChannelError as problem:
        log.warning("chat_answer_lost", extra={"channel": channel.name, "word": row["word"], "why": problem.code})
