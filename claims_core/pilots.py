"""What a pilot may be judged by, for whoever plans one, counts it or shows it (pure)."""

from enum import StrEnum


class Measure(StrEnum):
    """One of these is named as the main one before a pilot starts; the others are told beside it."""

    CALLS = "calls"
    CONTACTS = "contacts"
    REPEATED = "repeated"
    CLEAR = "clear"
    OPT_OUTS = "opt_outs"
    COMPLAINTS = "complaints"
    DOCUMENT_DAYS = "document_days"
    SETTLE_DAYS = "settle_days"
    COST = "cost"


# A count per open claim-week, a share of people, days until something: each is compared by a method of its own.
COUNTED = (Measure.CALLS, Measure.CONTACTS)
SHARES = (Measure.REPEATED, Measure.CLEAR, Measure.OPT_OUTS, Measure.COMPLAINTS)
DAYS = (Measure.DOCUMENT_DAYS, Measure.SETTLE_DAYS)
MAIN = (Measure.CALLS, Measure.CONTACTS, Measure.CLEAR, Measure.COMPLAINTS)
