"""Can every text in force be said, whichever rule sends it? What `claims doctor` looks at; nothing is sent or kept."""

from dataclasses import dataclass
from functools import cache

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.errors import NotFound
from notifier.planning.rulebook import rules_in_force
from notifier.rendering import (
    LANGUAGES,
    MessageText,
    Place,
    RenderingFailed,
    Values,
    message_files,
    named,
    reviewed,
    sample_values,
    text_for,
)
from notifier.settings import NotifierSettings
from notifier.states import CHANNELS_ALLOWED, ChannelName
from notifier.versions.template_versions import refresh_for

MISSING = "write {name}, or take the channel out of the rule (`claims rules export`, `claims rules import FILE`)"
SHIPPED = "restore templates/messages/{name} as it ships"
EDITED = "take version {version} back at the desk, {desk}/desk/texts/{name}, or publish a better one"


@dataclass(frozen=True, slots=True)
class Fitness:
    """How many texts were looked at, and of those that cannot be sent a sentence each: which, why and the remedy."""

    looked_at: int
    faults: tuple[str, ...]


async def fitness_of_texts(session: AsyncSession, *, settings: NotifierSettings) -> Fitness:
    """Look at each text in force that a rule, a clock or an answer could send in this market, in each language.

    Each is said with usual, longest and shortest values, and looked at as one that is proposed: what it names and
    computes, its length and how many SMS it makes.
    """
    await refresh_for(session)
    rules = await rules_in_force(session)
    asked = {(rule.template, channel) for rule in rules for channel in rule.channels}
    asked |= {(template, ChannelName(channel)) for template, channel, _language in message_files()}
    places = [(*each, language) for each in sorted(asked) if _is_allowed(each[1], settings) for language in LANGUAGES]
    faults = {f"{named(place)}: {fault}": None for place in places for fault in _faults(place, settings)}
    return Fitness(len(places), tuple(faults))


def _is_allowed(channel: ChannelName, settings: NotifierSettings) -> bool:
    return channel in CHANNELS_ALLOWED[settings.notifier_market]


def _faults(place: Place, settings: NotifierSettings) -> list[str]:
    """Why the text read at `place` cannot be sent, each with its remedy."""
    text = text_for(*place)
    found = (text.fault,) if text.fault else _unfit(place, text.source)
    return [f"{each}; {_remedy(text, settings)}" for each in found]


@cache
def _unfit(place: Place, source: str) -> tuple[str, ...]:
    template, channel, language = place
    try:
        found = tuple(str(fault) for fault in reviewed(place, source, in_force="", other_goes_with=True).refusals)
        text = MessageText.of(place, source)
        for which in () if found else Values:
            text.say(channel, sample_values(template, language, which))
    except (RenderingFailed, NotFound) as problem:
        return (str(problem),)
    return found


def _remedy(text: MessageText, settings: NotifierSettings) -> str:
    name, desk = named(text.place), settings.portal_public_url.rstrip("/")
    if text.version:
        return EDITED.format(version=text.version, desk=desk, name=name)
    return (SHIPPED if text.place in message_files() else MISSING).format(name=name)
