"""How often something may be tried: counters in the database, so that the limit holds over all processes."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_portal.tables import RateCount


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` tries within each window of the clock of length `within`."""

    name: str
    most: int
    within: timedelta


def bucket_of(key: SecretStr, limit: Limit, *parts: str) -> bytes:
    """The keyed hash under which tries are counted: no number and no name is readable in the table."""
    text = "\x1f".join((limit.name, *parts)).encode("utf-8", "surrogatepass")
    return hmac.new(key.get_secret_value().encode(), text, hashlib.sha256).digest()


async def count_try(session: AsyncSession, limit: Limit, *parts: str, key: SecretStr, now: datetime) -> bool:
    """Count one try; False when the limit was used up before it. Exact however many try at once."""
    seconds = int(limit.within.total_seconds())
    start = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
    counted = (
        insert(RateCount)
        .values(bucket=bucket_of(key, limit, *parts), window_start=start, count=1)
        .on_conflict_do_update(index_elements=["bucket", "window_start"], set_={"count": col(RateCount.count) + 1})
        .returning(col(RateCount.count))
    )
    return int((await (await session.connection()).execute(counted)).scalar_one()) <= limit.most
