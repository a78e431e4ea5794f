"""Takes what comes back about letters, from our own mail server: a small server of SMTP inside the notifier."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
from aiosmtpd.smtp import SMTP, Envelope, Session

from claims_core.db import DATABASE_AWAY, pool_scope
from notifier.channels.base import hash_of_token
from notifier.channels.email.bounces import LONGEST, Returned, returned_in
from notifier.channels.email.words import PROVIDER, token_in
from notifier.reports.receipts import record_report
from notifier.settings import NotifierSettings

log = logging.getLogger(__name__)

# A letter may come back before the call that sent it is written down: its writer is waited for, or waits for us.
_LOCK = """
select n.id from delivery d join notification n on n.id = d.notification_id
where d.token_hash = $1 and d.provider = $2 for no key update of n
"""
# What the call brought is the name of the letter; if its answer was lost, the report itself is.
_WHOSE = "select coalesce(provider_ref, 'returned') from delivery where token_hash = $1 and provider = $2"


class ReturnPath:
    """What the server does with each letter to it. Nobody else's address is taken, so it relays nothing."""

    def __init__(self, pool: asyncpg.Pool, settings: NotifierSettings, clock: Callable[[], datetime]) -> None:
        self._pool, self._clock = pool, clock
        self._bounces_to = settings.smtp_bounces_to or ""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take what is for a letter of ours."""
        if token_in(address, self._bounces_to) is None:
            return "550 5.1.1 no letter of ours"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Yes once it is safe in the database; while that is away the other side keeps it."""
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        returned = returned_in(raw)
        if returned is None:
            return "250 2.0.0 no report"  # an absence note tells nothing about the address
        try:
            for address in envelope.rcpt_tos:
                token = token_in(address, self._bounces_to)
                assert token is not None  # no other was taken
                await record_returned(self._pool, returned, token=token, now=self._clock())
        except DATABASE_AWAY as problem:
            log.warning("database_away", extra={"why": type(problem).__name__})
            return "451 4.3.0 later"
        return "250 2.0.0 ok"


async def record_returned(pool: asyncpg.Pool, returned: Returned, *, token: str, now: datetime) -> bool:
    """Keep and fold what came back about the letter with this token; may be called again. False if nobody knows it."""
    async with pool_scope(pool) as connection:
        await connection.execute(_LOCK, hash_of_token(token), PROVIDER)
        ref = await connection.fetchval(_WHOSE, hash_of_token(token), PROVIDER)
        if ref is None:
            log.warning("returned_letter_unknown")
            return False
        return await record_report(connection, returned.as_report(ref), provider=PROVIDER, token=token, now=now)


@asynccontextmanager
async def taking_bounces(
    pool: asyncpg.Pool, settings: NotifierSettings, clock: Callable[[], datetime]
) -> AsyncIterator[int | None]:
    """Listen at SMTP_BOUNCES_BIND for the length of the block; the port, or None where none is set."""
    if settings.smtp_bounces_bind is None:
        yield None
        return
    host, _, port = settings.smtp_bounces_bind.rpartition(":")
    path = ReturnPath(pool, settings, clock)

    def protocol() -> SMTP:
        return SMTP(path, data_size_limit=LONGEST, hostname=host, ident="claims")

    server = await asyncio.get_running_loop().create_server(protocol, host, int(port))
    log.info("bounces_taken", extra={"bind": settings.smtp_bounces_bind})
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
