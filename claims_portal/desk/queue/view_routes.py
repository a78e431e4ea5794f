"""`/desk/views`: the filters of the queue are given a name, or lose it."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.errors import BadInput
from claims_portal.deps import portal_of
from claims_portal.desk.access import ANSWERERS, Staffed
from claims_portal.desk.queue.views import drop_view, read_view, save_view

router = APIRouter(prefix="/desk/views", include_in_schema=False)


@router.post("")
async def keep_view(
    request: Request,
    name: Annotated[str, Form()] = "",
    filters: Annotated[str, Form()] = "",
    share: Annotated[str, Form()] = "",
    viewer: Staffed = Depends(ANSWERERS),
) -> Response:
    """The filters that the queue has now, under a name; back to them either way."""
    asked = read_view(filters)
    # A form that the page does not give out changes nothing.
    with suppress(BadInput):
        async with session_scope(portal_of(request).engine) as session:
            await save_view(session, viewer, name=name, filters=asked, share=share == "yes")
    return RedirectResponse(asked.address(), 303)


@router.post("/{view_id:uuid}/drop")
async def forget_view(request: Request, view_id: UUID, viewer: Staffed = Depends(ANSWERERS)) -> Response:
    """One's own view is no more; the claims in it stay as they are."""
    async with session_scope(portal_of(request).engine) as session:
        await drop_view(session, viewer, view_id)
    return RedirectResponse("/desk", 303)
