"""What becomes of a call, in our words (pure). One that nobody answered is worth another, one to a mailbox is not."""

from collections.abc import Mapping

from notifier.channels.base import Capabilities, Verdict
from notifier.settings import NotifierSettings
from notifier.states import DeliveryState

SPOKEN_SEAL = "a code to be said"  # what the seal of a code in an address is for
MACHINE = "machine"
# Complete against the SDK's own list (a test); `initiated` is said in callbacks alone, and `machine` is our word for a
# call that a mailbox or a fax took.
STATE_OF_CALL: dict[str, DeliveryState] = {
    "queued": DeliveryState.ACCEPTED,
    "initiated": DeliveryState.ACCEPTED,
    "ringing": DeliveryState.ON_ITS_WAY,
    "in-progress": DeliveryState.ON_ITS_WAY,
    "completed": DeliveryState.DELIVERED,
    "busy": DeliveryState.UNDELIVERED,
    "no-answer": DeliveryState.UNDELIVERED,
    "failed": DeliveryState.UNDELIVERED,
    "canceled": DeliveryState.UNDELIVERED,
    MACHINE: DeliveryState.UNDELIVERED,
}
# A call that ended so says by its word what to do next.
VERDICT_OF_CALL = {
    **dict.fromkeys(("busy", "no-answer"), Verdict.AGAIN),
    **dict.fromkeys(("failed", "canceled", MACHINE), Verdict.NEVER),
}


def how_it_went(word: str, answered_by: str | None, code: str | None = None) -> tuple[str, str | None]:
    """The word that counts, and the code that says what to do next: the provider's own, else the word."""
    if word == "completed" and (answered_by or "").startswith((MACHINE, "fax")):
        word = MACHINE
    return word, code or (word if word in VERDICT_OF_CALL else None)


def said_in_callback(form: Mapping[str, str]) -> tuple[str, str, str | None]:
    """Ref, word and code of a callback about a call; empty ones where it says nothing."""
    word, code = how_it_went(form.get("CallStatus", ""), form.get("AnsweredBy"), form.get("ErrorCode") or None)
    return form.get("CallSid", ""), word, code


def capabilities_of_calls(settings: NotifierSettings) -> Capabilities:
    """What Twilio can do for us on a call: one key, which says no more than "once again"."""
    return Capabilities(
        receipts=True,
        lookup=True,
        replies=False,
        cost=settings.notifier_voice_price,
        listing_lag=settings.notifier_listing_lag,
    )


def lacks_for_voice(settings: NotifierSettings) -> str | None:
    """Which setting is missing; None if none is."""
    if not settings.twilio_account_sid:
        return "TWILIO_ACCOUNT_SID is not set"
    return None if settings.twilio_voice_from else "TWILIO_VOICE_FROM is not set"
