"""`/claim/{id}/ask/{wish}`: an objection, a complaint, a time for the inspection, the place of the loss."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from claims_core.errors import NotFound
from claims_core.i18n import format_claim_number
from claims_core.tables import QuestionCategory
from claims_portal.auth import OwnersView, require_own_claim
from claims_portal.deps import now_of, portal_of
from claims_portal.pages.acting.slots import SlotDay, chosen_slot, slots_from
from claims_portal.pages.acting.tasks import hand_over, task_due
from claims_portal.pages.acting.threads import Handed, handed_over
from claims_portal.pages.claim.facts import facts_of
from claims_portal.pages.claim.route import speech_for
from claims_portal.pages.claim.wishes import LONGEST_TEXT, WISHES, Wish, is_offered, position_of
from claims_portal.pages.forms import NO_PROBLEMS, Problem, Problems
from claims_portal.pages.speech import Speech
from claims_portal.rendering import page

router = APIRouter(include_in_schema=False)

Own = Annotated[OwnersView, Depends(require_own_claim)]


@dataclass(frozen=True, slots=True)
class WishPage:
    """pages/wish.html: the form of one wish, by when it is answered and by whom, and what was asked before."""

    id: str
    ref: str
    key: str
    title: str
    text: str
    label: str
    button: str
    clock: str
    booked: str | None
    problems: Problems
    typed: str
    slots: tuple[SlotDay, ...]
    chosen: str
    has_position: bool
    handed: tuple[Handed, ...]
    just_sent: bool


@router.get("/claim/{claim_id}/ask/{key}")
async def show_wish(request: Request, key: str, view: Own, sent: str = "") -> Response:
    """The form, if the wish has a meaning for this claim; what was asked before can always be read."""
    return _shown(request, view, key, _known(key), just_sent=sent == "yes")


@router.post("/claim/{claim_id}/ask/{key}")
async def send_wish(
    request: Request,
    key: str,
    view: Own,
    text: Annotated[str, Form()] = "",
    slot: Annotated[str, Form()] = "",
    latitude: Annotated[str, Form()] = "",
    longitude: Annotated[str, Form()] = "",
) -> Response:
    """Hand it to a handler, with its clock."""
    wish, said = _known(key), speech_for(request, view.claim)
    if not is_offered(key, facts_of(view.claim, said.today)):
        raise NotFound
    typed = text.replace("\0", "").strip()
    position = position_of(latitude, longitude) if wish.category is QuestionCategory.PLACE else None
    chosen = _chosen(request, wish, slot, said)
    problem = None
    if len(typed) > LONGEST_TEXT:
        problem = said.say("That is too long. {n} letters fit", n=LONGEST_TEXT)
    elif not (chosen if wish.category is QuestionCategory.INSPECTION else typed or position):
        problem = said.say(wish.missing)
    if problem is not None:
        return _shown(request, view, key, wish, problem=problem, typed=typed[: 2 * LONGEST_TEXT], slot=slot)
    parts = [chosen, typed, said.say("By the phone's position: {position}", position=position) if position else ""]
    await hand_over(request, view, wish.category, "\n".join(part for part in parts if part))
    return RedirectResponse(f"/claim/{view.claim['id']}/ask/{key}?sent=yes", 303)


def _booked(view: OwnersView, said: Speech) -> str | None:
    at = view.claim["inspection_at"]
    return said.say("Now it is {when}", when=said.moment(at)) if at else None


def _had_and_may_have(view: OwnersView, key: str, wish: Wish, said: Speech) -> tuple[bool, tuple[Handed, ...]]:
    """May it be asked for now, and what was asked for before. Raises NotFound for neither."""
    handed = handed_over(view.claim.parts["questions"], (wish.category,), said)
    offered = is_offered(key, facts_of(view.claim, said.today))
    if not offered and not handed:
        raise NotFound
    return offered, handed


def _known(key: str) -> Wish:
    wish = WISHES.get(key)
    if wish is None:
        raise NotFound
    return wish


def _chosen(request: Request, wish: Wish, key: str, said: Speech) -> str:
    """The chosen span in words; empty when it is none that we offer."""
    if wish.category is not QuestionCategory.INSPECTION:
        return ""
    offered = slots_from(now_of(request), said, portal_of(request).settings)
    return chosen_slot(key, offered) or ""


def _shown(
    request: Request,
    view: OwnersView,
    key: str,
    wish: Wish,
    *,
    problem: str | None = None,
    typed: str = "",
    slot: str = "",
    just_sent: bool = False,
) -> Response:
    row, said, settings = view.claim, speech_for(request, view.claim), portal_of(request).settings
    offered, handed = _had_and_may_have(view, key, wish, said)
    is_inspection = wish.category is QuestionCategory.INSPECTION
    due = task_due(wish.category, row, said.now, settings)
    made = WishPage(
        id=str(row["id"]),
        ref=said.say("Claim {ref}", ref=format_claim_number(row["claim_number"])),
        key=key,
        title=said.say(wish.title),
        text=said.say(wish.text),
        label=said.say(wish.label),
        button=said.say(wish.button) if offered else "",
        clock=said.say("A person answers by {when}", when=said.moment_within(due)),
        booked=_booked(view, said) if is_inspection else None,
        problems=Problems((Problem("slot" if is_inspection else "text", problem),)) if problem else NO_PROBLEMS,
        typed=typed,
        slots=slots_from(said.now, said, settings) if is_inspection else (),
        chosen=slot,
        has_position=wish.category is QuestionCategory.PLACE,
        handed=handed,
        just_sent=just_sent,
    )
    return page(request, "pages/wish.html", made, status=422 if problem else 200)
