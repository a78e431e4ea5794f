"""The bot's side of the emulator: what it took, who wrote to it, which dialogs are stopped, and faults to come."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count
from typing import Any


class Fault(StrEnum):
    """What the next `POST /messages` meets."""

    OK = "ok"
    TOO_MANY = "429"  # `number` is Retry-After
    STOPPED = "403"
    FORBIDDEN = "403_other"
    NO_CHAT = "404_chat"
    NOT_FOUND = "404"
    BAD = "400"
    UNAUTHORISED = "401"
    BROKEN = "500"
    RESET_BEFORE_ACCEPT = "reset_before_accept"
    ACCEPT_THEN_RESET = "accept_then_reset"
    ACCEPT_THEN_500 = "accept_then_500"
    ACCEPT_THEN_TIMEOUT = "accept_then_timeout"
    ACCEPT_THEN_GARBAGE = "accept_then_garbage"


REFUSALS: dict[Fault, tuple[int, str, str]] = {
    Fault.STOPPED: (403, "chat.denied", "error.dialog.suspended"),
    Fault.FORBIDDEN: (403, "access.denied", "Bot is not allowed to do this"),
    Fault.NO_CHAT: (404, "dialog.not.found", "Dialog is not found"),
    Fault.NOT_FOUND: (404, "not.found", "Path is not recognized"),
    Fault.BAD: (400, "proto.payload", "Must be a valid URL"),
    Fault.UNAUTHORISED: (401, "verify.token", "Invalid access_token"),
    Fault.BROKEN: (500, "internal.error", "Internal error"),
}
LONGEST_TEXT = 4000
ITSELF = {"user_id": 200001, "first_name": "Claims", "is_bot": True, "last_activity_time": 0}


@dataclass
class Bot:
    """One bot with its token; state in memory. `script` is used up in order, nothing planned means all goes well."""

    token: str = "sandbox-max-token"
    name: str = "sandbox_claims_max_bot"
    secret: str = "sandbox-max-secret"
    webhook: str | None = None
    hides_messages: bool = False  # as a bot that may not read through its dialogs
    script: deque[tuple[Fault, int | None]] = field(default_factory=deque)
    taken: list[dict[str, Any]] = field(default_factory=list)
    stopped: set[int] = field(default_factory=set)
    numbers: count = field(default_factory=lambda: count(1))  # type: ignore[type-arg]

    def next_fault(self) -> tuple[Fault, int | None]:
        """The fault that this call meets."""
        return self.script.popleft() if self.script else (Fault.OK, None)

    def take(self, chat: int, body: dict[str, Any]) -> dict[str, Any]:
        """Take a message; as MAX gives it back."""
        message = self._message(chat, ITSELF | {"username": self.name}, body)
        self.taken.append(message)
        return message

    def refusal_of(self, chat: str, body: dict[str, Any]) -> Fault | None:
        """Why a message is refused whatever the script says."""
        if not chat.lstrip("-").isdigit():
            return Fault.NO_CHAT
        if int(chat) in self.stopped:
            return Fault.STOPPED
        return None if 0 < len(str(body.get("text") or "")) < LONGEST_TEXT else Fault.BAD

    def listed(self, chat: int, most: int) -> list[dict[str, Any]]:
        """What was written in a dialog, the newest first."""
        return [each for each in reversed(self.taken) if each["recipient"]["chat_id"] == chat][:most]

    def said(self, chat: int, text: str, *, language: str = "ru", **more: Any) -> dict[str, Any]:
        """The update that a person's message makes; `more` takes the place of the text."""
        message = self._message(chat, _person(chat), more or {"text": text})
        return {**_update("message_created"), "message": message, "user_locale": language}

    def starts(self, chat: int, token: str | None = None, *, language: str = "ru") -> dict[str, Any]:
        """The person opens the bot, from a link with a token or without one."""
        self.stopped.discard(chat)
        with_token = {"payload": token} if token else {}
        return {
            **_update("bot_started"),
            **{"chat_id": chat, "user": _person(chat), "user_locale": language},
            **with_token,
        }

    def stops(self, chat: int) -> dict[str, Any]:
        """The person stops the bot; the update that tells of it."""
        self.stopped.add(chat)
        return {**_update("bot_stopped"), "chat_id": chat, "user": _person(chat)}

    def _message(self, chat: int, sender: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        number, to = next(self.numbers), ITSELF["user_id"] if not sender["is_bot"] else chat
        return {
            "sender": sender,
            "recipient": {"chat_id": chat, "chat_type": "dialog", "user_id": to},
            "timestamp": _milliseconds(),
            "body": {"mid": f"mid.{number:032x}", "seq": number, "text": None, "attachments": [], **body},
        }


def _person(chat: int) -> dict[str, Any]:
    return {"user_id": chat + 1, "first_name": "Somebody", "is_bot": False, "last_activity_time": 0}


def _update(kind: str) -> dict[str, Any]:
    return {"update_type": kind, "timestamp": _milliseconds()}


def _milliseconds() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
