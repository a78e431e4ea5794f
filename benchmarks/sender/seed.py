"""Claims that have just moved, planned to be told: `ADDRESS NUMBER`."""

import asyncio
import json
import sys
from datetime import datetime, timedelta
from hashlib import blake2b

from benchmarks.sender.settings import settings_for
from claims_core import ledger
from claims_core.clock import utc_now
from claims_core.db import make_engine, session_scope
from claims_core.snapshot import ClaimSnapshot, PersonSnapshot
from claims_core.stages import ClaimStage, LineOfBusiness, Situation
from notifier.planning.planner import plan_batch

PAGE = 1_000


def claim(number: int, stage: ClaimStage, now: datetime) -> ClaimSnapshot:
    """The claim of that number in that stage; each has a policyholder of its own."""
    return ClaimSnapshot(
        source="bench",
        source_ref=f"bench:{number}",
        source_hash=blake2b(f"{number}{stage}".encode(), digest_size=16).digest(),
        claim_number=f"CLM-2026-{number:08d}",
        line_of_business=LineOfBusiness.PROPERTY,
        product="us_property",
        country="us",
        currency="USD",
        reported_at=now - timedelta(days=3),
        stage=stage,
        situation=Situation.CALCULATION if stage is ClaimStage.ASSESSING else None,
        handler_name="Adjuster",
        policyholder=PersonSnapshot(
            ref=f"person-{number}", name=f"Claimant {number}", language="en", phones=(f"+1415{2000000 + number}",)
        ),
    )


async def seed(url: str, number: int) -> int:
    """How many notifications wait."""
    engine, now = make_engine(url), utc_now()
    for first in range(0, number, PAGE):
        numbers = range(first, min(number, first + PAGE))
        async with session_scope(engine) as session:
            before = [claim(place, ClaimStage.CHECKING, now) for place in numbers]
            await ledger.record(session, before, now=now, settle=timedelta(0), first_load=True)
            after = [claim(place, ClaimStage.ASSESSING, now) for place in numbers]
            await ledger.record(session, after, now=now, settle=timedelta(0))
    planned = 0
    while done := await plan_batch(engine, now=utc_now(), settings=settings_for("1")):
        planned += done
    await engine.dispose()
    return planned


if __name__ == "__main__":
    wanted = int(sys.argv[2])
    waiting = asyncio.run(seed(sys.argv[1], wanted))
    if waiting != wanted:
        sys.exit(f"{waiting} of {wanted} are planned")
    print(json.dumps({"planned": waiting}))
