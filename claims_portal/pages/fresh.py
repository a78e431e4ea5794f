"""`/claim/{id}/code`: a code anew, for somebody signed in who is about to change or fetch what wants a recent one."""

import re
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Form, Request
from starlette.responses import Response

from claims_core.i18n import translations
from claims_portal.auth import OwnersView, require_own_claim
from claims_portal.auth.codes import FRESH, Known
from claims_portal.auth.guards import FRESH_FOR
from claims_portal.deps import look_of
from claims_portal.errors import FreshCodeNeeded
from claims_portal.pages.code import start_known
from claims_portal.rendering import page

router = APIRouter(include_in_schema=False)

LONGEST_BACK = 200


@dataclass(frozen=True, slots=True)
class FreshPage:
    """pages/fresh.html: why a code is asked for again, and where it leads; `lost` says that nothing was saved."""

    id: str
    back: str
    text: str
    lost: str | None


@router.get("/claim/{claim_id}/code")
async def show_fresh(
    request: Request, view: Annotated[OwnersView, Depends(require_own_claim)], back: str = ""
) -> Response:
    """Why a code is asked for; the button sends it."""
    return _shown(request, view.claim["id"], back)


@router.post("/claim/{claim_id}/code")
async def ask_fresh(
    request: Request, view: Annotated[OwnersView, Depends(require_own_claim)], back: Annotated[str, Form()] = ""
) -> Response:
    """Send the code to the contact on file, under the limits of every code; it leads `back`, within this claim."""
    claim_id = view.claim["id"]
    to = way_back(claim_id, back)
    return await start_known(request, Known(view.policyholder_id, claim_id, FRESH, to))


async def on_code_needed(request: Request, error: Exception) -> Response:
    """The answer to FreshCodeNeeded: this page in the place of the one that was asked for."""
    assert isinstance(error, FreshCodeNeeded)
    sent = request.method != "GET"
    return _shown(request, error.claim_id, request.url.path, status=403, lost=sent)


def answer_code_needed(app: FastAPI) -> None:
    """Give the app its answer to a code that is too old."""
    app.add_exception_handler(FreshCodeNeeded, on_code_needed)


def way_back(claim_id: UUID, back: str) -> str:
    """`back` if it is a page of this claim, else the claim itself: an address from a form leads nowhere else."""
    own = re.fullmatch(rf"/claim/{claim_id}(/[a-z0-9-]+)*", back[:LONGEST_BACK])
    return back if own else f"/claim/{claim_id}"


def _shown(request: Request, claim_id: UUID, back: str, *, status: int = 200, lost: bool = False) -> Response:
    said = translations(look_of(request).language).gettext
    made = FreshPage(
        id=str(claim_id),
        back=way_back(claim_id, back),
        text=said(
            "This needs a code that is not older than {n} minutes. Should somebody else hold your phone or computer "
            "now, they cannot change anything."
        ).format(n=int(FRESH_FOR.total_seconds()) // 60),
        lost=said("Nothing of what you sent was saved. Send it again after the code.") if lost else None,
    )
    return page(request, "pages/fresh.html", made, status=status)
