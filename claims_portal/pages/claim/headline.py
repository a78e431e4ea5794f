"""The panel at the top: what is happening, one sentence with a person's name, the date, the strip."""

from datetime import date
from functools import lru_cache

from claims_core.deadlines import Cell, DayStrip, PromiseBasis, PromiseKind, StripUnit, Term, strip, terms_for
from claims_core.i18n import format_claim_number, marked
from claims_core.stages import PageState, Situation
from claims_portal.pages.claim import words
from claims_portal.pages.claim.facts import Facts, moment_of
from claims_portal.pages.claim.ledes import lede_of
from claims_portal.pages.claim.page import Headline, Mark, PromiseLine, Strip
from claims_portal.pages.speech import Speech

# States in which the situation says more than the state.
OWN_HEADING = frozenset({PageState.DOCS_NEEDED, PageState.REPAIR, PageState.PAYMENT_SENT})


def headline_of(facts: Facts, said: Speech) -> Headline:
    """The panel of a claim."""
    tone, icon, word = words.MARK[facts.state]
    return Headline(
        ref=ref_of(facts, said),
        heading=heading_of(facts, said),
        lede=lede_of(facts, said),
        promise=promise_of(facts, said),
        strip=strip_of(facts, said),
        tone=tone,
        icon=icon,
        status=said.say(word),
        modifiers=modifiers_of(facts, said),
    )


def ref_of(facts: Facts, said: Speech) -> str:
    """`Motor hull, claim 2041-7785, Kia Rio`."""
    number = format_claim_number(facts.row["claim_number"])
    line, thing = said.say(words.LINE[facts.line]), facts.row["object_label"]
    ref = said.say("{line}, claim {ref}", line=line, ref=number)
    if thing:
        ref = said.say("{line}, claim {ref}, {thing}", line=line, ref=number, thing=thing)
    return said.say("{claim}. You claim as the harmed party", claim=ref) if facts.is_claimants else ref


def heading_of(facts: Facts, said: Speech, *, with_sum: bool = True) -> str:
    """What is happening, in one line; without the sum where only a link was shown."""
    state = facts.state
    if facts.is_anothers_money:
        return said.say(words.ANOTHERS_MONEY)
    if state in words.SUM_HEADING:
        dear, plain = words.SUM_HEADING[state]
        amount = facts.paid_total if state is PageState.PAID and facts.paid_total else facts.row["approved"]
        if not amount or not with_sum:
            return said.say(plain)
        return said.say(dear, amount=said.money(amount, facts.row["currency"]))
    if state is PageState.DOCS_NEEDED and facts.documents:
        n = len(facts.documents)
        return said.say_count("We need {n} document from you", "We need {n} documents from you", n)
    if facts.situation in words.SITUATION_HEADING and state in OWN_HEADING:
        return said.say(words.SITUATION_HEADING[facts.situation])
    if facts.outcome in words.OUTCOME_HEADING and state is PageState.CLOSED_OTHER:
        return said.say(words.OUTCOME_HEADING[facts.outcome])
    if facts.is_sooner:
        return said.say(words.SOONER)
    if words.road_of(facts.line) == "damage" and state in words.DAMAGE_HEADING:
        return said.say(words.DAMAGE_HEADING[state])
    return said.say(words.HEADING[state])


def promise_of(facts: Facts, said: Speech) -> PromiseLine | None:
    """Our date in large figures; where there is none, one honest sentence; nothing when all is over."""
    due = facts.documents_due if facts.state is PageState.DOCS_NEEDED else facts.our_date
    label = words.PROMISE.get(facts.state)
    if due is not None and label is not None:
        old = facts.date_before
        if facts.state is PageState.EXTENDED and old is not None:
            before = said.say("The old one was {old}.", old=said.day(old))
            return _promise(said, label, due, before)
        return _promise(said, label, due, None)
    waits = facts.is_undecided or facts.state in (PageState.APPROVED, PageState.PARTLY)
    waits = waits and facts.late_since is None and not facts.is_anothers_money
    return PromiseLine(said.say(words.NO_DATE)) if waits else None


def _promise(said: Speech, label: str, due: date, before: str | None) -> PromiseLine:
    when = f"{said.weekday(due)}, {said.relative(due)}"
    return PromiseLine(
        label=said.say(label),
        date=said.day(due),
        iso=due.isoformat(),
        when=f"{when}. {before}" if before else when,
    )


