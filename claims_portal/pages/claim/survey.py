"""The one question at the end of a claim, on its page: the card and what was answered (pure)."""

from claims_core.i18n import marked
from claims_portal.pages.claim.facts import Facts, moment_of
from claims_portal.pages.claim.page import SurveyCard
from claims_portal.pages.speech import Speech
from notifier.people.surveys import LONGEST_SENTENCE, PAGE_WITHIN, RATINGS

# The question, and what its lowest and its highest figure mean.
WORDS = {
    "clear": (marked("Was it clear what was happening with your claim?"), marked("no"), marked("yes")),
    "nps": (marked("Would you recommend us to a friend?"), marked("no"), marked("certainly")),
}


def survey_card(facts: Facts, said: Speech, *, problem: str | None = None, typed: str = "") -> SurveyCard | None:
    """The card of a closed claim: the question for a month, and after an answer a word of thanks for as long."""
    asked = next(iter(facts.row.parts["survey"]), None)
    if asked is None or moment_of(asked["ask_at"]) + PAGE_WITHIN <= said.now:
        return None
    question, lowest, highest = WORDS[asked["kind"]]
    figures = RATINGS[asked["kind"]]
    if asked["rating"] is not None:
        thanks = said.say("Thank you. You answered {n} of {most}.", n=asked["rating"], most=figures[-1])
        return SurveyCard(said.say(question), (), "", "", thanks)
    return SurveyCard(
        question=said.say(question),
        figures=tuple(figures),
        lowest=said.say(lowest),
        highest=said.say(highest),
        thanks=None,
        longest=LONGEST_SENTENCE,
        problem=problem,
        typed=typed,
    )
