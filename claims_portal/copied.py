"""Whether the database is a copy of somebody's: looked at once a minute, so that the desk can say it on every page."""

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from claims_core.db import session_scope
from claims_core.installation import why_foreign
from claims_portal.deps import Portal

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0


async def look(portal: Portal) -> None:
    """Look once, and remember it for the pages."""
    async with session_scope(portal.engine) as session:
        why = await why_foreign(session, instance_id=portal.settings.claims_instance_id)
    if why is None:
        portal.copied.clear()
    elif not portal.copied.is_set():
        portal.copied.set()
        log.error("foreign_database", extra={"why": why})


async def keep_looking(portal: Portal) -> None:
    """Until cancelled. What cannot be asked now is asked a minute later."""
    while True:
        try:
            await look(portal)
        except (OSError, SQLAlchemyError) as problem:
            log.warning("database_away", extra={"why": type(problem).__name__})
        await asyncio.sleep(EVERY_SECONDS)
