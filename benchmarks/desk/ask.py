"""How often a second the desk's questions are answered, one after the other: `ADDRESS WAY SECONDS`.

`queue` and `search` are the product's own reads; `queue_rows` and `search_rows` fetch the same rows by their keys.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable
from itertools import cycle

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.clock import utc_now
from claims_core.db import make_engine, session_scope
from claims_portal.desk.filters import QueueFilters
from claims_portal.desk.queue.rows import read_rows

ROWS = """
select c.*, p.name, o.due_date from claim c join policyholder p on p.id = c.policyholder_id
left join promise o on o.claim_id = c.id where c.id = any(:ids) order by o.due_date, c.reported_at, c.id
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


async def _reader(session: AsyncSession, way: str) -> Read:
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
