"""Everything the desk knows about one claim, read in one unit of work."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import Table
from claims_core.deadlines import due_date, terms_for, zone_of
from claims_core.errors import NotFound
from claims_core.promises import OURS
from claims_core.snapshot import OPEN_DOCUMENTS
from claims_core.stages import ClaimStage, Situation, is_decided
from claims_core.tables import (
    CaseEvent,
    ChangeRequest,
    ChangeState,
    Claim,
    Contact,
    DocumentRequest,
    Pause,
    Policyholder,
    Promise,
    PromiseBasis,
    PromiseKind,
    Question,
)
from claims_portal.desk.facts.joined import Joined, joined_with
from claims_portal.desk.facts.recipients import Recipient, recipients_of
from claims_portal.desk.facts.untold import untold_facts
from claims_portal.tables import AccessLog, Staff
from notifier.held_words import HeldText
from notifier.people.claim_stops import stopped_since
from notifier.people.preferences import is_stopped
from notifier.people.preferred import Proposal
from notifier.people.surveys import Answered, answers_of
from notifier.planning.calls import Call, calls_of
from notifier.planning.sentences import Asked, asked_of
from notifier.states import NotificationState
from notifier.tables import Delivery, Notification

BOUNDS = (PromiseBasis.LAW, PromiseBasis.CONTRACT)
Row = TypeVar("Row", bound=Table)


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """A claim with all that belongs to it. Rows are read here and never changed."""

    claim: Claim
    person: Policyholder
    phone: str | None
    recipients: tuple[Recipient, ...]
    promises: tuple[Promise, ...]
    pauses: tuple[Pause, ...]
    documents: tuple[DocumentRequest, ...]
    questions: tuple[Question, ...]
    events: tuple[CaseEvent, ...]
    contacts: tuple[Contact, ...]
    changes: tuple[ChangeRequest, ...]
    told: tuple[tuple[Notification, Delivery | None], ...]
    looks: tuple[datetime, ...]
    names: dict[str, str]
    joined: tuple[Joined, ...]
    calls: Sequence[Call]
    sentence: Asked | None
    is_stopped: bool
    stopped_since: datetime | None
    untold: dict[UUID, str]
    rated: tuple[Answered, ...] = ()
    proposal: Proposal | None = None
    held_texts: Mapping[UUID, HeldText] = field(default_factory=dict)

    @property
    def ours(self) -> Promise | None:
        """Our date: the open promise of ours; where none is open, the one that was missed and still matters."""
        ours = [one for one in self.promises if one.basis in OURS]
        open_ones = [one for one in ours if one.ended_at is None]
        return next(iter(open_ones), None) or next((one for one in ours if self._still_missed(one)), None)

    @property
    def decision_due(self) -> date | None:
        """The day by which the client was told to hear of the decision, while that promise stands."""
        ours = [one for one in self.promises if one.basis in OURS and one.kind is PromiseKind.DECISION]
        return next((one.due_date for one in ours if one.ended_at is None), None)

    def _still_missed(self, promise: Promise) -> bool:
        if promise.kept is not False or self.claim.stage is ClaimStage.CLOSED:
            return False
        if promise.kind is PromiseKind.DECISION:
            return not is_decided(self.claim.stage)
        return self.claim.situation is not Situation.PAYMENT_SENT

    @property
    def bound(self) -> Promise | None:
        """The last day by law or contract."""
        open_bounds = [one for one in self.promises if one.basis in BOUNDS and one.ended_at is None]
        return min(open_bounds, key=lambda one: one.due_date, default=None)

    def money_limit(self, now: datetime) -> date:
        """The last day for the money of a decision made now: the product's own term from decision to payment."""
        country = self.claim.country
        terms = terms_for(self.claim.product, country)
        return due_date(now.astimezone(zone_of(country)).date(), terms.payment, (), country)

    def missed(self, today: date) -> bool:
        """Has our date passed?"""
        return self.ours is not None and (self.ours.kept is False or self.ours.due_date < today)

    @property
    def open_questions(self) -> list[Question]:
        """Questions without an answer, the most urgent first."""
        return sorted((one for one in self.questions if one.answered_at is None), key=lambda one: one.answer_due_at)

    @property
    def asked_documents(self) -> list[DocumentRequest]:
        """The documents we wait for."""
        return [one for one in self.documents if one.state in OPEN_DOCUMENTS]

    def held(self, now: datetime) -> list[Notification]:
        """The messages that wait for somebody's word and are not too late, the oldest first."""
        rows = [row for row, _ in self.told if row.state is NotificationState.HELD and row.send_by > now]
        return rows[::-1]

    @property
    def change_under_way(self) -> ChangeRequest | None:
        """The change that is not yet in the claims system, if there is one."""
        return next((one for one in self.changes if one.state in (ChangeState.WAITING, ChangeState.APPLYING)), None)


