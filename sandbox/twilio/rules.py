"""What Twilio accepts in a create call, and with which code it refuses the rest (pure).

Codes and texts after Twilio's error registry; numbers after its test credentials (magic numbers).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_BODY = 1600
LONGEST_VALIDITY = 36_000
SOONEST, LATEST = timedelta(minutes=15), timedelta(days=35)
E164 = re.compile(r"(whatsapp:)?\+[1-9]\d{6,14}")
SENDER = re.compile(r"(whatsapp:)?\+[1-9]\d{3,14}|[A-Za-z0-9 ]{1,11}|\d{3,8}")
_KNOWN_FIELDS = """
To From MessagingServiceSid Body MediaUrl ContentSid ContentVariables StatusCallback ValidityPeriod ScheduleType SendAt
SmartEncoded ShortenUrls RiskCheck ContentRetention AddressRetention Attempt ProvideFeedback MaxPrice PersistentAction
SendAsMms FallbackFrom TrafficType ApplicationSid ForceDelivery
"""
KNOWN_FIELDS = frozenset(_KNOWN_FIELDS.split())


@dataclass(frozen=True)
class Refusal:
    """An error answer: HTTP status, Twilio's code, and its text."""

    status: int
    code: int
    message: str


# To these numbers a create call always ends so (test credentials).
MAGIC_TO = {
    "+15005550001": Refusal(400, 21211, "The 'To' number +15005550001 is not a valid phone number."),
    "+15005550002": Refusal(400, 21612, "The 'To' phone number +15005550002 is not reachable from this sender."),
    "+15005550003": Refusal(400, 21408, "Permission to send an SMS has not been enabled for this region."),
    "+15005550004": Refusal(400, 21610, "Attempt to send to unsubscribed recipient."),
    "+15005550009": Refusal(400, 21614, "'To' number is not a valid mobile number."),
}
MAGIC_FROM = {
    "+15005550001": Refusal(400, 21212, "The 'From' number +15005550001 is not a valid phone number."),
    "+15005550007": Refusal(400, 21606, "The 'From' phone number +15005550007 is not a valid message-capable number."),
    "+15005550008": Refusal(429, 21611, "This 'From' number has exceeded the maximum number of queued messages."),
}


def refusal_of(form: Mapping[str, str], *, opted_out: bool, now: datetime) -> Refusal | None:
    """Why a create call with this form is refused; None if it is taken."""
    return (
        _addresses(form)
        or _content(form)
        or _timing(form)
        or _schedule(form, now)
        or _standing(form, opted_out=opted_out)
    )


def send_at(form: Mapping[str, str]) -> datetime | None:
    """When a message is to leave that shall not leave at once; None for any other, and for what is no moment in UTC."""
    try:
        moment = datetime.fromisoformat(form.get("SendAt", ""))
    except ValueError:
        return None
    return moment if moment.utcoffset() == timedelta(0) else None


def _addresses(form: Mapping[str, str]) -> Refusal | None:
    to, sender = form.get("To", ""), form.get("From", "")
    if not to:
        return Refusal(400, 21604, "A 'To' phone number is required.")
    if to in MAGIC_TO:
        return MAGIC_TO[to]
    if not E164.fullmatch(to):
        return Refusal(400, 21211, f"The 'To' number {to} is not a valid phone number.")
    if not sender and not form.get("MessagingServiceSid"):
        return Refusal(400, 21603, "A 'From' phone number is required.")
    if sender in MAGIC_FROM:
        return MAGIC_FROM[sender]
    if sender and not SENDER.fullmatch(sender):
        return Refusal(400, 21212, f"The 'From' number {sender} is not a valid phone number.")
    if sender and to.startswith("whatsapp:") != sender.startswith("whatsapp:"):
        return Refusal(400, 63007, "Twilio could not find a Channel with the specified From address.")
    return None


def _content(form: Mapping[str, str]) -> Refusal | None:
    if not (form.get("Body") or form.get("MediaUrl") or form.get("ContentSid")):
        return Refusal(400, 21602, "Message body is required.")
    if len(form.get("Body", "")) > MAX_BODY:
        return Refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
    try:
        variables = json.loads(form.get("ContentVariables") or "{}")
    except ValueError:
        variables = None
    if not isinstance(variables, dict):
        return Refusal(400, 21656, "The ContentVariables Parameter is invalid.")
    callback = form.get("StatusCallback", "")
    if callback and not re.match(r"https?://[^_/]+(/|$)", callback):
        return Refusal(400, 21609, f"The StatusCallback URL {callback} is not a valid URL.")
    return None


def _timing(form: Mapping[str, str]) -> Refusal | None:
    validity = form.get("ValidityPeriod")
    if validity is None:
        return None
    if not validity.isdigit() or not 1 <= int(validity) <= LONGEST_VALIDITY:
        return Refusal(400, 21640, f"ValidityPeriod must be a number between 1 and {LONGEST_VALIDITY}.")
    return None


def _schedule(form: Mapping[str, str], now: datetime) -> Refusal | None:
    """Later sending is a messaging service's. Of the codes only that of the moment is published."""
    kind = form.get("ScheduleType")
    if not kind and not form.get("SendAt"):
        return None
    if kind != "fixed":
        return Refusal(400, 35113, "ScheduleType must be 'fixed' for a message with SendAt.")
    if not form.get("MessagingServiceSid"):
        return Refusal(400, 35118, "MessagingServiceSid is required to schedule a message.")
    if not form.get("SendAt"):
        return Refusal(400, 35111, "SendAt is required to schedule a message.")
    moment = send_at(form)
    if moment is None or not SOONEST <= moment - now <= LATEST:
        return Refusal(400, 35114, "SendAt must be a moment in UTC, 15 minutes to 35 days from now.")
    return None


def _standing(form: Mapping[str, str], *, opted_out: bool) -> Refusal | None:
    return Refusal(400, 21610, "Attempt to send to unsubscribed recipient.") if opted_out else None
