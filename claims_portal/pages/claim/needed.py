"""What we need from the policyholder, what we could not keep, and why it takes longer: plain, early, in full."""

from datetime import date
from typing import Any

from claims_core.deadlines import PromiseBasis
from claims_core.i18n import format_claim_number, marked
from claims_core.snapshot import DocumentState
from claims_core.stages import Outcome, PageState, Situation
from claims_portal.pages.claim import words
from claims_portal.pages.claim.facts import Facts
from claims_portal.pages.claim.ledes import reason_of
from claims_portal.pages.claim.page import Need, Note, Reason
from claims_portal.pages.speech import Speech

REFUSED = frozenset({PageState.DECLINED, PageState.PARTLY})
# By country: whom a policyholder may turn to. Configuration of law; a lawyer confirms it before launch.
APPEAL = {
    "ru": (
        marked("Write to us, here, in any words. It does not close any other way."),
        marked("Turn to the financial ombudsman. It is free for you."),
        marked("Go to court."),
    ),
    "us": (
        marked("Write to us, here, in any words. It does not close any other way."),
        marked("Turn to your state's department of insurance. It is free for you."),
        marked("Go to court."),
    ),
}


def needs_of(facts: Facts, said: Speech) -> tuple[Need, ...]:
    """One card a paper; account details are a paper like any other."""
    needs = [_paper(said, paper) for paper in facts.documents]
    if facts.wants_account:
        text = said.say("Then the money leaves at once.")
        needs.append(Need(said.say("Send your account details"), None, text, is_paper=False))
    return tuple(needs)


def _paper(said: Speech, paper: dict[str, Any]) -> Need:
    due = date.fromisoformat(paper["due"]) if paper["due"] else None
    why = paper[f"why_{said.language}"]
    problem = None
    if DocumentState(paper["state"]) is DocumentState.REJECTED:
        problem = said.say("We cannot read it. Please send it again")
        if paper["reject_reason"]:
            problem = said.say("We cannot read it: {reason}. Please send it again", reason=paper["reject_reason"])
    return Need(
        title=paper[f"title_{said.language}"],
        due=said.say("by {date}", date=said.long_day(due)) if due else None,
        text=said.say("Why we need it: {why}", why=why) if why else None,
        problem=problem,
    )


def needs_text_of(facts: Facts, said: Speech) -> str | None:
    """What waiting does to our date."""
    if not facts.documents:
        return None
    paused, goes_on = said.say("While we wait, our clock is paused."), said.say("This does not delay the decision.")
    return paused if facts.is_paused else goes_on


def notes_of(facts: Facts, said: Speech) -> tuple[Note, ...]:
    """What stands above everything else."""
    notes = [
        _joined(facts, said),
        _elsewhere(facts, said),
        _gone(facts, said),
        _late(facts, said),
        _returned(facts, said),
        _why_longer(facts, said),
    ]
    return tuple(note for note in notes if note is not None)


def _joined(facts: Facts, said: Speech) -> Note | None:
    numbers = [format_claim_number(one["number"]) for one in facts.row.parts.get("joined", [])]
    if not numbers:
        return None
    title = said.say_count(
        "We joined claim {refs} with this one", "We joined claims {refs} with this one", len(numbers),
        refs=", ".join(numbers),
    )  # fmt: skip
    return Note(title, (said.say("Everything about them is on this page. You need to do nothing."),))


def _elsewhere(facts: Facts, said: Speech) -> Note | None:
    if facts.row["merged_into"] is None:
        return None
    title = said.say("We handle this claim together with another one now")
    return Note(title, (said.say("What stands here is what we knew before that. Ask us below, a person answers."),))


def _gone(facts: Facts, said: Speech) -> Note | None:
    since = facts.row["gone_at"]
    if since is None or facts.row["merged_into"] is not None:
        return None
    title = said.say("The claims system no longer lists this claim, since {date}", date=said.day(said.day_of(since)))
    return Note(title, (said.say("What stands here is what we knew until then. Ask us below, a person answers."),))


