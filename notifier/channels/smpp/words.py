"""The words and numbers of SMPP 3.4 in ours, as data (pure). Sections are those of its specification, issue 1.2."""

from claims_core.errors import ChannelError, PermanentChannelFailure, TemporaryChannelFailure
from notifier.channels.base import AddressBusy, AddressRefused, Capabilities, SenderStopped, Verdict
from notifier.settings import NotifierSettings
from notifier.states import DeliveryState

PROVIDER = "smpp"
# Section 5.1.3, command_status: what an answer to submit_sm means. An error tells that nothing was taken.
STATUSES: dict[Verdict, dict[int, str]] = {
    Verdict.LATER: {
        0x08: "the SMSC has an error of its own",
        0x14: "its queue is full",
        0x58: "too many messages at once",
        0x64: "not now",
    },
    # What we put into every message, or said at the bind, is refused: an operator must mend it, here or there.
    Verdict.STOP_SENDER: {
        0x03: "submit_sm is not known",
        0x04: "this bind may not send",
        0x05: "bound already",
        0x06: "priority refused",
        0x07: "delivery receipts refused",
        0x0A: "the sender's address is refused",
        0x0D: "the bind failed",
        0x0E: "wrong password",
        0x0F: "unknown system_id",
        0x15: "service type refused",
        0x43: "esm_class refused",
        0x48: "kind of the sender's address refused",
        0x49: "plan of the sender's address refused",
        0x50: "kind of the recipient's address refused",
        0x51: "plan of the recipient's address refused",
        0x53: "system type refused",
        0x62: "validity period refused",
    },
    Verdict.BAD_ADDRESS: {0x0B: "no address that can be reached"},
    Verdict.NEVER: {
        0x01: "too long",
        0x02: "a message of a wrong length",
        0x65: "refused for good",
        0x66: "refused",
        0xC0: "optional parameters cannot be read",
        0xC1: "an optional parameter is not allowed",
        0xC2: "an optional parameter of a wrong length",
        0xC4: "an optional parameter has a wrong value",
    },
}
VERDICT_OF: dict[int, Verdict] = {status: verdict for verdict, each in STATUSES.items() for status in each}
THROTTLED, PAUSE_SECONDS = frozenset({0x14, 0x58}), 1.0
# What has no name here, and "failed" without a reason, may be this message's or this recipient's fault: asked again
# seldom, so that it slows nobody else (0x400 and up are each maker's own).
STRANGE_SECONDS = 600.0

# Appendix B and section 5.2.28, message_state. Carriers say "accepted" long before the handset has it.
STATE_OF: dict[str, DeliveryState | None] = {
    "SCHEDULED": DeliveryState.ACCEPTED,
    "ENROUTE": DeliveryState.ON_ITS_WAY,
    "ACCEPTD": DeliveryState.ON_ITS_WAY,
    "DELIVRD": DeliveryState.DELIVERED,
    "EXPIRED": DeliveryState.UNDELIVERED,
    "DELETED": DeliveryState.UNDELIVERED,
    "UNDELIV": DeliveryState.UNDELIVERED,
    "REJECTD": DeliveryState.UNDELIVERED,
    "UNKNOWN": None,
}
_WORDS = ("SCHEDULED", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD")
WORD_OF = dict(enumerate(_WORDS))
# 5.3.2.31, network_error_code: network 3 is GSM, whose errors are those of 3GPP TS 29.002; 1 is "unknown subscriber".
# The number after `err:` in a receipt's text is each maker's own and says nothing that could be trusted.
GSM_UNKNOWN_SUBSCRIBER = "gsm:1"


def capabilities_of(settings: NotifierSettings) -> Capabilities:
    """What a bind can do: receipts and replies come over it, and there is no list of what was taken."""
    price = settings.notifier_sms_price if settings.smpp_price is None else settings.smpp_price
    return Capabilities(receipts=True, lookup=False, replies=settings.notifier_replies, cost=price)


def lacks(settings: NotifierSettings) -> str | None:
    """Which setting is missing; None if none is."""
    return None if settings.smpp_url else "SMPP_URL is not set"


def verdict_on(code: str | None) -> Verdict | None:
    """What a code in a receipt means; None for what says nothing about the address."""
    return Verdict.BAD_ADDRESS if code == GSM_UNKNOWN_SUBSCRIBER else None


def failure_of(status: int) -> ChannelError:
    """The failure that a `command_status` other than 0 stands for. Never ambiguous: the SMSC has said no."""
    code, verdict = f"{status:#04x}", VERDICT_OF.get(status)
    words = f"status {code}: {STATUSES[verdict][status] if verdict else 'not in the table'}"
    if verdict is Verdict.LATER:
        return TemporaryChannelFailure(words, code=code, retry_after=PAUSE_SECONDS if status in THROTTLED else None)
    if verdict is Verdict.STOP_SENDER:
        return SenderStopped(words, code=code)
    if verdict is Verdict.BAD_ADDRESS:
        return AddressRefused(words, code=code)
    if verdict is Verdict.NEVER:
        return PermanentChannelFailure(words, code=code)
    return AddressBusy(words, code=code, retry_after=STRANGE_SECONDS)
