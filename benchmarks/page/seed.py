"""Claims of the product that were walked through their road, and a session for each: `ADDRESS NUMBER FILE`."""

import asyncio
import json
import sys
from datetime import date, timedelta
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path

from sqlmodel import col, select

from claims_core import ledger
from claims_core.clock import utc_now
from claims_core.db import make_engine, session_scope
from claims_core.snapshot import ClaimSnapshot, DocumentSnapshot, DocumentState, PersonSnapshot
from claims_core.stages import ClaimStage, LineOfBusiness, Situation
from claims_core.tables import Claim
from claims_portal.auth.sessions import open_session

PAGE = 500
REFS = "walked:"
PAPER = DocumentSnapshot(ref="photos", title_ru="Фото повреждений", title_en="Photos of the damage")
GIVEN = PAPER.model_copy(update={"state": DocumentState.ACCEPTED})
# Eight facts: registered, documents asked and received, an inspection, the calculation, the sum, the approval.
ROAD = (
    {"stage": ClaimStage.REGISTERED, "situation": Situation.NEW_UNASSIGNED},
    {"stage": ClaimStage.CHECKING, "situation": Situation.COVER_CHECK},
    {"stage": ClaimStage.COLLECTING, "situation": Situation.DOCS_NEEDED, "documents": (PAPER,)},
    {"stage": ClaimStage.COLLECTING, "situation": Situation.DOCS_RECEIVED_REVIEW, "documents": (GIVEN,)},
    {"stage": ClaimStage.COLLECTING, "situation": Situation.INSPECTION_DONE, "documents": (GIVEN,)},
    {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION, "documents": (GIVEN,)},
    {
        "stage": ClaimStage.ASSESSING,
        "situation": Situation.CALCULATION,
        "documents": (GIVEN,),
        "assessed": Decimal("184300.00"),
    },
    {
        "stage": ClaimStage.DECIDING,
        "situation": Situation.APPROVAL,
        "documents": (GIVEN,),
        "assessed": Decimal("184300.00"),
    },
)


def claim(number: int, step: int) -> ClaimSnapshot:
    """The claim of that number at that step of its road."""
    now = utc_now()
    return ClaimSnapshot(
        source="bench",
        source_ref=f"{REFS}{number}",
        source_version=str(step + 1),
        source_hash=blake2b(f"{number}:{step}".encode(), digest_size=16).digest(),
        changed_at=now - timedelta(days=len(ROAD) - step),
        claim_number=f"2041-{number:04d}",
        policy_number=f"TTT {number:010d}",
        line_of_business=LineOfBusiness.MOTOR,
        product="kasko",
        country="ru",
        currency="RUB",
        object_label="Kia Rio",
        loss_date=date(2026, 1, 2),
        reported_at=now - timedelta(days=len(ROAD)),
        team="Отдел выплат",
        handler_name="Марина Орлова",
        policyholder=PersonSnapshot(
            ref=f"person-{number}", name="Ирина Ковалёва", language="ru", phones=(f"+7912{number:07d}",)
        ),
        **ROAD[step],
    )


async def seed(url: str, number: int) -> list[dict[str, str]]:
    """The visits that can be made: a path and its cookie."""
    engine, visits = make_engine(url), []
    for first in range(0, number, PAGE):
        numbers = range(first, min(number, first + PAGE))
        async with session_scope(engine) as session:
            for step in range(len(ROAD)):
                shots = [claim(place, step) for place in numbers]
                await ledger.record(session, shots, now=utc_now(), settle=timedelta(0), first_load=step == 0)
    async with session_scope(engine) as session:
        walked = select(Claim).where(col(Claim.source_ref).startswith(REFS))
        for found in (await session.exec(walked)).all():
            token = await open_session(session, found.policyholder_id, now=utc_now())
            visits.append({"path": f"/claim/{found.id}", "cookie": f"__Host-session={token}"})
    await engine.dispose()
    return visits


if __name__ == "__main__":
    made = asyncio.run(seed(sys.argv[1], int(sys.argv[2])))
    Path(sys.argv[3]).write_text(json.dumps(made), encoding="utf-8")
    print(json.dumps({"visits": len(made)}))
