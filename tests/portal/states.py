"""A claim in every page state, with the history that leads there; and the modifiers on top."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.snapshot import DocumentState, PaymentState
from claims_core.stages import ClaimStage, LineOfBusiness, Outcome, Situation
from claims_core.tables import Claim
from tests.factories import a_document, a_payment, a_snapshot, claim_of, later

S, T, R = ClaimStage, Situation, Outcome
ASSESSED, DEDUCTIBLE, APPROVED = Decimal(184300), Decimal(10000), Decimal(174300)
REASON = {
    "reason": "Полис не покрывает шины, если другие части машины целы",
    "clause": "4.2",
    "document": "акт осмотра от 25 мая",
}
MONEY = {"assessed": ASSESSED, "deductible": DEDUCTIBLE}


def states_on(today: date) -> dict[str, dict[str, Any]]:
    """What the last snapshot of each page state says, seen from `today`."""
    due = today + timedelta(days=2)
    paper = a_document(title_ru="Фото свидетельства о регистрации", title_en="Photo of the certificate", due_date=due)
    unread = a_document(state=DocumentState.REJECTED, reject_reason="текст размыт", due_date=due, why_ru="Проверим VIN")
    sent = a_payment(amount=APPROVED, sent_date=today, expected_date=today + timedelta(days=3))
    return {
        "registered": {},
        "docs_needed": {"stage": S.COLLECTING, "situation": T.DOCS_NEEDED, "documents": (paper, unread)},
        "assessment": {"stage": S.ASSESSING, "situation": T.CALCULATION},
        "awaiting": {"stage": S.DECIDING, "situation": T.APPROVAL, **MONEY},
        "extended": {
            "stage": S.ASSESSING,
            "situation": T.WAITING_POLICE,
            "reason": "police_papers",
            "new_date": today + timedelta(days=18),
        },
        "approved": {"stage": S.DECIDED, "outcome": R.APPROVED, "approved": APPROVED, "situation": None, **MONEY},
        "partly": {"stage": S.DECIDED, "outcome": R.APPROVED_PARTLY, "approved": Decimal(150000), "situation": None}
        | MONEY
        | {"decision_reasons": (REASON,)},
        "payment_sent": {"stage": S.FULFILLING, "situation": T.PAYMENT_SENT, "outcome": R.APPROVED, "payments": (sent,)}
        | MONEY
        | {"approved": APPROVED},
        "paid": {"stage": S.CLOSED, "situation": T.PAYMENT_CREDITED, "outcome": R.APPROVED, "approved": APPROVED}
        | MONEY
        | {"payments": (a_payment(amount=APPROVED, state=PaymentState.CREDITED, sent_date=today),)},
        "repair": {"stage": S.FULFILLING, "situation": T.REPAIR_IN_PROGRESS, "outcome": R.APPROVED},
        "declined": {"stage": S.DECIDED, "outcome": R.REFUSED, "situation": None, "decision_reasons": (REASON,)},
        "reopened": {"stage": S.CHECKING, "situation": T.REOPENED, "reason": "новые документы"},
        "withdrawn": {"stage": S.CLOSED, "outcome": R.WITHDRAWN, "situation": None},
        "closed_other": {"stage": S.CLOSED, "outcome": R.TRANSFERRED, "situation": T.TRANSFERRED},
        "details_needed": {"stage": S.DECIDED, "outcome": R.APPROVED, "situation": T.BANK_DETAILS_NEEDED}
        | MONEY
        | {"approved": APPROVED},
        "payment_returned": {"stage": S.FULFILLING, "outcome": R.APPROVED, "situation": T.PAYMENT_RETURNED}
        | MONEY
        | {"approved": APPROVED, "payments": (a_payment(state=PaymentState.RETURNED, return_reason="счёт закрыт"),)},
        "inspection": {"stage": S.COLLECTING, "situation": T.INSPECTION_BOOKED}
        | {"inspection_at": datetime.combine(due, datetime.min.time()).astimezone(), "inspection_place": "Лесная, 12"},
    }


NAMES = (*states_on(date(2026, 6, 1)), "late", "paused_once")
LIFE = {"line_of_business": LineOfBusiness.LIFE, "product": "life", "object_label": None}


async def a_claim_in(session: AsyncSession, name: str, *, now: datetime, **overrides: Any) -> Claim:
    """A claim that came into the state `name` two hours before `now`, registered twelve days ago (late: thirty)."""
    days = 30 if name == "late" else 12
    begun = now - timedelta(days=days)
    first = a_snapshot(reported_at=begun, documents_complete_at=begun, **overrides)
    await ledger.record(session, [first], now=begun, settle=timedelta(0))
    states = states_on(now.date())
    if name == "late":
        # Our date passed on the way; the law's has not, for the product's own limit is longer.
        last = later(first, **states["assessment"])
    elif name == "paused_once":
        waiting = later(first, **states["docs_needed"])
        await ledger.record(session, [waiting], now=now - timedelta(days=8), settle=timedelta(0))
        last = later(waiting, stage=S.ASSESSING, situation=T.CALCULATION, documents=())
    else:
        last = later(first, **states[name]) if states[name] else first
    await ledger.record(session, [last], now=now - timedelta(hours=2), settle=timedelta(0))
    await ledger.miss_promises(session, now=now)
    return await claim_of(session, first)
