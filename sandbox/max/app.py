"""The emulator's front: the routes of MAX's bot API that we use, and a few for whoever writes a script."""

import asyncio
import secrets
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from sandbox.max.bot import ITSELF, REFUSALS, Bot, Fault
from sandbox.serving import DroppedConnection

HANG_SECONDS = 60.0
GIVE_UP_SECONDS = 15.0


class Asked(BaseModel):
    """A fault that a script asks for."""

    fault: Fault
    number: int | None = None
    times: int = 1


class Spoken(BaseModel):
    """What a person does in their dialog with the bot: opens it with a token, writes, or stops it."""

    chat: int
    text: str | None = None
    token: str | None = None
    language: str = "ru"
    stops: bool = False


class Subscribed(BaseModel):
    """Where updates go. A secret has 5 to 256 characters (facts C2)."""

    url: str
    update_types: list[str] | None = None
    secret: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{5,256}$")] | None = None


def create_app(bot: Bot, *, http: httpx.AsyncClient | None = None) -> FastAPI:
    """The application around one bot. Updates go only where a subscription, or whoever made the bot, has said."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.bot = bot

    async def authorised(authorization: Annotated[str, Header()] = "") -> None:
        # The header alone, without a word before it; a token in the query is not looked at.
        if not secrets.compare_digest(authorization.encode(), bot.token.encode()):
            raise HTTPException(401, {"code": "verify.token", "message": "Invalid access_token"})

    @app.exception_handler(HTTPException)
    async def refused(request: Request, problem: HTTPException) -> Response:
        return JSONResponse(problem.detail, problem.status_code)

    _add_methods(app, bot, Depends(authorised))
    _add_script(app, bot, http or httpx.AsyncClient(trust_env=False))
    return app


def _add_methods(app: FastAPI, bot: Bot, guard: Any) -> None:
    @app.get("/me", dependencies=[guard])
    async def me() -> dict[str, Any]:
        return ITSELF | {"username": bot.name}

    @app.post("/subscriptions", dependencies=[guard])
    async def subscribe(asked: Subscribed) -> dict[str, Any]:
        bot.webhook, bot.secret = asked.url, asked.secret or ""
        return {"success": True}

    @app.get("/messages", dependencies=[guard])
    async def listing(chat_id: int, count: int = 50) -> Response:
        if bot.hides_messages:
            return _refused(Fault.FORBIDDEN)
        return JSONResponse({"messages": bot.listed(chat_id, count)})

    @app.post("/messages", dependencies=[guard])
    async def send(request: Request, chat_id: str = "") -> Response:
        return await _send(bot, chat_id, await request.json())


async def _send(bot: Bot, chat: str, body: dict[str, Any]) -> Response:
    fault, number = bot.next_fault()
    refused = fault if fault in REFUSALS else bot.refusal_of(chat, body)
    if fault is Fault.RESET_BEFORE_ACCEPT:
        return DroppedConnection()
    if fault is Fault.TOO_MANY:
        said = {"code": "too.many.requests", "message": "Too many requests"}
        return JSONResponse(said, 429, {"Retry-After": str(number)} if number else None)
    if refused is not None:
        return _refused(refused)
    taken = bot.take(int(chat), {name: body[name] for name in ("text", "attachments") if name in body})
    match fault:
        case Fault.ACCEPT_THEN_RESET:
            return DroppedConnection()
        case Fault.ACCEPT_THEN_500:
            return _refused(Fault.BROKEN)
        case Fault.ACCEPT_THEN_GARBAGE:
            return Response('{"message": {"bo', media_type="application/json")
        case Fault.ACCEPT_THEN_TIMEOUT:
            await asyncio.sleep(number or HANG_SECONDS)
            return DroppedConnection()
    return JSONResponse({"message": taken})


def _refused(fault: Fault) -> Response:
    http_code, code, message = REFUSALS[fault]
    return JSONResponse({"code": code, "message": message}, http_code)


def _add_script(app: FastAPI, bot: Bot, http: httpx.AsyncClient) -> None:
    @app.post("/sandbox/faults", status_code=204)
    async def plan(asked: Asked) -> None:
        bot.script.extend([(asked.fault, asked.number)] * asked.times)

    @app.post("/sandbox/said")
    async def said(spoken: Spoken) -> dict[str, int]:
        if spoken.stops:
            update = bot.stops(spoken.chat)
        elif spoken.text is None:
            update = bot.starts(spoken.chat, spoken.token, language=spoken.language)
        else:
            update = bot.said(spoken.chat, spoken.text, language=spoken.language)
        return {"answered": await post(bot, http, update)}

    @app.get("/log")
    async def log() -> dict[str, Any]:
        return {"taken": bot.taken}


async def post(bot: Bot, http: httpx.AsyncClient, update: dict[str, Any]) -> int:
    """Post an update with the secret; what the webhook answered, 0 when nobody is there. Its words are not read."""
    if bot.webhook is None:
        return 0
    headers = {"X-Max-Bot-Api-Secret": bot.secret}
    try:
        answer = await http.post(bot.webhook, json=update, headers=headers, timeout=GIVE_UP_SECONDS)
    except httpx.HTTPError:
        return 0
    return answer.status_code
