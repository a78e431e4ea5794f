"""The alarm that a text cannot be said: one for each version of it, however many messages fail for it."""

import logging
from collections.abc import Iterable
from datetime import datetime

import asyncpg

from notifier.rendering import RenderingFailed, named

log = logging.getLogger(__name__)

_ALARM = """
insert into text_alarm (template, channel, language, version, why, raised_at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::timestamptz[])
on conflict do nothing returning template, channel, language, version, why
"""


async def raise_alarms(connection: asyncpg.Connection, failures: Iterable[RenderingFailed], *, now: datetime) -> None:
    """Tell of texts that could not be said, in the caller's transaction; of each once, by whichever process."""
    # In one order, so that two processes do not wait for each other.
    each_once = sorted({(one.place, one.version): one.why for one in failures}.items())
    if not each_once:
        return
    rows = [(*place, version, why, now) for (place, version), why in each_once]
    for row in await connection.fetch(_ALARM, *map(list, zip(*rows, strict=True))):
        text = named((row["template"], row["channel"], row["language"]))
        log.error("text_broken", extra={"template": text, "version": row["version"], "why": row["why"]})
