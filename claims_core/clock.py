"""The one door to the time. Decisions take the time as an argument; only entry points call this."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)
