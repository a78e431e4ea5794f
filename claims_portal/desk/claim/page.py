"""The claim as a handler sees it: everything the page may show, made of the facts (pure)."""

from dataclasses import dataclass
from uuid import UUID

from claims_core.deadlines import PromiseKind
from claims_core.i18n import marked as _
from claims_core.i18n import masked_phone
from claims_core.stages import Mover, PageState, Situation, is_decided
from claims_portal.desk.access import Staffed, may_answer, may_change
from claims_portal.desk.claim.asked_view import Asked, Typed, asked_line
from claims_portal.desk.claim.call_view import CallLine, call_lines
from claims_portal.desk.claim.held_view import HeldMessage, held_messages
from claims_portal.desk.claim.history import Entry, Part, history
from claims_portal.desk.claim.history_tabs import Tab, history_tabs
from claims_portal.desk.claim.sentence_view import SentenceCard, Wrote, sentence_card
from claims_portal.desk.claim.under_way import UnderWay, under_way
from claims_portal.desk.facts.claim import ClaimFacts
from claims_portal.desk.facts.joined import JoinedLine, joined_lines
from claims_portal.desk.facts.recipients import RecipientLine, recipient_lines
from claims_portal.desk.form.view import FormView
from claims_portal.desk.says import Says
from claims_portal.desk.strip import Strip, strip_of
from claims_portal.desk.waiting.rail import Rail
from claims_portal.desk.words import LATE, LINES, PAUSED, PAYMENT_RETURNED, STATUS_OF
from notifier.people.preferred import NAMES, Why

KINDS = {
    PromiseKind.DECISION: _("Decision by {date}"),
    PromiseKind.DOCUMENTS: _("Documents by {date}"),
    PromiseKind.PAYMENT: _("Money by {date}"),
}

