"""The walk's surroundings: a line a step, waiting for what must come, and looking at the telephone as programs do."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import asyncpg
import httpx

from sandbox.check.browser import Browser
from sandbox.demo.run import Demo
from sandbox.story import Tale

LOOK_EVERY = 0.1
PATIENCE = 30.0
Found = TypeVar("Found")
Text = dict[str, Any]


class StepFailed(AssertionError):
    """A step did not end as it must."""


@dataclass
class Walk:
    """What the steps share, and what they found so far."""

    demo: Demo
    database: asyncpg.Connection
    http: httpx.AsyncClient
    person: Browser = field(default_factory=Browser)
    handler: Browser = field(default_factory=Browser)
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def shown(self) -> Tale:
        """The claim that a newcomer is told to try."""
        return self.demo.backstage.story.tales[self.demo.backstage.story.shown]

    @property
    def portal(self) -> str:
        """The portal's address."""
        return self.demo.addresses.portal

    async def texts(self, phone: str, *, after: int = 0) -> list[Text]:
        """What arrived on a telephone after a place."""
        answer = await self.http.get(
            f"{self.demo.addresses.telephone}/api/messages", params={"to": phone, "after": after}
        )
        return list(answer.json())

    async def last_place(self, phone: str) -> int:
        """The place of the latest text on a telephone."""
        return max((text["place"] for text in await self.texts(phone)), default=0)

    async def text_after(self, phone: str, place: int, what: str, *, within: float = PATIENCE) -> Text:
        """The next text on a telephone; raises `StepFailed` when none comes."""

        async def look() -> Text | None:
            return next(iter(await self.texts(phone, after=place)), None)

        return await until(look, what, within=within)

    async def answer(self, phone: str, body: str) -> None:
        """Write from a telephone."""
        sent = await self.http.post(f"{self.demo.addresses.telephone}/telephone/{phone}", data={"body": body})
        if "problem=" in sent.headers.get("location", ""):
            raise StepFailed(f"the portal did not take “{body}” ({sent.headers['location']})")

    async def count(self, query: str, *values: object) -> int:
        """A number out of the database."""
        return int(await self.database.fetchval(query, *values) or 0)


async def until(look: Callable[[], Awaitable[Found | None]], what: str, *, within: float = PATIENCE) -> Found:
    """What `look` finds, once it does; raises `StepFailed` that names `what` after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        found = await look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise StepFailed(f"{what} did not come within {within:.0f} s")
        await asyncio.sleep(LOOK_EVERY)


@asynccontextmanager
async def a_walk(demo: Demo) -> AsyncIterator[Walk]:
    """Open what the steps need, and close it."""
    database = await asyncpg.connect(demo.database_url)
    async with httpx.AsyncClient(trust_env=False) as http:
        walk = Walk(demo, database, http)
        try:
            yield walk
        finally:
            await walk.person.close()
            await walk.handler.close()
            await database.close()
