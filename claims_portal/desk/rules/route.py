"""`/desk/rules`: who is told of what; one proposes a change with its look back, another person puts it in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.errors import BadInput, Conflict
from claims_core.i18n import marked as _
from claims_portal.deps import portal_of
from claims_portal.desk.access import EDITORS, TEXT_READERS, Staffed, may_edit_texts
from claims_portal.desk.claim.page import Notice
from claims_portal.desk.claim.route import says_of
from claims_portal.desk.rules.view import (
    DRAFT,
    NOW,
    RulesPage,
    cadence_words,
    counted,
    draft_lines,
    rule_rows,
    silence_rows,
)
from claims_portal.desk.says import Says
from claims_portal.desk.waiting.rail import rail_for
from claims_portal.desk.waiting.texts import names_of
from claims_portal.rendering import page
from notifier.planning.replay import Replayed, facts_of, replayed
from notifier.versions.rule_drafts import Rulebook, SamePerson, drafts, edited, propose, publish, rulebook, withdraw

router = APIRouter(prefix="/desk/rules", include_in_schema=False)

NOTICES = {
    "proposed": ("ok", "note", _("Proposed. Another person puts it in force here; until then nothing changes.")),
    "published": ("ok", "check", _("In force. It holds for every change of a claim that is not decided on yet.")),
    "withdrawn": ("ok", "undo", _("Put aside. Nothing was changed.")),
    "same": ("act", "user", _("You wrote this draft: another person must put it in force.")),
    "meanwhile": ("act", "warn", _("Somebody decided meanwhile, or the rules have changed since; see below.")),
}
NOTHING = _("Nothing is changed yet: tick or clear a box, or set other days.")
NO_REASON = _("Say in a sentence why the rules are changed.")
NO_DAYS = _("Days are a whole number from 1 to {most}.")
MOST_DAYS = 365
MOST = 500  # letters of a reason; boxes of a form are as many as there are rules
Words = Annotated[list[str], Form(max_length=2_000)]


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed: the book as it would be, the days as they were written, why, and what is wrong with it."""

    book: Rulebook
    days: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """The form as it came: boxes that are ticked, the names of the spans and their days, and why."""

    told: Sequence[str]
    silence: Sequence[str]
    days: Sequence[str]
    why: str


def posted_form(
    told: Words = [],  # noqa: B006 - FastAPI copies it
    silence: Words = [],  # noqa: B006
    days: Words = [],  # noqa: B006
    why: Annotated[str, Form(max_length=MOST)] = "",
) -> Posted:
    """The form of the page, which two routes take."""
    return Posted(told, silence, days, why)


@router.get("")
async def show_rules(request: Request, viewer: Staffed = Depends(TEXT_READERS)) -> Response:
    """The rules in force, and what is proposed."""
    notice = NOTICES.get(request.query_params.get("done", ""))
    says = says_of(request)
    said = Notice(notice[0], notice[1], (says.told(notice[2]),)) if notice else None
    async with session_scope(portal_of(request).engine) as session:
        return await _page(request, session, viewer, says, Typed(await rulebook(session)), notice=said)


@router.post("/preview")
async def preview_rules(
    request: Request,
    posted: Posted = Depends(posted_form),
    viewer: Staffed = Depends(EDITORS),
) -> Response:
    """What the last thirty days would have been with what was ticked; nothing of it is kept."""
    says = says_of(request)
    async with session_scope(portal_of(request).engine) as session:
        typed = _typed(await rulebook(session), posted, says)
        replays = {} if typed.wrong else await _replays(request, session, typed.book, says)
        status = 422 if typed.wrong else 200
        return await _page(request, session, viewer, says, typed, replays=replays, status=status)


