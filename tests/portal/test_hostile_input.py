"""Generated hostile input on every route: no 500, the same strict headers on every answer, nobody else's data in any.

Every route is driven by schemathesis from its own OpenAPI, with the edge list of `test_doors` in it, by a stranger and
a policyholder; pages by forms that hypothesis makes of the names our forms have, too. A failure repeats with its seed
alone; `make soak` goes on for longer.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any, TypeVar

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from sqlalchemy import text

from claims_core.db import session_scope
from claims_core.requested import ExtensionReason
from claims_core.tables import Claim
from claims_portal.shield import SECURITY
from claims_portal.tables import Role
from tests.factories import a_person
from tests.portal.desk import at_the_desk
from tests.portal.links import a_link
from tests.portal.people import a_known_claim, signed_in
from tests.portal.portal import portal_app, visiting
from tests.portal.states import a_claim_in
from tests.portal.test_doors import NASTY, address, routes_of

Value = TypeVar("Value")
_A_MOMENT = timedelta(seconds=1)
SIZES = [pytest.param(1, 2, id="2"), pytest.param(2, 150, id="150", marks=pytest.mark.soak)]

# Somebody whom none of the visitors is: nothing of this may be in any answer to them.
CANARIES = ("Канарейкина", "9160001122", "7777-4242", "77774242", "Жёлтый кабриолет", "canary@example.org")
KINDS = {
    "text/html; charset=utf-8",
    "text/plain; charset=utf-8",
    "application/json",
    "application/pdf",
    "text/csv; charset=utf-8",
    "text/xml; charset=utf-8",
    "text/event-stream; charset=utf-8",
}
NAMES = (  # noqa: SIM905 - read as a list of words
    "number phone code remember question cadence language night_from night_to pilot wording_version agree leave theme "
    "back act next login password ticket kept action amount money_by reason clause document documents other_document "
    "due_date extend_reason new_date outcome note untold_reason untold_words told version previewed claim to had show "
    "notification answer contact name until paper outcome q stage line waiting term whose silent questions after via "
    "again done holder bic text slot latitude longitude about position category title why word sent files"
).split()
WORDS = ["yes", "no", "send", "approve", "extend", "often", "ru", "21:00", "0", "1", "2026-06-08", *ExtensionReason]
TEXTS = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(NASTY),
    st.text(max_size=60),
    st.integers().map(str),
    st.uuids().map(str),
    st.datetimes().map(str),
)
FORMS = st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=12)
BODIES = st.one_of(
    st.tuples(st.just("application/x-www-form-urlencoded"), st.binary(max_size=80)),
    st.tuples(st.just("multipart/form-data; boundary=x"), st.binary(max_size=80).map(lambda raw: b"--x\r\n" + raw)),
    st.tuples(st.just("application/json"), st.lists(st.none() | st.text()).map(json.dumps).map(str.encode)),
)


QUIETLY = settings(database=None, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))


def made(values: st.SearchStrategy[Value], chance: int, many: int) -> list[Value]:
    """So many values, the same ones for the same seed."""
    found: list[Value] = []

    @seed(chance)
    @settings(
        max_examples=many, database=None, phases=[Phase.generate], deadline=None, suppress_health_check=HealthCheck
    )
    @given(values)
    def collect(value: Value) -> None:
        found.append(value)

    collect()
    return found


def _pairs(form: list[tuple[str, str]]) -> dict[str, list[str]]:
    """As httpx wants a form in which a name may come twice."""
    return {name: [typed for given, typed in form if given == name] for name, _ in form}


def must_be_sound(answer: httpx.Response, where: object) -> None:
    """Answered, dressed like every answer, and without a word about the one whose data this is not."""
    assert answer.status_code < 500, where
    for name, value in SECURITY.items():
        assert value in answer.headers[name], (where, name)
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    assert "Cache-Control" in answer.headers, where
    if answer.content:
        assert answer.headers["Content-Type"] in KINDS, where
    shown = answer.text + str(answer.headers)
    assert [one for one in CANARIES if one in shown] == [], where


@pytest.fixture
async def open_app(engine, pool, clock) -> FastAPI:
    """A portal that lets one visitor read without end, with somebody else's claim in it."""
    much = {"portal_reads_per_session": 10**6, "portal_reads_per_network": 10**6}
    person = a_person(name="Канарейкина Пеструшка", phones=("+79160001122",), email="canary@example.org")
    await a_known_claim(engine, claim_number="7777-4242", policyholder=person, object_label="Жёлтый кабриолет")
    return portal_app(engine, pool, clock, **much)


@pytest.mark.parametrize(("chance", "many"), SIZES)
async def test_no_form_or_address_brings_a_500_a_bare_answer_or_somebody_elses_data(
    engine, open_app, clock, chance: int, many: int
):
    async with session_scope(engine) as session:
        claim = await a_claim_in(session, "awaiting", now=clock.now)
    await a_link(engine, claim, now=clock.now)
    forms, bodies = made(FORMS, chance, 20 * many), made(BODIES, chance, 10 * many)
    tried = 0
    async with visiting(open_app) as stranger, signed_in(open_app, claim) as owner:
        for visitor in (stranger, owner):
            for method, path, _ in routes_of(open_app):
                if path.startswith("/webhooks/") or (path.startswith("/desk") and visitor is owner):
                    continue
                for _ in range(many):
                    form, (kind, body) = forms[tried % len(forms)], bodies[tried % len(bodies)]
                    reached = address(path, claim)
                    if method == "GET":
                        answer = await visitor.get(reached, params=[(name, typed[:500]) for name, typed in form])
                    elif tried % 3:
                        answer = await visitor.post(reached, data=_pairs(form))
                    else:
                        answer = await visitor.post(reached, content=body, headers={"Content-Type": kind})
                    must_be_sound(answer, (chance, method, path, form, body))
                    tried += 1
                    clock.now += _A_MOMENT
    assert tried > 30 * many


