"""`/claim/{id}/files`: photos, papers and films, by a plain form or bit by bit (`resumed`), and what became of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.errors import Conflict
from claims_portal.auth import OwnersView, require_fresh_claim, require_own_claim
from claims_portal.auth.guards import FRESH_FOR
from claims_portal.deps import now_of, portal_of
from claims_portal.pages.acting.files_view import files_page
from claims_portal.pages.acting.taking import begin, take_piece
from claims_portal.pages.claim.route import speech_for
from claims_portal.pages.forms import NO_PROBLEMS, Problem, Problems
from claims_portal.pages.speech import Speech
from claims_portal.rendering import page
from claims_portal.uploads.attachment import as_attachment
from claims_portal.uploads.kinds import MEGABYTE
from claims_portal.uploads.rows import MOST_FILES, own_upload, uploads_of
from claims_portal.uploads.unfit import WHY_UNFIT, FileUnfit

router = APIRouter(include_in_schema=False)

Own = Annotated[OwnersView, Depends(require_own_claim)]
Fresh = Annotated[OwnersView, Depends(require_fresh_claim)]


@router.get("/claim/{claim_id}/files")
async def show_files(request: Request, view: Own, sent: str = "") -> Response:
    """What we ask for, what was sent, and the form once a fresh code was entered."""
    return await _shown(request, view, done=int(sent) if sent.isdecimal() and len(sent) < 3 else 0)


@router.post("/claim/{claim_id}/files")
async def send_files(request: Request, view: Fresh) -> Response:
    """Take the files of the plain form. The body is read only now: nobody without a fresh code makes us read one."""
    said = speech_for(request, view.claim)
    async with request.form(max_files=MOST_FILES, max_fields=10) as form:
        files = [one for one in form.getlist("files") if isinstance(one, UploadFile) and one.filename]
        problems = [problem for file in files if (problem := await _take(request, view, form, file, said)) is not None]
    if not files:
        problems = [said.say("Choose a file first")]
    if problems:
        return await _shown(request, view, problems=problems, done=len(files) - len(problems) if files else 0)
    return RedirectResponse(f"/claim/{view.claim['id']}/files?sent={len(files)}", 303)


async def _take(request: Request, view: OwnersView, form: FormData, file: UploadFile, said: Speech) -> str | None:
    """Keep one file; what is wrong with it, if anything."""
    name = file.filename or ""
    try:
        upload = await begin(
            request,
            view.claim["id"],
            view.policyholder_id,
            name=name,
            size=file.size or 0,
            about=str(form.get("about", "")).replace("\0", ""),
            position=form.get("position") == "keep",
        )
        while piece := await file.read(MEGABYTE):
            upload.received_bytes = await take_piece(request, upload, upload.received_bytes, piece)
    except FileUnfit as unfit:
        return said.say("{name}: {why}", name=name[:100], why=said.say(WHY_UNFIT[unfit.why]))
    except Conflict:
        return said.say("This claim has as many files as it may have. Write to us what else there is")
    return None


@router.get("/claim/{claim_id}/files/{upload_id}")
async def open_file(request: Request, upload_id: UUID, view: Fresh) -> Response:
    """The file as we keep it, to be saved; with a fresh code only."""
    async with session_scope(portal_of(request).engine) as session:
        upload = await own_upload(session, upload_id, claim_id=view.claim["id"])
        return as_attachment(upload, portal_of(request).settings)


async def _shown(request: Request, view: OwnersView, *, problems: list[str] | None = None, done: int = 0) -> Response:
    async with session_scope(portal_of(request).engine) as session:
        uploads = await uploads_of(session, view.claim["id"])
        made = files_page(
            view.claim,
            uploads,
            speech_for(request, view.claim),
            portal_of(request).settings,
            is_fresh=view.code_at + FRESH_FOR > now_of(request),
            problems=Problems(tuple(Problem("files", text) for text in problems)) if problems else NO_PROBLEMS,
            done=done,
        )
    return page(request, "pages/files.html", made, status=422 if problems else 200)
