"""The states of a notification and of a delivery: each machine is a table of moves and one function (pure)."""

from enum import StrEnum

from claims_core.errors import ClaimsError
from notifier.settings import Market


class WrongMove(ClaimsError):
    """A step that the machine does not have: a bug, never bad data."""


class Importance(StrEnum):
    """The lane of a notification. `code` and `answer` may arrive at night; the first three ignore cadence."""

    CODE = "code"
    ANSWER = "answer"
    REQUIRED = "required"
    PROGRESS = "progress"
    HEARTBEAT = "heartbeat"


# The order in which lanes are taken; written into `notification.priority` by whoever plans.
PRIORITY: dict[Importance, int] = {
    Importance.CODE: 0,
    Importance.ANSWER: 1,
    Importance.REQUIRED: 3,
    Importance.PROGRESS: 5,
    Importance.HEARTBEAT: 8,
}


class Cadence(StrEnum):
    """How often a policyholder hears from us."""

    ESSENTIAL = "essential"
    EVERY_STEP = "every_step"
    FREQUENT = "frequent"


class Arm(StrEnum):
    """What a pilot compares: cadences, and that the policyholder is asked which one they want."""

    ESSENTIAL = "essential"
    EVERY_STEP = "every_step"
    FREQUENT = "frequent"
    SELF_CHOSEN = "self_chosen"

    @property
    def cadence(self) -> Cadence | None:
        """How often whoever is in this arm hears from us; None while it is theirs to say."""
        return None if self is Arm.SELF_CHOSEN else Cadence(self)


class Guardrail(StrEnum):
    """What an arm of a pilot must not cross."""

    OPT_OUTS = "opt_outs"
    COMPLAINTS = "complaints"
    MESSAGES = "messages"


class ChannelName(StrEnum):
    """The ways to reach a person that are built in."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    VOICE = "voice"
    TELEGRAM = "telegram"
    MAX = "max"
    EMAIL = "email"
    APPRISE = "apprise"
    CONSOLE = "console"


# In the order in which they are tried for what no rule names channels for.
ALL_CHANNELS = (
    ChannelName.SMS,
    ChannelName.WHATSAPP,
    ChannelName.TELEGRAM,
    ChannelName.MAX,
    ChannelName.VOICE,
    ChannelName.EMAIL,
    ChannelName.APPRISE,
)
# Reached by an address that the person gave us by linking the chat from their own page, never by a number on file.
CHATS = frozenset({ChannelName.TELEGRAM, ChannelName.MAX})
# Read the text of an SMS where there is none of their own.
READ_AS_SMS = CHATS | {ChannelName.APPRISE}
# These stand in for texts where the setting is there: a STOP of texts is for them as well.
STANDS_IN = {ChannelName.EMAIL: "smtp_url", ChannelName.APPRISE: "apprise_url"}
# Each of these is an extra: it needs its own setting, and the recipient's consent.
NEEDED_FOR = {
    ChannelName.WHATSAPP: "twilio_whatsapp_from",
    ChannelName.TELEGRAM: "telegram_bot_token",
    ChannelName.MAX: "max_bot_token",
    ChannelName.VOICE: "twilio_voice_from",
}
# What each market's law lets us use (`stages.md` 6). Law 41-FZ keeps Russian insurers out of foreign messengers.
CHANNELS_ALLOWED: dict[Market, frozenset[ChannelName]] = {
    Market.RU: frozenset(ChannelName) - {ChannelName.WHATSAPP, ChannelName.TELEGRAM, ChannelName.APPRISE},
    Market.EU: frozenset(ChannelName),
    Market.US: frozenset(ChannelName),
    Market.UK: frozenset(ChannelName),
}


class CauseKind(StrEnum):
    """What a notification is about; with the cause's id it makes the key of the fact."""

    CASE_EVENT = "case_event"
    SIGN_IN_CODE = "sign_in_code"
    INBOUND = "inbound"
    SILENCE_SLOT = "silence_slot"
    QUESTION = "question"
    PREFERENCE = "preference"
    ENROLMENT = "enrolment"
    SURVEY = "survey"


