"""Takes the bytes of a file: pieces written where they belong, the kind looked at as soon as it shows."""

import asyncio
from uuid import UUID

from starlette.requests import Request

from claims_core.db import session_scope
from claims_core.errors import BadInput, Conflict
from claims_portal.deps import Portal, now_of, portal_of
from claims_portal.tables import Upload
from claims_portal.uploads.kinds import HEAD_BYTES, kind_of, most_bytes
from claims_portal.uploads.rows import begin_upload, grow, refuse_upload
from claims_portal.uploads.storage import head_of, place_of, wipe, write_piece
from claims_portal.uploads.unfit import FileUnfit, Unfit


async def begin(
    request: Request, claim_id: UUID, policyholder_id: UUID, *, name: str, size: int, about: str, position: bool
) -> Upload:
    """A file that will arrive. Raises `FileUnfit` when it can be told already, `Conflict` when there are too many."""
    try:
        async with session_scope(portal_of(request).engine) as session:
            return await begin_upload(
                session,
                claim_id=claim_id,
                policyholder_id=policyholder_id,
                name=name,
                size=size,
                about=about[:200] or None,
                keeps_position=position,
                now=now_of(request),
            )
    except BadInput as problem:
        raise FileUnfit(Unfit(str(problem))) from None


async def take_piece(request: Request, upload: Upload, offset: int, piece: bytes) -> int:
    """Keep `piece` at `offset`; how much of the file lies safe now. Raises `FileUnfit` once its kind shows to be wrong,
    `Conflict` when it does not belong there."""
    has = offset + len(piece)
    if offset != upload.received_bytes or has > upload.size or upload.stored_as is None:
        raise Conflict("the file goes on elsewhere")
    portal = portal_of(request)
    path = place_of(portal.settings.claims_data_dir, upload.stored_as)
    await asyncio.to_thread(write_piece, path, offset, piece)
    if offset < HEAD_BYTES <= has or has == upload.size:
        await _look_at_kind(portal, request, upload)
    async with session_scope(portal.engine) as session:
        if not await grow(session, upload.id, had=offset, has=has, now=now_of(request)):
            raise Conflict("another piece was quicker")
    return has


async def _look_at_kind(portal: Portal, request: Request, upload: Upload) -> None:
    path = place_of(portal.settings.claims_data_dir, upload.stored_as or "")
    kind = kind_of(await asyncio.to_thread(head_of, path, HEAD_BYTES))
    if kind is not None and upload.size <= most_bytes(kind):
        return
    why = Unfit.ANOTHER_KIND if kind is None else Unfit.TOO_LARGE
    async with session_scope(portal.engine) as session:
        await refuse_upload(session, upload.id, why, now=now_of(request))
    await asyncio.to_thread(wipe, path)
    raise FileUnfit(why)
