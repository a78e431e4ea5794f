"""Claims of the past for figures to be counted from: what was reported when, and how it ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.ids import new_id
from claims_core.snapshot import CaseEventKind, PaymentState
from claims_core.stages import ClaimStage, LineOfBusiness, Outcome, PageState, Situation
from claims_core.tables import CaseEvent, Claim, Payment, Promise, PromiseBasis, PromiseKind

_numbers = count(1)


@dataclass(frozen=True)
class Past:
    """`claims` claims that were reported `ago` days ago; they ended by `outcome` after `took` days, or are open."""

    claims: int
    ago: int
    took: int | None = None
    outcome: Outcome | None = None
    line: LineOfBusiness = LineOfBusiness.MOTOR
    size: int | None = None
    was_extended: bool = False
    kept: bool | None = None  # a date of ours, a week after the start


async def fill(session: AsyncSession, *pasts: Past, now: datetime, **overrides: Any) -> None:
    """Put them all into the database."""
    for past in pasts:
        for _ in range(past.claims):
            session.add_all(_rows(past, now, overrides))
    await session.flush()


def _rows(past: Past, now: datetime, overrides: dict[str, Any]) -> list[Any]:
    began, number = now - timedelta(days=past.ago), next(_numbers)
    ended = now if past.took is None else began + timedelta(days=past.took)
    paid = past.outcome in (Outcome.APPROVED, Outcome.APPROVED_PARTLY)
    stage = ClaimStage.ASSESSING if past.took is None else ClaimStage.CLOSED
    claim = Claim(
        **{
            "source": "past", "source_ref": str(number), "source_hash": b"", "claim_number": str(number),
            "policyholder_id": uuid4(), "line_of_business": past.line, "product": "osago", "country": "ru",
            "currency": "RUB", "observed_at": now, "reported_at": began, "stage": stage, "outcome": past.outcome,
            "page_state": PageState.ASSESSMENT, "stage_since": ended, "situation_since": ended,
            "assessed": None if past.size is None else Decimal(past.size + number % 7),
        }
        | overrides
    )  # fmt: skip
    rows: list[Any] = [claim]
    if paid:
        # The file is shut long after the money left; nobody waited for that.
        claim.stage_since = now
        rows.append(
            Payment(
                claim_id=claim.id,
                payment_ref="1",
                amount=Decimal(1),
                state=PaymentState.CREDITED,
                sent_date=ended.date(),
            )
        )
    if past.was_extended:
        rows.append(
            CaseEvent(
                id=new_id(), claim_id=claim.id, kind=CaseEventKind.SITUATION_CHANGED, fact_key="extended",
                stage=ClaimStage.ASSESSING, situation=Situation.EXTENDED_CHECK, page_state=PageState.EXTENDED,
                occurred_at=began, recorded_at=began, tell_after=began, historic=True,
            )
        )  # fmt: skip
    if past.kept is not None:
        rows.append(
            Promise(
                claim_id=claim.id, kind=PromiseKind.DECISION, basis=PromiseBasis.TARGET, start_date=began.date(),
                due_date=began.date() + timedelta(days=7), made_at=began, ended_at=ended, kept=past.kept,
            )
        )  # fmt: skip
    return rows
