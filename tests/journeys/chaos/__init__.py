"""Kills notifiers at random moments and counts what that cost.

The seed decides what moves, when a process dies and what the provider does. The last line of the report is the one
command that repeats a run; the machine's own timing it cannot repeat.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from typing import Any

import asyncpg
import smpp34
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.clock import utc_now
from claims_core.db import make_engine, open_pool
from claims_core.stages import ClaimStage, Situation
from notifier.reports.receipts import record_report, report_of
from tests.databases import a_database
from tests.factories import a_snapshot, later
from tests.fakes.provider import FakeTwilio
from tests.fakes.smsc import Smsc, served_smsc
from tests.forked import Forked
from tests.journeys.books import IN_SIGHT, Books, compare, ended_late
from tests.journeys.workers import a_bind, a_notifier, a_reporter, killed
from tests.notifier.scenes import seen

MOVED = {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION}
# In the order in which one message passes them.
POINTS = (
    "plan.before_commit",
    "send.taken",
    "send.rendered",
    "send.delivery_committed",
    "send.before_http",
    "send.after_http",
    "send.before_ack",
    "send.after_ack",
    "resolve.before_lookup",
    "resolve.after_lookup",
)
TROUBLE = ("accept_then_reset", "accept_then_timeout", "accept_then_500", "reset_before_accept", "down", "busy:1")
# 0x58: throttled, 0x14: its queue is full.
SMSC_TROUBLE = (
    *("accept_then_drop", "drop_before_accept", "accept_then_silence", "silence", "refuse:0x58", "refuse:0x14"),
    "accept_late:0.2",
)
ROADS = ("twilio smpp", "smpp twilio")
STANDS = "select n.state || ' ' || d.state from notification n join delivery d on d.notification_id = n.id"
# Seconds in which nothing moves and nothing is due later: then something is stuck. Longer than a lease of the dead.
QUIET_AFTER = 90.0
# Seconds after which a run ends all the same, should something be put off for ever.
AT_MOST = 900.0
# Seconds in which nothing more is heard of what only a receipt can settle.
UNHEARD_AFTER = 5.0
LEFT = f"""
select (select count(*) from case_event e where not historic and not exists
    (select from planned_event p where p.case_event_id = e.id)) as undecided,
  (select count(*) from notification where state in ('planned', 'sending', 'unknown')
    and id not in ({IN_SIGHT})) as open,
  (select count(*) from ({IN_SIGHT}) s) as in_sight
"""
# What the database itself has put off: a sender's pause, a message's next turn, the next look at one that is unknown.
DUE_LATER = f"""
select exists (select from sender_rate where paused_until > now())
or exists (select from notification where state = 'planned' and not_before > now())
or exists (select from delivery d join notification n on n.id = d.notification_id
  where n.state = 'unknown' and d.state = 'unknown' and d.resolution is null and d.resolve_after > now()
  and n.id not in ({IN_SIGHT}))