@pytest.mark.parametrize(("chance", "many"), SIZES)
async def test_no_form_brings_a_500_at_the_desk(engine, open_app, chance: int, many: int):
    claim = await a_known_claim(engine)
    forms = made(FORMS, chance + 10, 15 * many)
    tried = 0
    async with at_the_desk(open_app, engine, Role.SUPERVISOR) as head:
        for method, path, _ in routes_of(open_app):
            if not path.startswith("/desk") or path in ("/desk/sign-out", "/desk/sign-in", "/desk/sign-in/code"):
                continue
            for _ in range(many):
                form = [*forms[tried % len(forms)], ("claim", str(claim.id)), ("version", "1")]
                reached = path.replace("{claim_id:uuid}", str(claim.id))
                reached = reached if "{" not in reached else address(reached.replace(":uuid", ""), claim)
                # A longer address no browser sends, and no client makes.
                short = [(name, typed[:500]) for name, typed in form]
                answer = await (
                    head.get(reached, params=short) if method == "GET" else head.post(reached, data=_pairs(form))
                )
                assert answer.status_code < 500, (chance, method, path, form)
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                tried += 1
    assert tried > 12 * many


@pytest.mark.parametrize(
    ("chance", "many", "least"),
    [pytest.param(1, 3, 2_000, id="2000"), pytest.param(2, 18, 12_000, id="12000", marks=pytest.mark.soak)],
)
async def test_every_route_answers_whatever_its_own_description_allows_and_forbids(
    engine, open_app, clock, chance: int, many: int, least: int
):
    async with session_scope(engine) as session:
        claim = await a_claim_in(session, "awaiting", now=clock.now)
    await a_link(engine, claim, now=clock.now)
    bodies, tried = made(BODIES, chance, 10 * many), 0
    async with visiting(open_app) as stranger, signed_in(open_app, claim) as owner:
        for operation in operations_of(open_app):
            async with engine.begin() as connection:
                # So that each route is tried, and not only its limit.
                await connection.execute(text("delete from rate_count"))
            for mode, case in _of_both_modes(operation, chance, many):
                for own, visitor in product((False, True, True, True), (stranger, owner)):
                    nasty = NASTY[tried % len(NASTY)] if own else None
                    request = _request(case, claim if own else None, nasty, bodies[tried % len(bodies)])
                    must_be_sound(await visitor.request(**request), (chance, mode, case, own, nasty))
                    tried += 1
    assert tried >= least


def operations_of(app: FastAPI) -> list[Any]:
    """Every route of the portal but the desk's and signing out, as OpenAPI describes them."""
    described = FastAPI()
    for route in iter_route_contexts(app.routes):
        if getattr(route, "dependant", None) and not route.path.startswith("/desk") and route.path != "/sign-out":
            described.add_api_route(route.path, route.endpoint, methods=list(route.methods))
    found = schemathesis.openapi.from_dict(described.openapi()).get_all_operations()
    return [each.ok() for each in found]


def _of_both_modes(operation: Any, chance: int, many: int) -> Iterator[tuple[GenerationMode, schemathesis.Case]]:
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        try:
            yield from ((mode, case) for case in made(operation.as_strategy(generation_mode=mode), chance, many))
        except Unsatisfiable:
            continue  # nothing of it can be wrong: it takes no parameters, or any text


def _request(case: schemathesis.Case, own: Claim | None, nasty: str | None, other: tuple[str, bytes]) -> dict[str, Any]:
    """A generated case as httpx sends it: about nobody's claim, or about one's `own` with one of the edge list in it.

    What describes no body gets one all the same.
    """
    asked = case.as_transport_kwargs(base_url="https://claims.example")
    sent = {"method": asked["method"], "url": asked["url"]}
    params = [(str(name), str(value)) for name, value in dict(asked["params"] or {}).items()]
    body = {str(name): str(value) for name, value in case.body.items()} if isinstance(case.body, dict) else {}
    if own is not None and nasty is not None:
        sent["url"] = address(case.operation.path.replace("{token:link}", "{token}"), own)
        params, body = [(name, nasty) for name, _ in params], _with_one(body, nasty)
    sent["params"] = [(name[:100], value[:500]) for name, value in params]
    if isinstance(case.body, dict):
        return sent | {"data": body}
    return sent | {"headers": {"Content-Type": other[0]}, "content": other[1]}


def _with_one(body: dict[str, str], nasty: str) -> dict[str, str]:
    """The same form with `nasty` in the field whose turn it is."""
    turn = len(nasty) % len(body) if body else 0
    return {name: nasty if place == turn else value for place, (name, value) in enumerate(body.items())}