def strip_of(facts: Facts, said: Speech) -> Strip | None:
    """The days of the term, once a date was told; the past is never redrawn."""
    told = [each for each in facts.told if each.kind is PromiseKind.DECISION]
    if not told or facts.state in (PageState.WITHDRAWN, PageState.CLOSED_OTHER):
        return None
    limit, ours = facts.limit, facts.decision
    last = told[-1]
    over = said.day_of(facts.row["stage_since"]) if not facts.is_undecided else facts.today
    terms = terms_for(facts.row["product"], facts.row["country"])
    drawn, cells = drawn_strip(
        last.start,
        min(facts.today, over),
        terms.limit,
        facts.row["country"],
        ours.due if ours else None,
        limit.due if limit else None,
        tuple(day for day in facts.missed if day <= facts.today),
        tuple(_pause(said, pause) for pause in facts.row.parts["pauses"]),
    )
    return Strip(
        cells=cells,
        label=_label(drawn, facts, said),
        today=_today(drawn, said) if facts.is_undecided else said.say("decided, day {n}", n=drawn.today),
        promise=said.say("our date") if drawn.promise else None,
        limit=_limit(facts, said) if limit else None,
        notes=tuple(_strip_notes(facts, said)),
    )


@lru_cache(maxsize=20_000)
def drawn_strip(
    start: date,
    today: date,
    term: Term,
    country: str,
    promise: date | None,
    limit: date | None,
    missed: tuple[date, ...],
    pauses: tuple[tuple[date, date | None], ...],
) -> tuple[DayStrip, tuple[str, ...]]:
    """The strip and the class of each of its cells; the same for all claims of one term, and kept."""
    drawn = strip(
        start=start,
        today=today,
        term=term,
        country=country,
        promise_date=promise,
        limit_date=limit,
        missed_dates=missed,
        pauses=pauses,
    )
    return drawn, tuple("" if cell is Cell.AHEAD else cell.value for cell in drawn.cells)


def _pause(said: Speech, pause: dict[str, str]) -> tuple[date, date | None]:
    ended = pause["ended_at"]
    return said.day_of(moment_of(pause["started_at"])), said.day_of(moment_of(ended)) if ended else None


def _limit(facts: Facts, said: Speech) -> str:
    assert facts.limit is not None
    if facts.limit.basis is PromiseBasis.LAW:
        return said.say("no later than {limit} by law", limit=said.day(facts.limit.due))
    return said.say("no later than {limit} under the contract", limit=said.day(facts.limit.due))


def _today(drawn: DayStrip, said: Speech) -> str:
    if drawn.unit is StripUnit.WEEK:
        return said.say("today, week {n}", n=drawn.today)
    if drawn.unit is StripUnit.WORKING_DAY:
        return said.say("today, working day {n}", n=drawn.today)
    return said.say("today, day {n}", n=drawn.today)


_COUNTED = {
    StripUnit.DAY: marked("Day {n} of {total}."),
    StripUnit.WORKING_DAY: marked("Working day {n} of {total}."),
    StripUnit.WEEK: marked("Week {n} of {total}."),
}


def _label(drawn: DayStrip, facts: Facts, said: Speech) -> str:
    parts = [said.say(_COUNTED[drawn.unit], n=drawn.today, total=drawn.total)]
    if facts.decision is not None and drawn.promise:
        parts.append(said.say("Our date {date}.", date=said.day(facts.decision.due)))
    if facts.limit is not None:
        limit = _limit(facts, said)
        parts.append(f"{limit[:1].upper()}{limit[1:]}.")
    return " ".join((*parts, *_strip_notes(facts, said)))


def _strip_notes(facts: Facts, said: Speech) -> list[str]:
    notes = []
    if facts.is_paused:
        notes.append(said.say("Our clock is paused until we have what we asked for."))
    elif facts.row.parts["pauses"]:
        notes.append(said.say("Hatched days waited for you and do not count."))
    if facts.missed:
        notes.append(said.say("Our date was {old}, we did not keep it.", old=said.day(facts.missed[-1])))
    return notes


def modifiers_of(facts: Facts, said: Speech) -> tuple[Mark, ...]:
    """What sits on top of the state: late, paused, a returned payment, account details needed."""
    found = (
        (facts.late_since is not None, words.LATE),
        (facts.is_paused and facts.state is not PageState.DOCS_NEEDED, words.PAUSED),
        (facts.situation is Situation.PAYMENT_RETURNED, words.RETURNED),
        (facts.wants_account and facts.situation is Situation.BANK_DETAILS_NEEDED, words.DETAILS),
    )
    return tuple(Mark(tone, icon, said.say(word)) for holds, (tone, icon, word) in found if holds)
