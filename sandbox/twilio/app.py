"""The emulator's own front: Twilio's routes as its API description has them, and a few for whoever writes a script."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

import httpx
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import BaseModel

from claims_core.clock import utc_now
from sandbox.serving import DroppedConnection
from sandbox.twilio.callbacks import Postman
from sandbox.twilio.calls import Switchboard
from sandbox.twilio.calls import as_resource as calls_as_resource
from sandbox.twilio.calls import refusal_of as refusal_of_call
from sandbox.twilio.exchange import Exchange, as_resource
from sandbox.twilio.faults import CallFault, Planned, ReceiptFault
from sandbox.twilio.rules import KNOWN_FIELDS, Refusal, refusal_of

HANG_SECONDS = 60.0
EVENT = "StatusCallbackEvent"
UNKNOWN = Refusal(401, 20003, "Authenticate")
NOT_FOUND = Refusal(404, 20404, "The requested resource was not found")
basic = HTTPBasic(auto_error=False)
Credentials = Annotated[HTTPBasicCredentials | None, Depends(basic)]


class Asked(BaseModel):
    """A fault that a script asks for."""

    of: str  # `call` or `receipt`
    fault: str
    to: str | None = None
    number: int | None = None
    times: int = 1


class Pressed(BaseModel):
    """A key on a call: of this sid, or the newest to a number."""

    digits: str = "1"
    sid: str | None = None
    to: str | None = None


class Spoken(BaseModel):
    """What a telephone writes."""

    sender: str
    body: str
    to: str = "+15005550006"


def create_app(exchange: Exchange, *, http: httpx.AsyncClient | None = None) -> FastAPI:
    """The application around one exchange. Its callbacks go only where a message's own callback points."""
    http = http or httpx.AsyncClient(trust_env=False)
    postman, board = Postman(exchange, http), Switchboard(exchange, http)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        await board.close()
        await postman.close()

    app = FastAPI(lifespan=life, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.exchange, app.state.postman, app.state.board = exchange, postman, board
    _add_messages(app, exchange, postman)
    _add_calls(app, exchange, board)
    _add_script(app, exchange, postman)
    return app


def _error(refusal: Refusal, headers: dict[str, str] | None = None) -> JSONResponse:
    body = {
        "code": refusal.code,
        "message": refusal.message,
        "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
        "status": refusal.status,
    }
    return JSONResponse(body, refusal.status, headers)


def _is_ours(exchange: Exchange, account: str, given: HTTPBasicCredentials | None) -> bool:
    setup = exchange.setup
    return (
        given is not None
        and account == setup.account_sid
        and secrets.compare_digest(given.username.encode(), setup.account_sid.encode())
        and secrets.compare_digest(given.password.encode(), setup.auth_token.encode())
    )


def _add_messages(app: FastAPI, exchange: Exchange, postman: Postman) -> None:
    root = "/2010-04-01/Accounts/{account}/Messages"

    @app.post(f"{root}.json")
    async def create(account: str, request: Request, given: Credentials) -> Response:
        if not _is_ours(exchange, account, given):
            return _error(UNKNOWN)
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        return await _create(exchange, postman, form)

    @app.get(f"{root}.json")
    async def listing(account: str, request: Request, given: Credentials) -> Response:
        if not _is_ours(exchange, account, given):
            return _error(UNKNOWN)
        return JSONResponse(_page(exchange, dict(request.query_params), account))

    @app.get(root + "/{sid}.json")
    async def fetch(account: str, sid: str, given: Credentials) -> Response:
        if not _is_ours(exchange, account, given):
            return _error(UNKNOWN)
        row = exchange.message(sid)
        return JSONResponse(as_resource(row, account)) if row else _error(NOT_FOUND)

    @app.post(root + "/{sid}.json")
    async def update(account: str, sid: str, request: Request, given: Credentials) -> Response:
        if not _is_ours(exchange, account, given):
            return _error(UNKNOWN)
        row = exchange.message(sid)
        if row is None:
            return _error(NOT_FOUND)
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        if form.get("Status") == "canceled":
            if row["status"] != "scheduled":
                return _error(Refusal(400, 30409, "Message cannot be canceled: it is not scheduled."))
            exchange.move(sid, "canceled")
        elif form.get("Body") == "":
            exchange.redact(sid)
        return JSONResponse(as_resource(exchange.message(sid) or row, account))


async def _create(exchange: Exchange, postman: Postman, form: dict[str, str]) -> Response:
    planned = exchange.script.next_call(form.get("To", ""))
    exchange.note("create", to=form.get("To"), fault=planned.fault, unknown=sorted(set(form) - KNOWN_FIELDS))
    early = await _before_taking(planned)
    if early is not None:
        return early
    refusal = refusal_of(form, opted_out=exchange.is_opted_out(form.get("To", "")), now=utc_now())
    if refusal is not None:
        exchange.note("refused", to=form.get("To"), code=refusal.code)
        return _error(refusal)
    message = exchange.take(form)
    if any(waiting.fault == ReceiptFault.BEFORE_RESPONSE for waiting in exchange.script.receipts):
        await postman.before_response(message)
    postman.carry(message)
    return await _answer(planned, as_resource(message, exchange.setup.account_sid))


async def _before_taking(planned: Planned) -> Response | None:
    match planned.fault:
        case CallFault.RESET_BEFORE_ACCEPT:
            return DroppedConnection()
        case CallFault.TOO_MANY:
            headers = {"Retry-After": str(planned.number)} if planned.number is not None else None
            return _error(Refusal(429, 20429, "Too Many Requests"), headers)
        case CallFault.UNAVAILABLE:
            return _error(Refusal(503, 20503, "Service Unavailable"))
        case CallFault.UNAUTHORISED:
            return _error(Refusal(401, 20003, "Authenticate"))
        case CallFault.REFUSED:
            code = planned.number or 21211
            return _error(Refusal(400, code, f"Refused with {code}, as the script asks."))
        case CallFault.SLOW:
            await asyncio.sleep(planned.number or 5)
    return None


async def _answer(planned: Planned, resource: dict[str, Any]) -> Response:
    """The message, or call, is taken; what the caller gets to know of it is another matter."""
    match planned.fault:
        case CallFault.ACCEPT_THEN_TIMEOUT:
            await asyncio.sleep(planned.number or HANG_SECONDS)
            return DroppedConnection()
        case CallFault.ACCEPT_THEN_RESET:
            return DroppedConnection()
        case CallFault.ACCEPT_THEN_500:
            return Response("<html>Internal Server Error</html>", 500, media_type="text/html")
        case CallFault.ACCEPT_THEN_GARBAGE:
            return Response('{"sid": "SM', 201, media_type="application/json")
    return JSONResponse(resource, 201)


def _add_calls(app: FastAPI, exchange: Exchange, board: Switchboard) -> None:
    root = "/2010-04-01/Accounts/{account}/Calls"

    @app.post(f"{root}.json")
    async def call(account: str, request: Request, given: Credentials) -> Response:
        if not _is_ours(exchange, account, given):
            return _error(UNKNOWN)
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True)
        return await _call(exchange, board, dict(pairs), [value for name, value in pairs if name == EVENT])

    @app.get(f"{root}.json")
    async def calls(account: str, request: Request, given: Credentials) -> Response:
        if not _is_ours(exchange, account, given):
            return _error(UNKNOWN)
        rows = [calls_as_resource(row, account) for row in board.listed(to=request.query_params.get("To"))]
        uri = f"/2010-04-01/Accounts/{account}/Calls.json"
        frame = {"page": 0, "page_size": 50, "start": 0, "end": max(0, len(rows) - 1), "uri": uri}
        return JSONResponse({**frame, "first_page_uri": uri, "next_page_uri": None, "calls": rows})

    @app.get(root + "/{sid}.json")
    async def fetch_call(account: str, sid: str, given: Credentials) -> Response:
        if not _is_ours(exchange, account, given):
            return _error(UNKNOWN)
        row = board.call(sid)
        return JSONResponse(calls_as_resource(row, account)) if row else _error(NOT_FOUND)

    @app.post("/sandbox/keys")
    async def press(pressed: Pressed) -> dict[str, str]:
        sid = pressed.sid or next((row["sid"] for row in board.listed(to=pressed.to)), "")
        return {"heard": await board.press(sid, pressed.digits)}


