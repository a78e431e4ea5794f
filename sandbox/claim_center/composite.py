"""The emulator's Composite API: up to 100 reads in one call, each answered as it would be alone.

Its shape follows the vendor's examples; writes inside it are not emulated, as the product never sends any.
"""

from typing import Any

import httpx
import orjson
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

MOST_PARTS = 100
OUTSIDE = ("/search/", "/documents")
PASSED_ON = ("Authorization", "GW-UnknownQueryParamHandling")


def add_composite(app: FastAPI) -> None:
    """Give `app` the Composite API over its own routes."""

    @app.post("/rest/composite/v1/composite")
    async def composite(request: Request) -> Response:
        said = orjson.loads(await request.body())
        uris = [one.get("uri", "") for one in said.get("selections", [])]
        refused = _refused(said.get("requests", []), uris)
        if refused:
            error = "gw.api.rest.exceptions.BadInputException"
            return JSONResponse({"status": 400, "errorCode": error, "userMessage": refused, "requestFailed": True}, 400)
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://inside") as inside:
            answers = [await inside.get(f"/rest{uri}", headers=headers) for uri in uris]
        if any(answer.status_code == 401 for answer in answers):
            return Response(answers[0].content, 401, media_type="application/json")
        return JSONResponse({"responses": [], "selections": [_selection(answer) for answer in answers]})


def _refused(requests: list[Any], uris: list[str]) -> str | None:
    if len(requests) + len(uris) > MOST_PARTS:
        return f"at most {MOST_PARTS} sub-requests and selections, not {len(requests) + len(uris)}"
    if requests:
        return "this emulator takes selections only"
    barred = next((uri for uri in uris for word in OUTSIDE if word in uri), None)
    return f"not allowed in a composite request: {barred}" if barred else None


def _selection(answer: httpx.Response) -> dict[str, Any]:
    return {"status": answer.status_code, "body": answer.json(), "headers": {}}
