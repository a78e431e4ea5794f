"""Answers that are published for where a claim stands: offered before the field, since many ask the same (pure)."""

from claims_core.i18n import marked
from claims_core.stages import PageState
from claims_portal.pages.claim.page import Published
from claims_portal.pages.speech import Speech

S = PageState
# True for every claim of the state, whatever its line: what differs by claim stands on the page itself.
_NOTHING = (
    marked("Do I have to do anything now?"),
    marked("No. If we need something, we write to you, and it stands at the top of this page."),
)
_ONE_BY_ONE = (
    marked("May I send the papers one by one?"),
    marked("Yes. Each has its own receipt, and what is still missing stays at the top of this page."),
)
_NO_PAPER = (
    marked("What if I do not have the paper?"),
    marked("Write it to us here: a person tells you what will do instead."),
)
_ESTIMATE = (
    marked("Is the estimate what I will get?"),
    marked("Not yet. If the decision differs from it, we show what and why."),
)
_LONGER = (
    marked("Does taking longer mean a refusal?"),
    marked("No. It happens for different reasons, and the new date stands at the top of this page."),
)
_MONEY = (
    marked("When does the money come?"),
    marked("The date stands at the top of this page. Of the way, a bank may take up to 3 working days."),
)
_AND_DISAGREE = (
    marked("May I take the money and still disagree?"),
    marked("Yes. Taking the money does not close any way to object."),
)
_DISAGREE = (
    marked("What can I do if I disagree?"),
    marked("Write it to us in any words. All ways stand on this page under “If you disagree”."),
)
_AGAIN = (
    marked("Can the claim be opened again?"),
    marked("Yes, if something new comes up. Write to us here what it is."),
)
PUBLISHED: dict[PageState, tuple[tuple[str, str], ...]] = {
    S.REGISTERED: (_NOTHING,),
    S.DOCS_NEEDED: (_ONE_BY_ONE, _NO_PAPER),
    S.ASSESSMENT: (_NOTHING,),
    S.AWAITING: (_ESTIMATE,),
    S.EXTENDED: (_LONGER,),
    S.APPROVED: (_MONEY, _AND_DISAGREE),
    S.PARTLY: (_MONEY, _AND_DISAGREE),
    S.PAYMENT_SENT: (_MONEY,),
    S.PAID: (_AND_DISAGREE, _AGAIN),
    S.REPAIR: (_NOTHING,),
    S.DECLINED: (_DISAGREE, _AGAIN),
    S.REOPENED: (_NOTHING,),
    S.WITHDRAWN: (_AGAIN,),
    S.CLOSED_OTHER: (_AGAIN,),
}


def published_for(state: PageState, said: Speech) -> tuple[Published, ...]:
    """The published questions with their answers, for where the claim stands now."""
    return tuple(Published(said.say(question), said.say(answer)) for question, answer in PUBLISHED[state])