class NotificationState(StrEnum):
    """The decision to tell; the row is the queue."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    SETTLED = "settled"
    HELD = "held"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    FAILED = "failed"


class DeliveryState(StrEnum):
    """One handing-over of a notification to a provider."""

    SENDING = "sending"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    ON_ITS_WAY = "on_its_way"
    UNDELIVERED = "undelivered"
    DELIVERED = "delivered"


class Reason(StrEnum):
    """Why a notification was not sent, waits for a person, or failed: a closed list."""

    # suppressed
    CADENCE = "cadence"
    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    NO_CONTACT = "no_contact"
    ANOTHERS_NUMBER = "anothers_number"
    ANOTHERS_MONEY = "anothers_money"
    CONTACT_PROHIBITED = "contact_prohibited"
    CHANNEL_NOT_ALLOWED = "channel_not_allowed"
    DAILY_CAP = "daily_cap"
    CLAIM_CAP = "claim_cap"
    STALE_EVENT = "stale_event"
    NO_LONGER_TRUE = "no_longer_true"
    DUPLICATE_CONTENT = "duplicate_content"
    HANDLER_SAID_NO = "handler_said_no"
    OPEN_QUESTION = "open_question"
    # held
    BACKLOG = "backlog"
    MASS_CHANGE = "mass_change"
    RESTORE = "restore"
    APPROVAL = "approval"
    BY_HAND = "by_hand"
    # failed
    RENDER = "render"
    QUARANTINED = "quarantined"
    REFUSED_BY_PROVIDER = "refused_by_provider"
    GAVE_UP = "gave_up"
    # expired and superseded
    TOO_LATE = "too_late"
    LATER_STAGE = "later_stage"


# A message with one of these waits for a person's word (`notifier.held`); the other reasons are the last word.
HOLDS = (Reason.BACKLOG, Reason.MASS_CHANGE, Reason.RESTORE, Reason.APPROVAL, Reason.BY_HAND)

_N = NotificationState
MOVES: dict[NotificationState, frozenset[NotificationState]] = {
    # A late receipt may show that what we plan to repeat has been taken after all.
    _N.PLANNED: frozenset(
        {_N.SENDING, _N.HELD, _N.SUPPRESSED, _N.SUPERSEDED, _N.EXPIRED, _N.FAILED, _N.SENT, _N.SETTLED}
    ),
    # What is taken is looked at once more before it leaves.
    _N.SENDING: frozenset(
        {_N.SENT, _N.SETTLED, _N.UNKNOWN, _N.PLANNED, _N.FAILED, _N.EXPIRED, _N.HELD, _N.SUPPRESSED, _N.SUPERSEDED}
    ),
    _N.SENT: frozenset({_N.SETTLED}),
    _N.UNKNOWN: frozenset({_N.SENT, _N.SETTLED, _N.PLANNED, _N.HELD, _N.FAILED, _N.EXPIRED}),
    # After a restore a receipt may show that what is held has left long ago.
    _N.HELD: frozenset({_N.PLANNED, _N.SUPPRESSED, _N.SUPERSEDED, _N.EXPIRED, _N.SENT, _N.SETTLED}),
    _N.SETTLED: frozenset(),
    _N.SUPPRESSED: frozenset(),
    _N.SUPERSEDED: frozenset(),
    _N.EXPIRED: frozenset(),
    _N.FAILED: frozenset(),
}
FINAL = frozenset(state for state, after in MOVES.items() if not after)

# Receipts arrive late, twice and out of order. The higher rank wins (`reliability`, the receipt lattice).
RECEIPT_RANK: dict[DeliveryState, int] = {
    DeliveryState.SENDING: 0,
    DeliveryState.UNKNOWN: 1,
    DeliveryState.REFUSED: 2,
    DeliveryState.ACCEPTED: 3,
    DeliveryState.ON_ITS_WAY: 4,
    DeliveryState.UNDELIVERED: 5,
    DeliveryState.DELIVERED: 6,
}
FINAL_DELIVERIES = frozenset({DeliveryState.UNDELIVERED, DeliveryState.DELIVERED, DeliveryState.REFUSED})


def step(before: NotificationState, after: NotificationState) -> NotificationState:
    """`after`, if the machine has this move; raises `WrongMove` otherwise."""
    if after not in MOVES[before]:
        raise WrongMove(f"a notification does not go from {before} to {after}")
    return after


def settle(current: DeliveryState, reported: DeliveryState) -> DeliveryState:
    """Fold a report into what we know. Commutative, associative, idempotent: order and repeats do not matter."""
    return max(current, reported, key=RECEIPT_RANK.__getitem__)


# These messages are a code to be typed or read back: never over a way where others read along, and read out slowly.
CODE_TEMPLATES = frozenset({"otp", "call_code"})


class TextState(StrEnum):
    """A version of a text that was edited here."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


# Going back is publishing again what was retired.
TEXT_MOVES: dict[TextState, frozenset[TextState]] = {
    TextState.DRAFT: frozenset({TextState.PUBLISHED, TextState.RETIRED}),
    TextState.PUBLISHED: frozenset({TextState.RETIRED}),
    TextState.RETIRED: frozenset({TextState.PUBLISHED}),
}
