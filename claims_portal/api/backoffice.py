"""What back offices post to us by themselves: kept as it came before it is answered, understood by the adapter."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from backoffice_adapter import notices
from claims_core.db import session_scope
from claims_portal.auth import allow_anyone
from claims_portal.deps import now_of, portal_of

router = APIRouter(prefix="/webhooks/backoffice", tags=["webhooks"])

# A claim with all that belongs to it, and some air.
LONGEST = 4 * 1024 * 1024


@router.post("/{source}", dependencies=[Depends(allow_anyone)], status_code=204, max_body_size=LONGEST)
async def notice(request: Request, source: Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,39}$")]) -> Response:
    """An event of a back office that has proved who it is. 204 once it is safe in the database; 503 when that is away.

    Sent again it does no harm: what is known already has no effect.
    """
    portal, body = portal_of(request), await request.body()
    async with session_scope(portal.engine) as session:
        await notices.receive(session, portal.doors, source, headers=request.headers, body=body, now=now_of(request))
    return Response(status_code=204)
