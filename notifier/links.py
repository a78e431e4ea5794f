"""The link of a message: eight characters that open the glance, kept as a keyed hash, dead after 14 days."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from claims_core.ids import new_short_token
from claims_core.keyed import keyed_hash
from notifier.settings import NotifierSettings
from notifier.tables import MESSAGE_LINK

ALIVE = timedelta(days=14)
_INSERT = """
insert into message_link (token_hash, notification_id, claim_id, policyholder_id, created_at, expires_at)
select * from unnest($1::bytea[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::timestamptz[])
"""


def address_of(token: str, settings: NotifierSettings) -> str:
    """The link as it stands in a text. A phone finds an https link without its scheme; nine characters saved."""
    return f"{settings.short_url.removeprefix('https://')}/{token}"


async def new_links(
    connection: asyncpg.Connection, rows: Sequence[asyncpg.Record], *, settings: NotifierSettings, now: datetime
) -> dict[UUID, str]:
    """A link for each notification (`id`, `claim_id`, `policyholder_id`), written in one statement."""
    if not rows:
        return {}
    tokens = [new_short_token() for _ in rows]
    hashes = [keyed_hash(settings.portal_secret_key, MESSAGE_LINK, token) for token in tokens]
    whose = [[row[name] for row in rows] for name in ("id", "claim_id", "policyholder_id")]
    await connection.execute(_INSERT, hashes, *whose, [now] * len(rows), [now + ALIVE] * len(rows))
    return {row["id"]: address_of(token, settings) for row, token in zip(rows, tokens, strict=True)}
