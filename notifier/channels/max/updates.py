"""What MAX's webhook brings, in our words (pure). Only dialogs are ours.

An update has no id: its kind, chat, moment and message are the same however often it is posted (facts C2).
"""

import json
import re
from typing import Any

from claims_core.errors import BadInput
from notifier.channels.updates import Kind, Update, language_of, read_words

_NUMBER = re.compile(r"^TEL[^:\n]*:(\+?\d{5,15})\s*$", re.MULTILINE | re.IGNORECASE)
_LONGEST_REF = 100


def read_update(body: bytes) -> Update | None:
    """The update in a post; None for one that is not about a dialog. Raises `BadInput` for what is no update."""
    try:
        update = json.loads(body)
        kind, moment = str(update["update_type"]), int(update["timestamp"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput("this is no update of MAX's") from None
    read = _READ.get(kind)
    try:
        return read(update, f"{kind}:{moment}") if read else None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadInput("this update of MAX's cannot be read") from None


def _started(update: dict[str, Any], ref: str) -> Update:
    chat, token = str(int(update["chat_id"])), str(update.get("payload") or "").strip()
    kind, text = (Kind.TOKEN, token) if token else (Kind.COMMAND, "start")
    return Update(f"{ref}:{chat}", chat, kind, text, language_of(update.get("user_locale")))


def _stopped(update: dict[str, Any], ref: str) -> Update:
    chat = str(int(update["chat_id"]))
    return Update(f"{ref}:{chat}", chat, Kind.BLOCKED)


def _message(update: dict[str, Any], ref: str) -> Update | None:
    message = update.get("message")
    if message is None:
        return None  # so MAX tells of a voice message
    sender, place = message.get("sender") or {}, message["recipient"]
    if place["chat_type"] != "dialog" or sender.get("is_bot"):
        return None
    chat, body = str(int(place["chat_id"])), message.get("body") or {}
    kind, text = _said(body, sender)
    ref = f"{ref}:{chat}:{body.get('mid', '')}"[:_LONGEST_REF]
    return Update(ref, chat, kind, text, language_of(update.get("user_locale")))


def _said(body: dict[str, Any], sender: dict[str, Any]) -> tuple[Kind, str]:
    for attached in body.get("attachments") or []:
        if attached.get("type") == "contact":
            return _card(attached.get("payload") or {}, sender)
    return read_words(str(body.get("text") or ""))


def _card(card: dict[str, Any], sender: dict[str, Any]) -> tuple[Kind, str]:
    """Anybody may send on anybody's card; only one that carries the sender's own id is theirs."""
    whose = card.get("max_info") or card.get("tam_info") or {}
    if whose.get("user_id") is None or whose["user_id"] != sender.get("user_id"):
        return Kind.ANOTHERS_CARD, ""
    number = _NUMBER.search(str(card.get("vcf_info") or ""))
    return (Kind.OWN_CARD, number.group(1)) if number else (Kind.SOMETHING_ELSE, "")


_READ = {"bot_started": _started, "bot_stopped": _stopped, "message_created": _message}
