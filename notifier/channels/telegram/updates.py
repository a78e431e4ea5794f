"""What Telegram's webhook brings, in our words (pure). Only private chats are ours."""

import json
from typing import Any

from claims_core.errors import BadInput
from notifier.channels.updates import Kind, Update, language_of, read_words


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


def answer_in(address: str, text: str) -> dict[str, Any]:
    """What the webhook answers so that the chat reads `text` at once."""
    return {"method": "sendMessage", "chat_id": address, "text": text}


def _membership(ref: str, changed: dict[str, Any]) -> Update | None:
    if changed["chat"]["type"] != "private" or changed["new_chat_member"]["status"] != "kicked":
        return None
    return Update(ref, str(int(changed["chat"]["id"])), Kind.BLOCKED)


def _message(ref: str, message: dict[str, Any]) -> Update | None:
    sender = message.get("from") or {}
    if message["chat"]["type"] != "private" or sender.get("is_bot"):
        return None
    kind, text = _said(message, sender)
    return Update(ref, str(int(message["chat"]["id"])), kind, text, language_of(sender.get("language_code")))


def _said(message: dict[str, Any], sender: dict[str, Any]) -> tuple[Kind, str]:
    if contact := message.get("contact"):
        # Anybody may send on anybody's card; only one that carries the sender's own id is theirs.
        own = contact.get("user_id") is not None and contact["user_id"] == sender.get("id")
        return (Kind.OWN_CARD, read_words(str(contact["phone_number"]))[1]) if own else (Kind.ANOTHERS_CARD, "")
    return read_words(str(message.get("text") or message.get("caption") or ""))