async def _call(exchange: Exchange, board: Switchboard, form: dict[str, str], events: list[str]) -> Response:
    planned = exchange.script.next_call(form.get("To", ""))
    exchange.note("call", to=form.get("To"), fault=planned.fault)
    early = await _before_taking(planned)
    if early is not None:
        return early
    refusal = refusal_of_call(form)
    if refusal is not None:
        return _error(refusal)
    return await _answer(planned, calls_as_resource(board.take(form, events), exchange.setup.account_sid))


def _page(exchange: Exchange, query: dict[str, str], account: str) -> dict[str, Any]:
    size = min(1000, max(1, int(query.get("PageSize", "50")))) if query.get("PageSize", "50").isdigit() else 50
    page = int(query["Page"]) if query.get("Page", "0").isdigit() and "Page" in query else 0
    since = query.get("DateSent>")
    rows = exchange.listed(
        to=query.get("To"), sender=query.get("From"), since=_moment(since) if since is not None else None
    )
    uri = f"/2010-04-01/Accounts/{account}/Messages.json"
    shown = rows[page * size : (page + 1) * size]
    more = len(rows) > (page + 1) * size
    kept = "&".join(f"{name}={value}" for name, value in query.items() if name not in ("Page", "PageSize"))
    return {
        "end": page * size + max(0, len(shown) - 1),
        "first_page_uri": f"{uri}?{kept}&PageSize={size}&Page=0",
        "messages": [as_resource(row, account) for row in shown],
        "next_page_uri": f"{uri}?{kept}&PageSize={size}&Page={page + 1}" if more else None,
        "page": page,
        "page_size": size,
        "previous_page_uri": None,
        "start": page * size,
        "uri": f"{uri}?{kept}&PageSize={size}&Page={page}",
    }


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _add_script(app: FastAPI, exchange: Exchange, postman: Postman) -> None:
    @app.post("/sandbox/faults", status_code=204)
    async def plan(asked: Asked) -> None:
        queue = exchange.script.calls if asked.of == "call" else exchange.script.receipts
        kind = CallFault if asked.of == "call" else ReceiptFault
        queue.extend([Planned(kind(asked.fault), asked.to, asked.number)] * asked.times)

    @app.post("/sandbox/inbound")
    async def hear(spoken: Spoken) -> dict[str, int]:
        return {"answered": await postman.hear(spoken.sender, spoken.body, to=spoken.to)}

    @app.get("/log")
    async def log(after: int = 0) -> dict[str, Any]:
        account = exchange.setup.account_sid
        messages = [{"place": row["place"], **as_resource(row, account)} for row in exchange.messages(after=after)]
        return {"messages": messages, "calls": app.state.board.listed(to=None), "journal": list(exchange.journal())}
