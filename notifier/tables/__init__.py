"""The notifier's tables: decisions, hand-overs, receipts, and what a policyholder allowed and chose."""

from notifier.tables.known import UnheardFact, UnheardMark
from notifier.tables.permission import (
    Chat,
    ChatAnswer,
    ChatInvitation,
    Consent,
    Inbound,
    InboundPart,
    OptOut,
    Pilot,
    PilotEnrolment,
    Preference,
)
from notifier.tables.queue import (
    LINK_LIVES,
    MESSAGE_LINK,
    AddressNote,
    Delivery,
    HoldDecision,
    Notification,
    NotificationRule,
    PlannedEvent,
    PlannerMark,
    Receipt,
    SenderRate,
    SendingStop,
)
from notifier.tables.texts import TemplateVersion, TextAlarm

__all__ = [
    "LINK_LIVES",
    "MESSAGE_LINK",
    "AddressNote",
    "Chat",
    "ChatAnswer",
    "ChatInvitation",
    "Consent",
    "Delivery",
    "HoldDecision",
    "Inbound",
    "InboundPart",
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
    "SendingStop",
    "TemplateVersion",
    "TextAlarm",
    "UnheardFact",
    "UnheardMark",
]
