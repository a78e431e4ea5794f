"""Every route × who comes × whose claim it is: as the table says, and what is not yours is what was never there."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.tables import Claim
from claims_portal import auth
from claims_portal.auth.guards import allow_anyone, require_fresh_claim
from claims_portal.auth.sessions import open_session
from claims_portal.tables import Role
from tests.portal.desk import at_the_desk
from tests.portal.people import a_known_claim, signed_in
from tests.portal.portal import Clock, visiting
from tests.portal.test_doors import address, routes_of

STRANGER, OWNER, TIRED, READER, HANDLER = "stranger", "owner", "owner_an_hour_later", "representative", "handler"
OWN, OTHER, MISSING = "own", "other", "missing"
WHO, WHOSE = (STRANGER, OWNER, TIRED, READER, HANDLER), (OWN, OTHER, MISSING)
# What the guard itself may say. An empty form (422), an id within that is none (404) and redirects come after it.
LET_IN, NOTHING_THERE, GONE, AWAY, AGAIN = "let in", "nothing there", 404, 401, 403
# What this installation, or this claim as it stands, does not offer is there for nobody.
NOT_OFFERED = {"/claim/{claim_id}/calls", "/claim/{claim_id}/whatsapp", "/claim/{claim_id}/complaint"}
ANY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def own_claim(who: str, whose: str) -> Any:
    """A page of the owner's alone."""
    if who in (STRANGER, HANDLER):
        return AWAY
    return LET_IN if who in (OWNER, TIRED) and whose == OWN else GONE


def fresh_claim(who: str, whose: str) -> Any:
    """The same with a code of the last ten minutes."""
    asked = own_claim(who, whose)
    return AGAIN if who == TIRED and asked == LET_IN else asked


def reader(who: str, whose: str) -> Any:
    """The claim page, for the owner and whoever reads it for them."""
    return LET_IN if who == READER and whose == OWN else own_claim(who, whose)


def representative(who: str, whose: str) -> Any:
    """The page on which whoever was named agrees."""
    if who in (STRANGER, HANDLER):
        return AWAY
    return LET_IN if who == READER and whose == OWN else GONE


def policyholder(who: str, whose: str) -> Any:
    """A page of nobody's claim, for whoever has signed in."""
    return AWAY if who in (STRANGER, HANDLER) else LET_IN


def glance(who: str, whose: str) -> Any:
    """Behind a link of ours or a remembered device; a session opens nothing there."""
    return AWAY


def staff(who: str, whose: str) -> Any:
    """The desk: no policyholder's session opens it. Which role may do what with a claim, `test_desk_roles` says."""
    return NOTHING_THERE if who == HANDLER else AWAY


TABLE: dict[Callable[..., Any], Callable[[str, str], Any]] = {
    auth.require_own_claim: own_claim,
    require_fresh_claim: fresh_claim,
    auth.require_reader: reader,
    auth.require_listener: reader,
    auth.require_representative: representative,
    auth.require_policyholder: policyholder,
    auth.require_glance: glance,
}


# Which routes ask for anything but "the owner, signed in" is decided here, and not by writing one.
NOT_JUST_THE_OWNERS = {
    "GET /claim/{claim_id}": auth.require_reader,
    "GET /claim/{claim_id}/news": auth.require_listener,
    "GET /claim/{claim_id}/agree": auth.require_representative,
    "POST /claim/{claim_id}/agree": auth.require_representative,
    "GET /claims": auth.require_policyholder,
    "GET /c": auth.require_glance,
    "POST /c": auth.require_glance,
}
# What changes a contact or where money goes, brings files in or takes them out (`settled`, 23).
WANTS_A_FRESH_CODE = {
    "POST /claim/{claim_id}/chats/{channel}",
    "POST /claim/{claim_id}/representatives",
    "POST /claim/{claim_id}/account",
    "POST /claim/{claim_id}/files",
    "GET /claim/{claim_id}/files/{upload_id}",
    "GET /claim/{claim_id}/complaint/{complaint_id}",
    "GET /claim/{claim_id}/data/json",
    "GET /claim/{claim_id}/data/pdf",
    "POST /claim/{claim_id}/erasure",
}


