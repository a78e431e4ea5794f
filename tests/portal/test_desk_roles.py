"""Who may do what at the desk: every route of it × every role, as a table."""

import re
from uuid import uuid4

import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import update
from sqlmodel import select

from claims_core.db import session_scope
from claims_core.tables import ChangeRequest, Claim
from claims_portal.tables import Role
from tests.factories import a_claim
from tests.portal.desk import at_the_desk

TEAM = "отдел КАСКО"
HANDLER, AGENT, SUPERVISOR, ADMINISTRATOR, AUDITOR = Role
READ = {HANDLER, AGENT, SUPERVISOR, AUDITOR}
ANSWER = {HANDLER, AGENT, SUPERVISOR}
CHANGE = {HANDLER, SUPERVISOR}
KEEP = {SUPERVISOR, ADMINISTRATOR}
MAY = {
    ("GET", "/desk"): READ,
    ("POST", "/desk/views"): ANSWER,
    ("POST", "/desk/views/{view_id:uuid}/drop"): ANSWER,
    ("GET", "/desk/questions"): READ,
    ("POST", "/desk/questions/{question_id:uuid}/take"): ANSWER,
    ("POST", "/desk/questions/{question_id:uuid}/hand-over"): ANSWER,
    ("GET", "/desk/calls"): READ,
    ("POST", "/desk/calls/{request_id:uuid}"): ANSWER,
    ("GET", "/desk/calls/lines"): ANSWER,
    ("POST", "/desk/calls/duty"): ANSWER,
    ("GET", "/desk/calls/line/{call_id:uuid}"): ANSWER,
    ("POST", "/desk/calls/line/{call_id:uuid}/take"): ANSWER,
    ("POST", "/desk/calls/line/{call_id:uuid}/whose"): ANSWER,
    ("POST", "/desk/calls/line/{call_id:uuid}/code"): ANSWER,
    ("POST", "/desk/calls/line/{call_id:uuid}/proof"): ANSWER,
    ("POST", "/desk/calls/line/{call_id:uuid}/outcome"): ANSWER,
    ("POST", "/desk/calls/line/{call_id:uuid}/recording"): ANSWER,
    ("POST", "/desk/{claim_id:uuid}/call"): ANSWER,
    ("POST", "/desk/{claim_id:uuid}/account"): CHANGE,
    ("GET", "/desk/files"): READ,
    ("GET", "/desk/{claim_id:uuid}/files"): READ,
    ("GET", "/desk/{claim_id:uuid}/files/{upload_id:uuid}"): READ,
    ("POST", "/desk/{claim_id:uuid}/files/{upload_id:uuid}"): ANSWER,
    ("POST", "/desk/{claim_id:uuid}/paper"): ANSWER,
    ("GET", "/desk/{claim_id:uuid}"): READ,
    ("GET", "/desk/{claim_id:uuid}/under-way"): READ,
    ("GET", "/desk/{claim_id:uuid}/as-client"): READ,
    ("GET", "/desk/{claim_id:uuid}/representatives"): READ,
    ("POST", "/desk/{claim_id:uuid}/representatives"): CHANGE,
    ("POST", "/desk/{claim_id:uuid}/representatives/{representative_id:uuid}/end"): CHANGE,
    ("POST", "/desk/{claim_id:uuid}/preview"): CHANGE,
    ("POST", "/desk/{claim_id:uuid}/change"): CHANGE,
    ("POST", "/desk/changes/{change_id:uuid}/undo"): CHANGE,
    ("GET", "/desk/dates"): CHANGE,
    ("POST", "/desk/dates/preview"): CHANGE,
    ("POST", "/desk/dates/save"): CHANGE,
    ("GET", "/desk/dates/{batch_id:uuid}"): CHANGE,
    ("POST", "/desk/dates/{batch_id:uuid}/undo"): CHANGE,
    ("POST", "/desk/{claim_id:uuid}/answer"): ANSWER,
    ("POST", "/desk/{claim_id:uuid}/held"): CHANGE,
    ("POST", "/desk/{claim_id:uuid}/sentence"): CHANGE,
    ("GET", "/desk/sources"): KEEP,
    ("POST", "/desk/sources/rejected/{rejected_id:uuid}/retry"): KEEP,
    ("POST", "/desk/sources/runs/{run_id:uuid}/release"): {SUPERVISOR},
    ("POST", "/desk/sources/runs/{run_id:uuid}/drop"): {SUPERVISOR},
    ("GET", "/desk/health"): KEEP,
    ("GET", "/desk/rules"): {SUPERVISOR, ADMINISTRATOR, AUDITOR},
    ("POST", "/desk/rules/preview"): {SUPERVISOR, ADMINISTRATOR},
    ("POST", "/desk/rules/propose"): {SUPERVISOR, ADMINISTRATOR},
    ("POST", "/desk/rules/publish"): {SUPERVISOR, ADMINISTRATOR},
    ("POST", "/desk/rules/withdraw"): {SUPERVISOR, ADMINISTRATOR},
    ("GET", "/desk/texts"): {SUPERVISOR, ADMINISTRATOR, AUDITOR},
    ("GET", "/desk/texts/{template}/{file}"): {SUPERVISOR, ADMINISTRATOR, AUDITOR},
    ("POST", "/desk/texts/{template}/{file}/preview"): {SUPERVISOR, ADMINISTRATOR},
    ("POST", "/desk/texts/{template}/{file}/propose"): {SUPERVISOR, ADMINISTRATOR},
    ("POST", "/desk/texts/{template}/{file}/publish"): {SUPERVISOR, ADMINISTRATOR},
    ("POST", "/desk/texts/{template}/{file}/retire"): {SUPERVISOR, ADMINISTRATOR},
    ("GET", "/desk/erasures"): READ,
    ("POST", "/desk/erasures/{erasure_id:uuid}/check"): CHANGE,
    ("POST", "/desk/erasures/{erasure_id:uuid}/carry-out"): {SUPERVISOR},
    ("GET", "/desk/pilots"): KEEP,
    ("GET", "/desk/pilots/new"): KEEP,
    ("POST", "/desk/pilots"): KEEP,
    ("GET", "/desk/pilots/{pilot_id:uuid}"): KEEP,
    ("POST", "/desk/pilots/{pilot_id:uuid}"): KEEP,
    ("GET", "/desk/pilots/{pilot_id:uuid}/sheet"): KEEP,
    ("POST", "/desk/pilots/{pilot_id:uuid}/start"): KEEP,
    ("POST", "/desk/pilots/{pilot_id:uuid}/stop"): KEEP,
    ("GET", "/desk/audit"): {SUPERVISOR, ADMINISTRATOR, AUDITOR},
    ("GET", "/desk/audit/sheet"): {SUPERVISOR, ADMINISTRATOR, AUDITOR},
    ("POST", "/desk/sign-out"): set(Role),
}
OPEN_TO_ALL = {
    ("GET", "/desk/sign-in"),
    ("POST", "/desk/sign-in"),
    ("POST", "/desk/sign-in/code"),
    ("GET", "/desk/oidc/sign-in"),
    ("GET", "/desk/oidc/callback"),
    ("GET", "/desk/oidc/signed-out"),
    ("POST", "/desk/oidc/signed-out"),
}


