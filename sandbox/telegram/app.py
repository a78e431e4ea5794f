"""The emulator's front: the methods of the Bot API that we use, and a few routes for whoever writes a script."""

import asyncio
import secrets
from typing import Any

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from sandbox.serving import DroppedConnection
from sandbox.telegram.bot import REFUSALS, Bot, Fault

HANG_SECONDS = 60.0
GIVE_UP_SECONDS = 15.0


class Asked(BaseModel):
    """A fault that a script asks for."""

    fault: Fault
    number: int | None = None
    times: int = 1


class Spoken(BaseModel):
    """What a person writes in their chat with the bot, or does to it."""

    chat: int
    text: str = ""
    language: str = "ru"
    blocks: bool = False


def create_app(bot: Bot, *, http: httpx.AsyncClient | None = None) -> FastAPI:
    """The application around one bot. Updates go only where `setWebhook`, or whoever made the bot, has said."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.bot = bot
    _add_methods(app, bot)
    _add_script(app, bot, http or httpx.AsyncClient(trust_env=False))
    return app


def _add_methods(app: FastAPI, bot: Bot) -> None:
    @app.post("/bot{token}/{method}")
    async def call(token: str, method: str, request: Request) -> Response:
        if not secrets.compare_digest(token.encode(), bot.token.encode()):
            return _refused(401, "Unauthorized")
        values = await request.json()
        if method == "getMe":
            return _ok({"id": 100001, "is_bot": True, "username": bot.name})
        if method == "setWebhook":
            bot.webhook, bot.secret = values["url"], values.get("secret_token", "")
            return _ok(True)
        return await _send(bot, values) if method == "sendMessage" else _refused(404, "Not Found")


async def _send(bot: Bot, message: dict[str, Any]) -> Response:
    fault, number = bot.next_fault()
    refused = fault if fault in REFUSALS else bot.refusal_of(message)
    if fault is Fault.RESET_BEFORE_ACCEPT:
        return DroppedConnection()
    if fault is Fault.TOO_MANY:
        wait = {"retry_after": number or 7}
        return _refused(429, f"Too Many Requests: retry after {wait['retry_after']}", parameters=wait)
    if refused is not None:
        return _refused(*REFUSALS[refused])
    taken = bot.take(message)
    match fault:
        case Fault.ACCEPT_THEN_RESET:
            return DroppedConnection()
        case Fault.ACCEPT_THEN_500:
            return _refused(*REFUSALS[Fault.BROKEN])
        case Fault.ACCEPT_THEN_GARBAGE:
            return Response('{"ok": tr', media_type="application/json")
        case Fault.ACCEPT_THEN_TIMEOUT:
            await asyncio.sleep(number or HANG_SECONDS)
            return DroppedConnection()
    return _ok(taken)


def _ok(result: Any) -> Response:
    return JSONResponse({"ok": True, "result": result})


def _refused(status: int, description: str, **more: Any) -> Response:
    return JSONResponse({"ok": False, "error_code": status, "description": description, **more}, status)


def _add_script(app: FastAPI, bot: Bot, http: httpx.AsyncClient) -> None:
    @app.post("/sandbox/faults", status_code=204)
    async def plan(asked: Asked) -> None:
        bot.script.extend([(asked.fault, asked.number)] * asked.times)

    @app.post("/sandbox/said")
    async def said(spoken: Spoken) -> dict[str, int]:
        update = bot.said(spoken.chat, spoken.text, language=spoken.language)
        if spoken.blocks:
            update = bot.blocks(spoken.chat)
        return {"answered": await post(bot, http, update)}

    @app.get("/log")
    async def log() -> dict[str, Any]:
        return {"taken": bot.taken, "answered": bot.answered}


async def post(bot: Bot, http: httpx.AsyncClient, update: dict[str, Any]) -> int:
    """Post an update with the secret; what the webhook answered, 0 when nobody is there. Its own words are kept."""
    if bot.webhook is None:
        return 0
    headers = {"X-Telegram-Bot-Api-Secret-Token": bot.secret}
    try:
        answer = await http.post(bot.webhook, json=update, headers=headers, timeout=GIVE_UP_SECONDS)
    except httpx.HTTPError:
        return 0
    if answer.status_code == 200 and answer.json():
        bot.answered.append(answer.json())
    return answer.status_code
