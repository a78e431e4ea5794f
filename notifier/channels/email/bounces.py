"""What comes back about letters: reports on their delivery (RFC 3464), read as far as they can be trusted (pure)."""

from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

from notifier.channels.base import Report
from notifier.channels.email.words import enhanced_in, verdict_on
from notifier.states import DeliveryState

LONGEST = 256 * 1024  # bytes; with the whole letter in it a report has a hundredth of it
# RFC 3464, 2.3.3. `relayed` and `expanded` say that somebody else has it now, `delayed` that it is being tried.
STATE_OF: dict[str, DeliveryState | None] = {
    "failed": DeliveryState.UNDELIVERED,
    "delivered": DeliveryState.DELIVERED,
    "relayed": DeliveryState.ON_ITS_WAY,
    "expanded": DeliveryState.ON_ITS_WAY,
    "delayed": None,
}


@dataclass(frozen=True, slots=True)
class Returned:
    """What a report says about the one recipient that a letter of ours has: an action and its enhanced code."""

    action: str
    code: str | None

    def as_report(self, provider_ref: str) -> Report:
        """In our words. Only a lasting failure says something about the address: a full mailbox is emptied again."""
        lasting = verdict_on(self.code) if self.action == "failed" else None
        raw = {"action": self.action, "code": self.code or ""}
        return Report(provider_ref, self.action, self.code, STATE_OF[self.action], lasting, raw)


def returned_in(raw: bytes) -> Returned | None:
    """What a letter to our return path reports; None for one that is no report: an absence note, or anything else."""
    message = message_from_bytes(raw, policy=compat32)
    if message.get_content_type() != "multipart/report":
        return None
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            return next(filter(None, map(_read, part.get_payload())), None)
    return None


def _read(fields: object) -> Returned | None:
    if not isinstance(fields, Message):
        return None
    action = str(fields.get("Action", "")).partition(";")[0].strip().lower()
    if action not in STATE_OF:
        return None
    return Returned(action, enhanced_in(str(fields.get("Status", ""))))
