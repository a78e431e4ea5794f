"""What the reader can do about the claim beside asking: the rows at the foot of the page."""

from claims_core.stages import Outcome, PageState
from claims_portal.pages.claim.facts import Facts
from claims_portal.pages.claim.page import Way
from claims_portal.pages.claim.wishes import WISHES, is_offered
from claims_portal.pages.speech import Speech

_PAID = (Outcome.APPROVED, Outcome.APPROVED_PARTLY)


def ways_of(facts: Facts, said: Speech) -> tuple[Way, ...]:
    """An account where money may come, and each wish that has a meaning as the claim stands."""
    wishes = [
        Way(f"ask/{key}", wish.icon, said.say(wish.row)) for key, wish in WISHES.items() if is_offered(key, facts)
    ]
    is_paid = facts.outcome in _PAID and facts.state is not PageState.PAID
    if facts.is_anothers_money or not (facts.outcome is None or is_paid):
        return tuple(wishes)
    return (Way("account", "coin", said.say("Account for the payment")), *wishes)
