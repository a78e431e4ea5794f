"""Files bit by bit over a bad line: the core of tus 1.0 (https://tus.io/protocols/resumable-upload), with creation.

A client says how long the file is, sends pieces with the offset they begin at, and after a broken line asks how much
has arrived. The same files go through the plain form in `files`, without script.
"""

import binascii
from base64 import b64decode
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response

from claims_core.db import session_scope
from claims_core.errors import Conflict
from claims_portal.auth import OwnersView, require_own_claim
from claims_portal.auth.guards import FRESH_FOR
from claims_portal.deps import now_of, portal_of
from claims_portal.pages.acting.taking import begin, take_piece
from claims_portal.pages.claim.route import speech_for
from claims_portal.tables import Upload, UploadState
from claims_portal.uploads.rows import own_upload
from claims_portal.uploads.unfit import WHY_UNFIT, FileUnfit, Unfit

router = APIRouter(include_in_schema=False)

VERSION = {"Tus-Resumable": "1.0.0"}
PIECE = "application/offset+octet-stream"
Own = Annotated[OwnersView, Depends(require_own_claim)]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() and len(text) < 16 else None


def _said_of(header: str) -> dict[str, str]:
    """What `Upload-Metadata` says: words with their values in base64; what cannot be read is not there."""
    found = {}
    for pair in header[:4000].split(","):
        name, _, coded = pair.strip().partition(" ")
        try:
            found[name] = b64decode(coded, validate=True).decode()
        except (binascii.Error, ValueError):
            continue
    return found


def _refused(code: int, text: str) -> Response:
    return PlainTextResponse(text, code, headers=VERSION)


def _unfit(request: Request, view: OwnersView, why: Unfit) -> Response:
    """Why the file is not taken, in the reader's own words: the page shows them as they are."""
    code = 413 if why is Unfit.TOO_LARGE else 415
    return _refused(code, speech_for(request, view.claim).say(WHY_UNFIT[why]))


@router.post("/claim/{claim_id}/files/new")
async def begin_file(request: Request, view: Own) -> Response:
    """Begin a file: its length, its name, what it is of. Where its bytes go is in `Location`."""
    said, size = _said_of(request.headers.get("upload-metadata", "")), _number(request.headers.get("upload-length"))
    speech = speech_for(request, view.claim)
    if size is None:
        return _refused(422, "Upload-Length says how many bytes the file has.")
    if view.code_at + FRESH_FOR <= now_of(request):
        return _refused(403, speech.say("Your code is older than 10 minutes. Get a new one, the file is still here"))
    try:
        upload = await begin(
            request,
            view.claim["id"],
            view.policyholder_id,
            name=said.get("filename", ""),
            size=size,
            about=said.get("about", "").replace("\0", ""),
            position=said.get("position") == "keep",
        )
    except FileUnfit as unfit:
        return _unfit(request, view, unfit.why)
    except Conflict:
        return _refused(409, speech.say("This claim has as many files as it may have. Write to us what else there is"))
    where = f"/claim/{view.claim['id']}/files/{upload.id}/bytes"
    return Response(status_code=201, headers=VERSION | {"Location": where, "Upload-Offset": "0"})


@router.head("/claim/{claim_id}/files/{upload_id}/bytes")
async def how_much(request: Request, upload_id: UUID, view: Own) -> Response:
    """How much of the file lies safe: where a client goes on after the line broke."""
    return Response(headers=VERSION | _standing(await _read(request, upload_id, view)))


@router.patch("/claim/{claim_id}/files/{upload_id}/bytes")
async def go_on(request: Request, upload_id: UUID, view: Own) -> Response:
    """Take the next piece. What arrived before the line broke is kept as well."""
    offset = _number(request.headers.get("upload-offset"))
    if offset is None or request.headers.get("content-type", "") != PIECE:
        return _refused(415, f"A piece is {PIECE} and says its Upload-Offset.")
    upload = await _read(request, upload_id, view)
    if upload.state is not UploadState.ARRIVING or offset != upload.received_bytes:
        return Response(status_code=409, headers=VERSION | _standing(upload))
    piece = bytearray()
    try:
        async for part in request.stream():
            piece += part
    except ClientDisconnect:
        pass  # nobody reads the answer; the next HEAD says how far it came
    try:
        has = await take_piece(request, upload, offset, bytes(piece))
    except FileUnfit as unfit:
        return _unfit(request, view, unfit.why)
    except Conflict:
        return Response(status_code=409, headers=VERSION)
    return Response(status_code=204, headers=VERSION | {"Upload-Offset": str(has)})


def _standing(upload: Upload) -> dict[str, str]:
    return {"Upload-Offset": str(upload.received_bytes), "Upload-Length": str(upload.size)}


async def _read(request: Request, upload_id: UUID, view: OwnersView) -> Upload:
    async with session_scope(portal_of(request).engine) as session:
        upload = await own_upload(session, upload_id, claim_id=view.claim["id"])
        session.expunge(upload)
    return upload
