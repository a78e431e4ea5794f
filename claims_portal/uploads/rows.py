"""The rows of uploads: a file begins, grows, is whole, is opened once, and is decided on."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.errors import BadInput, Conflict, NotFound
from claims_core.ids import new_code, new_token
from claims_core.tables import Claim
from claims_portal.tables import Upload, UploadState
from claims_portal.uploads.kinds import MOST_FILM
from claims_portal.uploads.unfit import Unfit

# Of one claim: files that count, and tries of any kind (`reliability.md`, T20).
MOST_FILES, MOST_TRIES = 20, 60
LONGEST_NAME = 120
# Whoever opens a file and dies: another process opens it after this, which no scanner and no decoder is given.
TAKEN_FOR = timedelta(minutes=5)
KEPT_UNFINISHED = timedelta(days=7)


def shown_name(name: str) -> str:
    """A file's name as its sender reads it again: no path, no control characters, not endless."""
    bare = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(sign for sign in bare if sign.isprintable()).strip()[:LONGEST_NAME]
    return clean or "file"


async def begin_upload(
    session: AsyncSession,
    *,
    claim_id: UUID,
    policyholder_id: UUID,
    name: str,
    size: int,
    about: str | None,
    keeps_position: bool,
    now: datetime,
) -> Upload:
    """A file that will arrive. Raises `BadInput` with a word of `Unfit`, or `Conflict` when the claim has its share."""
    if size == 0:
        raise BadInput(Unfit.EMPTY.value)
    if not 0 < size <= MOST_FILM:
        raise BadInput(Unfit.TOO_LARGE.value)
    await _must_have_room(session, claim_id)
    upload = Upload(
        claim_id=claim_id,
        policyholder_id=policyholder_id,
        receipt=new_code(12),
        stored_as=new_token(),
        file_name=shown_name(name),
        about=about,
        size=size,
        keeps_position=keeps_position,
        created_at=now,
    )
    session.add(upload)
    await session.flush()
    return upload


async def _must_have_room(session: AsyncSession, claim_id: UUID) -> None:
    # Two at once are counted one after the other.
    await session.exec(select(Claim.id).where(col(Claim.id) == claim_id).with_for_update(key_share=True))
    counts = col(Upload.state) != UploadState.UNREADABLE
    counted = select(func.count(), func.count().filter(counts)).where(col(Upload.claim_id) == claim_id)
    tries, files = (await session.exec(counted.where(col(Upload.stored_as).is_not(None)))).one()
    if files >= MOST_FILES or tries >= MOST_TRIES:
        raise Conflict("the claim has as many files as it may have")


async def own_upload(session: AsyncSession, upload_id: UUID, *, claim_id: UUID) -> Upload:
    """A file of this claim. Raises `NotFound` for another's and for none: the same."""
    found = await session.exec(select(Upload).where(col(Upload.id) == upload_id, col(Upload.claim_id) == claim_id))
    upload = found.first()
    if upload is None:
        raise NotFound
    return upload


async def uploads_of(session: AsyncSession, claim_id: UUID) -> list[Upload]:
    """The files of a claim, the newest first; those that never arrived whole are not among them."""
    whole = col(Upload.state) != UploadState.ARRIVING
    found = await session.exec(
        select(Upload)
        .where(col(Upload.claim_id) == claim_id, whole)
        .order_by(col(Upload.created_at).desc(), col(Upload.id).desc())
        .limit(200)
    )
    return list(found.all())


async def waiting_uploads(session: AsyncSession) -> list[tuple[Upload, str]]:
    """What waits for a person, with the number of its claim, the longest waiting first; at most a hundred."""
    found = await session.exec(
        select(Upload, Claim.claim_number)
        .join(Claim, col(Claim.id) == col(Upload.claim_id))
        .where(col(Upload.state) == UploadState.CHECKING)
        .order_by(col(Upload.finished_at), col(Upload.id))
        .limit(100)
    )
    return [(upload, number) for upload, number in found.all()]


async def held_for_writing(session: AsyncSession, upload_id: UUID, *, at: int) -> Upload:
    """The file whose next byte is `at`, held until the end of the transaction: nobody else writes to it meanwhile.

    Raises `Conflict` when it goes on elsewhere, or is whole: what was opened and found clean is never written again.
    """
    arriving = (col(Upload.state) == UploadState.ARRIVING, col(Upload.received_bytes) == at)
    held = select(Upload).where(col(Upload.id) == upload_id, *arriving).with_for_update()
    upload = (await session.exec(held.execution_options(populate_existing=True))).first()
    if upload is None:
        raise Conflict("another piece was quicker")
    return upload


