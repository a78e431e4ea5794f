"""`/desk/texts`: the texts of messages; one person proposes another wording, a second one publishes it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.errors import BadInput, Conflict, NotFound
from claims_core.i18n import marked as _
from claims_portal.deps import portal_of
from claims_portal.desk.access import EDITORS, TEXT_READERS, Staffed, may_edit_texts, may_read_claims
from claims_portal.desk.claim.page import Notice
from claims_portal.desk.claim.route import COME_BACK, says_of
from claims_portal.desk.facts.claim import record_look
from claims_portal.desk.kept import kept_for
from claims_portal.desk.says import Says
from claims_portal.desk.texts.views import (
    LANGUAGE_NAMES,
    Reading,
    TextPage,
    TextsPage,
    Typed,
    address_of,
    channels_of,
    fault_lines,
    reading,
    sample_readings,
    state_readings,
    text_rows,
    version_lines,
    waiting_links,
)
from claims_portal.desk.waiting.rail import rail_for
from claims_portal.desk.waiting.texts import read_standing, read_versions
from claims_portal.desk.words import CHANNEL_WORDS, template_words
from claims_portal.rendering import page
from notifier.versions.editing import (
    NotFit,
    Place,
    Review,
    SamePerson,
    faults_of,
    in_page_states,
    named,
    of_claim,
    place_of,
    propose,
    publish,
    retire,
    review_of,
    said_now,
    sample_values,
    versions_of,
    with_samples,
)

router = APIRouter(prefix="/desk/texts", include_in_schema=False)

MOST = 8_000  # letters that a form may bring; a text has 4,096 bytes at most
AT = "/{template}/{file}"
# What somebody was just told by a redirect; anything else in the address is nothing.
NOTICES = {
    "proposed": (
        "ok",
        "note",
        _("Proposed. Another person publishes it here; until then nothing changes for clients."),
    ),
    "published": ("ok", "check", _("In force. Every message that has not left yet says it, within seconds.")),
    "retired": ("ok", "undo", _("Taken back. What ships is said where nothing else is in force.")),
    "same": ("act", "user", _("You wrote this version: another person must publish it.")),
    "meanwhile": ("act", "warn", _("Somebody decided meanwhile; see the versions below.")),
    "unfit": ("no", "warn", _("This version may not be said any more: propose it again to see why.")),
}
SAID_ALREADY = _("This is said or proposed already: see the versions below.")
NO_REASON = _("Say in a sentence why the text is changed.")
NO_CLAIM = _("There is no claim with this number.")


@router.get("")
async def show_texts(request: Request, viewer: Staffed = Depends(TEXT_READERS)) -> Response:
    """Every message with its texts, those on top that wait for somebody."""
    says = says_of(request)
    async with session_scope(portal_of(request).engine) as session:
        standing = await read_standing(session)
        rail = await rail_for(session, viewer, "texts", now=says.now)
    rows = text_rows(standing, says)
    made = TextsPage(
        rail=rail,
        title=says.told("Texts of messages"),
        total=says.counted("{n} message", "{n} messages", len(rows)),
        waiting=waiting_links(standing, says),
        rows=rows,
    )
    return page(request, "desk/texts.html", made)


@router.get(AT)
async def show_text(request: Request, template: str, file: str, viewer: Staffed = Depends(TEXT_READERS)) -> Response:
    """One text: what is said, its versions, and what its readers see."""
    says, place = says_of(request), _placed(template, file)
    notice = NOTICES.get(request.query_params.get("done", ""))
    said = Notice(notice[0], notice[1], (says.told(notice[2]),)) if notice else None
    async with session_scope(portal_of(request).engine) as session:
        typed = None
        if request.query_params.get("kept") == "1":
            kept = await kept_for(request, session, None, text=named(place))
            typed = _typed(**dict(kept.fields)) if kept else None
            said = Notice("act", "warn", (says.told(COME_BACK),)) if kept else said
        return await _page(request, session, place, viewer, says, typed=typed, notice=said)


@router.post(AT + "/preview")
async def preview_text(
    request: Request,
    template: str,
    file: str,
    source: Annotated[str, Form(max_length=MOST)] = "",
    why: Annotated[str, Form(max_length=MOST)] = "",
    claim: Annotated[str, Form(max_length=100)] = "",
    viewer: Staffed = Depends(EDITORS),
) -> Response:
    """What was typed, as its readers would see it; nothing of it is kept."""
    place, says = _placed(template, file), says_of(request)
    async with session_scope(portal_of(request).engine) as session:
        return await _page(request, session, place, viewer, says, typed=_typed(source, why, claim))


@router.post(AT + "/propose")
async def propose_text(
    request: Request,
    template: str,
    file: str,
    source: Annotated[str, Form(max_length=MOST)] = "",
    why: Annotated[str, Form(max_length=MOST)] = "",
    claim: Annotated[str, Form(max_length=100)] = "",
    viewer: Staffed = Depends(EDITORS),
) -> Response:
    """Keep what was typed as the next version; what is wrong with it is shown, and nothing of it is lost."""
    place, says = _placed(template, file), says_of(request)
    notice, status = None, 422
    try:
        async with session_scope(portal_of(request).engine) as session:
            await propose(session, place, source, why=why, by=viewer.actor, now=says.now)
        return RedirectResponse(f"{address_of(place)}?done=proposed#versions", 303)
    except NotFit:
        pass  # the page says all that is wrong
    except Conflict:
        notice, status = Notice("act", "warn", (says.told(SAID_ALREADY),)), 409
    except BadInput:
        notice = Notice("no", "warn", (says.told(NO_REASON),))
    async with session_scope(portal_of(request).engine) as session:
        typed = _typed(source, why, claim)
        return await _page(request, session, place, viewer, says, typed=typed, notice=notice, status=status)


@router.post(AT + "/publish")
async def publish_text(
    request: Request,
    template: str,
    file: str,
    version: Annotated[int, Form(ge=1, le=1_000_000)] = 1,
    viewer: Staffed = Depends(EDITORS),
) -> Response:
    """Put a version in force that somebody else wrote; an earlier one is the way back."""
    place, done = _placed(template, file), "published"
    try:
        async with session_scope(portal_of(request).engine) as session:
            await publish(session, place, version, by=viewer.actor, now=says_of(request).now)
    except SamePerson:
        done = "same"
    except Conflict:
        done = "meanwhile"
    except NotFit:
        done = "unfit"
    return RedirectResponse(f"{address_of(place)}?done={done}", 303)


@router.post(AT + "/retire")
async def retire_text(
    request: Request,
    template: str,
    file: str,
    version: Annotated[int, Form(ge=1, le=1_000_000)] = 1,
    viewer: Staffed = Depends(EDITORS),
) -> Response:
    """Take a version back."""
    place, done = _placed(template, file), "retired"
    try:
        async with session_scope(portal_of(request).engine) as session:
            await retire(session, place, version, by=viewer.actor, now=says_of(request).now)
    except Conflict:
        done = "meanwhile"
    return RedirectResponse(f"{address_of(place)}?done={done}", 303)


def _placed(template: str, file: str) -> Place:
    return place_of(f"{template}/{file}")


def _typed(source: str = "", why: str = "", claim: str = "") -> Typed:
    # What no database and no page can hold goes; the rest is shown as it was typed, with what is wrong.
    return Typed(source.replace("\0", "").replace("\r\n", "\n"), why.replace("\0", ""), claim.replace("\0", "").strip())


async def _page(
    request: Request,
    session: AsyncSession,
    place: Place,
    viewer: Staffed,
    says: Says,
    *,
    typed: Typed | None = None,
    notice: Notice | None = None,
    status: int = 200,
) -> Response:
    """The page of a text with what was typed, or with what is in force."""
    form = typed or Typed(said_now(place, await versions_of(session, place)))
    found = await review_of(session, place, form.source) if typed else Review((), ())
    of_this, sound = None, not faults_of(form.source)
    if sound and form.claim and may_read_claims(viewer):
        of_this = await _of_claim(request, session, place, form, viewer, says)
        notice = notice if of_this else Notice("act", "warn", (says.told(NO_CLAIM),))
    settings = portal_of(request).notifier
    made = TextPage(
        **await _standing(session, place, viewer, says),
        notice=notice,
        typed=form,
        looked_at=says.told("What you typed") if typed else says.told("What is in force"),
        refusals=fault_lines(found.refusals, says),
        warnings=fault_lines(found.warnings, says),
        readings=sample_readings(with_samples(place, form.source, settings), says) if sound else (),
        states=state_readings(in_page_states(place, form.source, settings, says.now), says) if sound else (),
        of_claim=of_this,
    )
    return page(request, "desk/text.html", made, status=status)


async def _standing(session: AsyncSession, place: Place, viewer: Staffed, says: Says) -> dict[str, Any]:
    """The parts of the page that do not depend on what was typed."""
    template, channel, language = place
    standing, may_edit = await read_standing(session), may_edit_texts(viewer)
    versions = await read_versions(session, place)
    return {
        "rail": await rail_for(session, viewer, "texts", now=says.now),
        "title": says.told(template_words(template)),
        "name": named(place),
        "address": address_of(place),
        "language": language,
        "channel": f"{says.told(CHANNEL_WORDS[channel])}, {LANGUAGE_NAMES[language]}",
        "broken": standing[place].broken if place in standing else None,
        "links": channels_of(template, standing, says, here=place),
        "may_edit": may_edit,
        "may_name_claim": may_edit and may_read_claims(viewer),
        "values": tuple(sorted(sample_values(template, language).items())),
        "versions": version_lines(versions, says, editor=viewer.actor if may_edit else None),
    }


async def _of_claim(
    request: Request, session: AsyncSession, place: Place, form: Typed, viewer: Staffed, says: Says
) -> Reading | None:
    """The text as the policyholder of that claim would read it. The look at the claim is kept, as every look is."""
    settings = portal_of(request).notifier
    try:
        claim_id, shown = await of_claim(session, place, form.source, form.claim, settings=settings, now=says.now)
    except NotFound:
        return None
    await record_look(session, claim_id=claim_id, staff_id=viewer.id, page="desk_text", why="preview", now=says.now)
    return reading(says.told("Claim {number}", number=form.claim), shown, says)