PROPOSED = {
    Why.ANSWERED_THERE: _("Answers by {name} more often than by {other}: we propose it on their page"),
    Why.ARRIVES_THERE: _("By {other} most did not arrive, by {name} it did: we propose it on their page"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """One thing that the client knows already."""

    title: str
    words: str
    small: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A word at the top of the page: what was just done, or what stands in the way."""

    tone: str
    icon: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """desk/claim.html: everything the page may show, and nothing it may not."""

    rail: Rail
    id: UUID
    number: str
    name: str
    title: str
    statuses: tuple[tuple[str, str, str], ...]
    facts: tuple[str, ...]
    promised: str
    strip: Strip | None
    others: str | None
    joined: tuple[JoinedLine, ...]
    recipients: tuple[RecipientLine, ...]
    known: tuple[Known, ...]
    questions: tuple[Asked, ...]
    may_answer: bool
    held: tuple[HeldMessage, ...]
    calls: tuple[CallLine, ...]
    sentence: SentenceCard | None
    back: str
    tabs: tuple[Tab, ...]
    entries: tuple[Entry, ...]
    notice: Notice | None
    under_way: UnderWay | None
    form: FormView | None
    no_form: str | None


def claim_page(
    facts: ClaimFacts,
    viewer: Staffed,
    rail: Rail,
    says: Says,
    *,
    part: Part,
    others: tuple[str, ...],
    form: FormView | None,
    notice: Notice | None = None,
    typed: Typed | None = None,
    wrote: Wrote | None = None,
) -> ClaimPage:
    """The page in words."""
    is_wrong = bool((form and form.wrong) or (typed and typed.problem) or (wrote and wrote.look.problems))
    return ClaimPage(
        rail=rail, id=facts.claim.id, number=facts.claim.claim_number, name=facts.person.name,
        title=_title(facts, says, is_wrong=is_wrong),
        statuses=_statuses(facts, says), facts=_facts(facts, says),
        promised=_promised(facts, says), strip=_strip(facts, says),
        others=_others(others, says),
        joined=joined_lines(facts.joined, facts.claim, says),
        recipients=recipient_lines(facts.recipients, facts.claim.id, says),
        known=(_known_promise(facts, says), _known_sum(facts, says), _known_wait(facts, says)),
        questions=tuple(asked_line(question, viewer, says, typed) for question in facts.open_questions),
        may_answer=may_answer(viewer),
        held=held_messages(facts, viewer, says, wrote),
        calls=call_lines(facts.calls, viewer, says), back="claim",
        sentence=sentence_card(facts.sentence, viewer, says, wrote),
        tabs=history_tabs(facts.claim.id, part, says),
        entries=history(facts, part, says), notice=notice,
        under_way=under_way(facts, viewer, says),
        form=form if _no_form(facts, viewer, says) is None else None,
        no_form=_no_form(facts, viewer, says),
    )  # fmt: skip


def _title(facts: ClaimFacts, says: Says, *, is_wrong: bool) -> str:
    error = says.told("Error:") + " " if is_wrong else ""
    stands = says.told(STATUS_OF[facts.claim.page_state][2])
    return f"{error}{stands}. {facts.person.name}, {facts.claim.claim_number}"


def _others(names: tuple[str, ...], says: Says) -> str | None:
    return says.told("{names} is looking at this too", names=", ".join(names)) if names else None


def _statuses(facts: ClaimFacts, says: Says) -> tuple[tuple[str, str, str], ...]:
    claim = facts.claim
    found = [STATUS_OF[claim.page_state]]
    if facts.missed(says.today):
        found.append(LATE)
    if claim.page_state is PageState.DOCS_NEEDED and claim.mover is Mover.POLICYHOLDER:
        found.append(PAUSED)
    if claim.situation is Situation.PAYMENT_RETURNED:
        found.append(PAYMENT_RETURNED)
    return tuple((tone, icon, says.told(word)) for tone, icon, word in found)


def _facts(facts: ClaimFacts, says: Says) -> tuple[str, ...]:
    claim = facts.claim
    thing = f"{says.told(LINES[claim.line_of_business])}, {claim.object_label}"
    dates = says.told("reported {date}", date=says.local(claim.reported_at))
    if claim.loss_date:
        dates = says.told("Loss {loss}, reported {date}", loss=claim.loss_date, date=says.local(claim.reported_at))
    who = ", ".join(filter(None, (claim.handler_name, claim.team)))
    return tuple(
        filter(
            None,
            (
                thing if claim.object_label else says.told(LINES[claim.line_of_business]),
                dates,
                masked_phone(facts.phone) if facts.phone else says.told("no telephone number on file"),
                says.told("Responsible: {name}", name=who) if who else "",
                _stop(facts, says),
                _proposed(facts, says),
            ),
        )
    )


def _stop(facts: ClaimFacts, says: Says) -> str:
    """What the client has turned off, the widest of it."""
    if facts.is_stopped:
        return says.told("STOP: no texts to this client")
    return (
        says.told("STOP for this claim since {date}", date=says.local(facts.stopped_since))
        if facts.stopped_since
        else ""
    )


def _proposed(facts: ClaimFacts, says: Says) -> str:
    """The channel that they seem to prefer, with the reason; it is theirs to take up, on their own page."""
    if facts.proposal is None:
        return ""
    names = {"name": NAMES[facts.proposal.channel], "other": NAMES[facts.proposal.instead_of]}
    return says.told(PROPOSED[facts.proposal.why], names)


def _strip(facts: ClaimFacts, says: Says) -> Strip | None:
    bound, ours = facts.bound, facts.ours
    pauses = [(says.local(one.started_at), one.ended_at and says.local(one.ended_at)) for one in facts.pauses]
    missed = {one.due_date for one in facts.promises if one.kept is False}
    if ours and facts.missed(says.today):
        missed.add(ours.due_date)
    return strip_of(
        says,
        product=facts.claim.product,
        country=facts.claim.country,
        start=ours.start_date if ours else None,
        due=ours.due_date if ours else None,
        limit=bound.due_date if bound else None,
        missed=missed,
        pauses=pauses,
    )


def _promised(facts: ClaimFacts, says: Says) -> str:
    if facts.ours is None:
        return says.told("No date is promised now")
    due = facts.ours.due_date
    if facts.missed(says.today):
        return says.told("Promised by {date}, {relative}", date=due, relative=says.relative(due))
    days = (due - says.today).days
    left = says.counted("{n} day left", "{n} days left", days) if days else says.told("today is the day")
    return says.told("Promised by {date}, {left}", date=due, left=left)


def _known_promise(facts: ClaimFacts, says: Says) -> Known:
    title = says.told("We promised")
    if facts.ours is None:
        return Known(title, says.told("nothing at present"), "")
    words = says.told(KINDS[facts.ours.kind], date=facts.ours.due_date)
    said = [one.started_at for _row, one in facts.told if one and one.started_at >= facts.ours.made_at]
    if not said:
        return Known(title, words, says.told("on the claim page; no message with it yet"))
    return Known(title, words, says.told("SMS {when}, on the claim page", when=says.day(says.local(max(said)))))


def _known_sum(facts: ClaimFacts, says: Says) -> Known:
    title, claim = says.told("The client knows the sum"), facts.claim
    if is_decided(claim.stage) and claim.approved is not None:
        return Known(title, says.sum(claim.approved, claim.currency), says.told("to be paid"))
    if claim.assessed is not None:
        return Known(title, says.sum(claim.assessed, claim.currency), says.told("the estimate, not a decision"))
    return Known(title, says.told("no sum yet"), "")


def _known_wait(facts: ClaimFacts, says: Says) -> Known:
    title, waited = says.told("We wait for, from the client"), facts.asked_documents
    if not waited:
        return Known(title, says.told("nothing"), "")
    titles = [one.title_ru if says.language == "ru" else one.title_en for one in waited]
    asked = says.told("asked {date}", date=says.local(min(one.asked_at for one in waited)))
    due = min((one.due_date for one in waited if one.due_date), default=None)
    small = asked + (", " + says.told("due {day}", day=due) if due else "")
    return Known(title, "; ".join(titles), small)


def _no_form(facts: ClaimFacts, viewer: Staffed, says: Says) -> str | None:
    if facts.change_under_way is not None:
        return says.told("One change at a time: the next one when this one is saved or undone.")
    if not may_change(viewer):
        return says.told("Your role reads the claim. A handler moves it.")
    return None


def conflict_notice(facts: ClaimFacts, says: Says) -> Notice:
    """The claim moved while the handler was typing: who or what did it, and that the text is kept."""
    latest = facts.events[0] if facts.events else None
    change = facts.changes[0] if facts.changes else None
    at, who = latest.recorded_at if latest else says.now, says.told("The claims system")
    if change and change.requested_at >= at:
        at, who = change.requested_at, facts.names.get(change.requested_by, change.requested_by)
    line = says.told(
        "{name} changed this claim at {time}. Your text is kept below. Look at the change first",
        name=who,
        time=says.time(at),
    )
    return Notice("act", "warn", (line, *(entry.text for entry in history(facts, Part.ALL, says)[:2])))
