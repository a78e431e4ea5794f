"""Cases of a back office as they come, with plain defaults."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backoffice_adapter.source import Record, content_hash

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CLAIM_CENTER = ROOT / "sandbox" / "mappings" / "claim_center.toml"


def claim_center_case(**changed: Any) -> dict[str, Any]:
    """An open motor claim in ClaimCenter with its policyholder; `changed` replaces whole sections or claim fields."""
    claim = {
        "id": "cc:33",
        "claimNumber": "000-00-000033",
        "policyNumber": "XXX 0123456789",
        "state": {"code": "open", "name": "Open"},
        "lobCode": {"code": "osago", "name": "OSAGO"},
        "lossDate": "2026-11-02T07:00:00.000Z",
        "reportedDate": "2026-11-03T09:15:00.000Z",
        "lossLocation": {"country": {"code": "RU", "name": "Russia"}},
        "insured": {"id": "cc:c1", "displayName": "Irina Petrova"},
        "assignedUser": {"id": "cc:u7", "displayName": "Oleg Kim"},
    }
    person = {
        "id": "cc:c1",
        "displayName": "Irina Petrova",
        "firstName": "Irina",
        "contactProhibited": False,
        "cellPhone": {"number": "+79000001234"},
        "roles": [{"role": {"code": "insured"}}],
    }
    case = {"claim": claim, "contacts": [person], "exposures": [], "activities": [], "checks": [], "payments": []}
    if "documents" in changed:
        case["documents"] = []
    sections = {key: value for key, value in changed.items() if key in case and key != "claim"}
    return {**case, **sections, "claim": {**claim, **{k: v for k, v in changed.items() if k not in sections}}}


def activity(pattern: str, *, ref: str = "cc:a1", state: str = "open", **more: Any) -> dict[str, Any]:
    return {"id": ref, "activityPattern": {"code": pattern}, "status": {"code": state}, **more}


def check(state: str, *, ref: str = "cc:k1", amount: str = "174300.00", **more: Any) -> dict[str, Any]:
    return {"id": ref, "status": {"code": state}, "grossAmount": {"amount": amount, "currency": "rub"}, **more}


def as_record(body: Any, *, ref: str = "cc:33", key: bytes = b"mapping") -> Record:
    raw = repr(body).encode()
    return Record(ref=ref, raw=raw, hash=content_hash(raw, key), body=body)


def change(path: Path, before: str, after: str) -> None:
    """Replace `before`, which must be there, once in a file."""
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
