"""A back office behind HTTP and JSON as a source: its list page by page, only what changed where it can be asked."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from backoffice_adapter.settings import RestAuth, RestConfig, secret
from backoffice_adapter.source import Applied, Known, Order, Page, Shown
from backoffice_adapter.sources.http import Calls, Constant, Grant, Identity, Patience, Renewed, Sleep, basic, bearer
from backoffice_adapter.sources.rest.answers import Answer, Answers, is_whole
from backoffice_adapter.sources.rest.paging import Ask, Walk
from backoffice_adapter.sources.rest.since import Since
from claims_core.errors import Misconfigured, SourceRefused

log = logging.getLogger(__name__)

# A list that moves while it is read is read again, so often.
PASSES = 3


class Rest:
    """An interface that is only read. The cursor moves at the end of a list: nobody promised that it is sorted."""

    takes_changes = False

    def __init__(
        self,
        config: RestConfig,
        *,
        key: bytes,
        clock: Callable[[], datetime],
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.name = config.name
        self._config, self._clock = config, clock
        try:
            self._answers = Answers(config, key=key)
            self._since = Since(config.since) if config.since else None
            self._walk(None)
        except ValueError as problem:
            raise Misconfigured(f"source {config.name}: {problem}") from problem
        own = {config.auth.header: _secret(config.auth.secret_env)} if config.auth.kind == "header" else {}
        self._calls = Calls(
            config.name,
            _identity(config.name, config.auth),
            Patience(config.timeout, config.tries, config.longest_wait),
            is_whole=is_whole,
            headers={"Accept": "application/json", **{str(name): value for name, value in own.items()}},
            transport=transport,
            sleep=sleep,
        )

    async def close(self) -> None:
        """Give back the connections."""
        await self._calls.close()

    async def look(self) -> str:
        """The first page of the list."""
        answer = await self._ask(self._walk(None).first())
        of = f" of {answer.total}" if answer.total is not None else ""
        bad = f"; {answer.unreadable[0].reason}" if answer.unreadable else ""
        return f"{self._config.path} shows {len(answer.cases)}{of} cases on its first page{bad}"

    async def get(self, ref: str) -> Shown | None:
        """The case as it is now; None when it is not there, or when one case alone cannot be asked for."""
        if self._config.one is None or ref in (".", ".."):
            return None
        path = self._config.one.replace("{ref}", quote(ref, safe=""))
        url = f"{self._config.base_url}{path}"
        answer = await self._calls.call("GET", url, place=self._config.one, params=self._config.params)
        if answer.status_code in (404, 410):
            return None
        self._must_be_yes(answer, self._config.one)
        return self._answers.one(answer, ref=ref)

    async def apply(
        self, ref: str, order: Order, *, checksum: str | None, transaction_ref: str, again: bool = False
    ) -> Applied:
        """What is only described is only read."""
        raise SourceRefused(f"{self.name} is only read and takes no changes")

    async def changed_since(self, cursor: dict[str, Any] | None, known: Known) -> AsyncGenerator[Page]:
        """The cases that changed since `cursor`, or all. A list that moved while it was read is read once more."""
        start = highest = self._since.read(cursor) if self._since else None
        # Not moved, but said with every page, so that the pages are written in their order: a case may come twice.
        unmoved = self._since.written(start) if self._since and start is not None else {}
        for _ in range(PASSES):
            walk = self._walk(start)
            async with aclosing(self._pages(walk)) as answers:
                async for answer in answers:
                    if self._since is not None:
                        highest = self._since.higher(highest, answer.records, now=self._clock())
                    yield Page(records=answer.records, cursor=unmoved, unreadable=answer.unreadable)
            if not walk.moved:
                break
            log.warning("source_moved_while_read", extra={"source": self.name})
        written = None
        if self._since is not None and highest is not None and not walk.moved:
            written = self._since.written(highest)
        yield Page(records=[], cursor=written, complete=True)

    def _walk(self, start: Any) -> Walk:
        return Walk(self._config, self._since.params(start) if self._since else {})

    async def _pages(self, walk: Walk) -> AsyncGenerator[Answer]:
        answer = await self._ask(ask := walk.first())
        while True:
            yield answer
            following = walk.after(answer, ask.url)
            if following is None:
                return
            ask = following
            answer = await self._ask(ask, may_end=self._config.paging.kind == "page")

    async def _ask(self, ask: Ask, *, may_end: bool = False) -> Answer:
        answer = await self._calls.call("GET", ask.url, place=self._config.path, params=ask.params or None)
        if may_end and answer.status_code == 404:
            # Some say so of a page behind the last one.
            return Answer([], {}, None, {})
        self._must_be_yes(answer, self._config.path)
        return self._answers.page(answer)

    def _must_be_yes(self, answer: httpx.Response, path: str) -> None:
        if answer.status_code >= 300:
            raise SourceRefused(f"{self.name}: GET {path}: HTTP {answer.status_code}{_hint(answer.status_code)}")


def _hint(number: int) -> str:
    if number in (401, 403):
        return ": this account may not read it"
    return ": is the path right?" if number in (301, 302, 307, 308, 404) else ""


def _identity(name: str, auth: RestAuth) -> Identity:
    if auth.kind == "basic":
        return basic(_secret(auth.login_env), secret(str(auth.secret_env)))
    if auth.kind == "bearer":
        return bearer(secret(str(auth.secret_env)))
    if auth.kind == "oauth2":
        login, word = secret(str(auth.login_env)), secret(str(auth.secret_env))
        in_body = auth.token_auth == "body"  # noqa: S105 - a way, not a secret
        return Renewed(name, Grant(str(auth.token_url), login, word, scope=auth.scope, in_body=in_body))
    return Constant()


def _secret(variable: str | None) -> str:
    return secret(str(variable)).get_secret_value()
