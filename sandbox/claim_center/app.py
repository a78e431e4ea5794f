"""The emulator's front: the Cloud API's paths, envelopes, errors and headers, and a script of faults."""

import json
import secrets
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security.utils import get_authorization_scheme_param

from sandbox.claim_center import lists, shown, typelists
from sandbox.claim_center.composite import add_composite
from sandbox.claim_center.installation import ClaimCenter
from sandbox.claim_center.misfortunes import Misfortunes
from sandbox.claim_center.records import PARTS, AlreadyExecuted, Case, OldChecksum, Records, UnknownClaim
from sandbox.claim_center.setup import Setup
from sandbox.serving import NO_TELEMETRY

EXCEPTIONS = "gw.api.rest.exceptions."


class Refused(Exception):
    """An error answer in the API's envelope."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.message = status, error, message


def create_app(center: ClaimCenter | Records, setup: Setup | None = None) -> FastAPI:
    """The application; `app.state.center` is what a script talks to."""
    center = center if isinstance(center, ClaimCenter) else ClaimCenter(center, setup or Setup())
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, telemetry=NO_TELEMETRY)  # type: ignore[arg-type]
    app.state.center = center
    app.add_exception_handler(Refused, _envelope)
    app.add_middleware(Misfortunes, center=center)
    _add_token(app, center)
    _add_reading(app, center)
    _add_typelists(app, center)
    _add_writing(app, center)
    add_composite(app)
    return app


async def _envelope(_: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)
    body = {"status": refused.status, "errorCode": refused.error, "userMessage": refused.message}
    return JSONResponse(body, refused.status)


class Json(Response):
    """A body that is plain already: nothing is validated or copied on its way out."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """As JSON."""
        return orjson.dumps(content)


def _add_token(app: FastAPI, center: ClaimCenter) -> None:
    @app.post("/oauth2/token")
    async def token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if form.get("grant_type") != "client_credentials" or not _knows_secret(request, form, center.setup):
            return JSONResponse({"error": "invalid_client"}, 401)
        fresh = secrets.token_urlsafe(24)
        center.tokens[fresh] = time.monotonic() + center.setup.token_seconds
        return JSONResponse({"access_token": fresh, "token_type": "Bearer", "expires_in": center.setup.token_seconds})


def _knows_secret(request: Request, form: Mapping[str, str], setup: Setup) -> bool:
    scheme, given = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme.lower() == "basic":
        return b64decode(given).decode() == f"{setup.login_id}:{setup.login_secret}"
    return (form.get("client_id"), form.get("client_secret")) == (setup.login_id, setup.login_secret)


def _must_know(request: Request, center: ClaimCenter) -> None:
    scheme, token = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme.lower() != "bearer" or not center.knows(token):
        raise Refused(401, EXCEPTIONS + "RestAuthenticationException", "Authentication failed.")


def _found(center: ClaimCenter, ref: str) -> Case:
    try:
        return center.records.case(ref)
    except UnknownClaim:
        raise Refused(404, EXCEPTIONS + "NotFoundException", f"No resource was found at path /claims/{ref}") from None


def _element(attributes: Mapping[str, Any], checksum: str, path: str) -> dict[str, Any]:
    return {"attributes": attributes, "checksum": checksum, "links": {"self": {"href": path, "methods": ["get"]}}}


def _is_strict(request: Request) -> bool:
    return request.headers.get("GW-UnknownQueryParamHandling", "reject") == "reject"


def _listed(
    center: ClaimCenter, request: Request, rows: list[dict[str, Any]], path: str, able: lists.Able | None = None
) -> Response:
    setup = center.setup
    able = able or lists.Able(setup.filterable, setup.sortable)
    try:
        asked = lists.read_query(request.query_params.multi_items(), setup, able, strict=_is_strict(request))
        fields = shown.read_fields(asked.fields, [row["attributes"] for row in rows], setup)
    except lists.BadInput as problem:
        raise Refused(400, EXCEPTIONS + "BadInputException", str(problem)) from None
    said = lists.answer(rows, asked, path)
    said["data"] = [{**row, "attributes": shown.only(row["attributes"], fields)} for row in said["data"]]
    return Json(said)


def _one(center: ClaimCenter, request: Request, case: Case) -> Response:
    """The claim, as much of it as was asked for, and what it was asked for together with."""
    pairs, path = request.query_params.multi_items(), f"/claim/v1/claims/{case.claim['id']}"
    try:
        lists.must_be_known(pairs, frozenset({"fields", "include"}), strict=_is_strict(request))
        said = dict(pairs)
        fields = shown.read_fields(said.get("fields"), [case.claim], center.setup)
        included = shown.read_include(said.get("include"), center.setup.includable)
    except lists.BadInput as problem:
        raise Refused(400, EXCEPTIONS + "BadInputException", str(problem)) from None
    element = _element(shown.only(case.claim, fields), case.checksum, path)
    if not included:
        return Json({"data": element})
    beside = {part: [_element(item, case.checksum, f"{path}/{part}/{item['id']}") for item in case.parts[part]]
              for part in included}  # fmt: skip
    related, resources = shown.beside(beside)
    return Json({"data": {**element, "related": related}, "included": resources})


def _add_reading(app: FastAPI, center: ClaimCenter) -> None:
    @app.get("/rest/claim/v1/claim-infos")
    async def infos(request: Request) -> Response:
        _must_know(request, center)
        path = "/claim/v1/claim-infos"
        names = ("id", "claimNumber", "policyNumber", "state", "updateTime")
        rows = [
            _element({name: case.claim.get(name) for name in names}, case.checksum, f"{path}/{case.claim['id']}")
            for case in center.records.visible()
            if center.setup.lists_archived or not case.archived
        ]
        return _listed(center, request, rows, path)

    @app.get("/rest/claim/v1/claims")
    async def own(request: Request) -> Response:
        _must_know(request, center)
        return _listed(center, request, [], "/claim/v1/claims")  # an integration account owns no claims

    @app.get("/rest/claim/v1/claims/{ref}")
    async def claim(ref: str, request: Request) -> Response:
        _must_know(request, center)
        return _one(center, request, _found(center, ref))

    @app.get("/rest/claim/v1/claims/{ref}/{part}")
    async def part(ref: str, part: str, request: Request) -> Response:
        _must_know(request, center)
        case = _found(center, ref)
        if part not in PARTS or case.archived:
            raise Refused(404, EXCEPTIONS + "NotFoundException", "No resource was found")
        path = f"/claim/v1/claims/{ref}/{part}"
        rows = [_element(item, case.checksum, f"{path}/{item['id']}") for item in case.parts[part]]
        able = lists.Able(center.setup.filterable_in_parts, center.setup.sortable_in_parts)
        return _listed(center, request, rows, path, able)

    @app.post("/rest/claim/v1/search/claims-v2")
    async def search(request: Request) -> Response:
        _must_know(request, center)
        wanted = (await _body(request)).get("attributes", {})
        rows = [
            _element(_search_row(case), case.checksum, f"/claim/v1/claims/{case.claim['id']}")
            for case in center.records.visible()
            if not case.archived
            and all(case.claim.get(name) == wanted[name] for name in ("claimNumber", "policyNumber") if name in wanted)
        ]
        return _listed(center, request, rows, "/claim/v1/search/claims-v2")


def _add_typelists(app: FastAPI, center: ClaimCenter) -> None:
    root = "/common/v1/typelists"

    def element(name: str, request: Request) -> dict[str, Any]:
        with_retired = request.query_params.get("includeRetired") == "true"
        return _element(typelists.attributes_of(name, with_retired=with_retired), "0", f"{root}/{name}")

    @app.get(f"/rest{root}")
    async def every(request: Request) -> Response:
        _must_know(request, center)
        rows = [element(name, request) for name in sorted(typelists.TYPELISTS)]
        return Json({"count": len(rows), "data": rows, "links": {"self": {"href": root, "methods": ["get"]}}})

    @app.get(f"/rest{root}/{{name}}")
    async def one(name: str, request: Request) -> Response:
        _must_know(request, center)
        if name not in typelists.TYPELISTS:
            raise Refused(404, EXCEPTIONS + "NotFoundException", f"No resource was found at path {root}/{name}")
        return Json({"data": element(name, request)})


def _search_row(case: Case) -> dict[str, Any]:
    """A search names things otherwise than the claim itself does."""
    claim = case.claim
    return {
        "claimId": claim["id"],
        "claimNumber": claim.get("claimNumber"),
        "status": claim.get("state"),
        "adjusterName": (claim.get("assignedUser") or {}).get("displayName"),
        "assignedGroup": (claim.get("assignedGroup") or {}).get("displayName"),
        "lossDate": claim.get("lossDate"),
        "policyNumber": claim.get("policyNumber"),
        "insuredName": (claim.get("insured") or {}).get("displayName"),
    }


async def _body(request: Request) -> dict[str, Any]:
    try:
        data = json.loads(await request.body() or b"{}").get("data", {})
    except (ValueError, AttributeError):
        raise Refused(400, EXCEPTIONS + "BadInputException", "The body is not a JSON object with data.") from None
    return data if isinstance(data, dict) else {}


def _add_writing(app: FastAPI, center: ClaimCenter) -> None:
    @app.patch("/rest/claim/v1/claims/{ref}")
    async def patch(ref: str, request: Request) -> Response:
        case, data = await _asked(ref, request)
        attributes = data.get("attributes", {})
        unknown = sorted(set(attributes) - center.setup.writable)
        if unknown and request.headers.get("GW-UnknownPropertyHandling", "reject") == "reject":
            raise Refused(400, EXCEPTIONS + "BadInputException", f"unknown property: {', '.join(unknown)}")
        known = {name: value for name, value in attributes.items() if name in center.setup.writable}
        write = partial(center.records.commit, ref, attributes=known, **_lock(request, data))
        case = _tried(center, request, ref, write)
        return Json({"data": _element(case.claim, case.checksum, f"/claim/v1/claims/{ref}")})

    @app.post("/rest/claim/v1/claims/{ref}/activities")
    async def activity(ref: str, request: Request) -> Response:
        case, data = await _asked(ref, request)
        if "activityPattern" not in data.get("attributes", {}):
            raise Refused(400, EXCEPTIONS + "BadInputException", "activityPattern is required")
        transaction = request.headers.get("GW-DBTransaction-ID")
        write = partial(center.records.add_activity, ref, data["attributes"], transaction=transaction)
        made = _tried(center, request, ref, write)
        return Json({"data": _element(made, case.checksum, f"/claim/v1/claims/{ref}/activities/{made['id']}")}, 201)

    @app.post("/rest/claim/v1/claims/{ref}/close")
    async def close(ref: str, request: Request) -> Response:
        _, data = await _asked(ref, request)
        attributes = data.get("attributes", {})
        case = _tried(center, request, ref, partial(center.records.close, ref, attributes, **_lock(request, data)))
        return Json({"data": _element(case.claim, case.checksum, f"/claim/v1/claims/{ref}")})

    async def _asked(ref: str, request: Request) -> tuple[Case, dict[str, Any]]:
        _must_know(request, center)
        return _found(center, ref), await _body(request)


def _lock(request: Request, data: Mapping[str, Any]) -> dict[str, Any]:
    checksum = data.get("checksum") or request.headers.get("GW-Checksum")
    return {"checksum": checksum, "transaction": request.headers.get("GW-DBTransaction-ID")}


def _tried(center: ClaimCenter, request: Request, ref: str, write: Callable[[], Any]) -> Any:
    """What the write comes to. `GW-DoNotCommit` lets it run and keeps nothing of it."""
    try:
        dry = request.headers.get("GW-DoNotCommit", "").lower() == "true"
        return center.records.tried(ref, write) if dry else write()
    except AlreadyExecuted:
        error = "gw.api.webservice.exception.AlreadyExecutedException"
        raise Refused(400, error, "The transaction was committed before.") from None
    except OldChecksum as problem:
        raise Refused(center.setup.stale_answer, EXCEPTIONS + "BadInputException", str(problem)) from None
