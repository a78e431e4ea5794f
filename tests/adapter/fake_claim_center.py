"""A ClaimCenter of our own, in this process: state, paging, checksums, transaction ids, and scripted faults."""

import json
import re
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from backoffice_adapter.settings import ClaimCenterConfig, Watermark
from backoffice_adapter.sources.claim_center import ClaimCenter
from tests.adapter.cases import CLAIM_CENTER, NOON, claim_center_case

PARTS = ("contacts", "exposures", "activities", "checks", "payments")
Fault = Callable[[httpx.Request], httpx.Response | Exception | None]


class FakeClaimCenter:
    """Claims by id. Every change moves the claim's checksum and its `updateTime`."""

    def __init__(self) -> None:
        self.claims: dict[str, dict[str, Any]] = {}
        self.checksums: Counter[str] = Counter()
        self.calls: list[tuple[str, str]] = []
        self.transactions: set[str] = set()
        self.tokens = 0
        self.good_token = ""
        self.faults: list[Fault] = []
        self.hidden: set[str] = set()
        self.archived: set[str] = set()
        self.unlisted: set[str] = set()
        self.waited: list[float] = []
        self.clock = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)

    def put(self, ref: str, **changed: Any) -> dict[str, Any]:
        """A claim as it is now; `changed` as in `claim_center_case`."""
        case = claim_center_case(**{"id": ref, "claimNumber": f"N-{ref}", **changed})
        person = f"{ref}:c"
        case["claim"]["insured"] = {"id": person, "displayName": "Irina Petrova"}
        for contact in case["contacts"]:
            contact["id"] = person
        self.claims[ref] = case
        return self.touch(ref)

    def archive(self, ref: str, *, listed: bool = True) -> None:
        """Put a closed claim away: it answers by its id alone, its lists do not, and perhaps no list names it."""
        self.claims[ref]["claim"]["state"] = {"code": "archived", "name": "Archived"}
        self.archived.add(ref)
        if not listed:
            self.unlisted.add(ref)
        self.touch(ref)

    def put_silently(self, ref: str, **changed: Any) -> None:
        """A claim that changed without a trace in the list: its mark and its moment stay (a child's change may)."""
        clock, checksum = self.clock, self.checksums[ref]
        moment = self.claims[ref]["claim"]["updateTime"]
        self.put(ref, **changed)
        self.claims[ref]["claim"]["updateTime"] = moment
        self.clock, self.checksums[ref] = clock, checksum

    def touch(self, ref: str) -> dict[str, Any]:
        """Somebody saved the claim."""
        self.clock += timedelta(seconds=1)
        self.checksums[ref] += 1
        self.claims[ref]["claim"]["updateTime"] = self.clock.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return self.claims[ref]

    def once(self, fault: Fault) -> None:
        """Let `fault` answer the next request that it wants to."""
        self.faults.append(fault)

    def source(self, *, key: bytes = b"key", watermark: bool = True, page_size: int = 3, **more: Any) -> ClaimCenter:
        """Our source on this ClaimCenter."""
        config = ClaimCenterConfig(
            name="cc",
            kind="claim_center",
            mapping=CLAIM_CENTER,
            base_url="http://cc.test/cc",
            token_url="http://hub.test/token",
            login_id_env="CC_ID",
            login_secret_env="CC_SECRET",
            watermark=Watermark(field="updateTime") if watermark else None,
            page_size=page_size,
            **more,
        )

        async def sleep(seconds: float) -> None:
            self.waited.append(seconds)

        return ClaimCenter(config, key=key, transport=httpx.MockTransport(self.answer), sleep=sleep, clock=lambda: NOON)

    def count(self, method: str, pattern: str) -> int:
        """How many requests there were."""
        return sum(said == method and re.fullmatch(pattern, path) is not None for said, path in self.calls)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "hub.test":
            self.tokens += 1
            self.good_token = f"token-{self.tokens}"
            return httpx.Response(200, json={"access_token": self.good_token, "expires_in": 3600})
        path = request.url.path.removeprefix("/cc/rest")
        self.calls.append((request.method, path))
        for fault in self.faults:
            said = fault(request)
            if said is not None:
                self.faults.remove(fault)
                if isinstance(said, Exception):
                    raise said
                return said
        if request.headers.get("Authorization") != f"Bearer {self.good_token}":
            return problem(401, "RestAuthenticationException", "token")
        if path == "/composite/v1/composite":
            return httpx.Response(200, json={})  # in no shape that we know: all is read one by one
        if path == "/claim/v1/claim-infos":
            return self._infos(request)
        ref, _, rest = path.removeprefix("/claim/v1/claims/").partition("/")
        if ref not in self.claims or ref in self.hidden:
            return problem(404, "NotFoundException", "No resource")
        if request.method == "GET":
            return self._read(request, ref, rest)
        return self._write(request, ref, rest)

    def _infos(self, request: httpx.Request) -> httpx.Response:
        rows = [case["claim"] for ref, case in self.claims.items() if ref not in self.hidden | self.unlisted]
        rows.sort(key=lambda claim: claim["updateTime"])
        wanted = request.url.params.get("filter")
        if wanted:
            name, op, value = wanted.split(":", 2)
            assert (name, op) == ("updateTime", "ge")
            rows = [claim for claim in rows if claim["updateTime"] >= value]
        light = [
            {"claimId": row["id"], "claimNumber": row["claimNumber"], "updateTime": row["updateTime"]} for row in rows
        ]
        return self._page(request, light)

    def _read(self, request: httpx.Request, ref: str, part: str) -> httpx.Response:
        case = deepcopy(self.claims[ref])
        if part and ref in self.archived:
            return problem(404, "NotFoundException", "No resource")
        if part:
            return self._page(request, case[part]) if part in case else problem(404, "NotFoundException", "No resource")
        return httpx.Response(200, json={"data": self._resource(case["claim"])})

    def _page(self, request: httpx.Request, rows: list[dict[str, Any]]) -> httpx.Response:
        size, start = int(request.url.params["pageSize"]), int(request.url.params.get("pageOffset", 0))
        assert size <= 100
        part = rows[start : start + size]
        body: dict[str, Any] = {"count": len(part), "data": [self._resource(row) for row in part], "links": {}}
        if start + size < len(rows):
            query = httpx.QueryParams(request.url.params).set("pageOffset", str(start + size))
            path = request.url.path.removeprefix("/cc/rest")
            body["links"]["next"] = {"href": f"{path}?{query}", "methods": ["get"]}
        return httpx.Response(200, json=body)

    def _resource(self, row: dict[str, Any]) -> dict[str, Any]:
        ref = row.get("claimId") or row.get("id", "")
        return {"attributes": row, "checksum": str(self.checksums.get(ref, 0)), "links": {}}

    def _write(self, request: httpx.Request, ref: str, action: str) -> httpx.Response:
        transaction = request.headers["GW-DBTransaction-ID"]
        data = json.loads(request.content)["data"]
        supplied = data.get("checksum")
        if supplied is not None and supplied != str(self.checksums[ref]):
            said = f"The supplied checksum '{supplied}' does not match the current checksum '{self.checksums[ref]}'"
            return problem(400, "BadInputException", said)
        if transaction in self.transactions:
            return problem(400, "AlreadyExecutedException", "already executed", root="gw.api.webservice.exception")
        self.transactions.add(transaction)
        case, attributes = self.claims[ref], data["attributes"]
        if action == "activities":
            case["activities"].append(
                {"id": f"{ref}:a{len(case['activities'])}", "status": {"code": "open"}, **attributes}
            )
        elif action == "close":
            case["claim"].update({**attributes, "state": {"code": "closed"}})
        else:
            case["claim"].update(attributes)
        self.touch(ref)
        return httpx.Response(201 if action == "activities" else 200, json={"data": self._resource(case["claim"])})


def problem(number: int, kind: str, said: str, *, root: str = "gw.api.rest.exceptions") -> httpx.Response:
    """An error in ClaimCenter's envelope."""
    return httpx.Response(number, json={"status": number, "errorCode": f"{root}.{kind}", "userMessage": said})


def at(pattern: str, said: httpx.Response | Exception, *, method: str = "GET", nth: int = 1) -> Fault:
    """Answer the `nth` request of a path with `said`."""
    seen = 0

    def fault(request: httpx.Request) -> httpx.Response | Exception | None:
        nonlocal seen
        path = request.url.path.removeprefix("/cc/rest")
        if request.method != method or not re.fullmatch(pattern, path):
            return None
        seen += 1
        if seen < nth:
            return None
        return said

    return fault
