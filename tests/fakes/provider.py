"""A small Twilio on a real socket: takes messages, keeps a log, and fails as it is told. Enough for the notifier.

`script` holds what happens to the next creates, one word each; when it is empty, `default` happens. Words:
`ok`, `accept_then_timeout`, `accept_then_reset`, `accept_then_500`, `accept_then_garbage`, `accept_then_cut`,
`reset_before_accept`, `hang`, `redirect`, `busy` (429), `busy:<Retry-After>`, `down` (503, code 20503), `broken`
(a bare 500), `locked` (401), `refuse:<code>` (400).
"""

import asyncio
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from urllib.parse import parse_qs

import orjson
from aiohttp import web


@dataclass
class Taken:
    """One message that the provider has accepted."""

    sid: str
    to: str
    body: str
    callback: str
    form: dict[str, str]
    at: float
    status: str = "queued"
    error_code: int | None = None
    price: str | None = None

    def as_json(self) -> dict[str, object]:
        created = format_datetime(datetime.fromtimestamp(self.at, UTC))
        return {
            **{"sid": self.sid, "to": self.to, "body": self.body, "status": self.status},
            **{"error_code": self.error_code, "date_created": created, "date_sent": created},
            **{"from": self.form.get("From"), "price": self.price, "price_unit": "usd" if self.price else None},
        }


@dataclass
class FakeTwilio:
    """Start with `async with FakeTwilio() as twilio`; `twilio.url` is its address."""

    latency: float = 0.0
    list_lag: float = 0.0
    ahead: float = 0.0  # seconds by which its clock runs before ours: for tests that move the time
    default: str = "ok"
    hide_bodies: bool = False
    lists: bool = True  # else whoever asks for the list is told to come later
    log: Path | None = None
    script: deque[str] = field(default_factory=deque)
    taken: list[Taken] = field(default_factory=list)
    written: list[dict[str, str]] = field(default_factory=list)  # what telephones wrote to us, as the list shows it
    asked: list[tuple[float, str]] = field(default_factory=list)
    url: str = ""
    looked_up: int = 0
    most_at_once: int = 0
    _open: int = 0

    async def __aenter__(self) -> "FakeTwilio":
        app = web.Application()
        app.router.add_post("/2010-04-01/Accounts/{account}/Messages.json", self._create)
        app.router.add_get("/2010-04-01/Accounts/{account}/Messages.json", self._list)
        app.router.add_get("/2010-04-01/Accounts/{account}/Messages/{sid}.json", self._fetch)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _create(self, request: web.Request) -> web.StreamResponse:
        form = {name: values[0] for name, values in parse_qs((await request.read()).decode()).items()}
        word = self.script.popleft() if self.script else self.default
        self.asked.append((time.time(), word))
        self._open += 1
        self.most_at_once = max(self.most_at_once, self._open)
        try:
            await asyncio.sleep(self.latency / 2)
            return await self._outcome(request, form, word)
        finally:
            self._open -= 1

    async def _outcome(self, request: web.Request, form: dict[str, str], word: str) -> web.StreamResponse:
        word, _, detail = word.partition(":")
        if word == "hang":
            await asyncio.sleep(60)
        if word == "reset_before_accept":
            return self._reset(request)
        if word == "redirect":
            raise web.HTTPTemporaryRedirect("http://127.0.0.1:1/elsewhere")
        if word == "busy":
            return _problem(429, 20429, {"Retry-After": detail} if detail else {})
        if word in ("down", "broken", "locked", "refuse"):
            status, code = {"down": (503, 20503), "broken": (500, None), "locked": (401, 20003)}.get(
                word, (400, int(detail or 0))
            )
            return _problem(status, code, {})
        message = self._take(form)
        await asyncio.sleep(self.latency / 2)
        if word == "accept_then_timeout":
            await asyncio.sleep(60)
        if word == "accept_then_reset":
            return self._reset(request)
        if word == "accept_then_500":
            return web.Response(status=500, text="oops")
        if word == "accept_then_garbage":
            return web.Response(status=201, text="<html>busy</html>")
        if word == "accept_then_cut":
            return await self._cut(request)
        return web.Response(status=201, body=orjson.dumps(message.as_json()), content_type="application/json")

    def _time(self) -> float:
        return time.time() + self.ahead

    def _take(self, form: dict[str, str]) -> Taken:
        sid = "SM" + uuid.uuid4().hex
        message = Taken(sid, form["To"], form.get("Body", ""), form.get("StatusCallback", ""), form, self._time())
        self.taken.append(message)
        if self.log is not None:
            with self.log.open("ab") as file:
                file.write(orjson.dumps({**message.as_json(), "callback": message.callback, "at": message.at}) + b"\n")
        return message

    @staticmethod
    def _reset(request: web.Request) -> web.Response:
        if request.transport is not None:  # else whoever asked has died meanwhile
            request.transport.abort()
        return web.Response()

    @staticmethod
    async def _cut(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(status=201, headers={"Content-Length": "400", "Content-Type": "application/json"})
        await answer.prepare(request)
        await answer.write(b'{"sid": "SM')
        if request.transport is not None:
            request.transport.abort()
        return answer

    async def _list(self, request: web.Request) -> web.Response:
        self.looked_up += 1
        if not self.lists:
            return _problem(503, 20503, {})
        since = datetime.fromisoformat(request.query.get("DateSent>", "1970-01-01T00:00:00Z"))
        visible = [
            {**message.as_json(), **({"body": ""} if self.hide_bodies else {})}
            for message in reversed(self.taken)
            if message.to == request.query["To"] and message.at <= self._time() - self.list_lag
        ]
        visible += [
            each
            for each in reversed(self.written)
            if each["to"] == request.query["To"] and parsedate_to_datetime(each["date_sent"]) >= since
        ]
        return web.json_response({"messages": visible, "next_page_uri": None, "page": 0, "page_size": 50})

    async def _fetch(self, request: web.Request) -> web.Response:
        for message in self.taken:
            if message.sid == request.match_info["sid"]:
                return web.json_response(message.as_json())
        return _problem(404, 20404, {})

    def is_written_to(self, telephone: str, ours: str, body: str, *, at: datetime) -> str:
        """A telephone writes to our number, and nobody at our door hears of it; the message's ref."""
        sid, moment = "SM" + uuid.uuid4().hex, format_datetime(at)
        said = {"sid": sid, "from": telephone, "to": ours, "body": body, "direction": "inbound", "status": "received"}
        self.written.append(said | {"date_created": moment, "date_sent": moment})
        return sid

    def bodies(self) -> list[str]:
        """The texts taken, in order."""
        return [message.body for message in self.taken]


def _problem(status: int, code: int | None, headers: dict[str, str]) -> web.Response:
    if code is None:
        return web.Response(status=status, text="oops", headers=headers)
    return web.json_response(
        {"status": status, "code": code, "message": "words change"}, status=status, headers=headers
    )
