"""Whether, when and how a fact is told, and whether it still is when its moment comes (pure)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from notifier.background import Background, Fact, is_still_true, with_an_address
from notifier.deciding import restraint
from notifier.deciding.rules import Rule
from notifier.deciding.variants import is_not_theirs, variant
from notifier.settings import NotifierSettings
from notifier.states import CHANNELS_ALLOWED, NEEDED_FOR, PRIORITY, STANDS_IN, Cadence, ChannelName, Importance, Reason

# What nobody decided on or took for so long comes from an outage: a person looks before it leaves in one burst.
BACKLOG_AFTER = timedelta(hours=2)
# What may follow a STOP: the word that it was heard, and help. A code that somebody has just asked for always may.
PASSES_A_STOP = frozenset({"optout", "kw_help"})
# Facts that only say where a claim stands: told again with nothing else between, they are no news.
WHERE_IT_STANDS = frozenset({"stage_changed", "situation_changed"})
SAID_AGAIN = frozenset({"assessment", "awaiting", "extended", "repair", "paid"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes a notification: planned if `reason` is None, else suppressed for that reason."""

    template: str
    importance: Importance
    channel: ChannelName
    contact_point_id: UUID | None
    language: str
    cadence: Cadence
    arm: str | None
    rule_version: int | None
    not_before: datetime
    send_by: datetime
    reason: Reason | None = None

    @property
    def priority(self) -> int:
        """The place of its lane; lower leaves first."""
        return PRIORITY[self.importance]


def decide(fact: Fact, rule: Rule, stands: Background, *, settings: NotifierSettings, now: datetime) -> Plan:
    """What to do about `fact` for its recipient. The same values give the same plan."""
    template = variant(rule.template, fact, stands, settings)
    channel, unreachable = reach(rule.channels, stands, settings)
    cadence = cadence_of(stands, settings)
    reason = _not_news(fact, rule, template, cadence, stands, now) or unreachable
    if reason is None and restraint.is_beyond_claim_cap(rule.importance, channel, stands, settings):
        reason = Reason.CLAIM_CAP
    reason = reason or (Reason.BACKLOG if now - fact.tell_after > BACKLOG_AFTER else None)
    return planned(template, rule.importance, channel, stands, settings=settings, now=now, rule=rule, reason=reason)


def planned(
    template: str,
    importance: Importance,
    channel: ChannelName,
    stands: Background,
    *,
    settings: NotifierSettings,
    now: datetime,
    rule: Rule | None = None,
    reason: Reason | None = None,
) -> Plan:
    """The moments and the voice of a message: after the recipient's night, and only while it is worth saying."""
    not_before = restraint.leaves(importance, channel, stands, settings, now)
    send_by = not_before + restraint.SEND_WITHIN_OF.get(template, restraint.SEND_WITHIN)
    if template == "inspection" and stands.inspection_at:
        send_by = min(send_by, stands.inspection_at)
    return Plan(
        template=template,
        importance=importance,
        channel=channel,
        contact_point_id=stands.contact_point_id,
        language=stands.language,
        cadence=cadence_of(stands, settings),
        arm=stands.arm,
        rule_version=rule.version if rule else None,
        not_before=not_before,
        send_by=send_by,
        reason=reason,
    )


def still_to_send(
    *,
    template: str,
    importance: Importance,
    channel: ChannelName,
    send_by: datetime,
    fact: Fact | None,
    stands: Background,
    settings: NotifierSettings,
    now: datetime,
) -> Reason | datetime | None:
    """At take: None to send now, a reason to let it be, or the later moment before which it must not leave.

    What was allowed when it was planned may be forbidden now, and what was true may be over.
    """
    if now >= send_by:
        return Reason.TOO_LATE
    unreachable = barred(template, importance, channel, stands, settings)
    if unreachable:
        return unreachable
    if fact and not is_still_true(fact, stands, now):
        return Reason.NO_LONGER_TRUE
    if restraint.is_beyond_claim_cap(importance, channel, stands, settings):
        return Reason.CLAIM_CAP
    later = restraint.leaves_within_caps(importance, channel, stands, settings, now)
    if importance in restraint.CAPPED and later >= send_by:
        return Reason.DAILY_CAP
    return None if later <= now else later


