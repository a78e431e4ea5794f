"""Whose database this is: bound once to an installation and a place, so that a copy of it tells nobody anything."""

from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import insert_once, session_scope
from claims_core.tables import Installation

# Where the database really is: the server it lives on, and its own number there. A dump that is restored anywhere
# gets another number, whatever the settings say; this is the mark outside of the dump that tells a copy.
HERE = """(select s.system_identifier || '/' || d.oid from pg_control_system() s
    join pg_database d on d.datname = current_database())"""
_SEEN = text(f"select i.instance_id, i.place, {HERE} as here from installation i")  # noqa: S608 - our own words


def foreign(instance_id: str) -> str:
    """A condition in SQL: this database is not (yet) that of the installation whose name is the parameter."""
    return f"""exists (select from installation i
      where i.instance_id is distinct from {instance_id} or i.place is distinct from {HERE})"""  # noqa: S608


async def bind(session: AsyncSession, *, instance_id: str | None, now: datetime) -> str | None:
    """Write down whose database this is, if nobody has; why it is not ours if it is another's, else None.

    A database that was bound before the installation had a name takes the name when it gets one.
    """
    place = (await session.exec(text(f"select {HERE}"))).scalar_one()  # type: ignore[call-overload]
    await insert_once(session, Installation(id=1, instance_id=instance_id, place=place, created_at=now), unique=("id",))
    if instance_id is not None:
        unnamed = col(Installation.instance_id).is_(None), col(Installation.place) == place
        await session.exec(update(Installation).where(*unnamed).values(instance_id=instance_id))
    return await why_foreign(session, instance_id=instance_id)


async def bind_database(engine: AsyncEngine, *, instance_id: str | None, now: datetime) -> str | None:
    """`bind`, in a unit of work of its own."""
    async with session_scope(engine) as session:
        return await bind(session, instance_id=instance_id, now=now)


async def why_foreign(session: AsyncSession, *, instance_id: str | None) -> str | None:
    """Why nothing may leave from this database, and how to mend it, in a sentence; None if it is ours or unbound."""
    seen = (await session.exec(_SEEN)).first()  # type: ignore[call-overload]
    if seen is None:
        return None
    if seen.instance_id != instance_id:
        theirs = f"belongs to the installation {seen.instance_id or 'without a name'}"
        return (
            f"the database {theirs} and CLAIMS_INSTANCE_ID is {instance_id or 'not set'}: nothing is sent; "
            "mend CLAIMS_INSTANCE_ID, or take the database over with `claims adopt`"
        )
    if seen.place != seen.here:
        return (
            "the database is a copy or was restored: nothing is sent; sync first, then take it over with `claims adopt`"
        )
    return None


async def adopt(session: AsyncSession, *, instance_id: str | None, now: datetime) -> None:
    """From now on this database is the installation's own, here. Whoever calls holds back what waits to be sent."""
    place = (await session.exec(text(f"select {HERE}"))).scalar_one()  # type: ignore[call-overload]
    row = await session.get_one(Installation, 1)
    row.instance_id, row.place, row.adopted_at = instance_id, place, now
    await session.flush()