def rule_of(path: str, guard: Callable[..., Any]) -> Callable[[str, str], Any]:
    """What the table says of a route. A guard that is not in it is a guard that nobody thought about."""
    if path.startswith("/desk"):
        assert guard.__name__ == "require_staff_with_role", path
        return staff
    return TABLE[guard]


@pytest.fixture
async def claims(engine: AsyncEngine) -> dict[str, UUID]:
    mine, theirs = [await a_known_claim(engine) for _ in range(2)]
    return {OWN: mine.id, OTHER: theirs.id, MISSING: uuid4()}


@pytest.fixture
async def people(
    app: FastAPI, engine: AsyncEngine, claims: dict[str, UUID], clock: Clock
) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """One browser for each who comes: nobody, the owner now and later, a representative who agreed, a handler."""
    async with session_scope(engine) as session:
        mine = await session.get_one(Claim, claims[OWN])
        until = clock.now + timedelta(days=9)
        named = ledger.Named("Олег", "+79260000009", "page", None, "ru", until)
        one = await ledger.name_representative(session, mine.id, named, by="a test", now=clock.now)
        await ledger.agree_to_represent(session, one, wording="w", now=clock.now)
        who = (await session.exec(text("select person_id from representative"))).scalar_one()  # type: ignore[call-overload]
        tokens = {READER: await open_session(session, who, now=clock.now)}
        tokens[TIRED] = await open_session(session, mine.policyholder_id, now=clock.now - timedelta(minutes=10))
        await session.exec(text("update portal_session set seen_at = :now").bindparams(now=clock.now))  # type: ignore[call-overload]
    async with AsyncExitStack() as open_ones:
        browsers = {OWNER: await open_ones.enter_async_context(signed_in(app, mine))}
        browsers[HANDLER] = await open_ones.enter_async_context(at_the_desk(app, engine, Role.HANDLER))
        for name in (STRANGER, TIRED, READER):
            browsers[name] = await open_ones.enter_async_context(visiting(app))
            if name in tokens:
                browsers[name].cookies.set("__Host-session", tokens[name])
        yield browsers


def fits(expected: Any, answer: httpx.Response, path: str) -> bool:
    """Did the guard decide as the table says? Behind it a role may be refused, an empty form, a thing within."""
    if expected == NOTHING_THERE:
        return answer.status_code in (303, 403, 404, 409, 422)
    if expected != LET_IN:
        return bool(answer.status_code == expected)
    if answer.status_code == 404:
        return path in NOT_OFFERED or "{" in path.replace("{claim_id}", "")
    return answer.status_code < 500 and answer.status_code not in (401, 403)


def test_what_is_not_just_the_owners_or_wants_a_fresh_code_is_on_the_list(app: FastAPI):
    guards = {f"{method} {path}": guard for method, path, guard in routes_of(app) if not path.startswith("/desk")}
    owners = (allow_anyone, auth.require_own_claim, require_fresh_claim)
    assert {route: guard for route, guard in guards.items() if guard not in owners} == NOT_JUST_THE_OWNERS
    assert {route for route in WANTS_A_FRESH_CODE if guards.get(route) is not require_fresh_claim} == set()


async def test_every_route_lets_in_whom_the_table_says_and_nobody_else(
    app: FastAPI, claims: dict[str, UUID], people: dict[str, httpx.AsyncClient]
):
    cells, wrong = 0, []
    for method, path, guard in routes_of(app):
        if guard is allow_anyone or path == "/desk/sign-out":
            continue
        rule, gone = rule_of(path, guard), {}
        for who in WHO:
            for whose in WHOSE if "{claim_id" in path else (OWN,):
                if path.startswith("/desk") and who == HANDLER and whose != MISSING:
                    continue
                claim_id = claims[whose]
                reached = address(path.replace(":uuid", ""), Claim(id=claim_id))  # type: ignore[call-arg]
                answer = await people[who].request(method, reached, data={} if method == "POST" else None)
                cells += 1
                if not fits(rule(who, whose), answer, path):
                    wrong.append((method, path, who, whose, answer.status_code))
                if answer.status_code == 404 and who == OWNER and whose != OWN:
                    gone[whose] = ANY_ID.sub("…", answer.text)
        assert gone.get(OTHER) == gone.get(MISSING), path
    assert wrong == []
    assert cells > 500