def _filled(path: str, claim: Claim) -> str:
    """The path with this claim, and with nobody's id wherever another thing is named."""
    return re.sub(r"\{\w+:uuid\}", str(uuid4()), path.replace("{claim_id:uuid}", str(claim.id)))


def desk_routes(app) -> set[tuple[str, str]]:
    return {
        (method, route.path)
        for route in iter_route_contexts(list(app.routes))
        if route.path.startswith("/desk")
        for method in route.methods - {"HEAD"}
    }


def test_the_table_names_every_route_of_the_desk(app):
    assert desk_routes(app) == set(MAY) | OPEN_TO_ALL


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_may_do_what_the_table_says_and_no_more(engine, app, role):
    async with session_scope(engine) as session:
        claim = await a_claim(session)
    for method, path in sorted(MAY):
        address = _filled(path, claim)
        async with at_the_desk(app, engine, role) as browser:
            answer = await browser.request(method, address, data={} if method == "POST" else None)
        assert (answer.status_code == 403) is (role not in MAY[method, path]), (method, path, answer.status_code)
        if answer.status_code == 403:
            assert "This page is not for your role" in answer.text
        assert answer.status_code < 500
    async with session_scope(engine) as session:
        assert (await session.exec(select(ChangeRequest))).all() == []


@pytest.mark.parametrize("role", list(Role))
async def test_a_claim_of_ones_own_team_of_another_and_of_nobody_is_the_same_to_a_role(engine, app, role):
    """Any claim of the house is for whoever has the role: the team says who is asked first. What is none is nowhere."""
    async with session_scope(engine) as session:
        own, other = await a_claim(session), await a_claim(session)
        await session.exec(update(Claim).where(Claim.id == own.id).values(team=TEAM))
        await session.exec(update(Claim).where(Claim.id == other.id).values(team="somebody else"))
    wrong, cells = [], 0
    async with at_the_desk(app, engine, role) as browser:
        for method, path in sorted(place for place in MAY if "{claim_id:uuid}" in place[1]):
            said = {}
            for whose, claim_id in (("own", own.id), ("other", other.id), ("missing", uuid4())):
                reached = _filled(path.replace("{claim_id:uuid}", str(claim_id)), own)
                answer = await browser.request(method, reached, data={} if method == "POST" else None)
                said[whose], cells = answer.status_code, cells + 1
            may, gone = role in MAY[method, path], said["missing"]
            whole = said["own"] == said["other"] and (said["own"] != 403) is may and max(said.values()) < 500
            # An empty form is refused before the claim is looked for, in words or back on its page, which is none.
            refused = (404,) if method == "GET" else (303, 404, 409, 422)
            if not whole or gone not in (refused if may else (403,)):
                wrong.append((method, path, said))
    assert wrong == []
    assert cells >= 40


async def test_nobody_who_is_not_signed_in_sees_anything(engine, app, browser):
    async with session_scope(engine) as session:
        claim = await a_claim(session)
    for method, path in sorted(MAY):
        address = _filled(path, claim)
        answer = await browser.request(method, address)
        assert answer.status_code == 401, (method, path)
        assert claim.claim_number not in answer.text


@pytest.mark.parametrize("role", [HANDLER, AGENT, SUPERVISOR, AUDITOR])
async def test_a_claim_that_does_not_exist_is_not_there(engine, app, role):
    async with at_the_desk(app, engine, role) as browser:
        for address in (f"/desk/{uuid4()}", "/desk/not-an-id", "/desk/1", f"/desk/{uuid4()}/under-way"):
            assert (await browser.get(address)).status_code == 404, address


async def test_who_may_not_change_gets_no_form_for_it(engine, app):
    async with session_scope(engine) as session:
        claim = await a_claim(session)
    for role, form in ((HANDLER, True), (SUPERVISOR, True), (AGENT, False), (AUDITOR, False)):
        async with at_the_desk(app, engine, role) as browser:
            page = (await browser.get(f"/desk/{claim.id}")).text
        assert ('id="move"' in page) is form, role
        assert ("Your role reads the claim" in page) is not form, role
