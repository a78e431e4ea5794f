"""Telegram's answers into our failures, and what the bot needs (pure)."""

from typing import Any

from claims_core.errors import AmbiguousHandOver, ChannelError, PermanentChannelFailure, TemporaryChannelFailure
from notifier.channels.base import AddressRefused, Capabilities, RecipientOptedOut, SenderStopped
from notifier.settings import NotifierSettings

# Neither receipts nor a list nor a key of ours (facts C1): what got lost is held for ten minutes and repeated once.
CAPABILITIES = Capabilities(receipts=False, lookup=False, replies=True, buttons=True)
# How a refusal begins whose chat is gone; the rest of the sentence changes.
GONE = ("chat not found", "user is deactivated", "user not found", "peer_id_invalid", "chat_id is empty")


def capabilities_of(settings: NotifierSettings) -> Capabilities:
    """What Telegram can do for us; the same whatever is set."""
    return CAPABILITIES


def lacks(settings: NotifierSettings) -> str | None:
    """Which setting is missing; None if none is."""
    return None if settings.telegram_bot_token else "TELEGRAM_BOT_TOKEN is not set"


def failure_of(status: int, answer: dict[str, Any] | None) -> ChannelError:
    """The failure that an answer other than `ok` stands for.

    Below 500 nothing was taken. A 5xx, and an answer that is no word of Telegram's, tells nothing.
    """
    said = str((answer or {}).get("description") or "")[:200].lower()
    words = f"answer {status}"
    if status >= 500 or answer is None:
        return AmbiguousHandOver(words, code=str(status))
    if status == 429:
        return TemporaryChannelFailure(words, code="429", retry_after=_seconds_in(answer))
    if any(gone in said for gone in GONE):
        return AddressRefused(words, code="gone")
    if status == 403:
        return RecipientOptedOut(words, code="blocked")
    if status in (401, 404) or status < 400:
        # A wrong token is "Not Found" as often as "Unauthorized"; a redirect is never followed.
        return SenderStopped(words, code=str(status))
    return PermanentChannelFailure(words, code=str(status))


def _seconds_in(answer: dict[str, Any]) -> float | None:
    parameters = answer.get("parameters")
    asked = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return float(asked) if isinstance(asked, int | float) and asked >= 0 else None
