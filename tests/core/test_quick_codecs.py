"""A moment sent the quick way is the moment the driver would have sent."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from claims_core.db import make_engine
from claims_core.quick_codecs import decode, encode, write_moments_quickly

MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]))


@given(MOMENTS)
def test_a_moment_comes_back_as_it_was(moment: datetime):
    assert decode(encode(moment)) == moment


async def test_the_database_understands_it(database_url: str):
    engine = make_engine(database_url)
    write_moments_quickly(engine)
    moment = datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=3)))
    async with engine.connect() as connection:
        said = await connection.execute(
            text("select cast(:moment as timestamptz), cast(cast(:moment as timestamptz) as text)"), {"moment": moment}
        )
        back, words = said.one()
    await engine.dispose()
    assert back == moment
    assert words == "1999-12-31 20:59:59.999999+00"