def _late(facts: Facts, said: Speech) -> Note | None:
    old = facts.late_since
    if old is None:
        return None
    texts = [said.say("We are sorry.")]
    if facts.state is PageState.EXTENDED:
        texts.append(said.say("What holds it up: {reason}.", reason=reason_of(facts, said)))
    if facts.our_date is not None:
        texts.append(said.say("New date: {date}.", date=said.long_day(facts.our_date)))
    elif facts.is_paused:
        texts.append(said.say("Our clock is paused until we have what we asked for."))
    else:
        texts.append(said.say("We will write to you when we have a new date."))
    texts += _limit(facts, said)
    return Note(said.say("We did not keep our date, {old}", old=said.day(old)), (" ".join(texts),))


def _limit(facts: Facts, said: Speech) -> list[str]:
    limit = facts.limit
    if limit is None or limit.due < facts.today:
        return []
    if limit.basis is PromiseBasis.LAW:
        return [said.say("The law gives us until {limit}.", limit=said.day(limit.due))]
    return [said.say("Under the contract we have until {limit}.", limit=said.day(limit.due))]


def _returned(facts: Facts, said: Speech) -> Note | None:
    if facts.situation is not Situation.PAYMENT_RETURNED:
        return None
    back = facts.returned
    text = said.say("Check the account number, we will send again within 1 working day.")
    title = said.say("Your bank returned the payment")
    if back is not None and back.reason:
        title = said.say("Your bank returned the payment: {reason}", reason=back.reason)
    return Note(title, (text,), icon="undo")


def _why_longer(facts: Facts, said: Speech) -> Note | None:
    if facts.state is not PageState.EXTENDED:
        return None
    texts = [
        said.say("We are waiting for: {reason}. We check for it every working day.", reason=reason_of(facts, said))
    ]
    if facts.situation is Situation.EXTENDED_CHECK:
        # One text for every kind of check (`stages` 4): it is true for all of them and tells none from another.
        texts.append(said.say("This happens for different reasons and does not mean a refusal."))
    texts.append(said.say("Nothing you do can speed it up, and nothing is needed."))
    days = 7 if facts.row["cadence"] == "frequent" else 30
    texts.append(said.say("We will write every {days} days, even if nothing changes.", days=days))
    title = said.say("What still has to come") if facts.is_sooner else said.say("Why it takes longer")
    return Note(title, (*texts, *_limit(facts, said)), tone="hold", icon="hour")


def reasons_of(facts: Facts, said: Speech) -> tuple[Reason, ...]:
    """Why we refuse, or a part of it: each reason with its clause and its document."""
    if facts.state not in REFUSED or facts.is_anothers_money:
        return ()
    if facts.outcome is Outcome.BELOW_DEDUCTIBLE and not facts.row["decision_reasons"]:
        return (Reason(said.say(words.OUTCOME_LEDE[Outcome.BELOW_DEDUCTIBLE]), None),)
    return reasons_given(facts, said)


def reasons_given(facts: Facts, said: Speech) -> tuple[Reason, ...]:
    """The reasons that came with the decision, whatever became of the claim since."""
    return tuple(_reason(said, each) for each in facts.row["decision_reasons"] or ())


def _reason(said: Speech, given: dict[str, str]) -> Reason:
    text = given.get(f"reason_{said.language}") or given.get("reason") or ""
    basis = []
    if given.get("clause"):
        basis.append(said.say("Policy clause {clause}.", clause=given["clause"]))
    if given.get("document"):
        basis.append(said.say("Based on: {document}.", document=given["document"]))
    return Reason(text, " ".join(basis) or None)


def appeal_of(facts: Facts, said: Speech) -> tuple[str, ...]:
    """The ways to disagree, in their order, once there is a decision to disagree with."""
    if facts.is_anothers_money or (facts.state not in REFUSED and facts.state is not PageState.APPROVED):
        return ()
    if facts.state is PageState.APPROVED:
        return (said.say("You can take the money and still disagree. It does not close your right to appeal."),)
    return tuple(said.say(step) for step in APPEAL.get(facts.row["country"], APPEAL["ru"][:1]))
