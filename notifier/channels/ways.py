"""The table of ways to reach people: a row a channel and provider, with what it needs and how it is opened."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from claims_core.errors import Misconfigured
from notifier.channels.base import Capabilities, Channel
from notifier.channels.console import PRINTED, ConsoleChannel
from notifier.channels.email.words import capabilities_of as of_email
from notifier.channels.email.words import lacks as lacks_for_email
from notifier.channels.telegram.words import capabilities_of as of_telegram
from notifier.channels.telegram.words import lacks as lacks_for_telegram
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


# Of two ways of one channel the first that is ready is used.
WAYS = (
    Way(ChannelName.SMS, "twilio", lacks_for_sms, of_twilio, "notifier.channels.twilio.channel", "twilio"),
    Way(ChannelName.WHATSAPP, "twilio", lacks_for_whatsapp, of_twilio, "notifier.channels.twilio.channel", "twilio"),
    Way(ChannelName.EMAIL, "smtp", lacks_for_email, of_email, "notifier.channels.email.channel", "aiosmtplib"),
    Way(ChannelName.TELEGRAM, "telegram", lacks_for_telegram, of_telegram, "notifier.channels.telegram.channel"),
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
    stands = standing(settings, ways)
    chosen: dict[ChannelName, Way] = {}
    for each in stands:
        if each.allowed and each.why_not is None:
            chosen.setdefault(each.way.name, each.way)
    if ChannelName.SMS not in chosen:
        why = "; ".join(each.why_not or "" for each in stands if each.way.name is ChannelName.SMS)
        raise Misconfigured(f"{why}; `claims notifier --console` prints instead of sending")
    opened: dict[ChannelName, Channel] = {}
    for place in dict.fromkeys(way.place for way in chosen.values()):
        names = [name for name, way in chosen.items() if way.place == place]
        opened |= importlib.import_module(place).open_ways(names, settings)
    return opened


async def probe(way: Way, settings: NotifierSettings) -> str:
    """Try the provider's credentials; what was found. No message is sent. Raises a `ClaimsError` if it refuses."""
    return str(await importlib.import_module(way.place).probe(settings))


def _not_installed(way: Way) -> str | None:
    if way.library is None or find_spec(way.library) is not None:
        return None
    return f"the library {way.library} is not installed: pip install {way.library}"
