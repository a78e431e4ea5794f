"""Twilio's words and codes into ours, as data (pure)."""

from collections.abc import Mapping

from claims_core.errors import (
    AmbiguousHandOver,
    BadInput,
    ChannelError,
    PermanentChannelFailure,
    TemporaryChannelFailure,
)
from notifier.channels.base import AddressRefused, Capabilities, RecipientOptedOut, Report, SenderStopped, Verdict
from notifier.channels.twilio.calls import STATE_OF_CALL, VERDICT_OF_CALL, said_in_callback
from notifier.settings import NotifierSettings
from notifier.states import DeliveryState

# Complete against the SDK's own list, apart from the two words for messages to us (a test).
STATE_OF: dict[str, DeliveryState] = {
    "accepted": DeliveryState.ACCEPTED,
    "scheduled": DeliveryState.ACCEPTED,
    "queued": DeliveryState.ACCEPTED,
    "sending": DeliveryState.ON_ITS_WAY,
    "sent": DeliveryState.ON_ITS_WAY,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.DELIVERED,
    "undelivered": DeliveryState.UNDELIVERED,
    "failed": DeliveryState.UNDELIVERED,
    "canceled": DeliveryState.UNDELIVERED,
    "partially_delivered": DeliveryState.UNDELIVERED,
}

CODES: dict[Verdict, str] = {
    Verdict.LATER: "20429 20503 21611 30001 30017 30022 30023 30450 63009 63010 63012 63017 63018 63038",
    Verdict.STOP_SENDER: (
        "20003 20005 20403 20404 20410 21212 21603 21606 21607 21608 21701 21703 21704 30002 30018 30024 30032 "
        "30034 30035 30453 63001 63002 63007 63015 63051"
    ),
    Verdict.BAD_ADDRESS: "21211 21214 21401 21614 30005 30006 63003 63024",
    Verdict.OPTED_OUT: "21610 63014 63033",
    Verdict.NEVER: (
        "21408 21602 21612 21617 21619 21620 21656 21658 30003 30004 30007 30008 30010 30036 30410 63005 63013 63016 "
        "63021 63027 63028 63032 63036 63040 63041 63042 63049"
    ),
}
VERDICT_OF: dict[str, Verdict] = VERDICT_OF_CALL | {
    code: verdict for verdict, codes in CODES.items() for code in codes.split()
}

_LENGTHS = {"provider_ref": 64, "provider_status": 40, "error_code": 20}
_ERROR_OF: dict[Verdict, type[ChannelError]] = {
    Verdict.AGAIN: PermanentChannelFailure,
    Verdict.LATER: TemporaryChannelFailure,
    Verdict.STOP_SENDER: SenderStopped,
    Verdict.BAD_ADDRESS: AddressRefused,
    Verdict.OPTED_OUT: RecipientOptedOut,
    Verdict.NEVER: PermanentChannelFailure,
}


def capabilities_of(settings: NotifierSettings) -> Capabilities:
    """What Twilio can do for us. It has no key that makes a repeat harmless (facts B4)."""
    return Capabilities(
        receipts=True,
        lookup=True,
        replies=settings.notifier_replies,
        cost=settings.notifier_sms_price,
        listing_lag=settings.notifier_listing_lag,
    )


def lacks_for_sms(settings: NotifierSettings) -> str | None:
    """Which setting is missing; None if none is."""
    return None if settings.twilio_account_sid else "TWILIO_ACCOUNT_SID is not set"


def lacks_for_whatsapp(settings: NotifierSettings) -> str | None:
    """Which setting is missing; None if none is."""
    return lacks_for_sms(settings) or (None if settings.twilio_whatsapp_from else "TWILIO_WHATSAPP_FROM is not set")


def report_in(form: Mapping[str, str]) -> Report:
    """The report that a status callback brings; raises `BadInput` for a form that reports nothing."""
    ref, word, code = form.get("MessageSid", ""), form.get("MessageStatus", ""), form.get("ErrorCode") or None
    states = STATE_OF
    if "CallSid" in form:
        ref, word, code = said_in_callback(form)
        states = STATE_OF_CALL
    values = {"provider_ref": ref, "provider_status": word, "error_code": code or ""}
    if not ref or not word or any("\0" in text or len(text) > _LENGTHS[name] for name, text in values.items()):
        raise BadInput("a status report needs MessageSid and MessageStatus, or CallSid and CallStatus")
    return Report(ref, word, code, states.get(word), verdict_on(code), form, read=word == "read")


def verdict_on(code: str | None) -> Verdict | None:
    """What a code in a receipt means; None for none and for one we do not know."""
    return VERDICT_OF.get(code or "")


def failure_of(status: int, code: str | None, *, retry_after: float | None = None) -> ChannelError:
    """The failure that a complete answer other than 2xx stands for. Never ambiguous below 500.

    429 is refused before anything is done (facts B4). A 5xx tells that nothing was taken only when it says so: a
    code of the table, or 503 with Retry-After. Any other 5xx may come after the message was queued.
    """
    words = f"answer {status}, code {code or 'none'}"
    if status == 429:
        return TemporaryChannelFailure(words, code=code or "429", retry_after=retry_after)
    if status in (401, 403):
        return SenderStopped(words, code=code or str(status))
    verdict = verdict_on(code)
    if status >= 500:
        if verdict is Verdict.LATER or (status == 503 and retry_after is not None):
            return TemporaryChannelFailure(words, code=code or str(status), retry_after=retry_after)
        return AmbiguousHandOver(words, code=code or str(status))
    if status < 400:
        # A redirect is never followed: the message would leave for a host that nobody configured.
        return SenderStopped(words, code=str(status))
    return _ERROR_OF[verdict or Verdict.NEVER](words, code=code or str(status), retry_after=retry_after)
