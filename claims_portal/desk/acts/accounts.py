"""The account that a policyholder gave, whole, for the handler who enters it; each look is kept."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlmodel import col, select
from starlette.responses import Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import NotFound
from claims_core.sealing import unseal
from claims_core.tables import Question
from claims_portal.accounts import SEALED_FOR
from claims_portal.deps import portal_of
from claims_portal.desk.access import CHANGERS, Staffed
from claims_portal.desk.claim.route import says_of
from claims_portal.desk.waiting.rail import Rail, rail_for
from claims_portal.rendering import page

router = APIRouter(prefix="/desk", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class AccountPage:
    """desk/account.html: the account, line by line."""

    rail: Rail
    title: str
    claim_id: UUID
    lines: tuple[str, ...]


@router.post("/{claim_id:uuid}/account")
async def open_account(
    request: Request, claim_id: UUID, question: Annotated[UUID, Form()], viewer: Staffed = Depends(CHANGERS)
) -> Response:
    """Open what was sealed, until the task has its answer. Raises NotFound for another's task and for one answered."""
    says, keys = says_of(request), portal_of(request).settings.opening_keys
    async with session_scope(portal_of(request).engine) as session:
        same = (col(Question.id) == question, col(Question.claim_id) == claim_id)
        sealed = (await session.exec(select(Question.sealed).where(*same))).first()
        if sealed is None:
            raise NotFound
        subject, detail = f"question:{question}", {"claim_id": str(claim_id)}
        action = "account_opened"
        await ledger.audit(session, actor=viewer.actor, action=action, subject=subject, detail=detail, now=says.now)
        made = AccountPage(
            rail=await rail_for(session, viewer, "questions", now=says.now),
            title=says.told("Account for the payment"),
            claim_id=claim_id,
            lines=tuple(unseal(sealed, *keys, purpose=SEALED_FOR).splitlines()),
        )
    return page(request, "desk/account.html", made)
