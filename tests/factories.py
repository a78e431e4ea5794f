"""Plain things with plain defaults for tests; each takes what the test cares about as overrides."""

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.snapshot import (
    ClaimantSnapshot,
    ClaimSnapshot,
    DocumentSnapshot,
    PaymentSnapshot,
    PaymentState,
    PersonSnapshot,
)
from claims_core.stages import ClaimStage, LineOfBusiness, Situation
from claims_core.tables import CaseEvent, Claim, Question

NOON = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)  # a Monday, noon in Moscow
SOURCE = "claim_center"
_numbers = itertools.count(1)


def a_person(**overrides: Any) -> PersonSnapshot:
    """A Russian policyholder with one mobile number."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "ref": f"person-{number}",
        "name": "Ирина Сергеевна Ковалёва",
        "given_name": "Ирина Сергеевна",
        "phones": (f"+7912{number:07}",),
    }
    return PersonSnapshot(**values | overrides)


def a_snapshot(**overrides: Any) -> ClaimSnapshot:
    """An OSAGO claim, registered on the day before NOON. Its hash follows from the overrides unless given."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "source": SOURCE,
        "source_ref": f"cc:{number}",
        "claim_number": f"2041-{number:04}",
        "policy_number": f"XXX {number:010}",
        "line_of_business": LineOfBusiness.MOTOR_LIABILITY,
        "product": "osago",
        "country": "ru",
        "currency": "RUB",
        "object_label": "Kia Rio, А123ВС77",
        "loss_date": date(2026, 5, 28),
        "reported_at": NOON - timedelta(days=1),
        "stage": ClaimStage.REGISTERED,
        "situation": Situation.NEW_UNASSIGNED,
        "team": "Отдел выплат",
        "handler_ref": "h-17",
        "handler_name": "Марина Орлова",
    }
    values |= overrides
    values.setdefault("policyholder", a_person() if "policyholder" not in values else None)
    values.setdefault("source_hash", hash_of(values))
    return ClaimSnapshot(**values)


def hash_of(values: object) -> bytes:
    """A stand-in for the hash of the record as it came."""
    return blake2b(repr(values).encode(), digest_size=16).digest()


def later(snapshot: ClaimSnapshot, **changes: Any) -> ClaimSnapshot:
    """The same claim at its next moment: what changed, with a new hash and the next version if it has one."""
    version = snapshot.source_version
    if version is not None and "source_version" not in changes:
        changes["source_version"] = str(int(version) + 1)
    changes.setdefault("source_hash", hash_of((snapshot, changes)))
    return ClaimSnapshot(**dict(snapshot) | changes)


def a_payment(**overrides: Any) -> PaymentSnapshot:
    """A payment of 184,300 on its way."""
    values: dict[str, Any] = {
        "ref": f"pay:{next(_numbers)}",
        "amount": Decimal("184300.00"),
        "state": PaymentState.SENT,
        "sent_date": date(2026, 6, 1),
        "expected_date": date(2026, 6, 4),
        "account_last4": "4821",
        "bank": "Банк",
    }
    return PaymentSnapshot(**values | overrides)


def a_document(**overrides: Any) -> DocumentSnapshot:
    """A photo that we asked for."""
    values: dict[str, Any] = {
        "ref": f"doc:{next(_numbers)}",
        "title_ru": "Фото повреждений",
        "title_en": "Photos of the damage",
        "due_date": date(2026, 6, 10),
    }
    return DocumentSnapshot(**values | overrides)


def a_claimant(**overrides: Any) -> ClaimantSnapshot:
    """The driver of the other car, who goes with the claim."""
    values: dict[str, Any] = {"object_label": "Lada Vesta, К456ОР77", **overrides}
    values.setdefault("person", a_person(name="Пётр Андреевич Зимин", given_name="Пётр Андреевич"))
    return ClaimantSnapshot(**values)


async def a_claim(session: AsyncSession, *, now: datetime = NOON, **overrides: Any) -> Claim:
    """A claim in the database, first seen in a full load: its history is told to nobody."""
    snapshot = a_snapshot(**overrides)
    await ledger.record(session, [snapshot], now=now, settle=timedelta(0), first_load=True)
    return await claim_of(session, snapshot)


async def a_question(session: AsyncSession, claim: Claim, *, now: datetime = NOON, **overrides: Any) -> Question:
    """The policyholder of `claim` asks on their page, and is promised an answer in four hours."""
    values: dict[str, Any] = {"channel": "page", "text": "Когда?", "answer_due_at": now + timedelta(hours=4)}
    whose = {"claim_id": claim.id, "policyholder_id": claim.policyholder_id}
    return await ledger.ask_question(session, **whose, now=now, **values | overrides)


async def claim_of(session: AsyncSession, snapshot: ClaimSnapshot) -> Claim:
    """The claim's row as the database has it now."""
    found = await session.exec(
        select(Claim)
        .where(Claim.source == snapshot.source, Claim.source_ref == snapshot.source_ref)
        .execution_options(populate_existing=True)
    )
    return found.one()


async def events_of(session: AsyncSession, claim: Claim) -> list[CaseEvent]:
    """The claim's facts, oldest first."""
    found = await session.exec(select(CaseEvent).where(CaseEvent.claim_id == claim.id).order_by(CaseEvent.seq))
    return list(found)


async def a_told_event(session: AsyncSession, *, now: datetime = NOON, **changes: Any) -> tuple[Claim, CaseEvent]:
    """A claim that just changed as `changes` say (by default: calculation began), and the fact to be told."""
    first = a_snapshot()
    await ledger.record(session, [first], now=now - timedelta(hours=1), settle=timedelta(0), first_load=True)
    changes = changes or {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION}
    await ledger.record(session, [later(first, **changes)], now=now, settle=timedelta(0))
    claim = await claim_of(session, first)
    return claim, next(event for event in await events_of(session, claim) if not event.historic)
