"""Which dates a claim has been promised, which days waited for the policyholder, and what became of them (pure)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from claims_core.deadlines import PromiseBasis, PromiseKind, StartFact, Term, Terms, due_date, terms_for, zone_of
from claims_core.ids import new_id
from claims_core.snapshot import ClaimSnapshot, PaymentState, page_state_of
from claims_core.stages import ClaimStage, Outcome, PageState, Situation, is_decided

# Our own word, as against what a law or a contract leaves us.
OURS = frozenset({PromiseBasis.TARGET, PromiseBasis.HANDLER})
PAID_OUT = frozenset({PaymentState.SENT, PaymentState.CREDITED})
YES = frozenset({Outcome.APPROVED, Outcome.APPROVED_PARTLY})


class PromiseRow(NamedTuple):
    """A promise as its table holds it."""

    id: UUID
    claim_id: UUID
    kind: PromiseKind
    basis: PromiseBasis
    start_date: date
    due_date: date
    made_at: datetime
    reason: str | None = None
    ended_at: datetime | None = None
    kept: bool | None = None


class PauseRow(NamedTuple):
    """A pause as its table holds it."""

    id: UUID
    claim_id: UUID
    started_at: datetime
    ended_at: datetime | None = None


def to_promise(row: Mapping[str, Any]) -> PromiseRow:
    """The row as the database gave it, with its enums."""
    return PromiseRow(**row)._replace(kind=PromiseKind(row["kind"]), basis=PromiseBasis(row["basis"]))


class Calendar(NamedTuple):
    """A claim's dates at one moment: `moment` when the back office changed it, `now` when we record it."""

    claim_id: UUID
    terms: Terms
    country: str
    moment: datetime
    now: datetime
    today: date

    @classmethod
    def of(cls, snapshot: ClaimSnapshot, claim_id: UUID, *, moment: datetime, now: datetime) -> "Calendar":
        """The calendar of the snapshot's product and country."""
        country = snapshot.country
        return cls(claim_id, terms_for(snapshot.product, country), country, moment, now, _today(now, country))

    def day(self, moment: datetime) -> date:
        """The date of `moment` where the country's day ends last."""
        return moment.astimezone(zone_of(self.country)).date()

    def promise(
        self,
        basis: PromiseBasis,
        start: date,
        due: date,
        *,
        kind: PromiseKind = PromiseKind.DECISION,
        reason: str | None = None,
    ) -> Iterator[PromiseRow]:
        """A promise made now, unless its day has passed: a claim first seen late gets no date of ours."""
        if due >= self.today:
            yield PromiseRow(new_id(), self.claim_id, kind, basis, start, due, self.now, reason)


@lru_cache(maxsize=64)
def _today(now: datetime, country: str) -> date:
    """The date where the country's day ends last; a batch asks this of each of its claims."""
    return now.astimezone(zone_of(country)).date()


def is_undecided(snapshot: ClaimSnapshot) -> bool:
    """Does the policyholder still wait for a decision?"""
    return not is_decided(snapshot.stage) and snapshot.outcome is not Outcome.WITHDRAWN


def waits_for_policyholder(snapshot: ClaimSnapshot) -> bool:
    """Is the clock stopped, because we wait for the policyholder?"""
    return page_state_of(snapshot) is PageState.DOCS_NEEDED


def is_dated(rows: Sequence[PromiseRow]) -> bool:
    """Is a date of ours open, or a day of the decision missed? Of an undecided claim the desk then shows a date."""
    return any(
        p.basis in OURS and (p.ended_at is None or (p.kind, p.kept) == (PromiseKind.DECISION, False)) for p in rows
    )


def promised_date(promises: Sequence[PromiseRow]) -> date | None:
    """The decision date we told last, kept, missed or open."""
    ours = [row for row in promises if row.kind is PromiseKind.DECISION and row.basis in OURS]
    return max(ours, key=lambda row: (row.made_at, row.due_date)).due_date if ours else None


def with_new_date(
    before: ClaimSnapshot, after: ClaimSnapshot, promised: date | None, calendar: Calendar
) -> ClaimSnapshot:
    """`after` with the date an extension moves ours to: the back office's, else the product's usual one.

    An extension that would not move our date leaves it alone, and a date in the past is nobody's promise.
    """
    today, new_date = calendar.today, after.new_date
    entered = page_state_of(before) is not PageState.EXTENDED
    if new_date is None and promised and entered and page_state_of(after) is PageState.EXTENDED:
        usual = due_date(today, calendar.terms.extension, (), calendar.country)
        new_date = usual if usual > promised else None
    if new_date is not None and new_date < today:
        new_date = None
    return after if new_date == after.new_date else after.model_copy(update={"new_date": new_date})


def first_promises(snapshot: ClaimSnapshot, calendar: Calendar) -> Iterator[PromiseRow]:
    """What an undecided claim is promised: our date (or the handler's) and the limit of law or contract."""
    complete = snapshot.documents_complete_at if calendar.terms.start is StartFact.DOCUMENTS_COMPLETE else None
    return _decision_promises(snapshot, calendar, calendar.day(complete or snapshot.reported_at))


def first_pause(calendar: Calendar) -> PauseRow:
    """The pause of a claim that waits for its policyholder when it is first seen."""
    return PauseRow(new_id(), calendar.claim_id, calendar.moment)


