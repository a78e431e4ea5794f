"""Every route says who may come in, once; a product route that forgets stops the app from starting."""

from typing import Any, cast

import asyncpg
import pytest
from fastapi import Depends, FastAPI
from fastapi.routing import iter_route_contexts
from sqlalchemy.ext.asyncio import create_async_engine

from claims_core.errors import Misconfigured
from claims_portal import auth
from claims_portal.auth import allow_anyone, refuse_unguarded, require_staff
from claims_portal.tables import Role
from tests.portal.portal import portal_app

# Everything else is behind a guard; each of these has nothing to show about a claim.
OPEN_BY_NATURE = ("/static", "/healthz", "/readyz", "/api/openapi.json")
# Public pages, said out loud. A new one is a decision: it is written here and in the review.
PUBLIC = {
    "/",
    "/code",
    "/code/again",
    "/code/call",
    "/code/chat",
    "/ask",
    "/ours",
    "/how-long",
    "/how-long.csv",
    "/look",
    "/sign-out",
    "/{token:link}",
}
PUBLIC_BELOW = (
    "/help/",
    "/how-long/",
    "/received/",
    "/c/",
    "/u/",
    "/stop/",
    "/webhooks/",
    "/api/v1/calls",
    "/desk/sign-in",
    "/desk/code",
    "/desk/sign-out",
    "/desk/oidc/",
)
OWN = {
    "require_own_claim",
    "require_fresh_claim",
    "require_reader",
    "require_listener",
    "require_representative",
    "require_policyholder",
    "require_glance",
}


def the_app() -> FastAPI:
    # Nothing is asked of the database: the app is only looked at.
    return portal_app(create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none"), cast(asyncpg.Pool, None))


def guards_of(route: Any) -> list[str]:
    known = {id(guard): guard.__name__ for guard in auth.GUARDS}
    return [known[id(found.call)] for found in route.dependant.dependencies if id(found.call) in known]


def routes() -> list[tuple[str, list[str]]]:
    found = []
    for context in iter_route_contexts(list(the_app().routes)):
        route = getattr(context, "route", context)
        path = getattr(context, "path", None) or route.path
        if not path.startswith(OPEN_BY_NATURE):
            found.append((path, guards_of(route)))
    assert len(found) > 5
    return found


def test_each_route_has_exactly_one_guard():
    wrong = [f"{path}: {guards}" for path, guards in routes() if len(guards) != 1]
    assert not wrong


def test_the_desk_is_for_staff_and_claims_are_for_policyholders():
    wrong = []
    for path, (guard,) in routes():
        is_public = path in PUBLIC or path.startswith(PUBLIC_BELOW)
        if guard == "allow_anyone" and not is_public:
            wrong.append(f"{path} is open to everybody")
        if path.startswith("/desk") and not is_public and "staff" not in guard:
            wrong.append(f"{path} of the desk is guarded by {guard}")
        if path.startswith("/claim") and guard not in OWN:
            wrong.append(f"{path} is guarded by {guard}")
    assert not wrong


def test_an_app_with_an_unguarded_route_does_not_start():
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_api_route("/fine", lambda: None, dependencies=[Depends(allow_anyone)])
    refuse_unguarded(app.routes)
    app.add_api_route("/forgotten", lambda: None)
    with pytest.raises(Misconfigured, match="/forgotten"):
        refuse_unguarded(app.routes)


def test_an_app_with_a_doubly_guarded_route_does_not_start():
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    both = [Depends(allow_anyone), Depends(require_staff(Role.HANDLER))]
    app.add_api_route("/both", lambda: None, dependencies=both)
    with pytest.raises(Misconfigured, match="/both"):
        refuse_unguarded(app.routes)
