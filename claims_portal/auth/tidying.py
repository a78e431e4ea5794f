"""Forgets what getting in leaves behind: typed numbers, old codes, ended sessions, counters of past hours."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope

# A form that was kept through a sign-in is of no use when this has passed (`desk.kept`).
TEXT_KEPT_FOR = timedelta(minutes=30)
# A day of old codes answers "did I ask for one?"; nothing needs more.
KEPT_FOR = timedelta(days=1)
REQUESTS_KEPT_FOR = timedelta(days=30)
_FORGET = (
    "update sign_in_code set asked_numbers = null, asked_phone = null"
    " where expires_at <= :now and asked_phone is not null",
    "delete from sign_in_code where expires_at <= :old",
    "delete from portal_session where ends_at <= :now",
    "delete from staff_session where ends_at <= :old",
    "update staff_session set kept_sealed = null where kept_sealed is not null and kept_at <= :text_old",
    "delete from remembered_device where ends_at <= :now",
    # What is still to be called about stays; what came of the rest, a month answers.
    "delete from unproven_request where created_at <= :long_ago and (ended_at <= :long_ago or not needs_call)",
    # Whoever called and was never recognised is nobody's history.
    "delete from phone_call where started_at <= :long_ago and policyholder_id is null",
    "delete from rate_count where window_start <= :old",
)


async def tidy(engine: AsyncEngine, *, now: datetime) -> int:
    """Forget it, in one transaction; any number of processes may do it at once. Returns how many rows went."""
    async with session_scope(engine) as session:
        connection = await session.connection()
        done = [await connection.execute(text(each).bindparams(**_bounds(each, now))) for each in _FORGET]
    return sum(each.rowcount for each in done)


def _bounds(statement: str, now: datetime) -> dict[str, datetime]:
    bounds = {"now": now, "old": now - KEPT_FOR, "text_old": now - TEXT_KEPT_FOR, "long_ago": now - REQUESTS_KEPT_FOR}
    return {name: value for name, value in bounds.items() if f":{name}" in statement}
