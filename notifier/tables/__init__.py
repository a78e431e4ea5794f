"""The notifier's tables: decisions, hand-overs, receipts, and what a policyholder allowed and chose."""

from notifier.tables.permission import (
    MESSAGE_LINK,
    Consent,
    Inbound,
    MessageLink,
    OptOut,
    Pilot,
    PilotEnrolment,
    Preference,
)
from notifier.tables.queue import (
    AddressNote,
    Delivery,
    HoldDecision,
    Notification,
    NotificationRule,
    PlannedEvent,
    PlannerMark,
    Receipt,
    SenderRate,
)

__all__ = [
    "MESSAGE_LINK",
    "AddressNote",
    "Consent",
    "Delivery",
    "HoldDecision",
    "Inbound",
    "MessageLink",
    "Notification",
    "NotificationRule",
    "OptOut",
    "Pilot",
    "PilotEnrolment",
    "PlannedEvent",
    "PlannerMark",
    "Preference",
    "Receipt",
    "SenderRate",
]
