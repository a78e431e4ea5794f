"""What Telegram's webhook brings, in our words (pure). Only private chats are ours."""

import hmac
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import SecretStr

from claims_core.errors import BadInput


class Kind(StrEnum):
    """What somebody did in a chat."""

    WORDS = "words"
    COMMAND = "command"  # begins with a slash; it says nothing about the language of whoever pressed it
    TOKEN = "token"  # /start with something behind it  # noqa: S105
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


def read_update(body: bytes) -> Update | None:
    """The update in a post; None for one that is not about a private chat. Raises `BadInput` for what is no update."""
    try:
        update = json.loads(body)
        ref = str(int(update["update_id"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput("this is no update of Telegram's") from None
    try:
        if "my_chat_member" in update:
            return _membership(ref, update["my_chat_member"])
        return _message(ref, update["message"]) if "message" in update else None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadInput("this update of Telegram's cannot be read") from None


def _membership(ref: str, changed: dict[str, Any]) -> Update | None:
    if changed["chat"]["type"] != "private" or changed["new_chat_member"]["status"] != "kicked":
        return None
    return Update(ref, str(int(changed["chat"]["id"])), Kind.BLOCKED)


def _message(ref: str, message: dict[str, Any]) -> Update | None:
    sender = message.get("from") or {}
    if message["chat"]["type"] != "private" or sender.get("is_bot"):
        return None
    address = str(int(message["chat"]["id"]))
    language = "ru" if str(sender.get("language_code") or "").lower().startswith("ru") else "en"
    kind, text = _said(message, sender)
    return Update(ref, address, kind, text, language)


def _said(message: dict[str, Any], sender: dict[str, Any]) -> tuple[Kind, str]:
    if contact := message.get("contact"):
        # Anybody may send on anybody's card; only one that carries the sender's own id is theirs.
        own = contact.get("user_id") is not None and contact["user_id"] == sender.get("id")
        return (Kind.OWN_CARD, _clean(str(contact["phone_number"]))) if own else (Kind.ANOTHERS_CARD, "")
    text = _clean(str(message.get("text") or message.get("caption") or ""))
    if not text.strip():
        return Kind.SOMETHING_ELSE, ""
    if not text.startswith("/"):
        return Kind.WORDS, text
    command, _, rest = text[1:].partition(" ")
    command = command.partition("@")[0]
    if command.lower() == "start" and rest.strip():
        return Kind.TOKEN, rest.strip()
    return Kind.COMMAND, command


def _clean(text: str) -> str:
    """Half of a surrogate pair is valid in JSON, and nowhere else."""
    return text.encode("utf-8", "replace").decode()
