"""Handing over: takes rows, calls the provider with up to 256 calls open, writes outcomes every 25 ms."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from claims_core.db import DATABASE_AWAY, pool_scope
from claims_core.errors import ChannelError
from claims_core.failpoints import failpoint, register
from notifier.channels.base import Channel
from notifier.dispatch.failover import go_another_way
from notifier.dispatch.outcomes import Outcome, acknowledge
from notifier.dispatch.pausing import judge_sender
from notifier.dispatch.rates import open_sender
from notifier.dispatch.readying import HandOver, make_ready
from notifier.dispatch.taking import EVERYTHING, URGENT, take
from notifier.settings import NotifierSettings
from notifier.states import PRIORITY, ChannelName, Importance
from notifier.switch import StoppedByHand

log = logging.getLogger(__name__)
register("send.before_http", "send.after_http", "send.before_ack", "send.after_ack")

ACKNOWLEDGE_EVERY = 0.025  # seconds; a kill leaves at most this much of outcomes in doubt
FEW = 0.25  # a take is worth its trip when this share of the slots is free
TAKERS = 2  # one batch is taken and made ready in the database while another is being called
URGENT_SLOTS = 16  # beyond the others: a code does not wait for a slot
DRAIN_SECONDS = 15.0


@dataclass
class Sender:
    """One sender of one process: its calls in flight and the outcomes that are not written yet."""

    name: str
    pool: asyncpg.Pool
    channels: Mapping[ChannelName, Channel]
    settings: NotifierSettings
    worker: str
    clock: Callable[[], datetime]
    instance_id: str | None = None
    others: tuple[str, ...] = ()  # the other roads of the channel, in the order in which a message goes on
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    forbidden: frozenset[Importance] = frozenset()  # what a person has stopped
    _calls: set[asyncio.Task[None]] = field(default_factory=set)
    _outcomes: list[Outcome] = field(default_factory=list)
    _asked_for: int = 0  # rows that a take under way may still bring
    _calls_ended: int = 0
    _ending: int = 0  # so many calls ended while the last batch was taken and made ready
    _next_suspect: float = 0.0

    def __post_init__(self) -> None:
        self._open_calls = asyncio.Semaphore(self._slots)

    async def take_and_call(self, most: int, *, lane: int = EVERYTHING, suspects: bool = False) -> tuple[int, float]:
        """Take, ready and start the calls of one batch. How many were taken, and what the rate still allows."""
        now = self.clock()
        batch = await take(
            self.pool,
            self.name,
            most=most,
            now=now,
            lease=self.settings.notifier_lease,
            lane=lane,
            suspects=suspects,
            instance_id=self.instance_id,
            others=self.others,
        )
        if not batch.rows:
            return 0, batch.tokens_left
        # The moment from which a withdrawal may come too late: nothing that was withdrawn before it leaves.
        began = self.clock()
        for hand_over in await make_ready(
            self.pool, batch, self.channels, settings=self.settings, worker=self.worker, now=began
        ):
            call = asyncio.create_task(self._call_in_turn(hand_over))
            self._calls.add(call)
            call.add_done_callback(self._ended)
        return len(batch.rows), batch.tokens_left

    async def _call_in_turn(self, hand_over: HandOver) -> None:
        """What was made ready ahead waits here if fewer calls ended than expected; a code waits for no slot."""
        urgent = PRIORITY[hand_over.taken.importance] <= URGENT
        async with contextlib.nullcontext() if urgent else self._open_calls:
            if hand_over.taken.importance in self.forbidden:
                self._outcomes.append(Outcome(hand_over, problem=StoppedByHand("sending is stopped", code="stopped")))
            else:
                await self._call(hand_over)

    async def _call(self, hand_over: HandOver) -> None:
        now = self.clock()
        if now + self.settings.notifier_call_deadline >= hand_over.lease_until:
            # We slept through our lease: somebody else may have taken over. Not a byte has left.
            log.warning("hand_over_too_late", extra={"delivery_id": hand_over.delivery_id})
            return
        channel = self.channels[hand_over.taken.channel]
        accepted, problem = None, None
        failpoint("send.before_http")
        try:
            accepted = await channel.send(
                hand_over.address,
                hand_over.text,
                token=hand_over.token,
                send_by=hand_over.taken.send_by,
                now=now,
                callback_url=self._callback_url(channel, hand_over.token),
                content=hand_over.content,
                key=hand_over.taken.id.hex,
            )
        except ChannelError as error:
            problem = error
        failpoint("send.after_http")
        self._outcomes.append(Outcome(hand_over, accepted, problem, channel.capabilities.receipts))

    def _callback_url(self, channel: Channel, token: str) -> str:
        return f"{self.settings.portal_public_url.rstrip('/')}/webhooks/{channel.provider}/status/{token}"

    def _ended(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        self._calls_ended += 1
        if self._free >= self._slots * FEW:
            self.bell.set()
        if not call.cancelled() and (error := call.exception()) is not None:
            # A bug of ours: the row keeps its lease, and what became of the message is found out later.
            log.error("hand_over_broke", exc_info=error)

    @property
    def _slots(self) -> int:
        return self.settings.notifier_in_flight

    @property
    def _free(self) -> int:
        """Slots that no take under way may need, and that no call has or will have when a batch taken now is ready.

        Without looking ahead each slot would stand empty for as long as it takes to fill it: at full rate, longer than
        the call itself. Behind a slow provider few calls end meanwhile, and hardly anything is made ready ahead.
        """
        return self._slots + min(self._ending, len(self._calls)) - len(self._calls) - self._asked_for

    async def write_outcomes(self) -> int:
        """Write what the calls brought since the last time. Nothing is lost if the database is away."""
        if not self._outcomes:
            return 0
        outcomes, self._outcomes = self._outcomes, []
        try:
            failpoint("send.before_ack")
            async with pool_scope(self.pool) as connection:
                now = self.clock()
                ours = await acknowledge(connection, outcomes, now=now)
                await go_another_way(connection, self.name, self.others, outcomes, ours, now=now)
                await judge_sender(connection, self.name, [each.problem for each in outcomes], now=now)
            failpoint("send.after_ack")
        except DATABASE_AWAY:
            self._outcomes = outcomes + self._outcomes
            raise
        return len(outcomes)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`, then let the open calls end and write what they brought (15 s at most)."""
        await open_sender(self.pool, self.name, per_second=self.settings.notifier_rate_per_second, now=self.clock())
        done = asyncio.Event()
        writing = asyncio.create_task(self._keep_writing(done))
        try:
            async with asyncio.TaskGroup() as takers:
                for _ in range(TAKERS):
                    takers.create_task(self._keep_taking(stop))
        finally:
            if self._calls:
                await asyncio.wait(set(self._calls), timeout=DRAIN_SECONDS)
            done.set()
            await writing

    async def _keep_taking(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            wait = await self._round()
            if stop.is_set():
                return  # it may have rung while we looked, and the other taker has heard it
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self.bell.wait()
            self.bell.clear()

    async def _round(self) -> float:
        """One look at the queue; how many seconds until the next is worth while if nothing rings."""
        poll = self.settings.notifier_poll.total_seconds()
        free = min(self._free, max(1, self._slots // TAKERS))
        try:
            if free < self._slots * FEW:
                await self.take_and_call(URGENT_SLOTS, lane=URGENT)
                return poll
            taken, tokens = await self._fill(free)
            if tokens < 1:
                await self.take_and_call(URGENT_SLOTS, lane=URGENT)
                return min(poll, max(0.05, (1 - tokens) / self.settings.notifier_rate_per_second))
            if self._suspect_due(poll):
                await self.take_and_call(1, suspects=True)
            return 0.0 if taken == free else poll
        except DATABASE_AWAY as problem:
            log.warning("database_away", extra={"why": type(problem).__name__})
            return poll

    async def _fill(self, free: int) -> tuple[int, float]:
        """Take as many rows as slots are free; learns how many calls end meanwhile."""
        self._asked_for += free
        ended_before = self._calls_ended
        try:
            return await self.take_and_call(free)
        finally:
            self._asked_for -= free
            self._ending = self._calls_ended - ended_before

    def _suspect_due(self, every: float) -> bool:
        moment = asyncio.get_running_loop().time()
        if moment < self._next_suspect:
            return False
        self._next_suspect = moment + every
        return True

    async def _keep_writing(self, done: asyncio.Event) -> None:
        while not (done.is_set() and not self._outcomes):
            await asyncio.sleep(ACKNOWLEDGE_EVERY)
            try:
                await self.write_outcomes()
            except DATABASE_AWAY as problem:
                log.warning("database_away", extra={"why": type(problem).__name__})
                if done.is_set():
                    return
                await asyncio.sleep(1)

    async def settle_calls(self) -> None:
        """Wait for the open calls and write their outcomes."""
        while self._calls:
            await asyncio.wait(set(self._calls))
        await self.write_outcomes()
