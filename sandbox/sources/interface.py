"""The core system's own interface: a list of claims behind HTTP, an account, pages, and what changed since."""

import secrets
from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Header, HTTPException, Request, Response
from fastapi.security.utils import get_authorization_scheme_param

from sandbox.claim_center.records import Records
from sandbox.serving import NO_TELEMETRY
from sandbox.sources.extract import Row, to_row
from sandbox.sources.kind import LOGIN, SECRET, Described

TABLE = """
kind = "rest"
base_url = "{base}/api/v1"
path = "/claims"
records = "data.items"
ref = "claim_id"
one = "/claims/{{ref}}"
one_record = "data"

[source.auth]
kind = "oauth2"
token_url = "{base}/token"
login_env = "CORE_LOGIN"
secret_env = "CORE_SECRET"

[source.paging]
kind = "body_link"
next = "links.next"
size_param = "limit"
size = 100
count = "meta.count"

[source.since]
param = "updated_since"
field = "updated_at"
overlap = "1m"
"""


@dataclass
class Interface:
    """Claims by id, oldest change first. `base` is where it is served."""

    base: str
    rows: dict[str, Row] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    is_delivered: bool = field(default=False, init=False)

    @property
    def described(self) -> Described:
        """How it is connected."""
        address, table = f"{self.base}/api/v1/claims", TABLE.format(base=self.base)
        return Described("rest", "a REST interface", address, table, {"CORE_LOGIN": LOGIN, "CORE_SECRET": SECRET})

    async def show(self, records: Records, moved: Collection[str]) -> None:
        """Know what has changed."""
        self.rows |= {ref: to_row(records.cases[ref]) for ref in moved}

    def page(self, since: str | None, after: str | None, limit: int) -> tuple[list[Row], str | None]:
        """Up to `limit` claims changed at or after `since`, behind the place `after`; and the place of the last."""
        placed = sorted((f"{row['updated_at']} {ref}", row) for ref, row in self.rows.items())
        start = datetime.fromisoformat(since) if since else None
        fresh = [
            one
            for one in placed
            if (after is None or one[0] > after)
            and (start is None or datetime.fromisoformat(one[1]["updated_at"]) >= start)
        ]
        shown = fresh[:limit]
        return [row for _, row in shown], shown[-1][0] if len(fresh) > limit else None


def create_app(interface: Interface) -> FastAPI:
    """The interface as a web application."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, telemetry=NO_TELEMETRY)  # type: ignore[arg-type]

    @app.post("/token")
    async def token(request: Request) -> dict[str, Any]:
        if request.headers.get("Authorization") != _BASIC:
            raise HTTPException(401, "who are you?")
        fresh = secrets.token_urlsafe(16)
        interface.tokens.add(fresh)
        return {"access_token": fresh, "token_type": "Bearer", "expires_in": 3600}

    @app.get("/api/v1/claims")
    async def claims(
        request: Request,
        authorization: Annotated[str | None, Header()] = None,
        updated_since: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Response:
        _must_know(interface, authorization)
        rows, place = interface.page(updated_since, after, min(limit, 500))
        following = str(request.url.include_query_params(after=place)) if place else None
        return _json({"data": {"items": rows}, "meta": {"count": len(rows)}, "links": {"next": following}})

    @app.get("/api/v1/claims/{ref}")
    async def claim(ref: str, authorization: Annotated[str | None, Header()] = None) -> Response:
        _must_know(interface, authorization)
        if ref not in interface.rows:
            raise HTTPException(404, "there is no such claim")
        return _json({"data": interface.rows[ref]})

    return app


_BASIC = "Basic " + b64encode(f"{LOGIN}:{SECRET}".encode()).decode()


def _must_know(interface: Interface, authorization: str | None) -> None:
    scheme, token = get_authorization_scheme_param(authorization)
    if scheme.lower() != "bearer" or token not in interface.tokens:
        raise HTTPException(401, "who are you?")


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
