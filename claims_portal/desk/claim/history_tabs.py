"""The tabs above a claim's history: all of it, what was sent, the calls."""

from dataclasses import dataclass
from uuid import UUID

from claims_core.i18n import marked as _
from claims_portal.desk.claim.history import Part
from claims_portal.desk.says import Says

PARTS = {Part.ALL: _("All"), Part.SENT: _("Sent to the client"), Part.CALLS: _("Calls")}


@dataclass(frozen=True, slots=True)
class Tab:
    """A part of the history."""

    word: str
    address: str
    current: bool


def history_tabs(claim_id: UUID, part: Part, says: Says) -> tuple[Tab, ...]:
    """All parts; the one that is shown is marked."""
    address = f"/desk/{claim_id}?show="
    return tuple(Tab(says.told(word), f"{address}{key.value}#feed", key is part) for key, word in PARTS.items())
