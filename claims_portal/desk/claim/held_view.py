"""The messages of a claim that wait for somebody's word, as the page shows them (pure)."""

from dataclasses import dataclass
from uuid import UUID

from claims_core.i18n import marked as _
from claims_portal.desk.access import Staffed, may_let_go
from claims_portal.desk.claim.sentence_view import SentenceField, Wrote, sentence_field
from claims_portal.desk.facts.claim import ClaimFacts
from claims_portal.desk.says import Says
from claims_portal.desk.words import CHANNEL_WORDS, REASONS, template_words
from notifier.held_words import HeldText
from notifier.states import Reason
from notifier.tables import Notification

# Why it waits, in a sentence to a handler; for the others the reason of the history says enough.
WHY = {Reason.APPROVAL: _("The client read this the last time too. Look at the claim first: can you say more?")}
WOULD_NOT_GO = _("Let go now it would not leave: {why}")


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """One message that waits: what it is and says, why, until when, and whether the reader may decide.

    `instead` is the field for a sentence of one's own in its place, where our words would only be repeated.
    """

    id: UUID
    name: str
    why: str
    until: str
    channel: str
    text: str
    text_language: str
    would_not_go: str
    may_decide: bool
    instead: SentenceField | None


def held_messages(facts: ClaimFacts, viewer: Staffed, says: Says, wrote: Wrote | None) -> tuple[HeldMessage, ...]:
    """What waits, the oldest first."""
    return tuple(_message(row, facts.held_texts.get(row.id), viewer, says, wrote) for row in facts.held(says.now))


def _message(
    row: Notification, reads: HeldText | None, viewer: Staffed, says: Says, wrote: Wrote | None
) -> HeldMessage:
    may_decide = row.reason is not None and may_let_go(viewer, row.reason)
    own = wrote if wrote and wrote.instead_of == row.id else None
    may_say = may_decide and row.reason is Reason.APPROVAL
    why_not = reads.why_not if reads else None
    return HeldMessage(
        id=row.id,
        name=says.told("Message “{name}”", name=says.told(template_words(row.template))),
        why=_as_sentence(says.told(WHY.get(row.reason, REASONS[row.reason]))) if row.reason else "",
        until=says.told("ends by itself {time}", time=says.when(row.send_by)),
        channel=says.told(CHANNEL_WORDS[row.channel]),
        text=reads.text if reads else "",
        text_language=reads.language if reads else "",
        would_not_go=says.told(WOULD_NOT_GO, why=says.told(REASONS[why_not])) if why_not else "",
        may_decide=may_decide,
        instead=sentence_field(own, row.language, viewer, says) if may_say else None,
    )


def _as_sentence(reason: str) -> str:
    """A reason of the history stands inside a line; on a card it stands alone."""
    return reason[:1].upper() + reason[1:]
