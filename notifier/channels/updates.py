"""What somebody did in a chat with us, in our words, whichever messenger brought it (pure)."""

import hmac
from dataclasses import dataclass
from enum import StrEnum

from pydantic import SecretStr


class Kind(StrEnum):
    """What somebody did in a chat."""

    WORDS = "words"
    COMMAND = "command"  # begins with a slash; it says nothing about the language of whoever pressed it
    TOKEN = "token"  # a start with something behind it  # noqa: S105
    OWN_CARD = "own_card"
    ANOTHERS_CARD = "anothers_card"
    SOMETHING_ELSE = "something_else"  # a photo, a voice, a sticker
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Update:
    """One update: `ref` is the same however often it is posted."""

    ref: str
    address: str
    kind: Kind
    text: str = ""
    language: str = "en"


def is_genuine(given: str, live: tuple[SecretStr | None, ...]) -> bool:
    """Does the header hold one of the live secrets? All are compared, each in constant time."""
    sent = given.encode("utf-8", "surrogateescape")
    verdicts = [hmac.compare_digest(sent, secret.get_secret_value().encode()) for secret in live if secret]
    return any(verdicts)


def read_words(text: str) -> tuple[Kind, str]:
    """What a text is: words, a command with its slash taken off, a token behind a start, or nothing to be read."""
    text = text.encode("utf-8", "replace").decode()  # half of a surrogate pair is valid in JSON, and nowhere else
    if not text.strip():
        return Kind.SOMETHING_ELSE, ""
    if not text.startswith("/"):
        return Kind.WORDS, text
    command, _, rest = text[1:].partition(" ")
    command = command.partition("@")[0]
    if command.lower() == "start" and rest.strip():
        return Kind.TOKEN, rest.strip()
    return Kind.COMMAND, command


def language_of(code: object) -> str:
    """Which of our languages a messenger's code of one stands for."""
    return "ru" if str(code or "").lower().startswith("ru") else "en"
