"""The answers of mail servers in our words, as data, and how a token stands in an address (pure)."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from enum import StrEnum

from claims_core.errors import AmbiguousHandOver, ChannelError, PermanentChannelFailure, TemporaryChannelFailure
from notifier.channels.base import AddressBusy, AddressRefused, Capabilities, SenderStopped, Verdict
from notifier.settings import NotifierSettings

PROVIDER = "smtp"
# RFC 3463 and its registry: the mailbox or its domain is not there, has moved away, or takes no mail at all. A full
# mailbox (5.2.2), a size (5.3.4) and every policy (5.7.x) are not the address.
HARD = frozenset({*(f"5.1.{n}" for n in (0, 1, 2, 3, 4, 6, 10)), "5.2.1", "5.4.4"})
NO_SUCH_MAILBOX = frozenset({550, 551, 553})  # what servers answer to a recipient when they give no enhanced code
# Asked again after so long: a server that puts strangers off (greylisting) means minutes.
ADDRESS_BUSY_SECONDS = 600.0
_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_TAG = re.compile(r"[0-9a-f]{32}")


class At(StrEnum):
    """What the server was answering to."""

    GREETING = "greeting"
    SIGN_IN = "sign_in"
    SENDER = "sender"
    RECIPIENT = "recipient"
    LETTER = "letter"


def capabilities_of(settings: NotifierSettings) -> Capabilities:
    """What mail can do: nothing to look up in, and the Message-ID that a repeat keeps is a hint and no key."""
    return Capabilities(receipts=bool(settings.smtp_bounces_bind), lookup=False, replies=False, buttons=True)


def lacks(settings: NotifierSettings) -> str | None:
    """Which setting is missing; None if none is."""
    return None if settings.smtp_url else "SMTP_URL is not set"


def enhanced_in(answer: str) -> str | None:
    """The enhanced code (RFC 3463) in an answer; None without one."""
    found = _ENHANCED.search(answer)
    return found[0] if found else None


def verdict_on(code: str | None) -> Verdict | None:
    """What an enhanced code of a failed delivery means; None for one that says nothing for good."""
    if code is None or not code.startswith("5."):
        return None
    return Verdict.BAD_ADDRESS if code in HARD else Verdict.NEVER


def failure_of(code: int, answer: str, at: At) -> ChannelError:
    """The failure that a server's answer stands for. It has said what it did: only an unreadable one is ambiguous."""
    enhanced = enhanced_in(answer)
    words, said = f"{at}: answer {code} {enhanced or ''}".strip(), enhanced or str(code)
    if not 400 <= code < 600:
        lost = AmbiguousHandOver if at is At.LETTER else TemporaryChannelFailure
        return lost(f"{at}: an answer that cannot be read", code="unreadable")
    if code < 500:
        if at in (At.RECIPIENT, At.LETTER) and code != 421:
            return AddressBusy(words, code=said, retry_after=ADDRESS_BUSY_SECONDS)
        return TemporaryChannelFailure(words, code=said)
    if at in (At.GREETING, At.SIGN_IN, At.SENDER) or code == 530:
        return SenderStopped(words, code=said)
    bare = enhanced is None and at is At.RECIPIENT and code in NO_SUCH_MAILBOX
    if bare or verdict_on(enhanced) is Verdict.BAD_ADDRESS:
        return AddressRefused(words, code=said)
    return PermanentChannelFailure(words, code=said)


def tag_of(token: str) -> str:
    """The token of a delivery as it stands in addresses: letters of one case, for not every server keeps both."""
    return urlsafe_b64decode(token + "=" * (-len(token) % 4)).hex()


def token_of(tag: str) -> str | None:
    """The token that has this tag; None if it is none."""
    tag = tag.lower()
    return urlsafe_b64encode(bytes.fromhex(tag)).decode().rstrip("=") if _TAG.fullmatch(tag) else None


def return_path(bounces_to: str, token: str) -> str:
    """Where a letter that cannot be delivered comes back to: `bounces+TAG@domain`, so that it names its delivery."""
    local, _, domain = bounces_to.rpartition("@")
    return f"{local}+{tag_of(token)}@{domain}"


def token_in(address: str, bounces_to: str) -> str | None:
    """The token in a return path of ours; None for any other address."""
    local, _, domain = address.strip("<>").rpartition("@")
    ours, _, ours_domain = bounces_to.rpartition("@")
    name, _, tag = local.rpartition("+")
    if (name.lower(), domain.lower()) != (ours.lower(), ours_domain.lower()):
        return None
    return token_of(tag)