async def read_claim(session: AsyncSession, claim_id: UUID, *, now: datetime) -> ClaimFacts:
    """The claim with all that belongs to it. Raises NotFound."""
    claim, person = await _claim_of(session, claim_id)
    recipients = await recipients_of(session, claim)
    changes = await _of(session, ChangeRequest, claim_id, "requested_at")
    questions = await _of(session, Question, claim_id, "asked_at")
    return ClaimFacts(
        claim=claim,
        person=person,
        phone=next((one.phone for one in recipients if one.claim_id == claim_id), None),
        recipients=recipients,
        promises=await _of(session, Promise, claim_id, "made_at"),
        pauses=await _of(session, Pause, claim_id, "started_at"),
        documents=await _of(session, DocumentRequest, claim_id, "asked_at"),
        questions=questions,
        events=await _of(session, CaseEvent, claim_id, "occurred_at"),
        contacts=await _of(session, Contact, claim_id, "at"),
        changes=changes,
        told=await _told(session, claim_id),
        looks=await _looks(session, claim_id),
        names=await _names(session, [one.requested_by for one in changes] + [one.answered_by for one in questions]),
        joined=await joined_with(session, claim),
        calls=await calls_of(session, claim_id),
        sentence=await asked_of(session, claim_id, now=now),
        is_stopped=await is_stopped(session, claim.policyholder_id),
        stopped_since=await stopped_since(session, claim_id),
        untold=await untold_facts(session, claim_id),
        rated=await answers_of(session, claim_id),
    )


async def _claim_of(session: AsyncSession, claim_id: UUID) -> tuple[Claim, Policyholder]:
    found = (
        await session.exec(
            select(Claim, Policyholder)
            .join(Policyholder, col(Policyholder.id) == col(Claim.policyholder_id))
            .where(col(Claim.id) == claim_id)
        )
    ).first()
    if found is None:
        raise NotFound
    return found


async def abilities(session: AsyncSession, claim: Claim) -> frozenset[str]:
    """The actions that the claim's source can take, as the adapter published them; none where it said nothing.

    A claims system takes changes of its claims. On a claimant's side only what our own ledger records is possible.
    """
    found = await (await session.connection()).execute(
        text("select action from source_ability where source = :source and (recorded_here or not :is_part)"),
        {"source": claim.source, "is_part": claim.part_of is not None},
    )
    return frozenset(found.scalars())


async def record_look(
    session: AsyncSession, *, claim_id: UUID, staff_id: UUID, page: str, why: str, now: datetime
) -> None:
    """Every look of a member of staff at a claim is kept: who, at what, why, when."""
    session.add(AccessLog(at=now, claim_id=claim_id, viewer_kind="staff", viewer_id=staff_id, page=page, why=why))


async def others_looking(session: AsyncSession, *, claim_id: UUID, staff_id: UUID, now: datetime) -> tuple[str, ...]:
    """The names of colleagues who opened this claim in the last five minutes."""
    found = await session.exec(
        select(Staff.name)
        .join(AccessLog, col(AccessLog.viewer_id) == col(Staff.id))
        .where(
            col(AccessLog.claim_id) == claim_id,
            col(AccessLog.viewer_kind) == "staff",
            col(AccessLog.at) > now - timedelta(minutes=5),
            col(Staff.id) != staff_id,
        )
        .distinct()
    )
    return tuple(sorted(found.all()))


async def _of(session: AsyncSession, table: type[Row], claim_id: UUID, newest_by: str) -> tuple[Row, ...]:
    """The rows of a claim, newest first; at most 200, which no honest claim has."""
    columns = table.__table__.c  # type: ignore[attr-defined]
    order = [columns[newest_by].desc(), columns["id"].desc()]
    return tuple(
        (await session.exec(select(table).where(columns["claim_id"] == claim_id).order_by(*order).limit(200))).all()
    )


async def _told(session: AsyncSession, claim_id: UUID) -> tuple[tuple[Notification, Delivery | None], ...]:
    """What we decided to say about the claim and what became of it: each decision with its last hand-over."""
    decided = select(Notification).where(col(Notification.claim_id) == claim_id, col(Notification.importance) != "code")
    rows = (
        await session.exec(
            decided.order_by(col(Notification.planned_at).desc(), col(Notification.step).desc()).limit(200)
        )
    ).all()
    handed = select(Delivery).where(col(Delivery.notification_id).in_([row.id for row in rows]))
    last: dict[UUID, Delivery] = {}
    for delivery in (await session.exec(handed.order_by(col(Delivery.attempt)))).all():
        last[delivery.notification_id] = delivery
    return tuple((row, last.get(row.id)) for row in rows)


async def _looks(session: AsyncSession, claim_id: UUID) -> tuple[datetime, ...]:
    """When the policyholder opened the page."""
    found = select(AccessLog.at).where(col(AccessLog.claim_id) == claim_id, col(AccessLog.viewer_kind) != "staff")
    return tuple((await session.exec(found.order_by(col(AccessLog.at).desc()).limit(500))).all())


async def _names(session: AsyncSession, actors: Sequence[str | None]) -> dict[str, str]:
    """The names behind `staff:<id>`."""
    by_id: dict[UUID, list[str]] = defaultdict(list)
    for actor in {one for one in actors if one and one.startswith("staff:")}:
        by_id[UUID(actor.removeprefix("staff:"))].append(actor)
    found = await session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(list(by_id))))
    return {actor: name for staff_id, name in found.all() for actor in by_id[staff_id]}
