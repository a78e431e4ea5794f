"""A handler's one true sentence: whether it may be said, and whether an SMS has room for it (pure)."""

from claims_core.i18n import marked as _
from notifier.wording import tone
from notifier.wording.message import sms_parts

LONGEST = 200
EMPTY = _("Write the sentence first")
TOO_LONG = _("Use at most {most} characters")
SAID_BEFORE = _("The client read just this the last time. Say what is different now, or leave it to us")
_ENDS = (".", "!", "?", "…")
_NO_LINK = _("the client has a link to the claim page under it; no other one")
_NO_PHONE = _("a telephone number: ours stands on the claim page")
_NO_DATE = _("a date or a span that no promise stands behind; a date that we keep is set by “Extend”")
# What is said to whoever edits a template would puzzle whoever writes a sentence.
_INSTEAD = {tone.FOREIGN_LINK: _NO_LINK, tone.FOREIGN_PHONE: _NO_PHONE, tone.UNPROMISED: _NO_DATE}
_FRAME = "Claim 0000: {} {}"  # the longer one of the two that a sentence stands in


def as_sentence(typed: str) -> str:
    """What was typed, on one line and with an end to it; empty when nothing was."""
    said = " ".join("".join(sign if sign.isprintable() else " " for sign in typed).split())
    return said if not said or said.endswith(_ENDS) else f"{said}."


def problems_of(sentence: str, *, before: str | None) -> list[tuple[str, str]]:
    """Why this may not be said, as pairs of the words to blame and a msgid; `before` is what was read the last time."""
    if not sentence:
        return [("", EMPTY)]
    if len(sentence) > LONGEST:
        return [("", TOO_LONG)]
    if before is not None and _bare(before) == _bare(sentence):
        return [("", SAID_BEFORE)]
    return [(slip.found, _INSTEAD.get(slip.why, slip.why)) for slip in tone.slips_in(sentence)]


def fits_an_sms(sentence: str, link: str) -> bool:
    """Is there room for it in one SMS beside the claim's number and this link?"""
    return sms_parts(_FRAME.format(sentence, link)).segments == 1


def _bare(sentence: str) -> str:
    return "".join(sign for sign in sentence.casefold() if sign.isalnum())
