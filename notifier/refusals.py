"""What the codes of refusals mean that an operator has to do something about, in words (pure)."""

from claims_core.i18n import marked

# Our own: the message did not even leave.
OUTSIDE_WINDOW, UNFILLED = "window", "unfilled"
# WhatsApp's of `facts/integration` B5, where it is the text or the sender that has to be mended.
WORDS = {
    OUTSIDE_WINDOW: marked("more than 24 hours after the client's last message, and no approved text is set up"),
    UNFILLED: marked("the approved text names a value that is not known"),
    "63005": marked("WhatsApp refuses the content"),
    "63013": marked("WhatsApp refuses the content as against its policy"),
    "63016": marked("more than 24 hours after the client's last message: only an approved text may go"),
    "63021": marked("WhatsApp refuses the content"),
    "63027": marked("the approved text is not there in this language"),
    "63028": marked("the approved text takes another number of values"),
    "63040": marked("the text was not approved"),
    "63041": marked("the approved text is paused by WhatsApp"),
    "63042": marked("the approved text is turned off by WhatsApp"),
    "21656": marked("the values of the approved text cannot be read"),
}


def words_on(code: str | None) -> str | None:
    """An English sentence, to be translated; None for a code that says nothing to an operator."""
    return WORDS.get(code or "")