def cadence_of(stands: Background, settings: NotifierSettings) -> Cadence:
    """The person's own choice, else the arm of the pilot they agreed to, else the insurer's cadence."""
    return Cadence(stands.chosen_cadence or stands.trial_cadence or settings.notifier_cadence)


def reach(
    channels: tuple[ChannelName, ...], stands: Background, settings: NotifierSettings
) -> tuple[ChannelName, Reason | None]:
    """The first channel that the law, the recipient and our set-up allow; or the one we would take, and why not.

    The basis of service texts is the contract; a messenger is an extra and needs consent. An opt-out always wins.
    """
    fitting = with_an_address(channels, stands)
    wished = sorted(fitting or channels, key=lambda channel: channel != stands.chosen_channel)
    if stands.contact_prohibited:
        return wished[0], Reason.CONTACT_PROHIBITED
    if stands.is_anothers_number or not fitting:
        return wished[0], Reason.ANOTHERS_NUMBER if stands.is_anothers_number else Reason.NO_CONTACT
    reasons = {channel: _barred(channel, stands, settings) for channel in wished}
    for channel, reason in reasons.items():
        if reason is None:
            return channel, None
    # What the person said weighs more than what the law or our set-up says.
    weighs = (Reason.OPTED_OUT, Reason.NO_CONSENT, Reason.NO_CONTACT)
    worst = next((each for each in weighs if each in reasons.values()), None)
    return wished[0], worst or Reason.CHANNEL_NOT_ALLOWED


def barred(
    template: str, importance: Importance, channel: ChannelName, stands: Background, settings: NotifierSettings
) -> Reason | None:
    """Why this message may not go over this channel now; None if it may."""
    if importance is Importance.REQUIRED and channel is ChannelName.EMAIL and channel not in stands.stopped:
        stands = stands._replace(stopped=[])  # what the law requires goes by letter after a STOP of texts, too
    _, reason = reach((channel,), stands, settings)
    if importance is Importance.CODE or (reason is Reason.OPTED_OUT and template in PASSES_A_STOP):
        return None
    return reason


def _barred(channel: ChannelName, stands: Background, settings: NotifierSettings) -> Reason | None:
    if channel not in CHANNELS_ALLOWED[settings.notifier_market]:
        return Reason.CHANNEL_NOT_ALLOWED
    if channel in stands.stopped or (channel in STANDS_IN and stands.stopped):
        return Reason.OPTED_OUT
    if channel in STANDS_IN and getattr(settings, STANDS_IN[channel]) is None:
        return Reason.NO_CONTACT
    if channel in NEEDED_FOR:
        if getattr(settings, NEEDED_FOR[channel]) is None:
            return Reason.CHANNEL_NOT_ALLOWED
        if channel not in stands.consents:
            return Reason.NO_CONSENT
    return None


def _not_news(
    fact: Fact, rule: Rule, template: str, cadence: Cadence, stands: Background, now: datetime
) -> Reason | None:
    if fact.detail.get("told") is False:
        return Reason.HANDLER_SAID_NO
    if is_not_theirs(template, fact, stands):
        return Reason.ANOTHERS_MONEY
    if now - fact.occurred_at > timedelta(hours=rule.fresh_hours):
        return Reason.STALE_EVENT
    if not is_still_true(fact, stands, now):
        return Reason.NO_LONGER_TRUE
    if rule.importance is not Importance.REQUIRED and cadence not in rule.cadences:
        return Reason.CADENCE
    if fact.kind in WHERE_IT_STANDS and template in SAID_AGAIN and stands.last_template == template:
        return Reason.DUPLICATE_CONTENT
    return None
