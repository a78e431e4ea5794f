"""`/claim/{id}/news`: tells an open claim page that it has news (server-sent events)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response, StreamingResponse

from claims_portal.auth import Listener, require_listener
from claims_portal.deps import portal_of

router = APIRouter(include_in_schema=False)


@router.get("/claim/{claim_id}/news")
async def tell_news(request: Request, listener: Annotated[Listener, Depends(require_listener)]) -> Response:
    """A figure, and another one whenever the page shows something else; the page is then fetched as it always is.

    429 when the reader has too many windows: a browser then stops asking, and the page works as it does without script.
    """
    news = portal_of(request).news
    if news.is_full(listener.token_hash):
        return Response(status_code=429)
    stream = news.follow(listener.token_hash, listener.claim_id, listener.version)
    # A proxy that gathers an answer before it passes it on would hold the news back.
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
