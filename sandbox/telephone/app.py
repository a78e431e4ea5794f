"""The telephone's pages on top of the exchange: conversations, an answer field, live news, and a JSON twin."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from sandbox.twilio.callbacks import Postman
from sandbox.twilio.exchange import Exchange

HERE = Path(__file__).parent
STATIC = HERE.parent.parent / "claims_portal" / "static"
SERVICE_NUMBER = "+15005550006"
LOOK_EVERY = 0.4  # seconds between two looks for news
NUMBER = re.compile(r"\+\d{7,15}")
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Demo telephone",
        "lede": "Messages of the demo appear here as they arrive. Nothing leaves this machine.",
        "none": "No messages yet. Ask for a code on the portal, or wait for a claim to move.",
        "pick": "Telephones",
        "got": "messages",
        "answer": "Your answer",
        "send": "Send",
        "hint": "Try STATUS, MORE, LESS, STOP, START, HELP, or a question.",
        "back": "All telephones",
        "by": "Sent by you",
        "refused": "The portal did not take the message (answer {status}). Is it running?",
        "skip": "Skip to content",
        "queued": "on its way",
        "accepted": "on its way",
        "sending": "on its way",
        "sent": "on its way",
        "delivered": "delivered",
        "undelivered": "not delivered",
        "received": "",
    },
    "ru": {
        "title": "Демо-телефон",
        "lede": "Сообщения демо появляются здесь по мере поступления. Ничего не уходит с этой машины.",
        "none": "Сообщений пока нет. Запросите код на портале или подождите, пока дело сдвинется.",
        "pick": "Телефоны",
        "got": "сообщений",
        "answer": "Ваш ответ",
        "send": "Отправить",
        "hint": "Попробуйте СТАТУС, ЧАЩЕ, РЕЖЕ, СТОП, СТАРТ, ПОМОЩЬ или задайте вопрос.",
        "back": "Все телефоны",
        "by": "Отправили вы",
        "refused": "Портал не принял сообщение (ответ {status}). Он запущен?",
        "skip": "К содержанию",
        "queued": "в пути",
        "accepted": "в пути",
        "sending": "в пути",
        "sent": "в пути",
        "delivered": "доставлено",
        "undelivered": "не доставлено",
        "received": "",
    },
}


def add_telephone(
    app: FastAPI, exchange: Exchange, postman: Postman, *, short_url: str, portal_url: str, zone: ZoneInfo
) -> None:
    """Add the telephone to the emulator's application. Links of the short domain lead to the portal's glance."""
    pages = Environment(loader=FileSystemLoader(HERE / "pages"), autoescape=select_autoescape())
    pages.filters["linked"] = lambda text: linked(text, short_url=short_url, portal_url=portal_url)
    pages.filters["clock"] = lambda moment: datetime.fromisoformat(moment).astimezone(zone).strftime("%H:%M")

    def page(request: Request, name: str, **values: Any) -> HTMLResponse:
        language = request.query_params.get("lang") or request.cookies.get("lang") or "ru"
        language = language if language in WORDS else "ru"
        text = pages.get_template(name).render(
            words=WORDS[language], language=language, path=request.url.path, **values
        )
        answer = HTMLResponse(text, headers={"Cache-Control": "no-store"})
        answer.set_cookie("lang", language, samesite="lax")
        return answer

    _add_pages(app, exchange, postman, page)
    _add_programs(app, exchange)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")


def linked(text: str, *, short_url: str, portal_url: str) -> Markup:
    """The text with the links of our short domain made clickable, and nothing else."""
    domain = re.escape(short_url.removeprefix("https://").removeprefix("http://").rstrip("/"))

    def link(found: re.Match[str]) -> str:
        return f'<a href="{escape(portal_url)}/c/{found["token"]}" rel="noreferrer">{found[0]}</a>'

    pattern = rf"(?:https?://)?{domain}/(?:c/)?(?P<token>[0-9A-Za-z]{{8}})\b"
    return Markup(re.sub(pattern, link, str(escape(text))))  # noqa: S704 (escaped first)


def _add_pages(app: FastAPI, exchange: Exchange, postman: Postman, page: Any) -> None:
    @app.get("/")
    async def telephones(request: Request) -> Response:
        return page(request, "telephones.html", numbers=exchange.numbers())  # type: ignore[no-any-return]

    @app.get("/telephone/{number}")
    async def conversation(request: Request, number: str, problem: int | None = None) -> Response:
        if not NUMBER.fullmatch(number):
            return RedirectResponse("/", 303)
        return page(  # type: ignore[no-any-return]
            request, "conversation.html", number=number, messages=exchange.conversation(number), problem=problem
        )

    @app.post("/telephone/{number}")
    async def answer(number: str, body: Annotated[str, Form(max_length=1600)] = "") -> Response:
        if not NUMBER.fullmatch(number) or not body.strip():
            return RedirectResponse(f"/telephone/{number}" if NUMBER.fullmatch(number) else "/", 303)
        status = await postman.hear(number, body, to=SERVICE_NUMBER)
        problem = "" if 200 <= status < 300 else f"?problem={status}"
        return RedirectResponse(f"/telephone/{number}{problem}", 303)

    @app.get("/telephone.js")
    async def script() -> Response:
        return FileResponse(HERE / "pages" / "telephone.js", media_type="text/javascript")

    @app.get("/telephone.css")
    async def style() -> Response:
        return FileResponse(HERE / "pages" / "telephone.css", media_type="text/css")


def _add_programs(app: FastAPI, exchange: Exchange) -> None:
    @app.get("/api/messages")
    async def messages(to: str, after: int = 0) -> list[dict[str, Any]]:
        shown = ("place", "sid", "sender", "recipient", "body", "status", "created_at")
        return [{name: row[name] for name in shown} for row in exchange.messages(to=to, after=after)]

    @app.get("/news")
    async def news(request: Request) -> Response:
        return StreamingResponse(_news(request, exchange), media_type="text/event-stream")


async def _news(request: Request, exchange: Exchange) -> AsyncIterator[str]:
    known = exchange.pulse()
    yield "retry: 2000\n\n"
    while not await request.is_disconnected():
        await asyncio.sleep(LOOK_EVERY)
        now = exchange.pulse()
        if now != known:
            known = now
            yield f"event: news\ndata: {now}\n\n"
