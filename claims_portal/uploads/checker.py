"""Opens what has arrived, one file at a time, in a process of its own; then the scanner; then a person may look."""

import asyncio
import logging
import os
import sys
from datetime import datetime
from itertools import count

from sqlalchemy.exc import SQLAlchemyError

from claims_core.db import session_scope
from claims_portal.deps import Portal
from claims_portal.tables import Upload
from claims_portal.uploads.kinds import MOST_SECONDS, FileKind
from claims_portal.uploads.rows import forget_unfinished, found_sound, refuse_upload, take_unopened
from claims_portal.uploads.scanning import ScannerAway, is_clean
from claims_portal.uploads.storage import place_of, wipe
from claims_portal.uploads.unfit import FileUnfit, Unfit

log = logging.getLogger(__name__)

EVERY_SECONDS = 2.0
# How many looks lie between two rounds that throw away what never arrived whole.
TIDIED_EVERY = 1800


async def keep_checking(portal: Portal) -> None:
    """Until cancelled. What cannot be asked now is asked later; nothing is taken for clean meanwhile."""
    for look in count():
        try:
            while await check_one(portal, portal.clock()):
                pass
            if look % TIDIED_EVERY == 0:
                await throw_away_unfinished(portal, portal.clock())
        except (OSError, SQLAlchemyError) as problem:
            log.warning("uploads_not_checked", extra={"why": type(problem).__name__})
        await asyncio.sleep(EVERY_SECONDS)


async def throw_away_unfinished(portal: Portal, now: datetime) -> None:
    """Files that have been arriving for days are gone, their rows and what lay on the disk."""
    async with session_scope(portal.engine) as session:
        names = await forget_unfinished(session, now=now)
    for name in names:
        await asyncio.to_thread(wipe, place_of(portal.settings.claims_data_dir, name))


async def check_one(portal: Portal, now: datetime) -> bool:
    """Open the file that waits longest; False when none waits or the scanner is away."""
    async with session_scope(portal.engine) as session:
        upload = await take_unopened(session, now=now)
    if upload is None or upload.stored_as is None:
        return False
    path = place_of(portal.settings.claims_data_dir, upload.stored_as)
    try:
        kind = await _looked_at(portal, upload)
    except ScannerAway as away:
        log.error("upload_scanner_away", extra={"upload_id": str(upload.id), "why": str(away)})
        return False
    except FileUnfit as unfit:
        async with session_scope(portal.engine) as session:
            await refuse_upload(session, upload.id, unfit.why, now=now)
        await asyncio.to_thread(wipe, path)
        log.warning("upload_unfit", extra={"upload_id": str(upload.id), "why": unfit.why.value})
        return True
    async with session_scope(portal.engine) as session:
        await found_sound(session, upload.id, kind=kind.value)
    log.info("upload_sound", extra={"upload_id": str(upload.id), "kind": kind.value})
    return True


async def _looked_at(portal: Portal, upload: Upload) -> FileKind:
    """Its kind, when it opens and every scanner calls it clean. The scanner sees it as it came, before we open it."""
    settings = portal.settings
    path = place_of(settings.claims_data_dir, upload.stored_as or "")
    if not await is_clean(path, command=settings.portal_scan_command, clamd=settings.portal_scan_clamd):
        raise FileUnfit(Unfit.INFECTED)
    return await opened_apart(str(path), keeps_position=upload.keeps_position)


async def opened_apart(path: str, *, keeps_position: bool) -> FileKind:
    """Have `child` open the file. Raises `FileUnfit`; a process that died of the file found it damaged."""
    out = asyncio.subprocess.PIPE
    words = (sys.executable, "-m", "claims_portal.uploads.child", path, "keep" if keeps_position else "wipe")
    quiet = asyncio.subprocess.DEVNULL
    # Where modules are, and nothing else of ours: a file that takes its decoder over finds no secret there.
    surroundings = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    child = await asyncio.create_subprocess_exec(*words, stdin=quiet, stdout=out, stderr=quiet, env=surroundings)
    try:
        async with asyncio.timeout(2 * MOST_SECONDS):
            said, _ = await child.communicate()
    except TimeoutError:
        raise FileUnfit(Unfit.DAMAGED) from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    answer = said.decode().split()
    if child.returncode != 0 or not answer:
        raise FileUnfit(Unfit.DAMAGED)
    if answer[0] == "unfit":
        raise FileUnfit(Unfit(answer[1]))
    return FileKind(answer[0])
