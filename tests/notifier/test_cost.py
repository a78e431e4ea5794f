"""What messages cost: parts times the price of the way when they left, or what the provider says itself."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import claims_cli
from claims_core.db import session_scope
from claims_core.errors import BadInput, NotFound
from notifier.commands.cost import month_of, sums_of
from notifier.costs import costs_of
from notifier.prices import note_prices
from notifier.reports.resolve import poll_receipts
from tests.notifier.queue import Desk, a_desk

MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.fixture
async def desk(engine: AsyncEngine, database_url: str) -> AsyncIterator[Desk]:
    async with a_desk(engine, database_url, notifier_sms_price=Decimal("4.20")) as desk:
        await prices(desk)
        yield desk


async def prices(desk: Desk, **changes: Any) -> None:
    settings = desk.settings.model_copy(update=changes)
    for channel in desk.channels.values():
        channel.capabilities = type(channel.capabilities)(
            receipts=True, lookup=True, replies=True, cost=settings.notifier_sms_price
        )
    await note_prices(desk.pool, desk.channels, settings, now=desk.now)


async def costs(desk: Desk, *, claim: str | None = None, month: str | None = None) -> list[dict[str, Any]]:
    since, until = month_of(month, MOSCOW)
    async with session_scope(desk.engine) as session:
        bounds = {"since": since, "until": until + timedelta(days=365) if month is None else until}
        return await costs_of(session, claim=claim, zone="Europe/Moscow", **bounds)


async def test_a_month_is_counted_by_channel_and_provider(desk):
    await desk.queue(5)
    desk.twilio.script.append("refuse:21211")
    await desk.dispatch()
    [row] = await costs(desk)
    assert (row["channel"], row["provider"], row["currency"]) == ("sms", "twilio", "RUB")
    assert (row["messages"], row["segments"], row["claims"], row["cost"]) == (4, 4, 4, Decimal("16.80"))
    assert sums_of([row]) == ["16.80 RUB for 4 messages, 4.20 each"]


async def test_a_price_that_changes_leaves_old_messages_as_they_were(desk):
    await desk.queue(1)
    await desk.dispatch()
    desk.later(hours=1)
    await prices(desk, notifier_sms_price=Decimal("5.00"))
    await prices(desk, notifier_sms_price=Decimal("5.00"))
    assert await desk.pool.fetchval("select count(*) from way_price") == 2
    desk.later(hours=1)
    await desk.queue(1)
    await desk.dispatch()
    assert sum(row["cost"] for row in await costs(desk)) == Decimal("9.20")


async def test_what_the_provider_says_weighs_more(desk):
    await desk.queue(2)
    await desk.dispatch()
    desk.twilio.taken[0].price, desk.twilio.taken[0].status = "-0.0075", "delivered"
    desk.later(minutes=6)
    await poll_receipts(desk.pool, desk.channels, now=desk.now)
    rows = {row["currency"]: row["cost"] for row in await costs(desk)}
    assert rows == {"RUB": Decimal("4.20"), "USD": Decimal("0.0075")}


async def test_a_claim_is_counted_by_message_and_nobody_is_named(desk):
    await desk.queue(1, claim_number="2041-7785")
    await desk.dispatch()
    [row] = await costs(desk, claim="2041-7785")
    assert (row["template"], row["segments"], row["cost"]) == ("assessment", 1, Decimal("4.20"))
    assert desk.twilio.taken[0].to not in json.dumps(row, default=str)
    with pytest.raises(NotFound):
        await costs(desk, claim="0000")


async def test_what_left_before_prices_were_noted_is_counted_and_said(desk):
    await desk.pool.execute("delete from way_price")
    await desk.queue(3)
    await desk.dispatch()
    [row] = await costs(desk)
    assert (row["messages"], row["cost"], row["without_price"]) == (3, None, 3)
    assert sums_of([row]) == ["3 messages have no price: they left before prices were noted"]


def test_a_month_is_the_insurers():
    since, until = month_of("2026-12", MOSCOW)
    assert since.astimezone(UTC) == datetime(2026, 11, 30, 21, tzinfo=UTC)
    assert until.astimezone(UTC) == datetime(2026, 12, 31, 21, tzinfo=UTC)
    for wrong in ("2026", "2026-13", "May", "2026-05-01", "0001-01", "9999-12"):
        with pytest.raises(BadInput, match="YYYY-MM"):
            month_of(wrong, MOSCOW)


async def test_the_command_prints_lines_for_people_and_for_programs(desk, database_url, monkeypatch, capsys):
    for name, value in {
        "DATABASE_URL": database_url,
        "PORTAL_PUBLIC_URL": "https://c.example",
        "PORTAL_SECRET_KEY": "k" * 32,
    }.items():
        monkeypatch.setenv(name, value)
    await desk.queue(2)
    await desk.dispatch()
    await asyncio.sleep(0.01)

    def said(*words: str) -> str:
        assert claims_cli.main(["notifications", "cost", *words]) == 0
        return capsys.readouterr().out

    shown = await asyncio.to_thread(said)
    assert "sms twilio" in shown
    assert shown.endswith("8.40 RUB for 2 messages, 4.20 each\n")
    [row] = [json.loads(line) for line in (await asyncio.to_thread(said, "--json")).splitlines()]
    assert (row["messages"], row["cost"]) == (2, "8.40")
    assert await asyncio.to_thread(said, "--month", "2020-01") == "nothing was sent\n"
