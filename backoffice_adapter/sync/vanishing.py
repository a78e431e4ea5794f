"""Before a claim counts as gone its source is asked for it by its key: a list may leave out what is still there."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from backoffice_adapter.source import CaseSource, Kept, Page, Record, Shown, Unreadable
from claims_core.errors import SourceRefused

# A page is one transaction. No more at once than a source has connections for.
ON_A_PAGE, AT_ONCE = 100, 5


async def still_there(source: CaseSource, refs: Sequence[str]) -> AsyncGenerator[Page]:
    """What the source shows of the claims that no list has shown, a page at a time; none where it shows nothing.

    Raises `SourceUnavailable`: then nothing is known of the rest, and nothing may be marked.
    """
    for first in range(0, len(refs), ON_A_PAGE):
        if shown := await _shown(source, refs[first : first + ON_A_PAGE]):
            yield _page(shown)


async def _shown(source: CaseSource, refs: Sequence[str]) -> list[Shown]:
    shown: list[Shown] = []
    for first in range(0, len(refs), AT_ONCE):
        asked = (_ask(source, ref) for ref in refs[first : first + AT_ONCE])
        # All have ended when one has failed: nothing goes on behind a run that is over.
        for answer in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(answer, BaseException):
                raise answer
            if answer is not None:
                shown.append(answer)
    return shown


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
