"""What follows from a claim's row for a page: the promised dates, what is late, what is open (pure)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from claims_core.claimants import SAYS_HOW_IT_ENDED
from claims_core.deadlines import PromiseBasis, PromiseKind, is_sooner
from claims_core.promises import OURS
from claims_core.snapshot import OPEN_DOCUMENTS, DocumentState, PaymentState
from claims_core.stages import ClaimStage, LineOfBusiness, Mover, Outcome, PageState, Situation, is_decided
from claims_portal.queries import ClaimRow

DAMAGE = frozenset({LineOfBusiness.MOTOR, LineOfBusiness.MOTOR_LIABILITY, LineOfBusiness.PROPERTY})
CARS = frozenset({LineOfBusiness.MOTOR, LineOfBusiness.MOTOR_LIABILITY})
OVER = frozenset({PageState.PAID, PageState.DECLINED, PageState.WITHDRAWN, PageState.CLOSED_OTHER})


@dataclass(frozen=True, slots=True)
class Told:
    """A date we told, as its row has it."""

    kind: PromiseKind
    basis: PromiseBasis
    start: date
    due: date
    is_open: bool
    kept: bool | None


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment, as far as it may be shown."""

    amount: Decimal
    state: PaymentState
    sent: date | None
    expected: date | None
    last4: str | None
    bank: str | None
    reason: str | None


@dataclass(frozen=True)
class Facts:
    """A claim with its enums, dates and sums, on one day of its reader."""

    row: ClaimRow
    today: date
    stage: ClaimStage
    situation: Situation | None
    outcome: Outcome | None
    mover: Mover
    state: PageState
    line: LineOfBusiness
    told: tuple[Told, ...]
    payments: tuple[Paid, ...]

    @cached_property
    def is_undecided(self) -> bool:
        """Does the reader still wait for a decision?"""
        return not is_decided(self.stage) and self.state is not PageState.WITHDRAWN

    def _last(self, kind: PromiseKind, *, ours: bool, is_open: bool = True) -> Told | None:
        fitting = [t for t in self.told if t.kind is kind and (t.basis in OURS) is ours and t.is_open is is_open]
        return fitting[-1] if fitting else None

    @cached_property
    def decision(self) -> Told | None:
        """Our date for the decision, while it stands."""
        return self._last(PromiseKind.DECISION, ours=True)

    @cached_property
    def money_by(self) -> date | None:
        """When the money is promised to be on the account."""
        sent = self.sent
        if sent is not None and sent.expected is not None:
            return sent.expected
        promise = self._last(PromiseKind.PAYMENT, ours=True)
        return promise.due if promise else None

    @cached_property
    def limit(self) -> Told | None:
        """What a law or the contract leaves us, while it stands."""
        return self._last(PromiseKind.DECISION, ours=False)

    @cached_property
    def our_date(self) -> date | None:
        """The date in large figures: of the decision until there is one, then of the money. Never one that passed."""
        if self.state in OVER or self.state is PageState.REPAIR or self.situation is Situation.PAYMENT_RETURNED:
            return None
        decision = self.decision.due if self.decision else None
        due = decision if self.is_undecided else self.money_by
        return due if due is None or due >= self.today else None

    @cached_property
    def missed(self) -> tuple[date, ...]:
        """Our dates that passed without what they promised, oldest first."""
        ours = [told for told in self.told if told.basis in OURS]
        return tuple(told.due for told in ours if told.kept is False or (told.is_open and told.due < self.today))

    @cached_property
    def late_since(self) -> date | None:
        """The date we did not keep, while the reader still waits for what it promised."""
        kind = PromiseKind.DECISION if self.is_undecided else PromiseKind.PAYMENT
        if self.state in OVER or self.state in (PageState.PAYMENT_SENT, PageState.REPAIR):
            return None
        ours = [told for told in self.told if told.kind is kind and told.basis in OURS]
        missed = [told.due for told in ours if told.kept is False or (told.is_open and told.due < self.today)]
        return missed[-1] if missed else None

    @cached_property
    def date_before(self) -> date | None:
        """The date we told before the present one, when it was moved."""
        ours = [told for told in self.told if told.kind is PromiseKind.DECISION and told.basis in OURS]
        earlier = [told.due for told in ours if not told.is_open]
        return earlier[-1] if earlier and self.decision and earlier[-1] != self.decision.due else None

    @cached_property
    def is_sooner(self) -> bool:
        """Was the date of an extended review moved forward? Then it is no longer more time that we ask for."""
        due = self.decision.due if self.decision else None
        return self.state is PageState.EXTENDED and is_sooner(due, self.date_before)

    @cached_property
    def documents(self) -> list[dict[str, Any]]:
        """The documents we still wait for."""
        return [paper for paper in self.row.parts["documents"] if DocumentState(paper["state"]) in OPEN_DOCUMENTS]

    @cached_property
    def documents_due(self) -> date | None:
        """The first day by which a document is wanted."""
        return min((date.fromisoformat(paper["due"]) for paper in self.documents if paper["due"]), default=None)

    @cached_property
    def sent(self) -> Paid | None:
        """The last payment that is on its way or has arrived."""
        issued = [paid for paid in self.payments if paid.state in (PaymentState.SENT, PaymentState.CREDITED)]
        return max(issued, key=lambda paid: paid.sent or date.min) if issued else None

    @cached_property
    def returned(self) -> Paid | None:
        """The payment that the bank sent back, while that is how things stand."""
        if self.situation is not Situation.PAYMENT_RETURNED:
            return None
        back = [paid for paid in self.payments if paid.state is PaymentState.RETURNED]
        return back[-1] if back else None

    @cached_property
    def paid_total(self) -> Decimal:
        """What was paid so far."""
        issued = (paid.amount for paid in self.payments if paid.state in (PaymentState.SENT, PaymentState.CREDITED))
        return sum(issued, Decimal(0))

    @property
    def is_claimants(self) -> bool:
        """Is the reader somebody who claims against another's policy?"""
        return self.row["part_of"] is not None

    @cached_property
    def is_liable(self) -> bool:
        """Do others claim against the reader's policy, and is no money of the claim the reader's own?"""
        return self.row["has_claimants"] and not self.payments and self.row["approved"] is None

    @property
    def is_anothers_money(self) -> bool:
        """Has it been decided about a claimant's money alone? Then the policyholder's page speaks of none."""
        return self.is_liable and self.state in SAYS_HOW_IT_ENDED

    @property
    def wants_account(self) -> bool:
        """Do we wait for the reader's account details?"""
        asked = self.situation in (Situation.BANK_DETAILS_NEEDED, Situation.PAYMENT_RETURNED)
        return asked and not self.is_anothers_money

    @cached_property
    def is_paused(self) -> bool:
        """Does the clock stand still, because we wait for the policyholder?"""
        return any(pause["ended_at"] is None for pause in self.row.parts["pauses"])


