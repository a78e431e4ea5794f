"""A fact that must be known: is it, how long do we wait, which way is next, and when must a person call (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from notifier.background import Background, Fact, is_still_true
from notifier.deciding.decisions import barred
from notifier.deciding.quiet_hours import zone_or
from notifier.deciding.response_clock import answer_due
from notifier.settings import NotifierSettings
from notifier.states import ChannelName, Importance, Reason

# What was decided not to be told, or has become none of their affair, need not become known either.
LET_BE = frozenset(
    {
        Reason.HANDLER_SAID_NO,
        Reason.ANOTHERS_MONEY,
        Reason.NO_LONGER_TRUE,
        Reason.STALE_EVENT,
        Reason.DUPLICATE_CONTENT,
    }
)


class Ended(StrEnum):
    """How a fact became known, or why it need not any more."""

    DELIVERED = "delivered"
    OPENED = "opened"
    TOLD = "told"  # on the telephone
    POSTED = "posted"  # by a letter on paper
    OVERTAKEN = "overtaken"
    LET_BE = "let_be"


@dataclass(frozen=True, slots=True)
class Tried:
    """What was done so far. `handed_over` is the last hand-over that was not refused and may still arrive."""

    channels: frozenset[str]
    is_open: bool
    handed_over: datetime | None
    delivered: bool
    opened: bool
    let_be: bool


@dataclass(frozen=True, slots=True)
class Letters:
    """Where letters to the person go, and whether they stopped letters."""

    contact_point_id: UUID
    address: str
    stopped: bool


@dataclass(frozen=True, slots=True)
class Way:
    """The next channel, and the person as they are reached there."""

    channel: ChannelName
    stands: Background


@dataclass(frozen=True, slots=True)
class Call:
    """Nothing is left that we may send: a person calls, or writes on paper."""


Move = Ended | datetime | Way | Call


def next_move(
    fact: Fact,
    tried: Tried,
    stands: Background,
    letters: Letters | None,
    channels: Sequence[ChannelName],
    *,
    settings: NotifierSettings,
    now: datetime,
) -> Move:
    """What is to be done about a fact that must be known: it ended, wait until a moment, another way, or a call."""
    if tried.delivered or tried.opened:
        return Ended.DELIVERED if tried.delivered else Ended.OPENED
    if tried.let_be or not is_still_true(fact, stands, now):
        return Ended.LET_BE if tried.let_be else Ended.OVERTAKEN
    if tried.is_open:
        return now + timedelta(hours=1)
    if tried.handed_over is not None and (until := waits_until(tried.handed_over, stands, settings)) > now:
        return until
    return _way(channels, tried, stands, letters, settings) or Call()


def waits_until(handed_over: datetime, stands: Background, settings: NotifierSettings) -> datetime:
    """Until when we wait for a sign that it arrived: the set span, and on to the recipient's next working hour."""
    zone = zone_or(stands.time_zone, settings.insurer_timezone)
    country = stands.country or settings.insurer_country
    return answer_due(handed_over + settings.notifier_known_wait, zone=zone, country=country, within=timedelta(0))


def _way(
    channels: Sequence[ChannelName],
    tried: Tried,
    stands: Background,
    letters: Letters | None,
    settings: NotifierSettings,
) -> Way | None:
    """The first channel that was not tried and is allowed; letters last, and after a STOP of texts, too."""
    for channel in sorted(channels, key=lambda each: each is ChannelName.EMAIL):
        if channel in tried.channels:
            continue
        reached = _by_letter(stands, letters) if channel is ChannelName.EMAIL and letters else stands
        if barred("", Importance.REQUIRED, channel, reached, settings) is None:
            return Way(channel, reached)
    return None


def _by_letter(stands: Background, letters: Letters) -> Background:
    return stands._replace(
        contact_point_id=letters.contact_point_id,
        address=letters.address,
        address_kind="email",
        stopped=[ChannelName.EMAIL] if letters.stopped else [],
    )
