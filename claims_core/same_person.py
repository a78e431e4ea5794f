"""All rows of one human, for whoever reads. Joins are looked at anew each time, so that one undone opens nothing."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

# The source of people whom a policyholder named and no back office knows. They are nobody's kin: such a row proves
# nothing of a telephone, and what comes from the number is said by whoever has a claim of their own.
REPRESENTATIVES = "representative"


def rows_of(person: str) -> str:
    """SQL: the ids of all rows of the human of the `policyholder` row called `person`, an array; its own first.

    For somebody who stands alone, as nearly all do, nothing is searched.
    """
    whole = f"array(select kin.id from policyholder kin where kin.person_id = {person}.person_id)"  # noqa: S608
    return f"(case when {person}.person_id is null then array[{person}.id] else {person}.id || {whole} end)"


def human_of(person: str) -> str:
    """SQL: what is equal for all rows of the human of the `policyholder` row called `person`; to count people by."""
    return f"coalesce({person}.person_id, {person}.id)"


def goes_on(claim: str, rows: str) -> str:
    """SQL: was this row of `claim` joined with another one that is among `rows`' claims too? Then it goes on there."""
    return f"""exists (select from claim joined where joined.source = {claim}.source
    and joined.source_ref = {claim}.merged_into and joined.policyholder_id = any({rows}))"""


_KIN = text(f"select {rows_of('me')} from policyholder me where me.id = :id")  # noqa: S608


async def rows_of_person(session: AsyncSession, policyholder_id: UUID) -> list[UUID]:
    """The ids of all rows of this human, `policyholder_id` among them."""
    found = (await (await session.connection()).execute(_KIN, {"id": policyholder_id})).scalar_one_or_none()
    return list(dict.fromkeys(found or [policyholder_id]))
