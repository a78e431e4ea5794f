"""The messages of a claim that wait for somebody's word, as the page shows them (pure)."""

from dataclasses import dataclass
from uuid import UUID

from claims_core.i18n import marked as _
from claims_portal.desk.access import Staffed, may_let_go
from claims_portal.desk.facts.claim import ClaimFacts
from claims_portal.desk.says import Says
from claims_portal.desk.words import REASONS, template_words
from notifier.states import NotificationState, Reason

# Why it waits, in a sentence to a handler; for the others the reason of the history says enough.
WHY = {Reason.APPROVAL: _("The client read this the last time too. Look at the claim first: can you say more?")}


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """One message that waits: what it is, why, until when, and whether the reader may decide."""

    id: UUID
    name: str
    why: str
    until: str
    may_decide: bool


def held_messages(facts: ClaimFacts, viewer: Staffed, says: Says) -> tuple[HeldMessage, ...]:
    """What waits, the oldest first."""
    rows = [row for row, _delivery in facts.told if row.state is NotificationState.HELD and row.send_by > says.now]
    return tuple(
        HeldMessage(
            id=row.id,
            name=says.told("Message “{name}”", name=says.told(template_words(row.template))),
            why=_as_sentence(says.told(WHY.get(row.reason, REASONS[row.reason]))) if row.reason else "",
            until=says.told("ends by itself {time}", time=says.when(row.send_by)),
            may_decide=row.reason is not None and may_let_go(viewer, row.reason),
        )
        for row in reversed(rows)
    )


def _as_sentence(reason: str) -> str:
    """A reason of the history stands inside a line; on a card it stands alone."""
    return reason[:1].upper() + reason[1:]
