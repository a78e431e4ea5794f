"""How often a second the desk's questions are answered, one after the other: `ADDRESS WAY SECONDS`.

`queue` (a page of 200), `search` and `card` (of who calls) are the product's own reads; those with `_rows` fetch the
same rows by their keys.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable
from itertools import cycle
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.clock import utc_now
from claims_core.db import make_engine, session_scope
from claims_portal.desk.filters import QueueFilters
from claims_portal.desk.line.card import read_card
from claims_portal.desk.line.story import story_of
from claims_portal.desk.queue.rows import read_rows
from claims_portal.desk.says import Says
from claims_portal.phone.known import matches

ROWS = """
select c.*, p.name, o.due_date from claim c join policyholder p on p.id = c.policyholder_id
left join promise o on o.claim_id = c.id where c.id = any(:ids) order by o.due_date, c.reported_at, c.id
"""
CARD_ROWS = """
select c.*, p.name, a.address, o.kind, o.start_date, o.due_date, o.ended_at, o.kept from claim c
join policyholder p on p.id = c.policyholder_id left join contact_point a on a.policyholder_id = p.id
left join promise o on o.claim_id = c.id where c.id = :id
"""
CALLS = """
select a.address, c.id from contact_point a join claim c on c.policyholder_id = a.policyholder_id
where c.stage <> 'closed' and c.source_ref like 'c%' order by c.id limit :n
"""
# A search for one claim: its number, its plate, the end of its telephone with a case of the name.
SEARCHES = 300
Read = Callable[[], Awaitable[object]]


async def _rows(session: AsyncSession, search: str) -> list[object]:
    now = utc_now()
    filters = QueueFilters(search=search)
    found = await read_rows(session, filters, login="bench", countries=("ru",), now=now, today=now.date())
    return [row.id for row in found.rows]


async def _searches(session: AsyncSession) -> list[str]:
    rows = await (await session.connection()).execute(
        text("select claim_number, object_label from claim where source_ref like 'c%' order by id limit :n"),
        {"n": SEARCHES},
    )
    return [word for number, thing in rows for word in (number.split("-")[1], thing.removeprefix("Kia Rio "))]


async def _card(session: AsyncSession, number: str) -> object:
    says = Says("ru", ZoneInfo("Europe/Moscow"), utc_now())
    found = await matches(session, number)
    card = await read_card(session, found[0].claim_id, now=says.now)
    return story_of(card, says, is_known=False) if card else None


async def _caller(session: AsyncSession, way: str) -> Read:
    """Who calls, and their card; or its rows by the key of the claim."""
    connection = await session.connection()
    calls = cycle((await connection.execute(text(CALLS), {"n": SEARCHES})).all())
    if way == "card":
        return lambda: _card(session, next(calls).address)

    async def by_key() -> object:
        return (await connection.execute(text(CARD_ROWS), {"id": next(calls).id})).all()

    return by_key


async def _reader(session: AsyncSession, way: str) -> Read:
    if way.startswith("card"):
        return await _caller(session, way)
    searches = [""] if way.startswith("queue") else await _searches(session)
    random.Random(1).shuffle(searches)
    typed = cycle(searches)
    if not way.endswith("_rows"):
        return lambda: _rows(session, next(typed))
    found = cycle([await _rows(session, search) for search in searches])

    async def by_key() -> object:
        return (await (await session.connection()).execute(text(ROWS), {"ids": next(found)})).all()

    return by_key


async def ask(url: str, way: str, seconds: float) -> float:
    """Answers a second."""
    engine, answered = make_engine(url), 0
    async with session_scope(engine) as session:
        read = await _reader(session, way)
        await read()
        begin = time.perf_counter()
        while (took := time.perf_counter() - begin) < seconds:
            await read()
            answered += 1
    await engine.dispose()
    return answered / took


if __name__ == "__main__":
    print(json.dumps({"rate": asyncio.run(ask(sys.argv[1], sys.argv[2], float(sys.argv[3])))}))