"""


class Scene:
    """A database, a provider, or two of them, and claims that move."""

    def __init__(self, engine: AsyncEngine, pool: asyncpg.Pool, twilio: FakeTwilio, url: str, seed: int) -> None:
        self.engine, self.pool, self.twilio, self.url = engine, pool, twilio, url
        self.chance = random.Random(seed)
        self.smsc: Smsc | None = None
        self.roads = ""  # none but Twilio
        self._reported = 0

    async def move(self, count: int) -> None:
        """Some claims have moved; nobody is told yet."""
        claims = [a_snapshot() for _ in range(count)]
        now = utc_now()
        await seen(self.engine, *claims, now=now - timedelta(hours=1), first_load=True)
        await seen(self.engine, *[later(claim, **MOVED) for claim in claims], now=now)

    async def report(self) -> None:
        """The provider reports about some of what it took, now and then twice."""
        fresh_ones, self._reported = self.twilio.taken[self._reported :], len(self.twilio.taken)
        for message in fresh_ones:
            if self.chance.random() < 0.5:
                continue
            words = self.chance.choices(("sent", "delivered"), k=2)
            message.status = "delivered" if "delivered" in words else "sent"
            for word in words:
                async with self.pool.acquire() as connection:
                    await record_report(
                        connection,
                        report_of({"MessageSid": message.sid, "MessageStatus": word}),
                        provider="twilio",
                        token=message.callback.rsplit("/", 1)[-1],
                        now=utc_now(),
                    )

    async def report_over_smpp(self) -> None:
        """The SMSC reports on all that it took, to whoever is bound, until it is answered."""
        assert self.smsc is not None
        done = 0
        while True:
            while done < len(self.smsc.sent) and self.smsc.esme is not None:
                try:
                    async with asyncio.timeout(1):
                        heard = await self.smsc.report(self.smsc.sent[done]) == 0
                except (TimeoutError, ConnectionError, smpp34.SmppError):
                    heard = False
                if not heard:
                    break
                done += 1
            await asyncio.sleep(0.1)

    @property
    def asked(self) -> int:
        """How many messages have come to a provider."""
        return len(self.twilio.asked) + (len(self.smsc.asked) if self.smsc else 0)

    async def moment_to_kill(self) -> None:
        """Mostly while calls are open, which is the worst moment; now and then any moment at all."""
        if self.chance.random() < 0.3:
            await asyncio.sleep(self.chance.uniform(0.05, 1.0))
            return
        asked = self.asked
        for _ in range(300):
            if self.asked > asked:
                break
            await asyncio.sleep(0.01)
        await asyncio.sleep(self.chance.uniform(0, 0.08))

    def notifier(self, *, failpoints: str = "") -> Forked:
        """One more notifier on this scene, begun."""
        more = a_bind(self.smsc.url, self.roads) if self.smsc and self.roads else {}
        return a_notifier(self.url, self.twilio.url, failpoints=failpoints, **more)

    async def brought_to_its_end(self) -> None:
        """A notifier that nobody disturbs works off what the dead ones left."""
        survivor = self.notifier()
        await self.until_quiet()
        await killed(survivor)

    async def until_quiet(self) -> None:
        """No more faults: wait until nothing is under way, or long enough to know that it is stuck."""
        begun, waited, before = time.monotonic(), 0.0, None
        while waited < QUIET_AFTER and time.monotonic() - begun < AT_MOST:
            undecided, still_open, in_sight = left = tuple(await self.pool.fetchrow(LEFT))
            if not (undecided or still_open) and (not in_sight or waited >= UNHEARD_AFTER):
                return
            moves = left != before or (still_open and await self.pool.fetchval(DUE_LATER))
            waited, before = 0.0 if moves else waited + 0.25, left
            await asyncio.sleep(0.25)


@asynccontextmanager
async def a_scene(server: str, seed: int) -> AsyncIterator[Scene]:
    """A migrated database of its own on `server`, and a provider whose list lags."""
    async with a_database(server) as url, FakeTwilio(latency=0.03, list_lag=0.1) as twilio:
        engine, pool = make_engine(url), await open_pool(url, size=4)
        try:
            yield Scene(engine, pool, twilio, url, seed)
        finally:
            await pool.close()
            await engine.dispose()


@asynccontextmanager
async def a_second_road(scene: Scene) -> AsyncIterator[None]:
    """SMS over an SMSC, too, for the length of the block."""
    async with served_smsc() as scene.smsc:
        reports = asyncio.create_task(scene.report_over_smpp())
        try:
            yield
        finally:
            reports.cancel()
            await asyncio.gather(reports, return_exceptions=True)


async def random_kills(
    server: str, *, kills: int, seed: int, both: int = 0, on_kill: Callable[[int], None] = lambda _: None
) -> dict[str, Any]:
    """Kill a notifier `kills` times while claims move and the provider misbehaves now and then.

    For the last `both` kills there are two: half of that time the one is preferred, then the other.
    """
    async with a_scene(server, seed) as scene, a_second_road(scene) if both else nullcontext():
        for number in range(1, kills + 1):
            on_kill(number)
            if number > kills - both:
                scene.roads = ROADS[2 * (kills - number) < both]
            await scene.move(scene.chance.randint(2, 6))
            # One fault at a time: while a sender pauses nobody asks, and faults that pile up would be a provider that
            # is down for good, before which kills meet nothing.
            trouble = scene.chance.choice(TROUBLE) if scene.chance.random() < 0.3 else None
            if trouble and not scene.twilio.script:
                scene.twilio.script.append(trouble)
            if trouble and scene.smsc and scene.roads and not scene.smsc.script:
                scene.smsc.script.append(scene.chance.choice(SMSC_TROUBLE))
            notifier = scene.notifier()
            await scene.moment_to_kill()
            await killed(notifier)
            await scene.report()
            if scene.chance.random() < 0.2:  # once more, while the next one is still cleaning up
                notifier = scene.notifier()
                await asyncio.sleep(scene.chance.uniform(0.05, 0.3))
                await killed(notifier)
        scene.twilio.script.clear()
        if scene.smsc:
            scene.smsc.script.clear()
        await scene.brought_to_its_end()
        books = await compare(scene.pool, scene.twilio, scene.smsc)
        books.lost += await ended_late(scene.pool)
        line = as_line(books, kills=kills, seed=seed, command="chaos")
        if scene.smsc is None:
            return line
        smpp = {"over_smpp": len(scene.smsc.sent), "in_sight": len(books.in_sight), "untaken": books.untaken}
        return line | smpp | {"repeat": line["repeat"] + f" --both-roads {both}"}


async def named_points(server: str, *, seed: int) -> dict[str, Any]:
    """A notifier dies at each named point in turn; one that lives brings everything to its end each time."""
    async with a_scene(server, seed) as scene:
        missed = []
        for point in POINTS:
            await scene.move(4)
            if point.startswith("resolve"):
                scene.twilio.script.append("accept_then_reset")
            nth = scene.chance.randint(1, 3) if point.endswith("_http") else 1
            notifier = scene.notifier(failpoints=f"{point}=kill@{nth}")
            try:
                code = await asyncio.wait_for(notifier.wait(), 90)
            except TimeoutError:
                await killed(notifier)
                code = 0
            missed += [point] if code != -9 else []
            await scene.brought_to_its_end()
        line = as_line(await compare(scene.pool, scene.twilio), kills=len(POINTS), seed=seed, command="chaos --points")
        return line | {"missed": missed}


async def killed_at_a_receipt(server: str, *, seed: int) -> dict[str, Any]:
    """Whoever takes a receipt dies before it is written; the provider, which got no answer, reports again."""
    async with a_scene(server, seed) as scene:
        await scene.move(1)
        sender = scene.notifier()
        await scene.until_quiet()
        [message] = scene.twilio.taken
        report = (message.callback.rsplit("/", 1)[-1], message.sid, "delivered")
        codes, states = [], []
        for failpoints in ("receipts.before_apply=kill@1", "", ""):
            reporter = a_reporter(scene.url, scene.twilio.url, *report, failpoints=failpoints)
            codes.append(await asyncio.wait_for(reporter.wait(), 90))
            states.append(await scene.pool.fetchval(STANDS))
        await killed(sender)
        line = as_line(await compare(scene.pool, scene.twilio), kills=1, seed=seed, command="chaos --points")
        return line | {"codes": codes, "states": states}


def as_line(books: Books, *, kills: int, seed: int, command: str) -> dict[str, Any]:
    """The report of one run; what does not fit comes with its particulars.

    `bound`: nothing lost in n messages means, at 95 %, that fewer than 3/n of them are (the rule of three).
    """
    more = f" --kills {kills}" if command == "chaos" else ""
    return {
        "n": books.planned,
        "kills": kills,
        "lost": len(books.lost),
        "unexpected": len(books.unexpected),
        "duplicated": len(books.duplicated),
        "unseen": sum(each["unseen"] for each in books.duplicated),
        "unexplained": books.unexplained,
        "recovered": books.recovered,
        "bound": round(3 / books.planned, 6) if books.planned else None,
        "quarantined": books.quarantined,
        "accepted": books.accepted,
        "seed": seed,
        "repeat": f"python -m tests.journeys.{command} --seed {seed}{more}",
        "particulars": [*books.lost[:10], *books.unexpected[:10], *books.duplicated[:10], *books.in_sight[:10]],
    }
