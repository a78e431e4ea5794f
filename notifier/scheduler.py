"""The notifier's timed work, as a table. `claims_core.ticks` sees to it that each run happens once."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from claims_core import jobs
from claims_core.db import pool_scope, session_scope
from claims_core.ticks import Context, Job
from notifier.channels.base import Channel
from notifier.incoming import missed
from notifier.incoming.carriers import find_owners, read_incomplete
from notifier.incoming.late_answers import apologise
from notifier.people.guarding import guard
from notifier.planning.another_way import write_beyond_cap
from notifier.planning.heartbeat import beat
from notifier.planning.pilot_end import tell_ended
from notifier.planning.sentences import ask
from notifier.planning.surveys import ask_surveys
from notifier.planning.unheard import follow
from notifier.reports.receipts import unpark
from notifier.reports.resolve import poll_receipts, resolve_once
from notifier.settings import NotifierSettings
from notifier.states import ChannelName
from notifier.sweeps import expire, hold_backlog, hold_foreign_copy, is_foreign

log = logging.getLogger(__name__)

FOREIGN = "the database is not ours: nothing is asked or sent"


@dataclass(frozen=True, slots=True)
class Tools:
    """What the notifier's jobs need besides the database: `Context.settings` of its process."""

    settings: NotifierSettings
    pool: asyncpg.Pool
    channels: Mapping[ChannelName, Channel]
    instance_id: str | None = None


def _tools(context: Context) -> Tools:
    assert isinstance(context.settings, Tools)
    return context.settings


async def resolve_lost(context: Context) -> str | None:
    """Find out what became of hand-overs whose answer was lost. A copy asks nobody: the original does."""
    tools = _tools(context)
    if await is_foreign(tools.pool, instance_id=tools.instance_id):
        return FOREIGN
    moved = await resolve_once(tools.pool, tools.channels, now=context.now, in_hand=tools.settings.notifier_lease)
    return f"{moved} looked at" if moved else None


async def ask_for_receipts(context: Context) -> str | None:
    """Ask for messages whose receipt does not come. A copy asks nobody."""
    tools = _tools(context)
    if await is_foreign(tools.pool, instance_id=tools.instance_id):
        return FOREIGN
    asked = await poll_receipts(tools.pool, tools.channels, now=context.now)
    return f"{asked} asked for" if asked else None


async def take_missed_messages(context: Context) -> str | None:
    """Do what was written to us and never came to our door. A copy asks nobody."""
    tools = _tools(context)
    if await is_foreign(tools.pool, instance_id=tools.instance_id):
        return FOREIGN
    taken = await missed.take_missed(context.engine, tools.channels, settings=tools.settings, now=context.now)
    return f"{taken} taken" if taken else None


async def match_parked(context: Context) -> str | None:
    """Fold in receipts that came before we knew their message."""
    matched = 0
    async with pool_scope(_tools(context).pool) as connection:
        await find_owners(connection, now=context.now)
    while True:
        async with pool_scope(_tools(context).pool) as connection:
            some = await unpark(connection, now=context.now)
        matched += some
        if not some:
            return f"{matched} matched" if matched else None


async def read_what_came(context: Context) -> str | None:
    """Read long messages to us whose last parts never came."""
    async with session_scope(context.engine) as session:
        read = await read_incomplete(session, settings=_tools(context).settings, now=context.now)
    return f"{read} read in part" if read else None


async def end_late(context: Context) -> str | None:
    """End what can no longer leave in time; put aside what is not ours to send, and what an outage left."""
    tools = _tools(context)
    held = await hold_foreign_copy(tools.pool, instance_id=tools.instance_id)
    if waited := await hold_backlog(tools.pool, now=context.now):
        log.error("backlog_held", extra={"messages": waited})
    held += waited
    ended = await expire(tools.pool, now=context.now)
    return f"{ended} expired, {held} held" if ended or held else None


async def write_letters_instead(context: Context) -> str | None:
    """Say by letter what a claim's cap kept from going as a text."""
    planned = await write_beyond_cap(_tools(context).pool, now=context.now)
    return f"{planned} letters" if planned else None


async def make_known(context: Context) -> str | None:
    """Follow the facts that must be known until they are."""
    done = await follow(context.engine, now=context.now, settings=_tools(context).settings)
    if not any(done):
        return None
    return f"{done.entered} followed, {done.told} another way, {done.to_call} to call, {done.ended} known or over"


async def ask_handlers(context: Context) -> str | None:
    """Ask handlers for a true sentence on claims whose silence ends within days."""
    asked = await ask(context.engine, now=context.now, settings=_tools(context).settings)
    return f"{asked} asked" if asked else None


async def break_silence(context: Context) -> str | None:
    """Write to those who have heard nothing for as long as their cadence allows."""
    told = await beat(context.engine, now=context.now, settings=_tools(context).settings)
    return f"{told} silences" if told else None


async def apologise_for_late_answers(context: Context) -> str | None:
    """Say sorry where the time we named for an answer has passed."""
    late = await apologise(context.engine, now=context.now, settings=_tools(context).settings)
    return f"{late} questions late" if late else None


async def end_pilots(context: Context) -> str | None:
    """Tell those who took part in a pilot that it is over."""
    told = await tell_ended(context.engine, now=context.now, settings=_tools(context).settings)
    return f"{told} told" if told else None


async def guard_pilots(context: Context) -> str | None:
    """Stop arms of a pilot that do harm."""
    stopped = await guard(context.engine, now=context.now)
    return f"{stopped} arms stopped" if stopped else None


async def ask_at_the_end(context: Context) -> str | None:
    """Ask the one question about claims that were closed a day ago."""
    asked = await ask_surveys(context.engine, now=context.now, settings=_tools(context).settings)
    return f"{asked} asked" if asked else None


JOBS = (
    *jobs.JOBS,  # promises and audit are everybody's; the notifier is the process that always runs
    Job("resolve_lost", timedelta(seconds=5), resolve_lost),
    Job("ask_for_receipts", timedelta(seconds=30), ask_for_receipts),
    Job(missed.JOB, timedelta(minutes=3), take_missed_messages),
    Job("match_parked_receipts", timedelta(minutes=1), match_parked),
    Job("read_incomplete_messages", timedelta(minutes=1), read_what_came),
    Job("end_late", timedelta(seconds=15), end_late),
    Job("apologise_for_late_answers", timedelta(minutes=1), apologise_for_late_answers),
    Job("end_pilots", timedelta(minutes=10), end_pilots),
    Job("guard_pilots", timedelta(hours=1), guard_pilots),
    Job("write_letters_instead", timedelta(minutes=1), write_letters_instead),
    Job("ask_at_the_end", timedelta(minutes=10), ask_at_the_end),
    Job("make_known", timedelta(minutes=5), make_known),
    Job("ask_handlers", timedelta(minutes=10), ask_handlers),
    Job("break_silence", timedelta(minutes=10), break_silence),
)
