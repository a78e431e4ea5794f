"""Carries an erasure out: over the tables of all packages in one transaction, and the files on the disk."""

import asyncio
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import driver_connection, session_scope
from claims_core.errors import Conflict, NotFound
from claims_core.tables import Erasure, Representative
from claims_portal.personal.whose import whose
from claims_portal.tables import Upload
from claims_portal.uploads.storage import place_of, wipe
from notifier.people import erasing

_ERASED = {
    "portal_session": "delete from portal_session where policyholder_id = any(:people)",
    "remembered_device": "delete from remembered_device where policyholder_id = any(:people)",
    "sign_in_code": """delete from sign_in_code where policyholder_id = any(:people)
        or asked_phone = any(:addresses)""",
    "unproven_request": """update unproven_request set asked_numbers = '{}', name = '', contact = '', text = '',
        ended_at = coalesce(ended_at, :now), ended_how = coalesce(ended_how, 'erasure'),
        needs_call = false where claim_id = any(:claims) or contact = any(:addresses)""",
    "phone_call": """update phone_call set number = null, note = '', recording_url = null, challenge = null
        where policyholder_id = any(:people) or number = any(:addresses)""",
    "upload": """update upload set file_name = '', about = null, why_text = null, stored_as = null
        where claim_id = any(:claims) or policyholder_id = any(:people)""",
}


async def carry_out(engine: AsyncEngine, erasure_id: UUID, *, by: str, folder: Path, now: datetime) -> None:
    """Erase the person for good. Raises `NotFound` for no such wish, `Conflict` while something needs them, unless
    somebody else has looked at it before, and when it was carried out or taken back meanwhile.

    The files go before the rows that name them are committed: should this process die between the two, it is carried
    out once more, and no file is left that nothing names.
    """
    async with session_scope(engine) as session:
        wish = await session.get(Erasure, erasure_id, with_for_update=True)
        if wish is None:
            raise NotFound
        if wish.checked_by in (None, by) or wish.done_at is not None:
            raise Conflict("somebody else looks at it first, and it is done once")
        mine = await whose(await driver_connection(session), wish.policyholder_id)
        if await ledger.is_in_the_way(session, mine.people):
            raise Conflict("a claim or a complaint is still open")
        people = [*mine.people, *await _named(session, mine.claims)]
        files = await _files(session, people)
        done = await erasing.erase_people(session, people, mine.addresses, now=now)
        done |= await _erase_here(session, people, mine.claims, mine.addresses, now=now)
        done |= await ledger.erase_people(session, people, mine.claims, now=now)
        await ledger.close_erasure(session, erasure_id, figures=done, by=by, now=now)
        for name in files:
            await asyncio.to_thread(wipe, place_of(folder, name))


async def _named(session: AsyncSession, claims: list[UUID]) -> list[UUID]:
    """Whom they had named to read their claims: people whom only that naming knows."""
    return list(await session.exec(select(Representative.person_id).where(col(Representative.claim_id).in_(claims))))


async def _files(session: AsyncSession, people: list[UUID]) -> list[str]:
    found = await session.exec(select(Upload.stored_as).where(col(Upload.policyholder_id).in_(people)))
    return [name for name in found if name]


async def _erase_here(
    session: AsyncSession, people: list[UUID], claims: list[UUID], addresses: list[str], *, now: datetime
) -> dict[str, int]:
    connection, done = await session.connection(), dict[str, int]()
    given = {"people": people, "claims": claims, "addresses": addresses, "now": now}
    for table, statement in _ERASED.items():
        wanted = {name: value for name, value in given.items() if f":{name}" in statement}
        done[table] = (await connection.execute(text(statement), wanted)).rowcount
    return done
