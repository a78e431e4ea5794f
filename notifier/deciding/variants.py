"""Which of several texts about the same fact is true for its reader (pure)."""

from claims_core.claimants import SAYS_HOW_IT_ENDED
from notifier.background import Background, Fact
from notifier.settings import NotifierSettings

# These speak of the reader's money, or of what was refused to them.
_OF_THEIR_MONEY = {
    **dict.fromkeys(("approved", "partly", "declined"), "liable_decided"),
    **dict.fromkeys(("payment_sent", "paid"), "liable_settled"),
}
# And these of how it reaches them: where it is another's, there is nothing to tell.
_HOW_IT_COMES = frozenset({"repair", "details_needed"})


def variant(template: str, fact: Fact, stands: Background, settings: NotifierSettings) -> str:
    """The template that fits what is known: papers missing, a date moved forward, no sums in texts, another's money.

    A policyholder against whose policy others claim is told that it was decided, and never that money comes, unless
    the claim has money of their own.
    """
    if template == "docs_received" and (fact.detail.get("missing") or stands.open_documents):
        return "docs_partial"
    if template == "extended" and fact.detail.get("sooner"):
        return "sooner"
    if is_of_another(fact, stands):
        if template == "repair" and fact.kind == "decision_made":
            return "liable_decided"
        return _OF_THEIR_MONEY.get(template, template)
    if template == "approved" and not settings.notifier_amounts:
        return "approved_noamount"
    return template


def is_of_another(fact: Fact, stands: Background) -> bool:
    """Do others claim against the reader's policy, and has the claim no money of the reader's?"""
    return has_no_money_of_theirs(stands) and "amount" not in fact.detail


def is_not_theirs(template: str, fact: Fact, stands: Background) -> bool:
    """Is it about the way in which somebody else receives what was decided?"""
    return template in _HOW_IT_COMES and is_of_another(fact, stands)


def has_no_money_of_theirs(stands: Background) -> bool:
    """Is the reader a policyholder against whom others claim, with no sum approved for themselves?"""
    return stands.side == "liable" and stands.approved is None


def state_to_say(stands: Background) -> str | None:
    """The page state whose words may be said to the reader; `decided` where it would say what another receives."""
    hidden = has_no_money_of_theirs(stands) and stands.page_state in SAYS_HOW_IT_ENDED
    return "decided" if hidden else stands.page_state
