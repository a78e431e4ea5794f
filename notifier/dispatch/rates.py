"""The rate of a sender: a bucket of tokens that all processes share."""

from datetime import datetime

import asyncpg


async def open_sender(pool: asyncpg.Pool, sender: str, *, per_second: float, now: datetime) -> None:
    """Make the sender's bucket, or bring its rate up to date. Its pause and its tokens stay as they are."""
    await pool.execute(
        "insert into sender_rate (sender, per_second, burst, tokens, refilled_at) values ($1, $2, $3, $3, $4)"
        " on conflict (sender) do update set per_second = excluded.per_second, burst = excluded.burst",
        sender,
        per_second,
        max(1.0, per_second),
        now,
    )
