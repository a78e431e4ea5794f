"""What cannot be read is settled by a later word about the same case, and never by an earlier one."""

# ruff: noqa: F811 - fixtures go by their names
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.sources.claim_center import ClaimCenter
from tests.adapter.cases import activity
from tests.adapter.conftest import Rows
from tests.adapter.fake_claim_center import FakeClaimCenter
from tests.adapter.test_files import Deliver, csv, deliver, row  # noqa: F401 - a fixture
from tests.adapter.test_notices import event_of, known, post, source, work  # noqa: F401 - fixtures

OPEN = "select count(*) from rejected_case where settled_at is null"


async def test_an_old_event_does_not_settle_a_newer_one_that_cannot_be_read(
    engine: AsyncEngine,
    cc: FakeClaimCenter,
    source: ClaimCenter,
    rows: Rows,
    known: None,
):
    readable = event_of(cc)
    cc.put("cc:1", activities=[activity("calculation")], reportedDate="yesterday")
    await post(engine, event_of(cc), readable)
    done = await work(engine, source)
    assert (done.rejected, done.changed) == (1, 1)
    assert await rows(OPEN) == [(1,)]
    await post(engine, readable)
    await work(engine, source)
    assert await rows(OPEN) == [(1,)], "neither at once nor later"
    cc.put("cc:1", activities=[activity("calculation")])
    await post(engine, event_of(cc))
    await work(engine, source)
    assert await rows(OPEN) == [(0,)]


VERSIONS = {
    "older": ("2", "10", 1), "the same": ("10", "10", 0), "newer": ("11", "10", 0),
    "of no number": ("b", "a", 0), "none": ("", "", 0),
}  # fmt: skip


@pytest.mark.parametrize(("readable", "unreadable", "left"), VERSIONS.values(), ids=VERSIONS.keys())
async def test_by_its_version_a_word_settles_what_is_not_newer(
    deliver: Deliver,
    rows: Rows,
    readable: str,
    unreadable: str,
    left: int,
):
    head = "number,state,reported,sum,name,phone,thing,version\n"
    line = "1,{state},{reported},,Irina,,,{version}\n"
    bad = line.format(state="new", reported="never", version=unreadable)
    good = line.format(state="done", reported="2026-11-01T10:00:00", version=readable)
    await deliver((head + bad).encode(), version="version", most_rejected=1)
    assert await rows(OPEN) == [(1,)]
    await deliver((head + good).encode(), version="version")
    assert await rows(OPEN) == [(left,)]


@pytest.mark.parametrize(("first", "second", "left"), [("never", "2026-11-01T10:00:00", 0),
                                                       ("2026-11-01T10:00:00", "never", 1)])  # fmt: skip
async def test_without_version_and_date_the_later_row_of_a_page_is_the_later_word(
    deliver: Deliver,
    rows: Rows,
    first: str,
    second: str,
    left: int,
):
    await deliver(csv(row(2, reported="never")), most_rejected=1)
    await deliver(csv(row(1, reported=first), row(1, reported=second)), "b.csv", most_rejected=1)
    assert await rows(f"{OPEN} and case_ref = '1'") == [(left,)]
