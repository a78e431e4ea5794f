"""Which of several texts about the same fact is true for its reader (pure)."""

from notifier.background import Background, Fact
from notifier.settings import NotifierSettings

# These speak of the reader's money, or of what was refused to them.
_OF_THEIR_MONEY = {
    **dict.fromkeys(("approved", "partly", "declined"), "liable_decided"),
    **dict.fromkeys(("payment_sent", "paid"), "liable_settled"),
}


def variant(template: str, fact: Fact, stands: Background, settings: NotifierSettings) -> str:
    """The template that fits what is known: some papers missing, sums kept out of texts, money that is another's.

    A policyholder against whose policy others claim is told that it was decided, and never that money comes, unless
    the claim has money of their own.
    """
    if template == "docs_received" and (fact.detail.get("missing") or stands.open_documents):
        return "docs_partial"
    if stands.side == "liable" and stands.approved is None and "amount" not in fact.detail:
        return _OF_THEIR_MONEY.get(template, template)
    if template == "approved" and not settings.notifier_amounts:
        return "approved_noamount"
    return template
