"""Texts edited here: proposed by one person, put in force by another, taken back; each act is in the audit."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import advisory_key, driver_connection
from claims_core.errors import BadInput, Conflict, NotFound, Refused
from notifier.rendering import (
    LANGUAGES,
    MessageText,
    Place,
    Review,
    edited_in_force,
    message_files,
    named,
    put_in_force,
    reviewed,
    source_of,
)
from notifier.states import TEXT_MOVES, TextState
from notifier.tables import TemplateVersion

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds; so soon a published text is said by every process
LONGEST_WHY = 500
_MARKS = "select id from template_version where state = 'published'"
_SOURCES = "select id, template, channel, language, version, source from template_version where id = any($1::uuid[])"


class SamePerson(Refused):
    """Whoever wrote a version may not put it in force: four eyes see what two have not."""


class NotFit(BadInput):
    """A text that may not be put in force; `review` says all that is wrong with it."""

    def __init__(self, place: Place, found: Review) -> None:
        super().__init__("\n".join([f"{named(place)} is refused:", *(f"  {fault}" for fault in found.refusals)]))
        self.review = found


async def propose(
    session: AsyncSession, place: Place, source: str, *, why: str, by: str, now: datetime, at_shell: str | None = None
) -> tuple[TemplateVersion, Review]:
    """Keep `source` as the next version of a text, a draft until another person publishes it; with its warnings.

    `at_shell` is who typed the command where the author, a member of staff, was only named.

    Raises `NotFit` when it may not be said, `BadInput` without a reason, `Conflict` when it is what is said already.
    """
    source, why = _cleaned(source), why.strip()[:LONGEST_WHY]
    if not why:
        raise BadInput("say in a sentence why the text is changed")
    await _alone(session, place)
    found = await review_of(session, place, source)
    if found.refusals:
        raise NotFit(place, found)
    versions = await versions_of(session, place)
    drafts = {one.source for one in versions if one.state is TextState.DRAFT}
    if source in drafts | {said_now(place, versions)}:
        raise Conflict(f"{named(place)} says this already, or it is proposed like this already")
    template, channel, language = place
    row = TemplateVersion(
        template=template,
        channel=channel,
        language=language,
        version=max((one.version for one in versions), default=0) + 1,
        source=source,
        why=why,
        written_by=by,
        written_at=now,
    )
    session.add(row)
    await session.flush()
    await _audit(session, "text_proposed", row, by=by, now=now, **({"at_shell": at_shell} if at_shell else {}))
    return row, found


async def publish(session: AsyncSession, place: Place, version: int, *, by: str, now: datetime) -> TemplateVersion:
    """Put a version in force; the one before it is retired. Its writer may not. Going back is the same act.

    Raises `SamePerson`, `NotFit` (what was allowed once may not be now), `Conflict` when it is in force, `NotFound`.
    """
    await _alone(session, place)
    row = await _one(session, place, version)
    if row.state is TextState.PUBLISHED:
        raise Conflict(f"version {version} of {named(place)} is in force already")
    if row.written_by == by:
        raise SamePerson(f"you wrote version {version} of {named(place)}: another person must publish it")
    found = await review_of(session, place, row.source)
    if found.refusals:
        raise NotFit(place, found)
    for before in await versions_of(session, place):
        if before.state is TextState.PUBLISHED:
            _move(before, TextState.RETIRED, by=by, now=now)
    await session.flush()  # one is in force at a time: the old one goes first
    _move(row, TextState.PUBLISHED, by=by, now=now)
    await session.flush()
    await _audit(session, "text_published", row, by=by, now=now)
    log.info("text_published", extra={"template": named(place), "version": version})
    return row


async def retire(session: AsyncSession, place: Place, version: int, *, by: str, now: datetime) -> TemplateVersion:
    """Take a version back: of the one in force the text that ships takes the place, a draft is no more.

    Raises `Conflict` when it is retired already, `NotFound`.
    """
    await _alone(session, place)
    row = await _one(session, place, version)
    if row.state is TextState.RETIRED:
        raise Conflict(f"version {version} of {named(place)} is retired already")
    _move(row, TextState.RETIRED, by=by, now=now)
    await session.flush()
    await _audit(session, "text_retired", row, by=by, now=now)
    log.info("text_retired", extra={"template": named(place), "version": version})
    return row


async def versions_of(session: AsyncSession, place: Place) -> Sequence[TemplateVersion]:
    """Every edited version of a text, the newest first."""
    rows = await session.exec(select(TemplateVersion).where(*_at(place)).order_by(col(TemplateVersion.version).desc()))
    return rows.all()


async def all_versions(session: AsyncSession, *states: TextState) -> Sequence[TemplateVersion]:
    """The edited versions in these states, by text."""
    rows = select(TemplateVersion).where(col(TemplateVersion.state).in_(states))
    by_text = [col(TemplateVersion.template), col(TemplateVersion.channel), col(TemplateVersion.language)]
    return (await session.exec(rows.order_by(*by_text, col(TemplateVersion.version)))).all()


def said_now(place: Place, versions: Sequence[TemplateVersion]) -> str:
    """The source in force: of the published version, else of the file that ships."""
    published = next((one.source for one in versions if one.state is TextState.PUBLISHED), None)
    return published if published is not None else source_of(*place)


async def review_of(session: AsyncSession, place: Place, source: str) -> Review:
    """All that is wrong with a source at this place, and all that should be looked at."""
    if place not in message_files():
        raise NotFound(f"there is no text {named(place)}")
    template, channel, language = place
    [other] = [each for each in LANGUAGES if each != language]
    mine = await versions_of(session, place)
    theirs = await versions_of(session, (template, channel, other))
    since = max((one.published_at for one in mine if one.published_at), default=None)
    goes_with = any(one.state is not TextState.RETIRED and (not since or one.written_at > since) for one in theirs)
    return reviewed(place, _cleaned(source), in_force=said_now(place, mine), other_goes_with=goes_with)


async def refresh(connection: asyncpg.Connection | asyncpg.Pool) -> bool:
    """Say from now on what the database has published; True when that was something new.

    What is not new stays compiled. A process that cannot read the database goes on with what it has.
    """
    mark = frozenset(row["id"] for row in await connection.fetch(_MARKS))
    held = edited_in_force()
    if mark == held.keys():
        return False
    texts: dict[UUID, MessageText] = {each: held[each] for each in mark & held.keys()}
    for row in await connection.fetch(_SOURCES, list(mark - held.keys())):
        place = (row["template"], row["channel"], row["language"])
        texts[row["id"]] = MessageText.of(place, row["source"], version=row["version"])
    put_in_force(texts)
    log.info("texts_in_force", extra={"edited": len(texts)})
    return True


async def refresh_for(session: AsyncSession) -> None:
    """The same in a unit of work: what is shown to a person is what would be said."""
    await refresh(await driver_connection(session))


async def watch(pool: asyncpg.Pool, *, every: float = LOOK_EVERY) -> None:
    """Look for published texts, for ever, every so many seconds."""
    while True:
        await asyncio.sleep(every)
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await refresh(pool)


def _cleaned(source: str) -> str:
    """As a file has it: plain line ends, none at the end."""
    return source.replace("\r\n", "\n").replace("\r", "\n").rstrip()


def _at(place: Place) -> tuple[bool, ...]:
    template, channel, language = place
    return (
        TemplateVersion.template == template,
        TemplateVersion.channel == channel,
        TemplateVersion.language == language,
    )


async def _alone(session: AsyncSession, place: Place) -> None:
    """One act about a text at a time: the next sees what this one has done."""
    key = advisory_key(f"claims text {named(place)}")
    await (await session.connection()).execute(text("select pg_advisory_xact_lock(:key)"), {"key": key})


async def _one(session: AsyncSession, place: Place, version: int) -> TemplateVersion:
    row = (await session.exec(select(TemplateVersion).where(*_at(place), TemplateVersion.version == version))).first()
    if row is None:
        raise NotFound(f"there is no version {version} of {named(place)}")
    return row


def _move(row: TemplateVersion, after: TextState, *, by: str, now: datetime) -> None:
    assert after in TEXT_MOVES[row.state]
    row.state = after
    if after is TextState.PUBLISHED:
        row.published_by, row.published_at, row.retired_by, row.retired_at = by, now, None, None
    else:
        row.retired_by, row.retired_at = by, now


async def _audit(
    session: AsyncSession, action: str, row: TemplateVersion, *, by: str, now: datetime, **more: str
) -> None:
    place = (row.template, row.channel, row.language)
    # Why it was written is in the row: words of a person do not belong into the audit.
    detail = {"version": row.version, "written_by": row.written_by, **more}
    await ledger.audit(session, actor=by, action=action, subject=f"text:{named(place)}", detail=detail, now=now)
