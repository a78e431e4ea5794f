"""How we hold back: the recipient's night, and how many optional messages a day and a claim may bring (pure)."""

from datetime import datetime, timedelta

from notifier.background import Background
from notifier.deciding.quiet_hours import QuietHours, earliest_send_time, next_allowed, zone_or
from notifier.settings import NotifierSettings
from notifier.states import CODE_TEMPLATES, ChannelName, Importance

SEND_WITHIN = timedelta(hours=24)
SEND_WITHIN_OF = {"inspection": timedelta(hours=4), "survey": timedelta(days=3)}
SEND_WITHIN_OF |= dict.fromkeys(CODE_TEMPLATES, timedelta(minutes=10))
SEND_WITHIN_OF["survey_nps"] = SEND_WITHIN_OF["survey"]
AT_ANY_HOUR = frozenset({Importance.CODE, Importance.ANSWER})
CAPPED = frozenset({Importance.PROGRESS, Importance.HEARTBEAT})


def leaves(
    importance: Importance, channel: ChannelName, stands: Background, settings: NotifierSettings, moment: datetime
) -> datetime:
    """`moment`, or the end of the recipient's night if it falls into it and may wait."""
    # A telephone that rings wakes everybody: at night only for a code that somebody has just asked for.
    passes = AT_ANY_HOUR if channel is not ChannelName.VOICE else {Importance.CODE}
    if importance in passes or not settings.notifier_quiet_hours:
        return moment
    if settings.is_exempt(stands.address or ""):
        return moment
    return earliest_send_time(moment, quiet_hours_of(stands, settings))


def leaves_within_caps(
    importance: Importance, channel: ChannelName, stands: Background, settings: NotifierSettings, moment: datetime
) -> datetime:
    """As `leaves`, and on a day of the recipient's that has room for one more optional message."""
    later = leaves(importance, channel, stands, settings, moment)
    if importance not in CAPPED:
        return later
    zone = zone_or(stands.time_zone, settings.insurer_timezone)
    free = next_allowed(later, stands.handed_over, cap=settings.notifier_daily_cap, zone=zone)
    return later if free == later else leaves(importance, channel, stands, settings, free)


def is_beyond_claim_cap(
    importance: Importance, channel: ChannelName, stands: Background, settings: NotifierSettings
) -> bool:
    """Has the claim brought as many optional messages as it may? Letters are not counted, and may go on."""
    if importance not in CAPPED or channel is ChannelName.EMAIL:
        return False
    return 0 < settings.notifier_claim_cap <= stands.told_on_claim


def quiet_hours_of(stands: Background, settings: NotifierSettings) -> QuietHours:
    """The recipient's own night, else the insurer's, by the recipient's clock."""
    zone = zone_or(stands.time_zone, settings.insurer_timezone)
    if stands.quiet_from is not None and stands.quiet_to is not None:
        return QuietHours(stands.quiet_from, stands.quiet_to, zone)
    return QuietHours(settings.notifier_quiet_from, settings.notifier_quiet_to, zone)
