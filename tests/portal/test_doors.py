"""Every route, tried by everybody who should not come in: strangers, owners of other claims, forms from elsewhere."""

import logging
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_core.tables import Claim
from claims_portal.auth import GUARDS
from claims_portal.auth.guards import UNGUARDED, allow_anyone, require_fresh_claim, require_own_claim
from claims_portal.shield import FROM_ANYWHERE
from tests.factories import a_person
from tests.portal.links import TOKEN, a_link
from tests.portal.people import a_known_claim, signed_in
from tests.portal.portal import Clock, visiting
from tests.portal.states import a_claim_in

# What anybody may ask for without a proof of any kind; a new public route is added here on purpose.
PUBLIC = {
    "POST /webhooks/backoffice/{source}",
    "POST /look",
    "GET /",
    "POST /",
    "GET /code",
    "POST /code",
    "POST /code/again",
    "POST /code/call",
    "POST /code/chat",
    "GET /ask",
    "POST /ask",
    "GET /help/number",
    "POST /help/number",
    "GET /help/phone",
    "POST /help/phone",
    "GET /received/{request_id:uuid}",
    "GET /ours",
    "POST /ours",
    "GET /how-long",
    "GET /how-long.csv",
    "GET /how-long/{line}",
    "POST /sign-out",
    "GET /c/{token}",
    "GET /{token:link}",
    "GET /u/{token}",
    "POST /u/{token}",
    "GET /stop/{tag}",
    "POST /stop/{tag}",
    "POST /webhooks/twilio/status/{token}",
    "POST /webhooks/twilio/voice/{token}",
    "POST /webhooks/twilio/inbound",
    "POST /webhooks/twilio/calls",
    "POST /api/v1/calls",
    "POST /webhooks/max",
    "POST /webhooks/telegram",
    "GET /desk/sign-in",
    "POST /desk/sign-in",
    "POST /desk/sign-in/code",
    "GET /desk/oidc/sign-in",
    "GET /desk/oidc/callback",
    "GET /desk/oidc/signed-out",
    "POST /desk/oidc/signed-out",
}
STATE = """
select md5(string_agg(t, '|')) from (
  select x::text as t from claim x union all select x::text from question x union all select x::text from preference x
  union all select x::text from opt_out x union all select x::text from sign_in_code x
  union all select x::text from pilot_enrolment x union all select x::text from change_request x) as all_of_it
"""


def routes_of(app: FastAPI) -> Iterator[tuple[str, str, object]]:
    """Method, path and guard of each route."""
    for route in iter_route_contexts(app.routes):
        if route.path in UNGUARDED:
            continue
        [guard] = [need.call for need in route.dependant.dependencies if need.call in GUARDS]
        for method in route.methods:
            yield method, route.path, guard


def address(path: str, claim: Claim) -> str:
    filled = path.replace("{claim_id}", str(claim.id)).replace("{token:link}", TOKEN).replace("{token}", TOKEN)
    return re.sub(r"\{\w+\}", str(uuid4()), filled)


def test_the_public_routes_are_those_on_the_list(app: FastAPI):
    public = {f"{method} {path}" for method, path, guard in routes_of(app) if guard is allow_anyone}
    assert public == PUBLIC


async def test_a_claim_of_another_is_not_there_on_any_route(app: FastAPI, engine: AsyncEngine, clock: Clock):
    async with session_scope(engine) as session:
        mine, theirs = [await a_claim_in(session, "awaiting", now=clock.now) for _ in range(2)]
    routes = [
        (method, path) for method, path, guard in routes_of(app) if guard in (require_own_claim, require_fresh_claim)
    ]
    assert len(routes) >= 6
    async with signed_in(app, mine) as browser:
        for method, path in routes:
            for claim_id in (theirs.id, uuid4()):
                form = {"question": "?", "cadence": "often", "agree": "yes"} if method == "POST" else None
                reached = address(path, theirs).replace(str(theirs.id), str(claim_id))
                assert (await browser.request(method, reached, data=form)).status_code == 404, path
    async with engine.connect() as connection:
        assert (await connection.execute(text("select count(*) from preference"))).scalar_one() == 0


@pytest.mark.parametrize(
    "manners",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://claims.example"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "", "Origin": "null"},
        {"Sec-Fetch-Site": "", "Content-Type": "text/plain"},
    ],
)
async def test_no_form_from_elsewhere_is_taken_by_any_route(
    app: FastAPI, engine: AsyncEngine, clock: Clock, manners: dict[str, str]
):
    claim = await a_known_claim(engine)
    await a_link(engine, claim, now=clock.now)
    async with engine.connect() as connection:
        before = (await connection.execute(text(STATE))).scalar_one()
    async with signed_in(app, claim, headers=manners) as browser:
        for method, path, _ in routes_of(app):
            # The insurer's own sign-in posts from its server what only it can sign (Back-Channel Logout 1.0).
            # Mailboxes press the one-tap stop of a letter from their own servers (RFC 8058): its tag is the permission.
            if method not in ("GET", "HEAD") and not path.startswith(FROM_ANYWHERE):
                answer = await browser.request(method, address(path, claim), data={"act": "off", "cadence": "none"})
                assert answer.status_code == 403, path
    async with engine.connect() as connection:
        assert (await connection.execute(text(STATE))).scalar_one() == before


