"""`/desk/files`: what policyholders sent, a handler's word on each, and papers that came by post."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import Conflict, NotFound
from claims_core.i18n import marked as _
from claims_core.tables import Claim
from claims_portal.deps import portal_of
from claims_portal.desk.access import ANSWERERS, READERS, Staffed, may_answer
from claims_portal.desk.claim.page import Notice
from claims_portal.desk.claim.route import says_of
from claims_portal.desk.says import Says
from claims_portal.desk.waiting.rail import Rail, rail_for
from claims_portal.rendering import page
from claims_portal.tables import Upload, UploadState
from claims_portal.uploads.attachment import as_attachment
from claims_portal.uploads.rows import decide_upload, own_upload, record_paper, uploads_of, waiting_uploads
from claims_portal.uploads.unfit import WHY_UNFIT, Unfit

router = APIRouter(prefix="/desk", include_in_schema=False)

STATES = {
    UploadState.RECEIVED: ("info", "clock", _("Received")),
    UploadState.CHECKING: ("act", "eye", _("Being checked")),
    UploadState.ACCEPTED: ("ok", "check", _("Accepted")),
    UploadState.UNREADABLE: ("no", "warn", _("Unreadable")),
}
NOTICES = {
    "accepted": ("ok", "check", _("Accepted. The client reads it on their page.")),
    "unclear": ("ok", "check", _("The client reads that it cannot be read, and why.")),
    "paper": ("ok", "check", _("Recorded. The client has a receipt on their page.")),
    "decided": ("act", "warn", _("Somebody has decided on it already. Nothing was changed.")),
    "untitled": ("no", "warn", _("Write what paper it is")),
}


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file as the desk shows it; `may_decide` while it waits for a person."""

    id: UUID
    claim_id: UUID
    number: str
    name: str
    about: str | None
    tone: str
    icon: str
    word: str
    small: str
    opens: bool
    may_decide: bool


@dataclass(frozen=True, slots=True)
class FilesPage:
    """desk/files.html: the files of a claim, or all that wait; `claim_id` is empty for all."""

    rail: Rail
    title: str
    claim_id: UUID | None
    files: tuple[FileLine, ...]
    notice: Notice | None
    may_record: bool


def _line(upload: Upload, number: str, viewer: Staffed, says: Says) -> FileLine:
    tone, icon, word = STATES[upload.state]
    is_sound = upload.stored_as is not None and upload.state in (UploadState.CHECKING, UploadState.ACCEPTED)
    small = says.told("Receipt {receipt}, {time}", receipt=upload.receipt, time=says.when(upload.created_at))
    if upload.why is not None:
        small += ". " + (upload.why_text or says.told(WHY_UNFIT[Unfit(upload.why)]))
    return FileLine(
        upload.id, upload.claim_id, number, upload.file_name, upload.about, tone, icon, says.told(word), small,
        opens=is_sound, may_decide=upload.state is UploadState.CHECKING and may_answer(viewer),
    )  # fmt: skip


@router.get("/files")
async def show_waiting(request: Request, viewer: Staffed = Depends(READERS)) -> Response:
    """What waits for a person, the longest waiting first."""
    async with session_scope(portal_of(request).engine) as session:
        found = await waiting_uploads(session)
        made = await _made(session, request, viewer, None, found)
    return page(request, "desk/files.html", made)


@router.get("/{claim_id:uuid}/files")
async def show_files(request: Request, claim_id: UUID, viewer: Staffed = Depends(READERS)) -> Response:
    """The files of a claim, the newest first."""
    async with session_scope(portal_of(request).engine) as session:
        number = (await session.exec(select(Claim.claim_number).where(col(Claim.id) == claim_id))).first()
        if number is None:
            raise NotFound
        found = [(upload, number) for upload in await uploads_of(session, claim_id)]
        made = await _made(session, request, viewer, (claim_id, number), found)
    return page(request, "desk/files.html", made)


async def _made(
    session: AsyncSession,
    request: Request,
    viewer: Staffed,
    claim: tuple[UUID, str] | None,
    found: list[tuple[Upload, str]],
) -> FilesPage:
    says, done = says_of(request), NOTICES.get(request.query_params.get("done", ""))
    return FilesPage(
        rail=await rail_for(session, viewer, "files", now=says.now),
        title=says.told("Files of claim {number}", number=claim[1]) if claim else says.told("Files to look at"),
        claim_id=claim[0] if claim else None,
        files=tuple(_line(upload, number, viewer, says) for upload, number in found),
        notice=Notice(done[0], done[1], (says.told(done[2]),)) if done else None,
        may_record=claim is not None and may_answer(viewer),
    )


@router.get("/{claim_id:uuid}/files/{upload_id:uuid}")
async def open_file(request: Request, claim_id: UUID, upload_id: UUID, viewer: Staffed = Depends(READERS)) -> Response:
    """The file, to be saved; who opened it is kept."""
    async with session_scope(portal_of(request).engine) as session:
        upload = await own_upload(session, upload_id, claim_id=claim_id)
        answer = as_attachment(upload, portal_of(request).settings)
        subject, now = f"upload:{upload_id}", says_of(request).now
        await ledger.audit(session, actor=viewer.actor, action="file_opened", subject=subject, detail={}, now=now)
    return answer


@router.post("/{claim_id:uuid}/files/{upload_id:uuid}")
async def decide(
    request: Request,
    claim_id: UUID,
    upload_id: UUID,
    word: Annotated[str, Form()] = "",
    why: Annotated[str, Form()] = "",
    viewer: Staffed = Depends(ANSWERERS),
) -> Response:
    """Accept a file, or say that it cannot be read and why."""
    if word not in ("accepted", "unclear"):
        raise NotFound
    unclear = why.replace("\0", "").strip()[:500] if word == "unclear" else None
    try:
        async with session_scope(portal_of(request).engine) as session:
            now = says_of(request).now
            await decide_upload(session, upload_id, claim_id=claim_id, unclear=unclear, by=viewer.actor, now=now)
        done = word
    except Conflict:
        done = "decided"
    return RedirectResponse(f"/desk/{claim_id}/files?done={done}", 303)


@router.post("/{claim_id:uuid}/paper")
async def record(
    request: Request, claim_id: UUID, title: Annotated[str, Form()] = "", viewer: Staffed = Depends(ANSWERERS)
) -> Response:
    """Record a paper that came by post or by hand: the client gets a receipt for it, too."""
    text = title.replace("\0", "").strip()
    if not text:
        return RedirectResponse(f"/desk/{claim_id}/files?done=untitled", 303)
    async with session_scope(portal_of(request).engine) as session:
        whose = (await session.exec(select(Claim.policyholder_id).where(col(Claim.id) == claim_id))).first()
        if whose is None:
            raise NotFound
        now = says_of(request).now
        await record_paper(session, claim_id=claim_id, policyholder_id=whose, title=text, by=viewer.actor, now=now)
    return RedirectResponse(f"/desk/{claim_id}/files?done=paper", 303)
