"""People who ask for a code, one every tenth of a second: `ADDRESS` prints when each was committed."""

import asyncio
import json
import sys
import time

from pydantic import SecretStr
from sqlmodel import col, select

from claims_core.clock import utc_now
from claims_core.db import make_engine, session_scope
from claims_core.ids import new_id
from claims_core.tables import ContactPoint
from notifier import direct

EVERY = 0.1  # seconds
KEY = SecretStr("k" * 43)


async def ask(url: str) -> dict[str, float]:
    """When each number's code was committed, by `time.monotonic`."""
    engine, asked = make_engine(url), {}
    async with session_scope(engine) as session:
        asking = select(ContactPoint).where(col(ContactPoint.address).startswith("+1415999"))
        points = [(each.id, each.policyholder_id, each.address) for each in await session.exec(asking)]
    for point_id, policyholder_id, phone in points:
        async with session_scope(engine) as session:
            await direct.send_code(
                session,
                cause_id=new_id(),
                policyholder_id=policyholder_id,
                claim_id=None,
                contact_point_id=point_id,
                language="en",
                code="123456",
                domain="claims.example.org",
                now=utc_now(),
                key=KEY,
            )
        asked[phone] = time.monotonic()
        await asyncio.sleep(EVERY)
    await engine.dispose()
    return asked


if __name__ == "__main__":
    print(json.dumps(asyncio.run(ask(sys.argv[1]))))
