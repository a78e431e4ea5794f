"""What happens next, and by when: the date first, for that is what people look for; four rows at most (`ux` 1.7.4)."""

from collections.abc import Callable
from datetime import date

from claims_core.deadlines import PromiseBasis
from claims_core.stages import PageState, Situation
from claims_portal.pages.claim import words
from claims_portal.pages.claim.facts import Facts
from claims_portal.pages.claim.page import NextRow
from claims_portal.pages.speech import Speech

MOST = 4


def next_of(facts: Facts, said: Speech) -> tuple[NextRow, ...]:
    """The coming steps of this claim; a step without a promised day says its place in the order."""
    maker = None if facts.is_anothers_money else _ROWS.get(facts.state)
    return tuple(maker(facts, said)[:MOST]) if maker else ()


def _row(said: Speech, day: date | None, otherwise: str, text: str, who: str | None = None) -> NextRow:
    if day is None:
        return NextRow(otherwise, None, text, who)
    return NextRow(said.day(day), said.weekday(day), text, who)


def _told_here(said: Speech) -> str:
    return said.say("By text and here, on this page")


def _decision(facts: Facts, said: Speech, text: str) -> NextRow:
    return _row(said, facts.our_date, said.say("Then"), text, _told_here(said))


def _money(facts: Facts, said: Speech) -> NextRow:
    text = said.say("Money on your account, if the decision is yes")
    bank = said.say("Of this, a bank transfer may take up to 3 working days")
    return _row(said, None, said.say("After that"), text, bank)


def _limit(facts: Facts, said: Speech) -> list[NextRow]:
    if facts.limit is None or facts.limit.due < facts.today:
        return []
    by_law = facts.limit.basis is PromiseBasis.LAW
    text = said.say("The last day that the law gives us") if by_law else said.say("The last day under the contract")
    return [_row(said, facts.limit.due, "", text)]


def _registered(facts: Facts, said: Speech) -> list[NextRow]:
    look = said.say("We check the papers you gave")
    rows = [_row(said, None, said.say("First"), look)]
    if words.has_car(facts.line):
        rows.append(
            _row(said, _inspection(facts, said), said.say("Then"), said.say("We inspect the car and assess the damage"))
        )
    elif words.road_of(facts.line) == "damage":
        rows.append(_row(said, _inspection(facts, said), said.say("Then"), said.say("We assess the damage")))
    tell = said.say("We tell you the decision") if facts.is_liable else said.say("We tell you the decision and the sum")
    rows.append(_decision(facts, said, tell))
    return [*rows, *_limit(facts, said)]


def _inspection(facts: Facts, said: Speech) -> date | None:
    when = facts.row["inspection_at"]
    return said.day_of(when) if when is not None and when > said.now else None


def _docs(facts: Facts, said: Speech) -> list[NextRow]:
    if facts.situation in (Situation.INSPECTION_OFFER, Situation.INSPECTION_MISSED):
        return [
            _row(said, None, said.say("First"), said.say("We agree with you on a time for the inspection")),
            _decision(facts, said, said.say("We tell you the decision and the sum")),
        ]
    send = _row(said, facts.documents_due, said.say("First"), said.say("You send the documents"))
    check = _row(said, None, said.say("Then"), said.say("We check them and tell you"))
    rest = said.say("Then the decision. Our clock goes on from the day they come")
    silent = said.say("If we hear nothing, we will call you. We do not close the claim without talking to you.")
    return [send, check, _row(said, None, said.say("After that"), rest, silent), *_limit(facts, said)]


def _assessment(facts: Facts, said: Speech) -> list[NextRow]:
    rows = []
    if (day := _inspection(facts, said)) is not None:
        rows.append(_row(said, day, "", said.say("We inspect the damage"), facts.row["inspection_place"]))
    ready = said.say("The estimate is ready, you will see it here")
    if words.road_of(facts.line) == "papers":
        ready = said.say("The papers are checked, and the sum is counted")
    rows.append(_row(said, None, said.say("First") if not rows else said.say("Then"), ready))
    rows.append(_decision(facts, said, said.say("We tell you the decision")))
    return [*rows, *_limit(facts, said)]


def _awaiting(facts: Facts, said: Speech) -> list[NextRow]:
    if facts.is_liable:
        return [_decision(facts, said, said.say("We tell you the decision")), *_limit(facts, said)]
    tell = said.say("We tell you the decision and the exact sum")
    return [_decision(facts, said, tell), _money(facts, said), *_limit(facts, said)]


def _extended(facts: Facts, said: Speech) -> list[NextRow]:
    check = _row(said, None, said.say("Now"), said.say("We check every working day whether it has come"))
    tell = _decision(facts, said, said.say("We tell you the decision, or why not yet"))
    is_first = facts.limit is not None and facts.our_date is not None and facts.limit.due < facts.our_date
    return [check, *_limit(facts, said), tell] if is_first else [check, tell, *_limit(facts, said)]


def _approved(facts: Facts, said: Speech) -> list[NextRow]:
    if facts.situation is Situation.BANK_DETAILS_NEEDED:
        rows = [_row(said, None, said.say("First"), said.say("You send your account details"))]
    elif facts.situation is Situation.CHOOSE_MONEY_OR_REPAIR:
        rows = [_row(said, None, said.say("First"), said.say("You choose money or repair"))]
    else:
        rows = [_row(said, None, said.say("First"), said.say("We send the money"))]
    bank = said.say("Of this, a bank transfer may take up to 3 working days")
    return [*rows, _row(said, facts.our_date, said.say("Then"), said.say("The money is on your account"), bank)]


def _sent(facts: Facts, said: Speech) -> list[NextRow]:
    if facts.situation is Situation.PAYMENT_RETURNED:
        return [
            _row(said, None, said.say("First"), said.say("You check your account details and write to us")),
            _row(said, None, said.say("Then"), said.say("We send the money again within 1 working day")),
        ]
    arrive = said.say("The money is on your account")
    late = said.say("If it has not come by then, write to us: we check it with the bank ourselves")
    return [_row(said, facts.our_date, said.say("Then"), arrive, late)]


def _repair(facts: Facts, said: Speech) -> list[NextRow]:
    if facts.situation is Situation.REPAIR_REFERRAL_ISSUED:
        rows = [_row(said, None, said.say("First"), said.say("You take the referral to the garage"))]
    elif facts.situation is Situation.REPAIR_DONE:
        return [_row(said, None, said.say("Now"), said.say("You collect it and check the work"))]
    else:
        rows = [_row(said, None, said.say("Now"), said.say("The garage tells us when it will be ready"))]
    return [*rows, _row(said, None, said.say("Then"), said.say("We pay the garage, you collect the car or thing"))]


def _reopened(facts: Facts, said: Speech) -> list[NextRow]:
    look = _row(said, None, said.say("First"), said.say("We look at what is new"))
    return [look, _decision(facts, said, said.say("We answer you")), *_limit(facts, said)]


_ROWS: dict[PageState, Callable[[Facts, Speech], list[NextRow]]] = {
    PageState.REGISTERED: _registered,
    PageState.DOCS_NEEDED: _docs,
    PageState.ASSESSMENT: _assessment,
    PageState.AWAITING: _awaiting,
    PageState.EXTENDED: _extended,
    PageState.APPROVED: _approved,
    PageState.PARTLY: _approved,
    PageState.PAYMENT_SENT: _sent,
    PageState.REPAIR: _repair,
    PageState.REOPENED: _reopened,
}
