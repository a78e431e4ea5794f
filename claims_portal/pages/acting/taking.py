"""Takes the bytes of a file: pieces written where they belong, the kind looked at as soon as it shows."""

import asyncio
from pathlib import Path
from uuid import UUID

from starlette.requests import Request

from claims_core.db import session_scope
from claims_core.errors import BadInput, Conflict
from claims_portal.deps import now_of, portal_of
from claims_portal.tables import Upload
from claims_portal.uploads.kinds import HEAD_BYTES, kind_of, most_bytes
from claims_portal.uploads.rows import begin_upload, grow, held_for_writing, refuse_upload
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
    has, now = offset + len(piece), now_of(request)
    if has > upload.size or upload.stored_as is None:
        raise Conflict("the file goes on elsewhere")
    portal, why = portal_of(request), None
    path = place_of(portal.settings.claims_data_dir, upload.stored_as)
    async with session_scope(portal.engine) as session:
        held = await held_for_writing(session, upload.id, at=offset)
        await asyncio.to_thread(write_piece, path, offset, piece)
        if offset < HEAD_BYTES <= has or has == upload.size:
            why = await asyncio.to_thread(_unfit_for, path, upload.size)
        if why is None:
            grow(held, has=has, now=now)
        else:
            await refuse_upload(session, upload.id, why, now=now)
    if why is not None:
        await asyncio.to_thread(wipe, path)
        raise FileUnfit(why)
    return has


def _unfit_for(path: Path, size: int) -> Unfit | None:
    """What is wrong with the kind of a file of this size, as far as its beginning tells."""
    kind = kind_of(head_of(path, HEAD_BYTES))
    if kind is None:
        return Unfit.ANOTHER_KIND
    return Unfit.TOO_LARGE if size > most_bytes(kind) else None
