"""The receipt of a formal complaint: when we got which words, under which number, and by when we answer (pure)."""

from claims_core.i18n import format_claim_number
from claims_core.tables import FormalComplaint, Question
from claims_portal.pages.claim.complaint import ITEM
from claims_portal.pages.claim.complaint_card import grouped
from claims_portal.pages.speech import Speech
from claims_portal.pdf import Paper, Part
from claims_portal.settings import PortalSettings


def receipt_of(
    complaint: FormalComplaint, task: Question, *, number: str, settings: PortalSettings, insurer: str
) -> Paper:
    """The paper, in the language of the complaint and the insurer's time: it never changes, whatever comes after."""
    at = complaint.served_at
    said = Speech(complaint.language, settings.zone, at)
    title, *parts = task.text.split("\n\n")
    rows = (
        (said.say("Received"), f"{said.stamp(at)}, {said.place()}"),
        (said.say("Number"), grouped(complaint.reference)),
        (said.say("Claim"), format_claim_number(number)),
        (said.say("We answer by"), said.stamp(task.answer_due_at)),
        (said.say("SHA-256 of the text below"), complaint.text_hash.hex()),
    )
    return Paper(
        title=said.say("Receipt: your complaint was served on us"),
        language=complaint.language,
        made_at=at,
        parts=(Part(rows=rows), Part(heading=title), *map(_part, parts)),
        foot=said.say("{insurer}, complaint {number}", insurer=insurer, number=complaint.reference),
        maker=insurer,
    )


def _part(block: str) -> Part:
    """A block of the text: its first line is a heading where points follow."""
    heading, _, points = block.partition("\n")
    return Part(heading, (points,)) if points.startswith(ITEM) else Part(texts=(block,))
