"""The typelists of the emulated installation: the codes of its claims, as `/common/v1/typelists` shows them.

The paths are published; the members of a typelist and of its keys are assumed, as are the names of the lists.
"""

from collections.abc import Mapping
from typing import Any

# name -> code -> is it retired: kept for old claims, given to no new one.
TYPELISTS: Mapping[str, Mapping[str, bool]] = {
    "ClaimState": dict.fromkeys(("draft", "open", "closed", "archived"), False),
    "ActivityStatus": {"open": False, "complete": False, "canceled": False, "skipped": True},
    "TransactionStatus": dict.fromkeys(
        (
            "pendingapproval", "awaitingsubmission", "requesting", "requested", "notifying", "issued", "cleared",
            "pendingstop", "stopped", "pendingvoid", "voided", "transferred", "rejected", "denied",
        ),
        False,
    ),
    "ClaimClosedOutcomeType": dict.fromkeys(
        ("completed", "denied", "withdrawn", "duplicate", "transferred", "no_response", "below_deductible"), False
    ),
    "LOBCode": dict.fromkeys(
        ("kasko", "osago", "property", "life", "personal_auto", "homeowners", "term_life"), False
    ),
}  # fmt: skip


def attributes_of(name: str, *, with_retired: bool) -> dict[str, Any]:
    """One typelist with its keys; without those that are retired unless they are asked for. Raises `KeyError`."""
    keys = [
        {"code": code, "name": code.replace("_", " ").capitalize(), "retired": retired}
        for code, retired in TYPELISTS[name].items()
        if with_retired or not retired
    ]
    return {"name": name, "typeKeys": keys}
