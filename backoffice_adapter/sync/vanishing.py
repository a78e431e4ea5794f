"""Before a claim counts as gone its source is asked for it by its key: a list may leave out what is still there."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.source import CaseSource, Kept, Page, Record, Shown, Unreadable
from backoffice_adapter.sync.sightings import Sightings, about_to_go
from claims_core.db import session_scope
from claims_core.errors import SourceRefused

AT_ONCE = 100


async def still_there(engine: AsyncEngine, source: CaseSource, sightings: Sightings, *, now: datetime) -> Page | None:
    """What the source shows of the claims that no list has shown; None where it shows none of them.

    Raises `SourceUnavailable`: then nothing is known, and nothing may be marked.
    """
    async with session_scope(engine) as session:
        refs = await about_to_go(session, source.name, sightings, now=now)
    shown: list[Shown] = []
    for first in range(0, len(refs), AT_ONCE):
        answers = await asyncio.gather(*(_ask(source, ref) for ref in refs[first : first + AT_ONCE]))
        shown += [one for one in answers if one is not None]
    return _page(shown) if shown else None


async def _ask(source: CaseSource, ref: str) -> Shown | None:
    try:
        return await source.get(ref)
    except SourceRefused:
        return Kept(ref)  # that we may not see it says nothing about whether it is there


def _page(shown: Sequence[Shown]) -> Page:
    return Page(
        records=[one for one in shown if isinstance(one, Record)],
        cursor=None,
        unreadable=[one for one in shown if isinstance(one, Unreadable)],
        kept=[one.ref for one in shown if isinstance(one, Kept)],
    )
