"""`/desk/erasures`: who wants to be erased. One looks at it, another carries it out; nobody does both."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import Conflict
from claims_core.i18n import marked
from claims_portal.deps import portal_of
from claims_portal.desk.access import CHANGERS, READERS, RELEASERS, Staffed, may_change
from claims_portal.desk.claim.route import says_of
from claims_portal.desk.says import Says
from claims_portal.desk.waiting.erasures import Wish, read_wishes
from claims_portal.desk.waiting.rail import Rail, rail_for
from claims_portal.personal.erasing import carry_out
from claims_portal.rendering import page
from claims_portal.tables import Role

router = APIRouter(prefix="/desk/erasures", include_in_schema=False)

LOOKED_AT = marked("{name} has looked at it; another person carries it out by {time}")
DONE = {
    "checked": ("ok", "check", marked("You have looked at it. Now another person carries it out.")),
    "erased": ("ok", "check", marked("It is erased, and it is in the trail who did it and when.")),
    "not": (
        "act",
        "warn",
        marked("Not done: something of theirs is open, a colleague was quicker, or you have looked at it yourself."),
    ),
}


@dataclass(frozen=True, slots=True)
class WishLine:
    """One wish in words; `check` and `carry_out` say which button the reader gets."""

    id: UUID
    name: str
    number: str
    asked: str
    tone: str
    state: str
    check: bool
    carry_out: bool


@dataclass(frozen=True, slots=True)
class ErasuresPage:
    """desk/erasures.html: everything the page may show, and nothing it may not."""

    rail: Rail
    title: str
    wishes: tuple[WishLine, ...]
    notice: tuple[str, str, str] | None


@router.get("")
async def show_erasures(request: Request, viewer: Staffed = Depends(READERS)) -> Response:
    """What is to be done and by when, and what was done in the last month."""
    says, done = says_of(request), DONE.get(request.query_params.get("done", ""))
    async with session_scope(portal_of(request).engine) as session:
        wishes = await read_wishes(session, now=says.now)
        made = ErasuresPage(
            rail=await rail_for(session, viewer, "erasures", now=says.now),
            title=says.told("To be erased"),
            wishes=tuple(_line(one, viewer, says) for one in wishes),
            notice=(done[0], done[1], says.told(done[2])) if done else None,
        )
    return page(request, "desk/erasures.html", made)


@router.post("/{erasure_id:uuid}/check")
async def check(request: Request, erasure_id: UUID, viewer: Staffed = Depends(CHANGERS)) -> Response:
    """The first of two finds nothing against it."""
    try:
        async with session_scope(portal_of(request).engine) as session:
            await ledger.check_erasure(session, erasure_id, by=viewer.actor, now=says_of(request).now)
    except Conflict:
        return RedirectResponse("/desk/erasures?done=not", 303)
    return RedirectResponse("/desk/erasures?done=checked", 303)


@router.post("/{erasure_id:uuid}/carry-out")
async def erase(request: Request, erasure_id: UUID, viewer: Staffed = Depends(RELEASERS)) -> Response:
    """The second of two carries it out, for good."""
    portal = portal_of(request)
    try:
        folder = portal.settings.claims_data_dir
        await carry_out(portal.engine, erasure_id, by=viewer.actor, folder=folder, now=says_of(request).now)
    except Conflict:
        return RedirectResponse("/desk/erasures?done=not", 303)
    return RedirectResponse("/desk/erasures?done=erased", 303)


def _line(wish: Wish, viewer: Staffed, says: Says) -> WishLine:
    tone, state = _state(wish, says)
    is_open = wish.done_at is None and not wish.waits
    return WishLine(
        id=wish.id,
        name=wish.name,
        number=" ".join(wish.reference[at : at + 4] for at in range(0, len(wish.reference), 4)),
        asked=says.told("asked {when}", when=says.when(wish.asked_at)),
        tone=tone,
        state=state,
        check=is_open and wish.checked_by is None and may_change(viewer),
        carry_out=is_open and wish.checked_by not in (None, viewer.actor) and viewer.role is Role.SUPERVISOR,
    )


def _state(wish: Wish, says: Says) -> tuple[str, str]:
    if wish.done_at is not None:
        return "ok", says.told("erased {when} by {name}", when=says.when(wish.done_at), name=wish.doer or "")
    if wish.waits:
        return "info", says.told("waits: a claim or a complaint is still open")
    tone, by = "no" if wish.due_at < says.now else "act", says.by(wish.due_at)
    if wish.checked_by is None:
        return tone, says.told("to be looked at and carried out by {time}", time=by)
    return tone, says.told(
        "{name} has looked at it; another person carries it out by {time}", name=wish.checker, time=by
    )
