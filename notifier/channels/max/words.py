"""MAX's answers into our failures, and what the bot needs (pure but for a look at the certificate's file)."""

import ssl
from collections.abc import Mapping
from typing import Any

from claims_core.errors import (
    AmbiguousHandOver,
    ChannelError,
    Misconfigured,
    PermanentChannelFailure,
    TemporaryChannelFailure,
)
from notifier.channels.base import AddressRefused, Capabilities, RecipientOptedOut, SenderStopped
from notifier.settings import NotifierSettings

GONE = ("dialog.not.found", "chat.not.found", "user.not.found", "dialog.notfound")


def capabilities_of(settings: NotifierSettings) -> Capabilities:
    """What MAX can do for us: no receipts and no key, but a chat can be read through for what it took."""
    return Capabilities(
        receipts=False, lookup=True, replies=True, buttons=True, listing_lag=settings.notifier_listing_lag
    )


def lacks(settings: NotifierSettings) -> str | None:
    """Which setting is missing or cannot be used; None if all is well."""
    if not settings.max_bot_token:
        return "MAX_BOT_TOKEN is not set"
    try:
        trusted(settings, only=True)
    except Misconfigured as problem:
        return str(problem)
    return None


def trusted(settings: NotifierSettings, *, only: bool = False) -> ssl.SSLContext | None:
    """The certificates of this machine and those of MAX_CA_FILE; `only` the latter, None if it is not set.

    The root of the Russian ministry, under which MAX's host stands, is on few machines (facts C2).
    """
    if settings.max_ca_file is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if only else ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=settings.max_ca_file)
    except (OSError, ValueError):
        raise Misconfigured(f"MAX_CA_FILE {settings.max_ca_file} is no file with certificates (PEM)") from None
    return context


def failure_of(http_code: int, answer: dict[str, Any] | None, headers: Mapping[str, str]) -> ChannelError:
    """The failure that an answer other than a message stands for. Below 500 nothing was taken."""
    said = answer or {}
    word = f"{said.get('code') or ''} {said.get('message') or ''}".lower()[:200]
    words = f"answer {http_code}"
    if http_code >= 500 or answer is None:
        return AmbiguousHandOver(words, code=str(http_code))
    if http_code == 429:
        return TemporaryChannelFailure(words, code="429", retry_after=_seconds_in(headers))
    if any(gone in word for gone in GONE):
        return AddressRefused(words, code="gone")
    if http_code == 403 and ("chat.denied" in word or "dialog.suspended" in word):
        return RecipientOptedOut(words, code="blocked")
    if http_code in (401, 403, 404) or http_code < 400:
        # A bot that is not let in, or an address where no such API is; a redirect is never followed.
        return SenderStopped(words, code=str(http_code))
    return PermanentChannelFailure(words, code=str(http_code))


def _seconds_in(headers: Mapping[str, str]) -> float | None:
    asked = headers.get("Retry-After", "").strip()
    return float(asked) if asked.isdigit() else None
