"""What is said at the end of a silence, who is asked first, and when nobody is written to (pure)."""

from notifier.background import Background
from notifier.states import Reason

IN_A_ROW = 2  # the third without a person's word is held until one has looked
MOST_DAYS_AHEAD = 5
SENTENCE = "true_sentence"  # the template that carries a handler's own words


def days_ahead(days: int) -> int:
    """How many days before a silence of `days` ends its handler is asked for a true sentence: a third, five at most."""
    return min(MOST_DAYS_AHEAD, max(1, days // 3))


def template_for(stands: Background, *, missed: bool, has_sentence: bool = False) -> str:
    """What is true: a person's own words; else we wait for the reader, have broken our word, or there is no news."""
    if has_sentence:
        return SENTENCE
    if stands.page_state == "docs_needed" and stands.open_documents:
        return "waiting_you"
    undecided = stands.outcome is None
    return "late" if missed and undecided else "heartbeat"


def gist_of(template: str, stands: Background) -> str:
    """What a text of ours says of this claim: two with the same gist say the same."""
    waited_for = stands.open_documents if template == "waiting_you" else stands.decision_due
    return f"{template} {waited_for or ''}".strip()


def kept_back(template: str, *, asked: bool, is_beyond_cap: bool, in_a_row: int, says_the_same: bool) -> Reason | None:
    """Why a heartbeat that could be sent is not: into an open question, beyond the cap, or by machine alone again.

    What a person wrote is no machine's. Without that nothing is said twice in a row, and nothing a third time.
    """
    if asked:
        return Reason.OPEN_QUESTION
    if is_beyond_cap:
        return Reason.CLAIM_CAP
    machine_again = template != SENTENCE and (says_the_same or in_a_row >= IN_A_ROW)
    return Reason.APPROVAL if machine_again else None
