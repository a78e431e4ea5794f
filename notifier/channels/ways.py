"""The table of ways to reach people: a row a channel and provider, with what it needs and how it is opened."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from claims_core.errors import Misconfigured
from notifier.channels.apprise.words import capabilities_of as of_apprise
from notifier.channels.apprise.words import lacks as lacks_for_apprise
from notifier.channels.base import Capabilities, Channel
from notifier.channels.console import PRINTED, ConsoleChannel
from notifier.channels.email.words import capabilities_of as of_email
from notifier.channels.email.words import lacks as lacks_for_email
from notifier.channels.max.words import capabilities_of as of_max
from notifier.channels.max.words import lacks as lacks_for_max
from notifier.channels.roads import Roads
from notifier.channels.smpp.words import PROVIDER as SMPP
from notifier.channels.smpp.words import capabilities_of as of_smpp
from notifier.channels.smpp.words import lacks as lacks_for_smpp
from notifier.channels.telegram.words import capabilities_of as of_telegram
from notifier.channels.telegram.words import lacks as lacks_for_telegram
from notifier.channels.twilio.calls import capabilities_of_calls, lacks_for_voice
from notifier.channels.twilio.words import capabilities_of as of_twilio
from notifier.channels.twilio.words import lacks_for_sms, lacks_for_whatsapp
from notifier.settings import NotifierSettings
from notifier.states import CHANNELS_ALLOWED, ChannelName


@dataclass(frozen=True, slots=True)
class Way:
    """One way: a channel over a provider.

    `lacks` says which setting is missing, None if none is. `place` is the module that opens it: it has
    `open_ways(names, settings)` for all channels of the provider at once, and `probe(settings)`, which tries the
    credentials and sends nothing. It is imported when the way is used, so that a library that is not installed keeps
    nobody else from sending; `library` names it.
    """

    name: ChannelName
    provider: str
    lacks: Callable[[NotifierSettings], str | None]
    capabilities: Callable[[NotifierSettings], Capabilities]
    place: str
    library: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a way stands here: may it be used in this market, and why it is not ready; None if it is."""

    way: Way
    allowed: bool
    why_not: str | None


def _console_alone(settings: NotifierSettings) -> str | None:
    return "prints instead of sending: `claims notifier --console`"


_TWILIO = "notifier.channels.twilio.channel"
# Of two ways of one channel the first that is ready is preferred; NOTIFIER_SMS_ROADS says another order.
WAYS = (
    Way(ChannelName.SMS, "twilio", lacks_for_sms, of_twilio, _TWILIO, "twilio"),
    Way(ChannelName.SMS, "smpp", lacks_for_smpp, of_smpp, "notifier.channels.smpp.channel", "aiosmpplib"),
    Way(ChannelName.WHATSAPP, "twilio", lacks_for_whatsapp, of_twilio, _TWILIO, "twilio"),
    Way(ChannelName.VOICE, "twilio", lacks_for_voice, capabilities_of_calls, _TWILIO, "twilio"),
    Way(ChannelName.EMAIL, "smtp", lacks_for_email, of_email, "notifier.channels.email.channel", "aiosmtplib"),
    Way(ChannelName.TELEGRAM, "telegram", lacks_for_telegram, of_telegram, "notifier.channels.telegram.channel"),
    Way(ChannelName.MAX, "max", lacks_for_max, of_max, "notifier.channels.max.channel"),
    Way(ChannelName.APPRISE, "apprise", lacks_for_apprise, of_apprise, "notifier.channels.apprise.channel", "apprise"),
    Way(ChannelName.CONSOLE, "console", _console_alone, lambda _: PRINTED, "notifier.channels.console"),
)


def standing(settings: NotifierSettings, ways: Sequence[Way] = WAYS) -> list[Standing]:
    """Every way of the table and how it stands. Imports and opens nothing."""
    allowed = CHANNELS_ALLOWED[settings.notifier_market]
    return [Standing(way, way.name in allowed, _not_installed(way) or way.lacks(settings)) for way in ways]


def open_channels(
    settings: NotifierSettings, *, console: bool = False, ways: Sequence[Way] = WAYS
) -> Mapping[ChannelName, Channel]:
    """The channels that the market allows and that are ready. Must run inside a loop.

    `Misconfigured` without SMS: codes go by nothing else.
    """
    if console:
        return {name: ConsoleChannel(name) for name in CHANNELS_ALLOWED[settings.notifier_market]}
    chosen = _chosen(settings, ways)
    opened: dict[tuple[ChannelName, str], Channel] = {}
    for place in dict.fromkeys(way.place for way in chosen):
        there = [way for way in chosen if way.place == place]
        channels = importlib.import_module(place).open_ways([way.name for way in there], settings)
        opened |= {(way.name, way.provider): channels[way.name] for way in there}
    roads = {name: [opened[way.name, way.provider] for way in chosen if way.name is name] for name, _ in opened}
    return {name: each[0] if len(each) == 1 else Roads(each) for name, each in roads.items()}


def _chosen(settings: NotifierSettings, ways: Sequence[Way]) -> list[Way]:
    """The ways to open; those of one channel in the order in which they are preferred."""
    stands = standing(settings, ways)
    ready = [each.way for each in stands if each.allowed and each.why_not is None]
    if ChannelName.SMS not in (way.name for way in ready):
        why = "; ".join(each.why_not or "" for each in stands if each.way.name is ChannelName.SMS)
        raise Misconfigured(f"{why}; `claims notifier --console` prints instead of sending")
    wished = settings.notifier_sms_roads.split()
    for missing in set(wished) - {way.provider for way in ready if way.name is ChannelName.SMS}:
        raise Misconfigured(f"NOTIFIER_SMS_ROADS names {missing}, which is not ready: see `claims channels`")
    ready = [way for way in ready if way.name is not ChannelName.SMS or not wished or way.provider in wished]
    return sorted(ready, key=lambda way: wished.index(way.provider) if way.provider in wished else 0)


def settings_over(provider: str, settings: NotifierSettings) -> NotifierSettings:
    """The settings of a sender over this provider: an SMSC has a window, and may have a rate of its own."""
    if provider != SMPP:
        return settings
    rate = settings.smpp_rate_per_second or settings.notifier_rate_per_second
    at_once = min(settings.notifier_in_flight, settings.smpp_window)
    return settings.model_copy(update={"notifier_rate_per_second": rate, "notifier_in_flight": at_once})


async def probe(way: Way, settings: NotifierSettings) -> str:
    """Try the provider's credentials; what was found. No message is sent. Raises a `ClaimsError` if it refuses."""
    return str(await importlib.import_module(way.place).probe(settings))


def _not_installed(way: Way) -> str | None:
    if way.library is None or find_spec(way.library) is not None:
        return None
    return f"the library {way.library} is not installed: pip install {way.library}"
