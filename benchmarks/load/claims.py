"""Claims of an imaginary insurer as JSON lines: one claim with two entries of its history a line, about 900 bytes."""

import hashlib
from pathlib import Path
from typing import Any

import orjson

STATES = ("received", "triage", "review", "documents", "decision", "payment", "closed")
MOVES_ONE_IN = 100
LINES = ("motor", "home", "travel", "health")

MAPPING = """
[about]
title = "Claims of the benchmark"
owner = "benchmarks"
time_zone = "UTC"
phone_countries = ["US"]
date_formats = ["iso"]
code = ["status"]

[fields]
claim_number = "claim_number"
policy_number = "policy_number"
line_of_business = { path = "line_of_business", table = "line", default = "other" }
product = { value = "us_property" }
country = { value = "us" }
currency = "currency"
loss_date = "loss_date"
reported_at = "filed_at"
changed_at = "updated_at"
handler_name = "adjuster.name"
assessed = "amount_claimed"
approved = "amount_approved"

[policyholder]
ref = "claim_number"
name = "claimant.name"
language = { path = "claimant.language", table = "language", default = "en" }
phones = ["claimant.phone"]
email = "claimant.email"

[tables.language]
en = "en"

[tables.line]
motor = "motor"
home = "property"
travel = "travel"
health = "health"

[[rule]]
name = "received"
when = { status = "received" }
stage = "registered"

[[rule]]
name = "triage"
when = { status = "triage" }
stage = "checking"
situation = "cover_check"

[[rule]]
name = "review"
when = { status = "review" }
stage = "assessing"
situation = "calculation"

[[rule]]
name = "documents"
when = { status = "documents" }
stage = "collecting"
situation = "docs_needed"

[[rule]]
name = "decision"
when = { status = "decision" }
stage = "deciding"
situation = "approval"

[[rule]]
name = "payment"
when = { status = "payment" }
stage = "fulfilling"
situation = "payment_prepared"
outcome = "approved"

[[rule]]
name = "closed"
when = { status = "closed" }
stage = "closed"
outcome = "approved"
"""


def claim(number: int) -> dict[str, Any]:
    """The claim with that number; the same every time."""
    chance = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()
    month, day = 1 + number % 9, 1 + number % 28
    return {
        "claim_number": f"CLM-2026-{number:08d}",
        "policy_number": f"POL-{number * 7919 % 900000:07d}",
        "claimant": {
            "name": f"Claimant {number}",
            "email": f"c{number}@example.org",
            "phone": f"+1415{2000000 + number % 8000000:07d}",
            "language": "en",
        },
        "status": STATES[number % 7],
        "line_of_business": LINES[number % 4],
        "loss_date": f"2026-{month:02d}-{day:02d}",
        "filed_at": f"2026-{month:02d}-{day:02d}T09:{number % 60:02d}:00Z",
        "updated_at": f"2026-10-{day:02d}T{number % 24:02d}:{number % 60:02d}:00Z",
        "adjuster": {"name": f"Adjuster {number % 500}", "phone": f"+1415555{number % 10000:04d}"},
        "amount_claimed": f"{number % 100000 / 10:.2f}",
        "amount_approved": f"{number % 90000 / 10:.2f}" if number % 3 else None,
        "currency": "USD",
        "description": f"Damage reported by the policyholder; reference {chance}, see the attached documents.",
        "events": [
            {
                "seq": step,
                "occurred_at": f"2026-{month:02d}-{day:02d}T1{step}:00:00Z",
                "kind": ("status_change", "document")[step % 2],
                "status": STATES[(number + step) % 7],
                "title": f"Step {step} completed",
                "note": f"Your file was handled by the claims team, note {chance[:24]} recorded.",
            }
            for step in (1, 2)
        ],
    }


def moved(number: int) -> dict[str, Any]:
    """The same claim half a minute later: one in a hundred has gone a step further."""
    now = claim(number)
    if number % MOVES_ONE_IN:
        return now
    updated = now["updated_at"].replace(":00Z", ":30Z")
    return now | {"updated_at": updated, "status": STATES[(number + 1) % len(STATES)]}


def write_claims(folder: Path, number: int, *, later: bool = False) -> Path:
    """A file of that many claims, as they are or half a minute later, and the mapping beside it; the file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    path, made = folder / f"{'moved' if later else 'claims'}-{number}.jsonl", moved if later else claim
    if not path.exists():
        with path.open("wb") as file:
            file.writelines(orjson.dumps(made(place)) + b"\n" for place in range(1, number + 1))
    return path
