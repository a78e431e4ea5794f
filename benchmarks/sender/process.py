"""`claims notifier` as it is run, in a process of its own, at no rate but its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.receipts.signed import SURROUNDINGS

PACE = {
    "NOTIFIER_MARKET": "us",
    "NOTIFIER_QUIET_HOURS": "false",
    "NOTIFIER_DAILY_CAP": "0",
    "NOTIFIER_CLAIM_CAP": "0",
    "NOTIFIER_RATE_PER_SECOND": "100000",
    "PORTAL_PUBLIC_URL": "https://claims.example.org",
    "PORTAL_SECRET_KEY": "k" * 43,
    "PORTAL_BRAND_PHONE": "8 800 000-00-00",
}


@contextmanager
def a_notifier(url: str, port: str) -> Iterator["subprocess.Popen[bytes]"]:
    """One on this database, with the provider on `port`, for the length of the block."""
    surroundings = {**os.environ, **SURROUNDINGS, **PACE, "DATABASE_URL": url}
    surroundings["TWILIO_API_BASE_URL"] = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "notifier"]
    process = subprocess.Popen(command, env=surroundings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