def _decision_promises(snapshot: ClaimSnapshot, calendar: Calendar, start: date) -> Iterator[PromiseRow]:
    ours, limit = _usual_dates(snapshot.product, snapshot.country, start)
    if snapshot.new_date and page_state_of(snapshot) is PageState.EXTENDED:
        yield from calendar.promise(PromiseBasis.HANDLER, start, snapshot.new_date, reason=snapshot.reason)
    elif ours >= calendar.today:
        yield from calendar.promise(PromiseBasis.TARGET, start, ours)
    if limit >= calendar.today:
        yield from calendar.promise(calendar.terms.basis, start, limit)


@lru_cache(maxsize=10_000)
def _usual_dates(product: str, country: str, start: date) -> tuple[date, date]:
    """Our date and the limit by the product's terms; each claim of a first load asks for them."""
    terms = terms_for(product, country)
    return due_date(start, terms.target, (), country), due_date(start, terms.limit, (), country)


def next_pauses(after: ClaimSnapshot, pauses: Sequence[PauseRow], calendar: Calendar) -> Iterator[PauseRow]:
    """The pauses that begin or end with this change."""
    waiting = [row for row in pauses if row.ended_at is None]
    if waits_for_policyholder(after):
        if not waiting:
            yield PauseRow(new_id(), calendar.claim_id, calendar.moment)
    else:
        for row in waiting:
            yield row._replace(ended_at=max(calendar.moment, row.started_at))


def next_promises(
    before: ClaimSnapshot,
    after: ClaimSnapshot,
    promises: Sequence[PromiseRow],
    pauses: Sequence[PauseRow],
    calendar: Calendar,
) -> Iterator[PromiseRow]:
    """The promises that are made, moved, kept or missed by this change. `pauses` are those after it."""
    waiting = [row for row in promises if row.ended_at is None]
    decision = [row for row in waiting if row.kind is PromiseKind.DECISION]
    money = [row for row in waiting if row.kind is PromiseKind.PAYMENT]
    if not is_undecided(after):
        yield from _ended(decision, None if after.outcome is Outcome.WITHDRAWN else calendar.moment, calendar)
        yield from _money_promises(before, after, money, calendar)
    elif not is_undecided(before):
        yield from _ended(money, None, calendar)
        yield from _promised_again(after, promises, calendar)
    else:
        yield from _moved(after, decision, pauses, calendar)


def _ended(promises: Sequence[PromiseRow], done_at: datetime | None, calendar: Calendar) -> Iterator[PromiseRow]:
    for row in promises:
        kept = None if done_at is None else calendar.day(done_at) <= row.due_date
        yield row._replace(ended_at=calendar.now, kept=kept)


def _money_promises(
    before: ClaimSnapshot, after: ClaimSnapshot, money: Sequence[PromiseRow], calendar: Calendar
) -> Iterator[PromiseRow]:
    sent = [payment for payment in after.payments if payment.state in PAID_OUT]
    paid_out = bool(sent) or after.situation in (Situation.PAYMENT_SENT, Situation.PAYMENT_CREDITED)
    # Where others claim, the money is theirs unless the claim has some of its own.
    others_alone = bool(after.claimants) and not after.payments and after.approved is None
    if paid_out or others_alone or after.outcome not in YES:
        yield from _ended(money, calendar.moment if paid_out else None, calendar)
    elif before.outcome is not after.outcome and not money and after.stage is not ClaimStage.CLOSED:
        start = calendar.day(calendar.moment)
        named = max((payment.expected_date for payment in after.payments if payment.expected_date), default=None)
        due = named or due_date(start, calendar.terms.payment, (), calendar.country)
        basis = PromiseBasis.HANDLER if named else PromiseBasis.TARGET
        yield from calendar.promise(basis, start, due, kind=PromiseKind.PAYMENT)


def _promised_again(after: ClaimSnapshot, promises: Sequence[PromiseRow], calendar: Calendar) -> Iterator[PromiseRow]:
    """A claim that is open again starts anew; one that was never decided, by a correction, goes on from its start."""
    starts = [row.start_date for row in promises if row.kind is PromiseKind.DECISION]
    corrected = after.situation is not Situation.REOPENED and starts
    yield from _decision_promises(after, calendar, max(starts) if corrected else calendar.day(calendar.moment))


def _moved(
    after: ClaimSnapshot, waiting: Sequence[PromiseRow], pauses: Sequence[PauseRow], calendar: Calendar
) -> Iterator[PromiseRow]:
    new_date = after.new_date if page_state_of(after) is PageState.EXTENDED else None
    start = min((row.start_date for row in waiting), default=calendar.day(after.reported_at))
    ours = [row for row in waiting if row.basis in OURS]
    if new_date and new_date not in [row.due_date for row in ours]:
        yield from _ended(ours, None, calendar)
        yield from calendar.promise(PromiseBasis.HANDLER, start, new_date, reason=after.reason)
        waiting = [row for row in waiting if row.basis not in OURS]
    away = [(calendar.day(row.started_at), row.ended_at and calendar.day(row.ended_at)) for row in pauses]
    for row in waiting:
        term = _term(row.basis, calendar.terms)
        due = due_date(row.start_date, term, away, calendar.country) if term else row.due_date
        if due > row.due_date:
            # The days we waited for the policyholder are given back to us; nobody broke a promise.
            yield from _ended([row], None, calendar)
            yield from calendar.promise(row.basis, row.start_date, due, reason=row.reason)


def _term(basis: PromiseBasis, terms: Terms) -> Term | None:
    """The term a promise was computed from; a handler's date comes from none."""
    return {PromiseBasis.TARGET: terms.target, terms.basis: terms.limit}.get(basis)