A_FILE_FOR_A_NUMBER = b'--x\r\nContent-Disposition: form-data; name="number"; filename="a"\r\n\r\nb\r\n--x--'
NASTY = [
    "\x00",
    "a\x00b",
    "%00",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "9" * 5_000,
    str(2**63),
    str(2**31 + 1),
    "-1",
    "NaN",
    "1e400",
    "0001-01-01T00:00:00+23:59",
    "' or 1=1 --",
    "{{7*7}}${7*7}",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "\u202e\u200b\ufeff",
    "Ａ" * 500,
    "\r\nSet-Cookie: a=b",
    "%",
    "_",
    "*",
    "[" * 50_000,
]


def _posted(place: int, fields: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The edge list in a form and as a body, by turns; the next route begins with the other one."""
    for turn, nasty in enumerate(NASTY, start=place):
        raw = nasty.encode("utf-8", "surrogatepass")
        yield {"data": dict.fromkeys(fields, nasty)} if turn % 2 else {"content": raw}


def _in_the_address() -> Iterator[dict[str, Any]]:
    """The edge list as names and values of the address, a few at a time."""
    for first in range(0, len(NASTY), 6):
        few = NASTY[first : first + 6]
        yield {"params": {"saved": few[0][:2000], **{nasty[:50]: nasty[:500] for nasty in few}}}


async def test_nothing_that_is_sent_becomes_a_500(app: FastAPI, engine: AsyncEngine, clock: Clock):
    claim = await a_known_claim(engine)
    await a_link(engine, claim, now=clock.now)
    fields = ("number", "phone", "code", "remember", "question", "cadence", "language", "night_from", "theme", "back")
    tried = 0
    async with signed_in(app, claim) as browser:
        for place, (method, path, _) in enumerate(routes_of(app)):
            for sent in _posted(place, fields) if method == "POST" else _in_the_address():
                answer = await browser.request(method, address(path, claim), **sent)
                assert answer.status_code < 500, (path, str(sent)[:60])
                tried += 1
    assert tried > 1000


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"number=%ff%fe&phone=%00", "application/x-www-form-urlencoded; charset=utf-7"),
        (b"&".join(b"f%d=1" % n for n in range(20_000)), "application/x-www-form-urlencoded"),
        (b"--x\r\n" * 5_000, "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="number"; filename="a"\r\n\r\nb\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
        (b"no boundary", "multipart/form-data"),
        (b'{"number": NaN, "number": ' + b"9" * 5_000 + b"}", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"\x1f\x8b" + b"\x00" * 1000, "application/gzip"),
        (b"number=1", ""),
    ],
)
async def test_a_body_of_any_shape_is_answered(app: FastAPI, content: bytes, kind: str):
    async with visiting(app) as browser:
        answer = await browser.post("/", content=content, headers={"Content-Type": kind})
    assert 400 <= answer.status_code < 500


async def test_no_name_number_or_code_reaches_a_log(
    app: FastAPI, engine: AsyncEngine, clock: Clock, caplog: pytest.LogCaptureFixture
):
    canaries = [
        "Канарейкина",
        "+79160001122",
        "9160001122",
        "7777-4242",
        "77774242",
        "Жёлтый кабриолет",
        TOKEN,
        "код 482913",
    ]
    person = a_person(name="Канарейкина Пеструшка", phones=("+79160001122",))
    claim = await a_known_claim(engine, claim_number="7777-4242", policyholder=person, object_label="Жёлтый кабриолет")
    await a_link(engine, claim, now=clock.now)
    caplog.set_level(logging.DEBUG, logger="claims_portal")
    async with visiting(app) as browser:
        await browser.post("/", data={"number": "7777-4242", "phone": "+79160001122"})
        await browser.post("/code", data={"code": "482913"})
        await browser.get(f"/c/{TOKEN}")
        await browser.get("/c/ZZZZ0000")
        await browser.post("/", data={"number": "7777-4242"}, headers={"Sec-Fetch-Site": "cross-site"})
    async with signed_in(app, claim) as browser:
        await browser.get(f"/claim/{claim.id}")
        await browser.post(f"/claim/{claim.id}/questions", data={"question": "код 482913"})
    lines = [
        f"{record.getMessage()} {record.__dict__}" for record in caplog.records if record.name.startswith("claims_")
    ]
    assert lines
    assert [canary for canary in canaries for line in lines if canary in line] == []
