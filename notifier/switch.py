"""The switch that stops sending at once: of one sender or of all, and of sign-in codes only where that is said too."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import asyncpg
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.errors import TemporaryChannelFailure
from notifier.channels.roads import channel_of
from notifier.planning.plans import wake_senders
from notifier.states import Importance
from notifier.tables import SendingStop

log = logging.getLogger(__name__)

EVERY = "*"  # in the place of a sender: all of them
# Two seconds after the switch nothing leaves that was not under way, also if one look comes to nothing.
LOOK_EVERY = 0.8  # seconds
ALL, ALL_BUT_CODES = frozenset(Importance), frozenset(Importance) - {Importance.CODE}
_STOPS = "select sender, codes_too from sending_stop"


class StoppedByHand(TemporaryChannelFailure):
    """A person has stopped sending: not a byte has left, and nothing is wrong with the provider."""


class Halted(Protocol):
    """Whoever hands messages over and must not hand over those of `forbidden` any more."""

    name: str
    forbidden: frozenset[Importance]


def is_stopped(sender: str, row: str) -> str:
    """SQL: may a row of `notification`, called `row`, not leave over `sender` now? Asked in the take itself.

    `offset 0` keeps it a question about each row that is looked at: as a join it could have the whole queue sorted.
    """
    return f"""exists (select from sending_stop s where s.sender in ({sender}, '{EVERY}')
      and (s.codes_too or {row}.importance <> 'code') offset 0)"""


async def stop(session: AsyncSession, sender: str, *, codes_too: bool, why: str, by: str, now: datetime) -> None:
    """Stop `sender` (`EVERY`: all), in the caller's transaction. A second word on it takes the place of the first."""
    words = {"codes_too": codes_too, "why": why, "stopped_by": by, "stopped_at": now}
    row = insert(SendingStop).values(sender=sender, **words)
    await (await session.connection()).execute(row.on_conflict_do_update(index_elements=["sender"], set_=words))
    detail = {"why": why, "codes_too": codes_too}
    await ledger.audit(session, actor=by, action="sending_stopped", subject=f"sender:{sender}", detail=detail, now=now)
    log.error("sending_stopped", extra={"sender": sender, "codes_too": codes_too})


async def let_go(session: AsyncSession, sender: str, *, by: str, now: datetime) -> bool:
    """Let `sender` send again, in the caller's transaction; what has waited leaves at its rate. False: not stopped."""
    ended = await session.exec(delete(SendingStop).where(col(SendingStop.sender) == sender))
    if not ended.rowcount:
        return False
    await ledger.audit(session, actor=by, action="sending_let_go", subject=f"sender:{sender}", detail={}, now=now)
    await wake_senders(session)
    log.warning("sending_let_go", extra={"sender": sender})
    return True


async def what_is_stopped(session: AsyncSession) -> Sequence[SendingStop]:
    """The stops in force, the longest first."""
    return (await session.exec(select(SendingStop).order_by(col(SendingStop.stopped_at)))).all()


def forbidden_to(sender: str, stops: Mapping[str, bool]) -> frozenset[Importance]:
    """What `sender` must not hand over. `stops` says of each stopped sender whether codes are stopped, too."""
    said = [stops[name] for name in (sender, EVERY) if name in stops]
    if not said:
        return frozenset()
    return ALL if any(said) else ALL_BUT_CODES


async def watch(pool: asyncpg.Pool, senders: Iterable[Halted]) -> None:
    """Tell `senders` of the switch, for ever: what they have taken already must not leave either."""
    while True:
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            stops = {row["sender"]: row["codes_too"] for row in await pool.fetch(_STOPS)}
            for sender in senders:
                sender.forbidden = forbidden_to(channel_of(sender.name), stops)
        await asyncio.sleep(LOOK_EVERY)
