"""Apprise: sent, and nothing is known of it; never a code, never where the law or a STOP forbids it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr, ValidationError

from claims_core.errors import AmbiguousHandOver, Misconfigured, PermanentChannelFailure, TemporaryChannelFailure
from notifier.channels.apprise.channel import AT_ONCE, AppriseChannel, probe
from notifier.channels.apprise.words import url_to
from notifier.channels.base import Content
from notifier.deciding.decisions import reach
from notifier.rendering import render
from notifier.settings import NotifierSettings
from notifier.states import CHANNELS_ALLOWED, ChannelName, Reason
from tests.notifier.scenes import a_background, the_settings

TO, NOW = "+79121234567", datetime(2026, 5, 4, 9, tzinfo=UTC)


@dataclass
class Gateway:
    """Somebody's gateway that Apprise can speak to, on a real socket."""

    port: int = 0
    status: int = 200
    slow: float = 0
    got: list[tuple[str, str]] = field(default_factory=list)

    @property
    def url(self) -> SecretStr:
        return SecretStr(f"json://127.0.0.1:{self.port}/sms/{{address}}")

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((request.match_info["to"], (await request.json())["message"]))
        await asyncio.sleep(self.slow)
        return web.Response(status=self.status)


@asynccontextmanager
async def served_gateway() -> AsyncIterator[Gateway]:
    gateway, app = Gateway(), web.Application()
    app.router.add_post("/sms/{to}", gateway.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    gateway.port = runner.addresses[0][1]
    yield gateway
    await runner.cleanup()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with served_gateway() as gateway:
        yield gateway


def settings_of(gateway: Gateway | str, **changes: Any) -> NotifierSettings:
    url = SecretStr(gateway) if isinstance(gateway, str) else gateway.url
    short = {"notifier_call_deadline": timedelta(seconds=0.6), "notifier_market": "eu"}
    return the_settings(**{"apprise_url": url} | short | changes)


async def hand_over(channel: AppriseChannel, *, template: str = "registered") -> Any:
    by = NOW + timedelta(hours=1)
    content = Content(template, "en")
    return await channel.send(TO, "Claim 7785", token="t" * 22, send_by=by, now=NOW, callback_url="", content=content)


async def test_a_message_is_handed_over_to_the_recipients_own_address(gateway):
    channel = AppriseChannel(settings_of(gateway))
    accepted = await hand_over(channel)
    assert accepted.provider_status == "sent"
    assert gateway.got == [(TO, "Claim 7785")]
    assert not channel.capabilities.receipts
    await channel.close()


@pytest.mark.parametrize(("status", "slow"), [(500, 0), (401, 0), (200, 0.9)])
async def test_what_was_refused_and_what_got_lost_look_alike_so_that_neither_is_a_no(gateway, status, slow):
    gateway.status, gateway.slow = status, slow
    channel = AppriseChannel(settings_of(gateway))
    with pytest.raises(AmbiguousHandOver):
        await hand_over(channel)
    assert len(gateway.got) == 1, "nothing is tried twice behind our back"
    await channel.close()


async def test_threads_that_hang_keep_what_comes_later_and_not_the_loop(gateway):
    gateway.slow = 1.0
    channel = AppriseChannel(settings_of(gateway, notifier_call_deadline=timedelta(seconds=0.3)))
    many = [asyncio.create_task(hand_over(channel)) for _ in range(AT_ONCE + 2)]
    outcomes = await asyncio.gather(*many, return_exceptions=True)
    assert [type(each) for each in outcomes] == [AmbiguousHandOver] * AT_ONCE + [TemporaryChannelFailure] * 2
    assert len(gateway.got) == AT_ONCE
    await channel.close()


async def test_a_code_never_leaves_over_it(gateway):
    channel = AppriseChannel(settings_of(gateway))
    with pytest.raises(PermanentChannelFailure):
        await hand_over(channel, template="otp")
    assert gateway.got == []
    await channel.close()


async def test_an_address_that_cannot_be_read_is_said_at_the_start_without_its_password():
    settings = settings_of("nosuch://name:password@host/{address}")
    with pytest.raises(Misconfigured, match=r"nosuch://…") as raised:
        AppriseChannel(settings)
    assert "password" not in str(raised.value)
    with pytest.raises(ValidationError, match=r"\{address\}"):
        settings_of("json://gateway.example/")


async def test_the_probe_names_the_service_and_sends_nothing(gateway):
    assert "JSON" in await probe(settings_of(gateway))
    assert gateway.got == []


def test_nothing_in_an_address_becomes_another_part_of_the_url():
    assert url_to("json://host/{address}?a=b", "+7 9/12?x&y") == "json://host/%2B7%209%2F12%3Fx%26y?a=b"


def test_it_is_the_last_resort_where_it_is_set_up_and_allowed():
    with_it, without = settings_of("json://host/{address}"), the_settings(notifier_market="eu")
    stands = a_background()
    both = (ChannelName.APPRISE, ChannelName.SMS)
    assert reach(both, stands, with_it) == (ChannelName.APPRISE, None)
    assert reach(both, stands, without) == (ChannelName.SMS, None)
    assert reach((ChannelName.APPRISE,), a_background(stopped=["sms"]), with_it)[1] is Reason.OPTED_OUT
    assert ChannelName.APPRISE not in CHANNELS_ALLOWED[the_settings().notifier_market]
    in_russia = settings_of("json://host/{address}", notifier_market="ru")
    assert reach((ChannelName.APPRISE,), stands, in_russia)[1] is Reason.CHANNEL_NOT_ALLOWED


def test_it_says_what_an_sms_says():
    values = {"phone": "8 800 555-35-35"}
    for language in ("ru", "en"):
        assert render("kw_help", "apprise", language, values) == render("kw_help", "sms", language, values)