def is_old(row: ClaimRow, now: datetime) -> bool:
    """Has the back office not been seen whole for longer than its source may take, as it published?"""
    seen = row["fresh_at"]
    return seen is not None and now - seen > timedelta(seconds=row["old_after_seconds"])


def facts_of(row: ClaimRow, today: date) -> Facts:
    """The facts of a row on the reader's day."""
    situation, outcome = row["situation"], row["outcome"]
    return Facts(
        row=row,
        today=today,
        stage=ClaimStage(row["stage"]),
        situation=Situation(situation) if situation else None,
        outcome=Outcome(outcome) if outcome else None,
        mover=Mover(row["mover"]),
        state=PageState(row["page_state"]),
        line=LineOfBusiness(row["line_of_business"]),
        told=tuple(map(_told, row.parts["promises"])),
        payments=tuple(map(_paid, row.parts["payments"])),
    )


def _told(part: dict[str, Any]) -> Told:
    return Told(
        kind=PromiseKind(part["kind"]),
        basis=PromiseBasis(part["basis"]),
        start=date.fromisoformat(part["start"]),
        due=date.fromisoformat(part["due"]),
        is_open=part["ended_at"] is None,
        kept=part["kept"],
    )


def _paid(part: dict[str, Any]) -> Paid:
    return Paid(
        amount=Decimal(part["amount"]),
        state=PaymentState(part["state"]),
        sent=_day(part["sent_date"]),
        expected=_day(part["expected_date"]),
        last4=part["last4"],
        bank=part["bank"],
        reason=part["reason"],
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def moment_of(text: str) -> datetime:
    """A moment as the database wrote it into JSON."""
    return datetime.fromisoformat(text)
