"""The formal complaint that the page composes against us, out of what we promised and what became of it (pure).

It says dates, promises, limits and unanswered questions, and never why anything took longer: what we look into and why
is in none of its words, so nothing that is checked behind the scenes can be read out of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from claims_core.deadlines import PromiseKind, Terms, terms_for
from claims_core.i18n import day_month, format_claim_number, marked
from claims_core.promises import OURS
from claims_portal.pages.claim.facts import OVER, Facts, Told, moment_of
from claims_portal.pages.speech import Speech

LONGEST_ADDITION = 2000

_PROMISED = {
    PromiseKind.DECISION: marked("You promised a decision by {date}."),
    PromiseKind.PAYMENT: marked("You promised the money by {date}."),
    PromiseKind.DOCUMENTS: marked("You promised to look at my papers by {date}."),
}
_NOT_DONE = {
    PromiseKind.DECISION: marked("The day passed without a decision."),
    PromiseKind.PAYMENT: marked("The day passed without the money."),
    PromiseKind.DOCUMENTS: marked("The day passed, and nobody had."),
}
_LIMIT = marked("The last day for the decision was {date} ({source}).")
ITEM = "• "


@dataclass(frozen=True, slots=True)
class Composed:
    """The complaint as it would be served now: its title, and its parts as heading and lines."""

    ground: str
    title: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]

    def text(self, addition: str = "", heading: str = "") -> str:
        """The whole in plain lines, with what the client adds under a heading of its own, before the ending."""
        parts = list(self.parts)
        if addition:
            parts.insert(-1, (heading, tuple(addition.splitlines())))
        blocks = ["\n".join((*filter(None, (name,)), *lines)) for name, lines in parts]
        return "\n\n".join((self.title, *blocks))


def is_broken(told: Told, facts: Facts) -> bool:
    """Did the day pass without what it promised? A clock that waits for the policyholder stands still."""
    return told.kept is False or (told.is_open and told.due < facts.today and not facts.is_paused)


def ground_of(facts: Facts) -> str | None:
    """The promise that was broken last, ours or of law and contract, as a key; None while none is."""
    broken = [told for told in facts.told if is_broken(told, facts) and is_readers(told, facts)]
    if not broken:
        return None
    last = max(broken, key=lambda told: told.due)
    return f"{last.kind.value}:{last.basis.value}:{last.due.isoformat()}"


def still_waits(facts: Facts) -> bool:
    """Does the reader still wait for what was promised?"""
    if facts.state in OVER:
        return False
    return facts.is_undecided or facts.late_since is not None


def is_readers(told: Told, facts: Facts) -> bool:
    """A payment of others is no promise to this reader."""
    return not (facts.is_liable and told.kind is PromiseKind.PAYMENT)


def compose(facts: Facts, said: Speech, *, insurer: str, answer_by: date) -> Composed | None:
    """The complaint in the page's language; None while no promise is broken. `answer_by` is when we have to answer."""
    ground, row = ground_of(facts), facts.row
    if ground is None:
        return None
    terms = terms_for(row["product"], row["country"])
    title = said.say("Formal complaint about claim {ref}", ref=format_claim_number(row["claim_number"]))
    parts = [
        ("", tuple(_heads(facts, said, insurer))),
        (said.say("What was promised, and what became of it"), tuple(_promises(facts, terms, said))),
        (said.say("Questions that were not answered in time"), tuple(_unanswered(facts, said))),
        (said.say("What I ask for"), tuple(_asked(facts, terms, said, answer_by))),
        ("", (said.say("Composed on the page of the claim from your own records, and served through it."),)),
    ]
    return Composed(ground, title, tuple(part for part in parts if part[1]))


def _day(day: date, said: Speech) -> str:
    """A day on paper, with its year."""
    return day_month(day, said.language, today=date.min)


def _heads(facts: Facts, said: Speech, insurer: str) -> Iterator[str]:
    row = facts.row
    yield said.say("To: {name}", name=insurer)
    yield said.say("From: {name}", name=row["name"])
    if row["policy_number"]:
        yield said.say("Policy: {number}", number=row["policy_number"])
    yield said.say("Date: {date}", date=_day(said.today, said))
    yield said.say("The loss was reported on {date}.", date=_day(said.day_of(row["reported_at"]), said))
    if row["documents_complete_at"]:
        yield said.say(
            "You have had all papers since {date}.", date=_day(said.day_of(row["documents_complete_at"]), said)
        )


def _promises(facts: Facts, terms: Terms, said: Speech) -> Iterator[str]:
    for told in facts.told:
        if not is_readers(told, facts):
            continue
        ours = told.basis in OURS
        words = _PROMISED[told.kind] if ours else _LIMIT
        source = terms.limit_source[said.language]
        yield ITEM + said.say(words, date=_day(told.due, said), source=source) + " " + _fate(told, facts, said)
    if facts.is_undecided:
        yield ITEM + said.say("There is no decision to this day.")


def _fate(told: Told, facts: Facts, said: Speech) -> str:
    if is_broken(told, facts):
        return said.say(_NOT_DONE[told.kind])
    if told.kept:
        return said.say("You kept it.")
    return said.say("It is still ahead.") if told.is_open else said.say("You moved it.")


def _unanswered(facts: Facts, said: Speech) -> Iterator[str]:
    for question in facts.row.parts["questions"]:
        due = moment_of(question["due_at"])
        answered = moment_of(question["answered_at"]) if question["answered_at"] else None
        if due < (answered or said.now):
            yield ITEM + _late_answer(question, said)


def _late_answer(question: dict[str, Any], said: Speech) -> str:
    asked, due = (_day(said.day_of(moment_of(question[name])), said) for name in ("asked_at", "due_at"))
    if not question["answered_at"]:
        return said.say("Asked on {asked}, to be answered by {due}: there is no answer.", asked=asked, due=due)
    on = _day(said.day_of(moment_of(question["answered_at"])), said)
    return said.say("Asked on {asked}, to be answered by {due}: the answer came on {on}.", asked=asked, due=due, on=on)


def _asked(facts: Facts, terms: Terms, said: Speech, answer_by: date) -> Iterator[str]:
    if facts.is_undecided:
        yield ITEM + said.say("Decide on the claim, and tell me the decision with its reasons in writing.")
    elif facts.late_since is not None:
        yield ITEM + said.say("Pay what you decided to pay.")
    yield ITEM + said.say("Tell me in writing why the date was not kept.")
    if still_waits(facts):
        yield ITEM + said.say("Name the new date, and keep it.")
    source = terms.letters_source[said.language]
    yield ITEM + said.say("Answer this complaint by {date} ({source}).", date=_day(answer_by, said), source=source)
