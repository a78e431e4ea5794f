"""`/claim/{id}/account`: where the money is to go, checked by its digits, masked from then on, entered by a handler."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from claims_core.errors import BadInput
from claims_core.i18n import format_claim_number, marked, masked_phone
from claims_core.sealing import seal
from claims_core.tables import QuestionCategory
from claims_portal.accounts import BIC_WRONG, SEALED_FOR, Account, iban_account, russian_account
from claims_portal.auth import OwnersView, require_fresh_claim, require_own_claim
from claims_portal.auth.guards import FRESH_FOR
from claims_portal.deps import now_of, portal_of
from claims_portal.pages.acting.tasks import hand_over
from claims_portal.pages.acting.threads import Handed, handed_over
from claims_portal.pages.claim.route import speech_for
from claims_portal.pages.forms import NO_PROBLEMS, Problem, Problems
from claims_portal.rendering import page

router = APIRouter(include_in_schema=False)

HOLDER_MISSING = marked("Write whose account it is, as the bank writes the name")
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class AccountPage:
    """pages/account.html: the form, or that a code is needed; what was given before, masked, and where it is."""

    id: str
    ref: str
    problems: Problems
    is_fresh: bool
    phone: str | None
    is_russian: bool
    typed: dict[str, str]
    handed: tuple[Handed, ...]
    just_sent: bool


@router.get("/claim/{claim_id}/account")
async def show_account(
    request: Request, view: Annotated[OwnersView, Depends(require_own_claim)], sent: str = ""
) -> Response:
    """The form once a fresh code was entered; what was given before, masked."""
    return _shown(request, view, just_sent=sent == "yes")


@router.post("/claim/{claim_id}/account")
async def give_account(
    request: Request,
    view: Annotated[OwnersView, Depends(require_fresh_claim)],
    holder: Annotated[str, Form()] = "",
    bic: Annotated[str, Form()] = "",
    number: Annotated[str, Form()] = "",
) -> Response:
    """Check the digits; the whole number goes sealed to the handler who enters it, the thread shows four of them."""
    typed = {"holder": holder[:LONGEST_NAME], "bic": bic[:60], "number": number[:60]}
    name = " ".join(holder.replace("\0", "").split())[:LONGEST_NAME]
    problems = [Problem("holder", HOLDER_MISSING)] if not name else []
    try:
        account = russian_account(bic, number) if _is_russian(view) else iban_account(number)
    except BadInput as wrong:
        problems.append(Problem("bic" if str(wrong) == BIC_WRONG else "number", str(wrong)))
    if problems:
        return _shown(request, view, problems=problems, typed=typed)
    said = speech_for(request, view.claim)
    text = said.say("Account for the payment: {masked}", masked=account.masked)
    if account.bic:
        text += ". " + said.say("Bank's BIC {bic}", bic=account.bic)
    key = portal_of(request).settings.portal_secret_key
    sealed = seal(_whole(account, name), key, purpose=SEALED_FOR)
    await hand_over(request, view, QuestionCategory.ACCOUNT, text, sealed=sealed)
    return RedirectResponse(f"/claim/{view.claim['id']}/account?sent=yes", 303)


def _whole(account: Account, name: str) -> str:
    return "\n".join(part for part in (name, account.bic, account.number) if part)


def _is_russian(view: OwnersView) -> bool:
    return bool(view.claim["country"] == "ru")


def _shown(
    request: Request,
    view: OwnersView,
    *,
    problems: list[Problem] | None = None,
    typed: dict[str, str] | None = None,
    just_sent: bool = False,
) -> Response:
    row, said = view.claim, speech_for(request, view.claim)
    told = tuple(Problem(one.field, said.say(one.text)) for one in problems or ())
    made = AccountPage(
        id=str(row["id"]),
        ref=said.say("Claim {ref}", ref=format_claim_number(row["claim_number"])),
        problems=Problems(told) if told else NO_PROBLEMS,
        is_fresh=view.code_at + FRESH_FOR > now_of(request),
        phone=masked_phone(row["phone"]) if row["phone"] else None,
        is_russian=_is_russian(view),
        typed=typed or {"holder": row["name"], "bic": "", "number": ""},
        handed=handed_over(row.parts["questions"], (QuestionCategory.ACCOUNT,), said),
        just_sent=just_sent,
    )
    return page(request, "pages/account.html", made, status=422 if problems else 200)
