"""`/stop/{tag}`: letters off by one tap (RFC 8058). A GET shows, a POST acts, so that scanners turn nothing off.

Mailboxes post here from their own servers, without a page of ours before it: the 128 bits of the tag are the
permission, and no cookie counts.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request
from starlette.responses import Response

from claims_core.db import session_scope
from claims_core.errors import NotFound
from claims_portal.auth import allow_anyone
from claims_portal.deps import now_of, portal_of
from claims_portal.rendering import page
from notifier.people import one_tap

router = APIRouter(include_in_schema=False)

Tag = Annotated[str, Path(pattern=r"^[0-9a-fA-F]{32}$")]
# The one value that RFC 8058 has for the field; our own button sends it too.
ONE_CLICK, AGAIN = "One-Click", "Again"


@dataclass(frozen=True, slots=True)
class StopPage:
    """pages/stop.html: whether letters are on, and nothing about whose they are."""

    tag: str
    is_on: bool
    done: bool


@router.get("/stop/{tag}", dependencies=[Depends(allow_anyone)])
async def show_stop(request: Request, tag: Tag) -> Response:
    """What can be turned off from here; nothing is. 404 for a letter that we never sent."""
    return await _shown(request, tag)


@router.post("/stop/{tag}", dependencies=[Depends(allow_anyone)])
async def stop(
    request: Request, tag: Tag, asked: Annotated[str, Form(alias="List-Unsubscribe", max_length=40)] = ""
) -> Response:
    """Turn letters to this address off, at once; or on again. Anything else changes nothing."""
    if asked not in (ONE_CLICK, AGAIN):
        return await _shown(request, tag)
    async with session_scope(portal_of(request).engine) as session:
        known = await one_tap.turn(session, tag, on=asked == AGAIN, now=now_of(request))
    if not known:
        raise NotFound
    return await _shown(request, tag, done=True)


async def _shown(request: Request, tag: str, *, done: bool = False) -> Response:
    async with session_scope(portal_of(request).engine) as session:
        is_on = await one_tap.is_on(session, tag)
    if is_on is None:
        raise NotFound
    return page(request, "pages/stop.html", StopPage(tag, is_on, done))
