"""The telephone's pages on top of the exchange: conversations, an answer field, live news, and a JSON twin."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from sandbox.mail import PostOffice
from sandbox.telephone.words import WORDS
from sandbox.twilio.callbacks import Postman
from sandbox.twilio.exchange import Exchange

HERE = Path(__file__).parent
Page = Callable[..., Response]
STATIC = HERE.parent.parent / "claims_portal" / "static"
SERVICE_NUMBER = "+15005550006"
LOOK_EVERY = 0.4  # seconds between two looks for news
NUMBER = re.compile(r"\+\d{7,15}")


@dataclass(frozen=True)
class Book:
    """Whose telephones these are: a line about a number, and the numbers to show before all others."""

    about: Callable[[str], str | None] = lambda number: None
    first: Callable[[], Sequence[str]] = tuple


@dataclass(frozen=True)
class Telephone:
    """A line of the list."""

    number: str
    got: int
    about: str | None
    is_mailbox: bool = False


def add_telephone(
    app: FastAPI,
    exchange: Exchange,
    postman: Postman,
    *,
    short_url: str,
    portal_url: str,
    zone: ZoneInfo,
    book: Book | None = None,
    mail: PostOffice | None = None,
) -> None:
    """Add the telephone to the emulator's application, and mailboxes beside it. Our links lead to the portal."""
    book, mail = book or Book(), mail or PostOffice()
    pages = Environment(loader=FileSystemLoader(HERE / "pages"), autoescape=select_autoescape())
    pages.filters["linked"] = lambda text: linked(text, short_url=short_url, portal_url=portal_url)
    pages.filters["clock"] = lambda moment: (
        (moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)).astimezone(zone).strftime("%H:%M")
    )

    def page(request: Request, name: str, **values: Any) -> HTMLResponse:
        language = request.query_params.get("lang") or request.cookies.get("lang") or "ru"
        language = language if language in WORDS else "ru"
        text = pages.get_template(name).render(
            words=WORDS[language],
            language=language,
            path=request.url.path,
            portal=portal_url,
            telephones=[*_telephones(exchange, book), *_mailboxes(mail, book)],
            **values,
        )
        answer = HTMLResponse(text, headers={"Cache-Control": "no-store"})
        answer.set_cookie("lang", language, samesite="lax")
        return answer

    _add_pages(app, exchange, postman, book, page)
    _add_mailboxes(app, mail, book, page)
    _add_programs(app, exchange, mail)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")


def _mailboxes(mail: PostOffice, book: Book) -> list[Telephone]:
    got = mail.mailboxes()
    named = dict.fromkeys([*(each for each in book.first() if "@" in each), *got])
    return [Telephone(address, got.get(address, 0), book.about(address), is_mailbox=True) for address in named]


def _add_mailboxes(app: FastAPI, mail: PostOffice, book: Book, page: Page) -> None:
    @app.get("/mailbox/{address}")
    async def mailbox(request: Request, address: str) -> Response:
        letters = mail.mailbox(address)
        return page(request, "mailbox.html", number=address, about=book.about(address), letters=letters)


def linked(text: str, *, short_url: str, portal_url: str) -> Markup:
    """The text with the links of our short domain made clickable, and nothing else."""
    domain = re.escape(short_url.removeprefix("https://").removeprefix("http://").rstrip("/"))

    def link(found: re.Match[str]) -> str:
        return f'<a href="{escape(portal_url)}/c/{found["token"]}" rel="noreferrer">{found[0]}</a>'

    pattern = rf"(?:https?://)?{domain}/(?:c/)?(?P<token>[0-9A-Za-z]{{8}})\b"
    ours = rf"{re.escape(portal_url)}/stop/[0-9a-f]{{32}}\b"
    text = re.sub(ours, r'<a href="\g<0>" rel="noreferrer">\g<0></a>', str(escape(text)))
    return Markup(re.sub(pattern, link, text))  # noqa: S704 (escaped first)


def _telephones(exchange: Exchange, book: Book) -> list[Telephone]:
    got = dict(exchange.numbers())
    order = dict.fromkeys([*(each for each in book.first() if "@" not in each), *got])
    return [Telephone(number, got.get(number, 0), book.about(number)) for number in order]


def _add_pages(app: FastAPI, exchange: Exchange, postman: Postman, book: Book, page: Page) -> None:
    @app.get("/")
    async def telephones(request: Request) -> Response:
        return page(request, "telephones.html")

    @app.get("/telephone/{number}")
    async def conversation(request: Request, number: str, problem: int | None = None) -> Response:
        if not NUMBER.fullmatch(number):
            return RedirectResponse("/", 303)
        return page(
            request,
            "conversation.html",
            number=number,
            about=book.about(number),
            messages=exchange.conversation(number),
            problem=problem,
        )

    @app.post("/telephone/{number}")
    async def answer(number: str, body: Annotated[str, Form(max_length=1600)] = "") -> Response:
        if not NUMBER.fullmatch(number) or not body.strip():
            return RedirectResponse(f"/telephone/{number}" if NUMBER.fullmatch(number) else "/", 303)
        status = await postman.hear(number, body, to=SERVICE_NUMBER)
        problem = "" if 200 <= status < 300 else f"?problem={status}"
        return RedirectResponse(f"/telephone/{number}{problem}#answer", 303)

    @app.get("/telephone.js")
    async def script() -> Response:
        return FileResponse(HERE / "pages" / "telephone.js", media_type="text/javascript")

    @app.get("/telephone.css")
    async def style() -> Response:
        return FileResponse(HERE / "pages" / "telephone.css", media_type="text/css")


def _add_programs(app: FastAPI, exchange: Exchange, mail: PostOffice) -> None:
    @app.get("/api/messages")
    async def messages(to: str, after: int = 0) -> list[dict[str, Any]]:
        shown = ("place", "sid", "sender", "recipient", "body", "status", "created_at")
        return [{name: row[name] for name in shown} for row in exchange.messages(to=to, after=after)]

    @app.get("/news")
    async def news(request: Request) -> Response:
        return StreamingResponse(_news(request, exchange, mail), media_type="text/event-stream")


async def _news(request: Request, exchange: Exchange, mail: PostOffice) -> AsyncIterator[str]:
    known = f"{exchange.pulse()}.{len(mail.letters)}"
    yield "retry: 2000\n\n"
    while not await request.is_disconnected():
        await asyncio.sleep(LOOK_EVERY)
        now = f"{exchange.pulse()}.{len(mail.letters)}"
        if now != known:
            known = now
            yield f"event: news\ndata: {now}\n\n"
