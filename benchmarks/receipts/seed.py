"""Messages that a provider took, and its reports, a file a round: `ADDRESS LEAN_ADDRESS FOLDER ROUNDS`."""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple

import asyncpg

from benchmarks.receipts import lean
from benchmarks.receipts.signed import signed
from benchmarks.sender.settings import settings_for
from claims_core.clock import utc_now
from notifier.channels.base import Accepted, Capabilities, Content, WithoutList
from notifier.dispatch import dispatch_once
from notifier.process import open_sending_pool
from notifier.states import ChannelName

TABLE = (
    "create table message (sid text primary key, status text not null, error_code text, updated_at timestamptz)"
    " with (fillfactor = 80)"
)
WORDS = ("sent", "delivered")


class TakenMessage(NamedTuple):
    """What the provider knows of a message: its own name for it, our token, and whom it is for."""

    sid: str
    token: str
    to: str


class TakesAtOnce(WithoutList):
    """A provider that takes every message and remembers it."""

    name = ChannelName.SMS
    provider = "twilio"
    capabilities = Capabilities(receipts=True, lookup=False, replies=False)

    def __init__(self) -> None:
        self.taken: list[TakenMessage] = []
        self._numbers = count(1)

    async def send(
        self,
        address: str,
        text: str,
        *,
        token: str,
        send_by: datetime,
        now: datetime,
        callback_url: str,
        content: Content | None = None,
        key: str | None = None,
    ) -> Accepted:
        """Taken."""
        message = TakenMessage(f"SM{next(self._numbers):032x}", token, address)
        self.taken.append(message)
        return Accepted(message.sid, "queued")

    async def close(self) -> None:
        """Nothing is open."""


async def seed(url: str, lean_url: str, folder: Path, rounds: int) -> int:
    """Send all that waits, and write down what will be reported; how many messages were taken."""
    pool, provider = await open_sending_pool(url), TakesAtOnce()
    while await dispatch_once(pool, {ChannelName.SMS: provider}, settings_for("1"), now=utc_now()):
        pass
    await pool.close()
    connection = await asyncpg.connect(lean_url)
    await connection.execute(TABLE)
    rows = [(message.sid, "queued", None, utc_now()) for message in provider.taken]
    await connection.copy_records_to_table("message", records=rows)
    await connection.close()
    for place in range(rounds):
        some = provider.taken[place::rounds]
        _write(folder / f"portal-{place}.json", some, lambda message: f"/webhooks/twilio/status/{message.token}")
        _write(folder / f"lean-{place}.json", some, lambda _: lean.PATH)
    return len(provider.taken)


def _write(file: Path, messages: Sequence[TakenMessage], path: Callable[[TakenMessage], str]) -> None:
    reports = [signed(path(each), each.sid, word, each.to) for each in messages for word in WORDS]
    file.write_text(json.dumps(reports), encoding="utf-8")


if __name__ == "__main__":
    made = asyncio.run(seed(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
    print(json.dumps({"taken": made}))