def grow(upload: Upload, *, has: int, now: datetime) -> None:
    """More of a file that is held lies safe; it is whole when it has its size."""
    upload.received_bytes = has
    if has == upload.size:
        upload.state, upload.finished_at = UploadState.RECEIVED, now


async def refuse_upload(session: AsyncSession, upload_id: UUID, why: Unfit, *, now: datetime) -> None:
    """The file cannot be taken; its sender reads why."""
    undecided = col(Upload.state).in_((UploadState.ARRIVING, UploadState.RECEIVED))
    values = {"state": UploadState.UNREADABLE, "why": why.value, "decided_at": now}
    await session.exec(update(Upload).where(col(Upload.id) == upload_id, undecided).values(**values))


async def take_unopened(session: AsyncSession, *, now: datetime) -> Upload | None:
    """The file that waits longest to be opened; nobody else gets it for `TAKEN_FOR`."""
    free = col(Upload.taken_at).is_(None) | (col(Upload.taken_at) < now - TAKEN_FOR)
    next_one = (
        select(Upload.id)
        .where(col(Upload.state) == UploadState.RECEIVED, free)
        .order_by(col(Upload.finished_at), col(Upload.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    upload_id = (await session.exec(next_one)).first()
    if upload_id is None:
        return None
    await session.exec(update(Upload).where(col(Upload.id) == upload_id).values(taken_at=now))
    return (await session.exec(select(Upload).where(col(Upload.id) == upload_id))).one()


async def forget_unfinished(session: AsyncSession, *, now: datetime) -> list[str]:
    """Forget files that began `KEPT_UNFINISHED` ago and never arrived whole; the names they have on the disk."""
    stale = (col(Upload.state) == UploadState.ARRIVING, col(Upload.created_at) < now - KEPT_UNFINISHED)
    gone = await session.exec(delete(Upload).where(*stale).returning(col(Upload.stored_as)))
    return [name for (name,) in gone.all() if name is not None]


async def found_sound(session: AsyncSession, upload_id: UUID, *, kind: str) -> None:
    """Opened, painted anew, scanned: a person may look at it now."""
    opened = col(Upload.state) == UploadState.RECEIVED
    values = {"state": UploadState.CHECKING, "kind": kind}
    await session.exec(update(Upload).where(col(Upload.id) == upload_id, opened).values(**values))


async def decide_upload(
    session: AsyncSession, upload_id: UUID, *, claim_id: UUID, unclear: str | None, by: str, now: datetime
) -> None:
    """A handler's word on a file: accepted, or not to be read with the words why. Raises `Conflict` when decided."""
    values = {"decided_at": now, "decided_by": by, "state": UploadState.ACCEPTED}
    if unclear is not None:
        values |= {"state": UploadState.UNREADABLE, "why": Unfit.UNCLEAR.value, "why_text": unclear or None}
    decided = await session.exec(
        update(Upload)
        .where(col(Upload.id) == upload_id, col(Upload.claim_id) == claim_id, col(Upload.state) == UploadState.CHECKING)
        .values(**values)
    )
    if decided.rowcount != 1:
        raise Conflict("somebody has decided on it already")
    action = "file_accepted" if unclear is None else "file_unclear"
    await ledger.audit(session, actor=by, action=action, subject=f"upload:{upload_id}", detail={}, now=now)


async def record_paper(
    session: AsyncSession, *, claim_id: UUID, policyholder_id: UUID, title: str, by: str, now: datetime
) -> Upload:
    """A paper that came by post or by hand: it has a receipt like every file, and lies with the insurer."""
    paper = Upload(
        claim_id=claim_id,
        policyholder_id=policyholder_id,
        receipt=new_code(12),
        file_name=shown_name(title),
        size=0,
        state=UploadState.ACCEPTED,
        created_at=now,
        finished_at=now,
        decided_at=now,
        decided_by=by,
    )
    session.add(paper)
    await ledger.audit(session, actor=by, action="paper_recorded", subject=f"claim:{claim_id}", detail={}, now=now)
    return paper
