"""The bot's side of the emulator: what it took, who wrote to it, which chats have blocked it, and faults to come."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any


class Fault(StrEnum):
    """What the next `sendMessage` meets."""

    OK = "ok"
    TOO_MANY = "429"  # `number` is retry_after
    BLOCKED = "403"
    DEACTIVATED = "403_deactivated"
    NO_CHAT = "400_chat"
    BAD = "400"
    UNAUTHORISED = "401"
    BROKEN = "500"
    RESET_BEFORE_ACCEPT = "reset_before_accept"
    ACCEPT_THEN_RESET = "accept_then_reset"
    ACCEPT_THEN_500 = "accept_then_500"
    ACCEPT_THEN_TIMEOUT = "accept_then_timeout"
    ACCEPT_THEN_GARBAGE = "accept_then_garbage"


REFUSALS: dict[Fault, tuple[int, str]] = {
    Fault.BLOCKED: (403, "Forbidden: bot was blocked by the user"),
    Fault.DEACTIVATED: (403, "Forbidden: user is deactivated"),
    Fault.NO_CHAT: (400, "Bad Request: chat not found"),
    Fault.BAD: (400, "Bad Request: BUTTON_URL_INVALID"),
    Fault.UNAUTHORISED: (401, "Unauthorized"),
    Fault.BROKEN: (500, "Internal Server Error"),
}
LONGEST_TEXT = 4096


@dataclass
class Bot:
    """One bot with its token; state in memory. `script` is used up in order, nothing planned means all goes well."""

    token: str = "100001:sandbox-telegram-token"
    name: str = "sandbox_claims_bot"
    secret: str = "sandbox-telegram-secret"
    webhook: str | None = None
    script: deque[tuple[Fault, int | None]] = field(default_factory=deque)
    taken: list[dict[str, Any]] = field(default_factory=list)
    answered: list[dict[str, Any]] = field(default_factory=list)  # what our webhook said at once
    blocked: set[str] = field(default_factory=set)
    updates: count = field(default_factory=lambda: count(700_001))  # type: ignore[type-arg]

    def next_fault(self) -> tuple[Fault, int | None]:
        """The fault that this call meets."""
        return self.script.popleft() if self.script else (Fault.OK, None)

    def take(self, message: dict[str, Any]) -> dict[str, Any]:
        """Take a message; as Telegram gives it back."""
        self.taken.append(message)
        chat = {"id": int(message["chat_id"]), "type": "private"}
        return {"message_id": len(self.taken), "date": 0, "chat": chat, "text": message["text"]}

    def refusal_of(self, message: dict[str, Any]) -> Fault | None:
        """Why a message is refused whatever the script says."""
        chat, text = str(message.get("chat_id", "")), str(message.get("text", ""))
        if chat in self.blocked:
            return Fault.BLOCKED
        if not chat.lstrip("-").isdigit():
            return Fault.NO_CHAT
        return None if 0 < len(text) <= LONGEST_TEXT else Fault.BAD

    def said(self, chat: int, text: str, *, language: str = "ru", **more: Any) -> dict[str, Any]:
        """The update that a person's message makes; `more` takes the place of the text."""
        message = {
            "message_id": next(self.updates),
            "date": 0,
            "chat": {"id": chat, "type": "private"},
            "from": {"id": chat, "is_bot": False, "first_name": "Somebody", "language_code": language},
            **(more or {"text": text}),
        }
        return {"update_id": next(self.updates), "message": message}

    def blocks(self, chat: int) -> dict[str, Any]:
        """The person blocks the bot; the update that tells of it."""
        self.blocked.add(str(chat))
        changed = {"chat": {"id": chat, "type": "private"}, "new_chat_member": {"status": "kicked"}}
        return {"update_id": next(self.updates), "my_chat_member": changed}
