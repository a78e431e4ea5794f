"""How often a code may be asked for: per claim and network, per claim, per telephone, per network.

The same counters rise whatever exists. Devices seen before have counters of their own, so that a stranger who uses
up the others cannot lock the owner out (`settled`, 23).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_portal.rates import Limit, bucket_of
from claims_portal.tables import RateCount

HOUR = timedelta(hours=1)
BY_CLAIM_AND_NETWORK = Limit("code claim network", 3, HOUR)
BY_CLAIM = Limit("code claim", 3, HOUR)
BY_CLAIM_AND_DEVICE = Limit("code claim device", 3, HOUR)
BY_PHONE = Limit("code phone", 6, HOUR)
BY_NETWORK = Limit("code network", 30, HOUR)
# Requests without a proof: each may cost a person of the desk some minutes.
UNPROVEN_BY_NUMBER = Limit("unproven number", 3, HOUR)
UNPROVEN_BY_CONTACT = Limit("unproven contact", 3, HOUR)
UNPROVEN_BY_NETWORK = Limit("unproven network", 10, HOUR)
WRONG_LINKS = Limit("wrong link network", 20, HOUR)

Try = tuple[Limit, tuple[str, ...]]


def look_up_tries(*, number: str, phone: str, network: str, device: str | None) -> list[Try]:
    """The counters that one look-up raises. `device` is the mark of a device that has signed in before."""
    mark = (device,) if device else ()
    per_claim = BY_CLAIM_AND_DEVICE if device else BY_CLAIM
    return [
        (BY_CLAIM_AND_NETWORK, (number, network)),
        (per_claim, (number, *mark)),
        (BY_PHONE, (phone, *mark)),
        (BY_NETWORK, (network,)),
    ]


def unproven_tries(*, number: str, contact: str, network: str) -> list[Try]:
    """The counters that one request without a proof raises; what was left empty is counted per network."""
    return [
        (UNPROVEN_BY_NUMBER, (number or network,)),
        (UNPROVEN_BY_CONTACT, (contact or number or network,)),
        (UNPROVEN_BY_NETWORK, (network,)),
    ]


async def count_tries(session: AsyncSession, tries: Sequence[Try], *, key: SecretStr, now: datetime) -> datetime | None:
    """Count one try under each limit, in one statement. When one was used up before: the moment its window ends."""
    rows = {}
    for limit, parts in tries:
        seconds = int(limit.within.total_seconds())
        start = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
        rows[bucket_of(key, limit, *parts)] = (start, limit)
    statement = insert(RateCount).values(
        # In one order always: two look-ups that share counters then wait for each other instead of dying.
        [{"bucket": bucket, "window_start": rows[bucket][0], "count": 1} for bucket in sorted(rows)]
    )
    counted = statement.on_conflict_do_update(
        index_elements=["bucket", "window_start"], set_={"count": col(RateCount.count) + 1}
    ).returning(col(RateCount.bucket), col(RateCount.count))
    found = (await (await session.connection()).execute(counted)).all()
    over = [rows[bucket] for bucket, count in found if count > rows[bucket][1].most]
    return max((start + limit.within for start, limit in over), default=None)


async def is_used_up(session: AsyncSession, limit: Limit, *parts: str, key: SecretStr, now: datetime) -> bool:
    """Has the limit been used up, without counting a try?"""
    seconds = int(limit.within.total_seconds())
    start = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
    row = await session.get(RateCount, (bucket_of(key, limit, *parts), start))
    return row is not None and row.count >= limit.most
