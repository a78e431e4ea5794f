"""A list of cases behind HTTP, in each of the ways in which such lists are paged, with scripted faults."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson

from backoffice_adapter.settings import RestConfig
from backoffice_adapter.sources.rest import Rest

SMALL = Path(__file__).with_name("small.toml")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PAGING: dict[str, dict[str, Any]] = {
    "none": {"kind": "none"},
    "offset": {"kind": "offset", "param": "offset", "size_param": "limit", "size": 4},
    "page": {"kind": "page", "param": "page", "size_param": "limit", "size": 4, "total": "meta.total"},
    "cursor": {"kind": "cursor", "param": "after", "next": "meta.next", "size_param": "limit", "size": 4},
    "link_header": {"kind": "link_header", "size_param": "limit", "size": 4},
    "body_link": {"kind": "body_link", "next": "links.next", "size_param": "limit", "size": 4},
}
Fault = Callable[[httpx.Request, httpx.Response], httpx.Response | Exception | None]


class FakeRest:
    """Cases in the order they were put; `between` is called after each page that it gave."""

    def __init__(self) -> None:
        self.cases: list[dict[str, Any]] = []
        self.asked: list[httpx.Request] = []
        self.faults: list[Fault] = []
        self.tokens = 0
        self.good: str | None = None
        self.waited: list[float] = []
        self.between: Callable[[], None] = lambda: None

    def put(self, *numbers: int, at: str = "2026-11-19T10:00:00Z", **said: Any) -> None:
        """Cases as they are now, at the end of the list."""
        for number in numbers:
            case = {"number": f"N{number}", "state": "new", "reported": "2026-11-01T10:00:00", "sum": "10,50"}
            self.remove(number)
            self.cases.append({**case, "name": "Ирина", "phone": None, "thing": "Kia", "changed": at, **said})

    def remove(self, number: int) -> None:
        self.cases = [case for case in self.cases if case["number"] != f"N{number}"]

    def source(self, paging: str = "body_link", **said: Any) -> Rest:
        """Our source on this list."""

        async def sleep(seconds: float) -> None:
            self.waited.append(seconds)

        config = config_of(paging, **said)
        transport = httpx.MockTransport(self.answer)
        return Rest(config, key=said.get("key", b"k"), clock=lambda: NOW, transport=transport, sleep=sleep)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            self.tokens += 1
            self.good = f"Bearer t{self.tokens}"
            return httpx.Response(200, json={"access_token": f"t{self.tokens}", "expires_in": 3600})
        self.asked.append(request)
        if self.good is not None and request.headers.get("Authorization") != self.good:
            return httpx.Response(401)
        if request.url.path.startswith("/v1/claims/"):
            ref = request.url.path.rpartition("/")[2]
            found = next((case for case in self.cases if case["number"] == ref), None)
            return httpx.Response(200, json={"data": found}) if found else httpx.Response(404)
        said = self._page(request)
        self.between()
        for fault in self.faults:
            instead = fault(request, said)
            if instead is not None:
                self.faults.remove(fault)
                if isinstance(instead, Exception):
                    raise instead
                return instead
        return said

    def _page(self, request: httpx.Request) -> httpx.Response:
        asked = request.url.params
        since = asked.get("since")
        cases = [case for case in self.cases if since is None or case["changed"] >= since]
        size = int(asked.get("limit", len(cases) + 1))
        start = int(asked.get("offset", asked.get("after", 0)))
        if "page" in asked:
            start = (int(asked["page"]) - 1) * size
        part, more = cases[start : start + size], start + size < len(cases)
        meta: dict[str, Any] = {"total": len(cases), "count": len(part), "next": str(start + size) if more else None}
        following = str(request.url.copy_merge_params({"after": start + size})) if more else None
        body = {"data": {"items": part}, "meta": meta, "links": {"next": following}}
        headers = {"Link": f'<{following}>; rel="next"'} if following else {}
        return httpx.Response(200, content=orjson.dumps(body), headers=headers)


def config_of(paging: str = "body_link", **said: Any) -> RestConfig:
    """A source on the list, `paging` being one of PAGING."""
    more = {"path": "/claims", "records": "data.items", "ref": "number", "one": "/claims/{ref}", "one_record": "data"}
    told = {"paging": {**PAGING[paging], **said.pop("page", {})}, "most_rejected": 0.9, "mapping": SMALL}
    said.pop("key", None)
    return RestConfig(**{"name": "api", "kind": "rest", "base_url": "http://api.test/v1", **more, **told, **said})
