"""The table of ways: what every channel promises, whichever it is, and what an operator is shown of each."""

import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from claims_core.errors import Misconfigured
from notifier.channels.base import Channel, Found
from notifier.channels.console import ConsoleChannel
from notifier.channels.roads import road_of, roads_over
from notifier.channels.ways import WAYS, open_channels, standing
from notifier.commands.channels import rows_of, run
from notifier.states import ChannelName
from sandbox import max as sandbox_max
from sandbox import telegram as sandbox_telegram
from sandbox.mail import PostOffice, served_mail
from sandbox.serving import held_port, served
from tests.fakes.provider import FakeTwilio
from tests.fakes.smsc import served_smsc
from tests.notifier.conftest import max_settings, settings_for, telegram_settings
from tests.notifier.scenes import the_settings
from tests.notifier.test_apprise import served_gateway

BOTS = {
    "telegram": (lambda: sandbox_telegram.create_app(sandbox_telegram.Bot()), telegram_settings),
    "max": (lambda: sandbox_max.create_app(sandbox_max.Bot()), max_settings),
}
Opening = Callable[[], Awaitable[tuple[Channel, str]]]


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as fake:
        yield fake


@pytest.fixture(params=["console", "twilio", "smpp", "apprise", "telegram", "max", "email"])
async def opened(request: pytest.FixtureRequest, twilio: FakeTwilio) -> AsyncIterator[tuple[Channel, str]]:
    """A channel in front of a provider that behaves, and an address it can reach."""
    if request.param == "console":
        yield ConsoleChannel(out=io.StringIO()), "+15550002222"
        return
    if request.param == "twilio":
        channel = open_channels(settings_for(twilio))[ChannelName.SMS]
        yield channel, "+15550002222"
        await channel.close()
        return
    if request.param == "apprise":
        async with served_gateway() as gateway:
            channels = open_channels(settings_for(twilio, apprise_url=gateway.url))
            yield channels[ChannelName.APPRISE], "+15550002222"
            for channel in channels.values():
                await channel.close()
        return
    if request.param == "smpp":
        async with served_smsc() as smsc:
            values = {"twilio_account_sid": None, "smpp_url": SecretStr(smsc.url), "smpp_from": "PRIMER"}
            channel = open_channels(settings_for(twilio, **values))[ChannelName.SMS]
            yield channel, "+15550002222"
            await channel.close()
        return
    if request.param in BOTS:
        app, settings_of = BOTS[request.param]
        with held_port(18_400) as port:
            async with served(app(), port) as url:
                channels = open_channels(settings_of(url, twilio=twilio.url))
                yield channels[ChannelName(request.param)], "5001"
                for channel in channels.values():
                    await channel.close()
        return
    async with served_mail(PostOffice()) as office:
        mail = {"smtp_url": f"smtp://127.0.0.1:{office.port}", "smtp_from": "claims@primer.example"}
        channels = open_channels(settings_for(twilio, portal_demo=True, **mail))
        yield channels[ChannelName.EMAIL], "irina@mail.example"
        for channel in channels.values():
            await channel.close()


async def test_every_channel_hands_over_once_and_says_what_the_provider_calls_it(opened):
    channel, address = opened
    now = datetime.now(UTC)
    accepted = await channel.send(
        address,
        "Hello\n\nThere",
        token="t" * 22,
        send_by=now + timedelta(hours=1),
        now=now,
        callback_url="https://c.example/x",
    )
    assert accepted.provider_ref
    assert accepted.provider_status


async def test_every_channel_answers_a_look_up_with_what_it_found_or_nothing(opened):
    channel, address = opened
    now = datetime.now(UTC)
    window = {"started_at": now - timedelta(minutes=1), "until": now}
    assert await channel.find(address, "never sent", **window, known=frozenset()) is None
    found = await channel.fetch("SM" + "0" * 32)
    assert found is None or isinstance(found, Found)


async def test_a_channel_can_be_closed_twice(opened):
    channel, _ = opened
    await channel.close()
    await channel.close()


def test_every_way_of_the_table_can_be_shown_whatever_is_set():
    shown = rows_of(the_settings())
    in_russia = ["sms", "sms", "voice", "email", "max", "console"]
    assert [row["channel"] for row in shown if row["allowed"]] == in_russia
    assert [(row["channel"], row["provider"]) for row in shown] == [(way.name, way.provider) for way in WAYS]
    assert {way.name for way in WAYS} == set(ChannelName)
    assert all(row["ready"] is (row["why_not"] is None) for row in shown)
    flags = {"receipts", "lookup", "replies", "buttons", "idempotency", "cost"}
    assert all(flags <= row["capabilities"].keys() for row in shown)


def test_a_channel_whose_setting_is_missing_is_shown_with_it(monkeypatch, capsys):
    for name, value in {"PORTAL_PUBLIC_URL": "https://c.example", "PORTAL_SECRET_KEY": "k" * 32}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CLAIMS_ENV_FILE", "")
    arguments = type("Arguments", (), {"json": True})()
    assert run(arguments) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    why_not = {(row["channel"], row["provider"]): row["why_not"] for row in rows}
    assert why_not["sms", "twilio"] == "TWILIO_ACCOUNT_SID is not set"
    assert why_not["sms", "smpp"] == "SMPP_URL is not set"
    assert {row["channel"]: row["allowed"] for row in rows}["whatsapp"] is False
    arguments.json = False
    run(arguments)
    assert "forbidden in ru" in capsys.readouterr().out


async def test_a_channel_whose_library_is_not_installed_is_shown_so_and_keeps_nobody_else_from_sending(twilio):
    settings = settings_for(twilio)
    missing = replace(WAYS[2], name=ChannelName.WHATSAPP, place="nowhere", library="no_such_library")
    [sms, gone] = standing(settings, (WAYS[0], missing))
    assert sms.why_not is None
    assert gone.why_not == "the library no_such_library is not installed: pip install no_such_library"
    channels = open_channels(settings, ways=(WAYS[0], missing))
    assert list(channels) == [ChannelName.SMS]
    await channels[ChannelName.SMS].close()


async def test_nothing_is_opened_that_the_market_forbids(twilio):
    settings = settings_for(twilio, twilio_whatsapp_from="+15550003333", notifier_market="ru")
    channels = open_channels(settings)
    assert ChannelName.WHATSAPP not in channels
    await channels[ChannelName.SMS].close()


async def test_without_sms_nothing_starts_and_the_missing_setting_is_named():
    with pytest.raises(Misconfigured, match="TWILIO_ACCOUNT_SID"):
        open_channels(the_settings())


async def test_both_providers_of_sms_are_opened_in_the_order_that_is_wished(twilio):
    both = {"smpp_url": SecretStr("smpp://a:b@127.0.0.1:1"), "smpp_from": "PRIMER"}
    for wished, there in (("", ["twilio", "smpp"]), ("smpp twilio", ["smpp", "twilio"]), ("smpp", ["smpp"])):
        channels = open_channels(settings_for(twilio, notifier_sms_roads=wished, **both))
        assert [road.provider for road in roads_over(channels[ChannelName.SMS])] == there
        assert channels[ChannelName.SMS].provider == there[0]
        for other in ("twilio", "smpp"):
            road = road_of(channels, "sms", other)
            assert (road.provider if road else None) == (other if other in there else None)
        await channels[ChannelName.SMS].close()


async def test_a_road_that_is_wished_and_not_ready_is_named_at_the_start(twilio):
    with pytest.raises(Misconfigured, match="NOTIFIER_SMS_ROADS names smpp"):
        open_channels(settings_for(twilio, notifier_sms_roads="twilio smpp"))
