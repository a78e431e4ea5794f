"""The rows of a night as the public page reads them."""

from datetime import date
from typing import Any

from claims_figures.tables import Figure
from tests.factories import NOON

NUMBERS = {
    "few": False,
    "claims": 240,
    "open": 21,
    "within": {"14": 0.481, "30": 0.74, "60": 0.93},
    "half": 15,
    "eight_in_ten": 37,
    "weeks": [0.2, 0.48, 0.6, 0.7, 0.76, 0.84, 0.88, 0.91, 0.94],
    "ended": {"paid": 0.705, "partly": 0.145, "declined": 0.08},
    "extended": 0.07,
    "by_size": [{"claims": 60, "half": half, "eight_in_ten": 36} for half in (14, 15, 15, 16)],
    "promises": {"kept": 176, "missed": 24},
    "complaints": {"sent": 12, "in_time": 11},
}


def figure(subject: str, **overrides: Any) -> Figure:
    """A row of half a year of `subject`."""
    values: dict[str, Any] = {
        "name": "how_long", "subject": subject, "period": "latest", "since": date(2025, 12, 1),
        "until": date(2026, 6, 1), "method": "kaplan-meier", "version": 1, "data_at": NOON, "made_at": NOON,
        "numbers": NUMBERS,
    }  # fmt: skip
    return Figure(**values | overrides)