@router.post("/propose")
async def propose_rules(
    request: Request,
    posted: Posted = Depends(posted_form),
    viewer: Staffed = Depends(EDITORS),
) -> Response:
    """Keep what was ticked as a draft with its look back; what is wrong comes back and nothing of it is lost."""
    says = says_of(request)
    async with session_scope(portal_of(request).engine) as session:
        typed = _typed(await rulebook(session), posted, says)
        if not typed.wrong:
            replays = await _replays(request, session, typed.book, says)
            try:
                await propose(session, typed.book, why=typed.why, replays=replays, by=viewer.actor, now=says.now)
                return RedirectResponse("/desk/rules?done=proposed", 303)
            except Conflict:
                typed = Typed(typed.book, typed.days, typed.why, says.told(NOTHING))
            except BadInput:
                typed = Typed(typed.book, typed.days, typed.why, says.told(NO_REASON))
        return await _page(request, session, viewer, says, typed, status=422)


@router.post("/publish")
async def publish_rules(
    request: Request,
    draft: Annotated[int, Form(ge=1, le=1_000_000)] = 1,
    viewer: Staffed = Depends(EDITORS),
) -> Response:
    """Put a draft in force that somebody else wrote."""
    done = "published"
    try:
        async with session_scope(portal_of(request).engine) as session:
            await publish(session, draft, by=viewer.actor, now=says_of(request).now)
    except SamePerson:
        done = "same"
    except Conflict:
        done = "meanwhile"
    return RedirectResponse(f"/desk/rules?done={done}", 303)


@router.post("/withdraw")
async def withdraw_rules(
    request: Request,
    draft: Annotated[int, Form(ge=1, le=1_000_000)] = 1,
    viewer: Staffed = Depends(EDITORS),
) -> Response:
    """Put a draft aside, one's own or another's."""
    done = "withdrawn"
    try:
        async with session_scope(portal_of(request).engine) as session:
            await withdraw(session, draft, by=viewer.actor, now=says_of(request).now)
    except Conflict:
        done = "meanwhile"
    return RedirectResponse(f"/desk/rules?done={done}", 303)


def _typed(book: Rulebook, posted: Posted, says: Says) -> Typed:
    pairs = {(key, cadence) for key, _sign, cadence in (one.rpartition(":") for one in posted.told)}
    written = {key: one.replace("\0", "").strip()[:20] for key, one in zip(posted.silence, posted.days, strict=False)}
    whole = {key: int(one) for key, one in written.items() if one.isascii() and one.isdigit()}
    good = {key: number for key, number in whole.items() if 1 <= number <= MOST_DAYS}
    wrong = says.told(NO_DAYS, most=MOST_DAYS) if len(good) < len(written) else ""
    return Typed(edited(book, pairs, good), written, posted.why.replace("\0", "").strip(), wrong)


async def _replays(request: Request, session: AsyncSession, book: Rulebook, says: Says) -> dict[str, Replayed]:
    facts = await facts_of(session, settings=portal_of(request).notifier, now=says.now)
    return {NOW: replayed(facts, (await rulebook(session))[0]), DRAFT: replayed(facts, book[0])}


async def _page(
    request: Request,
    session: AsyncSession,
    viewer: Staffed,
    says: Says,
    typed: Typed,
    *,
    notice: Notice | None = None,
    replays: Mapping[str, Replayed] | None = None,
    status: int = 200,
) -> Response:
    settings, may_edit, rows = portal_of(request).notifier, may_edit_texts(viewer), await drafts(session)
    names = await names_of(session, {who for row in rows for who in (row.written_by, row.decided_by) if who})
    editor = viewer.actor if may_edit else None
    made = RulesPage(
        rail=await rail_for(session, viewer, "texts", now=says.now),
        title=says.told("Who is told of what"),
        notice=notice,
        cadences=cadence_words(says),
        rows=rule_rows(typed.book[0], says),
        silences=silence_rows(typed.book[1], typed.days, says),
        counted=counted(replays or {}, settings, says),
        why=typed.why,
        wrong=typed.wrong,
        may_edit=may_edit,
        drafts=draft_lines(rows, await rulebook(session), names, settings, says, editor=editor),
    )
    return page(request, "desk/rules.html", made, status=status)
