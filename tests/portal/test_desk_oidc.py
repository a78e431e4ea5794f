"""The desk by the insurer's own sign-in: the whole way with a real provider, and every way it can go wrong."""

import hashlib
import logging
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import get_args
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr, ValidationError
from sqlmodel import select

from claims_core.clock import utc_now
from claims_core.db import session_scope
from claims_core.errors import Conflict
from claims_core.findings import Finding, finding
from claims_core.tables import AuditEntry
from claims_portal.oidc import Provider
from claims_portal.oidc_settings import GroupRole
from claims_portal.staff import NewStaff, add_staff, disable_staff, find_staff, link_staff
from claims_portal.tables import Role, Staff, StaffSession
from tests.factories import a_claim
from tests.portal import oidc
from tests.portal.desk import PASSWORD, a_staff, at_the_desk
from tests.portal.oidc import (
    CLIENT,
    FROM_ELSEWHERE,
    ISSUER,
    TABLE,
    Liar,
    by_hand,
    ec_key,
    id_claims,
    out_claims,
    rsa_key,
    signed,
)
from tests.portal.portal import NOON, PUBLIC_URL, Clock, portal_settings, visiting

STAFF_COOKIE = "__Host-staff"
NOW = NOON.timestamp()


@pytest.fixture
def liar(app: FastAPI) -> Liar:
    liar = Liar()
    oidc.offer(app, transport=liar.transport)
    return liar


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with oidc.real_provider() as address:
        yield address


async def people(engine) -> list[Staff]:
    async with session_scope(engine) as session:
        return list((await session.exec(select(Staff).order_by(Staff.login))).all())


async def sessions(engine) -> int:
    async with session_scope(engine) as session:
        return len((await session.exec(select(StaffSession))).all())


# The provider from PyPI is written for an older Authlib; nothing of ours.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_the_whole_way_with_a_real_provider(engine, app, clock, provider):
    clock.now = utc_now()
    oidc.offer(app, provider)
    known = {"name": "Ольга Ким", "email": "o@insurer.example", "preferred_username": "o.kim", "groups": ["claims"]}
    async with httpx.AsyncClient(trust_env=False) as outside, visiting(app) as browser:
        await outside.put(f"{provider}/users/olga", json=known)
        gone = await browser.get("/desk/oidc/sign-in", params={"next": "/desk/questions"})
        asked = parse_qs(urlsplit(gone.headers["location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["redirect_uri"] == [f"{PUBLIC_URL}/desk/oidc/callback"]
        back = await outside.post(gone.headers["location"], data={"sub": "olga"})
        entered = await browser.get(back.headers["location"], headers=FROM_ELSEWHERE)
        assert (entered.status_code, entered.headers["location"]) == (303, "/desk/questions"), entered.text
        assert all(flag in entered.headers["set-cookie"] for flag in ("__Host-staff=", "Secure", "HttpOnly"))
        assert (await browser.get("/desk")).status_code == 200
        # The same answer again, and the refusal that the provider's own button gives.
        assert (await browser.get(back.headers["location"])).status_code == 400
        gone = await browser.get("/desk/oidc/sign-in")
        back = await outside.post(gone.headers["location"], data={"action": "deny"})
        denied = await browser.get(back.headers["location"], headers=FROM_ELSEWHERE)
        assert denied.status_code in (400, 403), denied.text
    [olga] = await people(engine)
    assert (olga.login, olga.name, olga.email, olga.role) == ("o.kim", "Ольга Ким", "o@insurer.example", Role.HANDLER)
    assert (olga.password_hash, olga.oidc_subject) == (None, "olga")


async def test_the_code_is_exchanged_with_the_verifier_whose_hash_went_first(browser, liar):
    carried = await oidc.begin(browser)
    liar.token = signed(id_claims(NOW, carried["nonce"]))
    assert (await oidc.come_back(browser, state=carried["state"], code="a-code")).status_code == 303
    [request] = [each for each in liar.asked if each.url.path.endswith("/token")]
    form = parse_qs(request.content.decode())
    digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
    assert urlsafe_b64encode(digest).decode().rstrip("=") == carried["code_challenge"]
    assert form["code"] == ["a-code"]
    assert request.headers["authorization"].startswith("Basic ")


async def test_another_browser_and_another_state_and_an_old_one_open_nothing(engine, app, browser, liar, clock):
    carried = await oidc.begin(browser)
    liar.token = signed(id_claims(NOW, carried["nonce"]))
    async with visiting(app) as thief:
        assert (await oidc.come_back(thief, state=carried["state"], code="c")).status_code == 400
    changed = carried["state"][:-1] + ("A" if carried["state"][-1] != "A" else "B")
    for state in ("", "x", changed, carried["state"] + "x", "\0" * 22, "é" * 22):
        assert (await oidc.come_back(browser, state=state, code="c")).status_code == 400, state
    clock.now += timedelta(minutes=11)
    assert (await oidc.come_back(browser, state=carried["state"], code="c")).status_code == 400
    assert await people(engine) == []


async def test_two_tabs_sign_in_beside_each_other(browser, liar):
    first, second = await oidc.begin(browser, "/desk/questions"), await oidc.begin(browser, "/desk/calls")
    for carried, page in ((first, "/desk/questions"), (second, "/desk/calls")):
        liar.token = signed(id_claims(NOW, carried["nonce"]))
        back = await oidc.come_back(browser, state=carried["state"], code="c")
        assert back.headers["location"] == page


def lies(nonce: str) -> dict[str, str]:
    """Tokens that must not be believed, each wrong in one thing."""
    good, header = id_claims(NOW, nonce), {"alg": "none", "kid": "today"}
    public, stranger = rsa_key().as_pem(private=False), ec_key("stranger")
    wrong = {
        "nonce": {"nonce": "another"},
        "no nonce": {"nonce": None},
        "issuer": {"iss": ISSUER + "/"},
        "no issuer": {"iss": None},
        "audience": {"aud": "another-desk"},
        "two audiences and no azp": {"aud": [CLIENT, "another"]},
        "azp": {"aud": [CLIENT, "another"], "azp": "another"},
        "expired": {"exp": int(NOW) - 61},
        "no expiry": {"exp": None},
        "of the future": {"iat": int(NOW) + 61},
        "strange expiry": {"exp": "soon"},
        "endless expiry": {"exp": float("inf")},
        "no subject": {"sub": None},
        "empty subject": {"sub": ""},
        "subject of many letters": {"sub": "x" * 256},
        "subject with a NUL": {"sub": "a\0"},
    }
    tokens = {name: signed(id_claims(NOW, nonce, **over)) for name, over in wrong.items()}
    tokens |= {
        "alg none": by_hand(good, header),
        "alg None": by_hand(good, {**header, "alg": "None"}),
        "no alg": by_hand(good, {"kid": "today"}),
        "HS256 with the public key": by_hand(good, {"alg": "HS256", "kid": "rsa"}, public),
        "HS256 with nothing": by_hand(good, {"alg": "HS256", "kid": "today"}, b""),
        "an unknown key": signed(good, stranger),
        "another's key under a known name": signed(good, stranger, kid="today"),
        "a key of its own": signed(
            good, ec_key("stranger"), kid="today", jwk=ec_key("stranger").as_dict(private=False)
        ),
        "another algorithm for the key": by_hand(good, {"alg": "ES256", "kid": "rsa"}, public),
        "cut": signed(good)[:-10],
        "with another's claims": ".".join(
            (signed(good).split(".")[0], signed(good | {"sub": "boss"}).split(".")[1], signed(good).split(".")[2])
        ),
        "no token": "",
        "no token at all": "x.y.z",
        "of other letters": "é" * 40,
        "deep": by_hand({}, {}).replace("e30", "W" * 30_000),
        "long": "a" * 40_000,
    }
    return tokens


async def test_no_false_token_lets_anybody_in(engine, browser, liar):
    liar.keys = [ec_key(), rsa_key()]
    for name in lies("-"):
        carried = await oidc.begin(browser)
        liar.token = lies(carried["nonce"])[name]
        refused = await oidc.come_back(browser, state=carried["state"], code="c")
        assert refused.status_code == 502, name
        assert STAFF_COOKIE not in browser.cookies, name
        assert "The log says why" in refused.text or "причина записана" in refused.text
    assert await people(engine) == []
    assert (await oidc.sign_in(browser, liar, NOW)).status_code == 303


async def test_the_two_clocks_may_be_a_minute_apart(browser, liar):
    assert (await oidc.sign_in(browser, liar, NOW, iat=int(NOW) + 55)).status_code == 303
    assert (await oidc.sign_in(browser, liar, NOW, exp=int(NOW) - 55)).status_code == 303


async def test_a_new_key_of_the_provider_is_found_and_strange_ones_are_not_looked_for_without_end(browser, liar, app):
    assert (await oidc.sign_in(browser, liar, NOW)).status_code == 303
    liar.keys = [ec_key("tomorrow")]
    app.state.portal.oidc._keys_read -= 31  # half a minute later
    carried = await oidc.begin(browser)
    liar.token = signed(id_claims(NOW, carried["nonce"]), ec_key("tomorrow"))
    assert (await oidc.come_back(browser, state=carried["state"], code="c")).status_code == 303
    read = liar.keys_read()
    for _ in range(5):
        strange = signed(out_claims(NOW), ec_key("stranger"))
        assert (await browser.post("/desk/oidc/signed-out", data={"logout_token": strange})).status_code == 400
    assert liar.keys_read() == read == 2


async def test_the_answer_must_say_the_issuer_where_the_provider_always_does(browser, liar):
    for said, status in (({"iss": ISSUER}, 303), ({"iss": "https://evil.example"}, 502), ({}, 303)):
        carried = await oidc.begin(browser)
        liar.token = signed(id_claims(NOW, carried["nonce"]))
        assert (await oidc.come_back(browser, state=carried["state"], code="c", **said)).status_code == status, said


async def test_without_the_issuer_no_answer_where_the_provider_says_that_it_always_names_it(browser, liar):
    liar.document = {"authorization_response_iss_parameter_supported": True}
    carried = await oidc.begin(browser)
    assert (await oidc.come_back(browser, state=carried["state"], code="c")).status_code == 502


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["claims"], Role.HANDLER),
        ("claims", Role.HANDLER),
        (["audit", "claims"], Role.HANDLER),
        (["claims", "heads"], Role.SUPERVISOR),
        (["Claims"], None),
        (["nobody's"], None),
        ([], None),
        ([["claims"], {"claims": 1}, None, 7], None),
        ({"claims": True}, None),
        (None, None),
    ],
)
async def test_the_first_line_of_the_table_that_fits_gives_the_role_and_no_line_no_access(
    engine, app, liar, groups, role
):
    liar.userinfo = {"sub": "marina"}
    async with visiting(app, headers={"Accept-Language": "en"}) as browser:
        entered = await oidc.sign_in(browser, liar, NOW, groups=groups)
        if role is None:
            assert entered.status_code == 403
            assert "Ask your administrator" in unescape(entered.text)
            assert (await browser.get("/desk")).status_code == 401
    assert [person.role for person in await people(engine)] == ([role] if role else [])


async def test_groups_that_the_token_leaves_out_are_asked_for_and_only_of_the_same_person(engine, browser, liar):
    liar.userinfo = {"sub": "marina", "groups": ["audit"], "name": "not this one"}
    assert (await oidc.sign_in(browser, liar, NOW, groups=None)).status_code == 303
    [person] = await people(engine)
    assert (person.role, person.name) == (Role.AUDITOR, "Марина Котова")
    liar.userinfo = {"sub": "boss", "groups": ["heads"]}
    assert (await oidc.sign_in(browser, liar, NOW, groups=None)).status_code == 502


async def test_name_address_and_role_follow_the_provider_and_another_role_ends_the_sessions_of_before(
    engine, app, browser, liar
):
    await oidc.sign_in(browser, liar, NOW)
    await oidc.sign_in(browser, liar, NOW, name="Марина Белова", email="no address")
    [person] = await people(engine)
    assert (person.login, person.name, person.email) == ("m.kotova", "Марина Белова", None)
    async with visiting(app) as elsewhere:
        await oidc.sign_in(elsewhere, liar, NOW, groups=["heads"])
        assert (await browser.get("/desk")).status_code == 401
        assert (await elsewhere.get("/desk")).status_code == 200
    [person] = await people(engine)
    assert (person.role, person.team) == (Role.SUPERVISOR, "Motor")


async def test_whoever_lost_the_group_loses_all_sessions_with_the_next_sign_in(engine, app, browser, liar):
    await oidc.sign_in(browser, liar, NOW)
    async with visiting(app) as elsewhere:
        assert (await oidc.sign_in(elsewhere, liar, NOW, groups=[])).status_code == 403
    assert (await browser.get("/desk")).status_code == 401
    assert await sessions(engine) == 0


async def test_a_disabled_person_is_out_at_the_next_request_and_does_not_come_in_again(engine, browser, liar):
    await oidc.sign_in(browser, liar, NOW)
    async with session_scope(engine) as session:
        await disable_staff(session, "m.kotova", by="test", now=NOON)
    assert (await browser.get("/desk")).status_code == 401
    refused = await oidc.sign_in(browser, liar, NOW)
    assert refused.status_code == 403
    assert "закрыт" in refused.text


async def test_somebody_who_comes_for_the_first_time_twice_at_once_is_added_once(engine):
    new = NewStaff("anna", "Anna", Role.HANDLER, None, None, oidc_issuer=oidc.ISSUER, oidc_subject="a-1")
    async with session_scope(engine) as session:
        await add_staff(session, new, by="oidc", now=NOON)
    async with session_scope(engine) as session:
        with pytest.raises(Conflict):
            await add_staff(session, replace(new, login="anna.k"), by="oidc", now=NOON)
        assert [person.login for person in await session.exec(select(Staff))] == ["anna"]


async def test_a_login_that_somebody_has_is_not_taken_over(engine, browser, liar):
    theirs = await a_staff(engine, Role.ADMINISTRATOR, "m.kotova")
    await oidc.sign_in(browser, liar, NOW)
    mine = next(person for person in await people(engine) if person.id != theirs.id)
    assert mine.login.startswith("oidc-")
    assert mine.role is Role.HANDLER
    async with session_scope(engine) as session:
        again = await find_staff(session, "m.kotova")
    assert again is not None
    assert (again.oidc_subject, again.role) == (None, Role.ADMINISTRATOR)


async def test_who_had_a_password_goes_on_as_who_they_are_once_they_are_linked(engine, browser, liar):
    before = await a_staff(engine, Role.AUDITOR, "kotova")
    async with session_scope(engine) as session:
        await link_staff(session, "kotova", issuer=ISSUER, subject="marina", by="test", now=NOON)
    assert (await oidc.sign_in(browser, liar, NOW)).status_code == 303
    [person] = await people(engine)
    assert (person.id, person.login, person.role) == (before.id, "kotova", Role.HANDLER)


async def test_after_an_hour_the_provider_is_asked_again_and_whoever_is_at_work_notices_nothing(browser, liar, clock):
    await oidc.sign_in(browser, liar, NOW)
    for _ in range(3):
        clock.now += timedelta(minutes=19)
        assert (await browser.get("/desk/questions")).status_code == 200
    clock.now += timedelta(minutes=4)
    again = await browser.get("/desk/questions")
    assert (again.status_code, again.headers["location"]) == (303, "/desk/oidc/sign-in?next=%2Fdesk%2Fquestions")
    script = await browser.get("/desk/questions", headers={"Sec-Fetch-Dest": "empty"})
    assert script.status_code == 401


async def test_whoever_was_away_is_asked_to_press_and_is_not_let_in_by_themselves(browser, liar, clock):
    await oidc.sign_in(browser, liar, NOW)
    clock.now += timedelta(minutes=61)
    refused = await browser.get("/desk/questions")
    assert refused.status_code == 401
    assert 'href="/desk/oidc/sign-in?next=%2Fdesk%2Fquestions"' in refused.text


async def test_what_was_typed_when_the_hour_ended_comes_back_after_the_provider(engine, browser, liar, clock):
    async with session_scope(engine) as session:
        claim = await a_claim(session)
    await oidc.sign_in(browser, liar, NOW)
    clock.now += timedelta(minutes=61)
    posted = await browser.post(f"/desk/{claim.id}/preview", data={"note": "не потерять"})
    assert posted.status_code == 401
    entered = await oidc.sign_in(browser, liar, clock.now.timestamp())
    assert entered.headers["location"] == f"/desk/{claim.id}?kept=1#mv"


async def test_the_provider_signs_somebody_out_and_the_next_request_is_refused(engine, app, browser, liar):
    await oidc.sign_in(browser, liar, NOW)
    async with visiting(app, headers=FROM_ELSEWHERE) as provider, at_the_desk(app, engine, login="other") as other:
        token = signed(out_claims(NOW), typ="logout+jwt")
        heard = await provider.post("/desk/oidc/signed-out", data={"logout_token": token})
        assert (heard.status_code, heard.headers["cache-control"]) == (200, "no-store")
        assert (await browser.get("/desk")).status_code == 401
        assert (await other.get("/desk")).status_code == 200
        # The same token again ends nothing.
        await oidc.sign_in(browser, liar, NOW)
        again = await provider.post("/desk/oidc/signed-out", data={"logout_token": token})
        assert again.status_code == 400
        assert (await browser.get("/desk")).status_code == 200


async def test_a_sign_out_may_be_of_one_session_alone(app, browser, liar):
    await oidc.sign_in(browser, liar, NOW)
    async with visiting(app) as elsewhere:
        await oidc.sign_in(elsewhere, liar, NOW, sid="session-2")
        for number, (over, here, there) in enumerate(
            (
                ({"sid": "session-3", "sub": None}, 200, 200),
                ({"sid": "session-2", "sub": "stranger"}, 200, 200),
                ({"sid": "session-2", "sub": None}, 200, 401),
                ({"sid": "session-1"}, 401, 401),
            )
        ):
            token = signed(out_claims(NOW, f"out-{number}", **over))
            assert (await elsewhere.post("/desk/oidc/signed-out", data={"logout_token": token})).status_code == 200
            assert (await browser.get("/desk")).status_code == here, over
            assert (await elsewhere.get("/desk")).status_code == there, over


async def test_no_forged_sign_out_ends_a_session(engine, browser, liar):
    await oidc.sign_in(browser, liar, NOW)
    good = out_claims(NOW)
    wrong = [
        {"iss": "https://evil.example"},
        {"aud": "another-desk"},
        {"iat": None},
        {"iat": int(NOW) - 400},
        {"iat": int(NOW) + 90},
        {"iat": 1e300},
        {"exp": int(NOW) - 90},
        {"jti": None},
        {"jti": 7},
        {"events": None},
        {"events": {"another": {}}},
        {"events": [oidc.LOGOUT_EVENT]},
        {"events": {oidc.LOGOUT_EVENT: True}},
        {"nonce": "n"},
        {"sub": None},
        {"sub": ["marina"]},
    ]
    forged = [signed(out_claims(NOW, **over)) for over in wrong]
    forged += [by_hand(good, {"alg": "none"}), signed(good, ec_key("stranger")), signed(good, typ="at+jwt")]
    forged += ["", "x", "\0", "a.b.c", signed(id_claims(NOW, "n")), "é" * 99]
    for token in forged:
        answer = await browser.post("/desk/oidc/signed-out", data={"logout_token": token})
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"}), token[:80]
    assert (await browser.get("/desk")).status_code == 200


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        ("access_denied", 403, "said no"),
        ("consent_required", 403, "said no"),
        ("login_required", 400, "more than 10 minutes"),
        ("interaction_required", 400, "more than 10 minutes"),
        ("account_selection_required", 400, "more than 10 minutes"),
        ("temporarily_unavailable", 503, "does not answer"),
        ("server_error", 503, "does not answer"),
        ("invalid_scope", 502, "do not understand"),
        ("unauthorized_client", 502, "do not understand"),
        ("<script>", 502, "do not understand"),
        ("\0" * 4000, 502, "do not understand"),
    ],
)
async def test_each_error_of_the_provider_has_a_page_in_both_languages(app, liar, error, status, words):
    async with visiting(app) as browser:
        for language, title in (("en", "You are not signed in"), ("ru", "Вы не вошли")):
            browser.headers["Accept-Language"] = language
            carried = await oidc.begin(browser)
            back = await oidc.come_back(browser, state=carried["state"], error=error, error_description="<b>x")
            assert back.status_code == status
            assert "<b>x" not in back.text
            assert title in back.text or status == 503
            if language == "en":
                assert words in unescape(back.text)


@pytest.mark.parametrize(("said", "status"), [("invalid_grant", 400), ("invalid_client", 502), (7, 400)])
async def test_a_code_that_is_not_exchanged_is_said_on_a_page(browser, liar, said, status):
    liar.answer = httpx.Response(400, json={"error": said})
    carried = await oidc.begin(browser)
    assert (await oidc.come_back(browser, state=carried["state"], code="used")).status_code == status


async def test_while_the_provider_is_away_there_is_a_page_and_whoever_is_in_goes_on(app, browser, liar):
    await oidc.sign_in(browser, liar, NOW)
    oidc.offer(app, transport=liar.transport)
    liar.is_away = True
    async with visiting(app, headers={"Accept-Language": "en"}) as late:
        away = await late.get("/desk/oidc/sign-in")
        assert away.status_code == 503
        assert "does not answer" in away.text
        token = {"logout_token": signed(out_claims(NOW))}
        assert (await late.post("/desk/oidc/signed-out", data=token)).status_code == 503
    assert (await browser.get("/desk")).status_code == 200
    assert (await browser.post("/desk/sign-out")).status_code == 303
    assert (await browser.get("/desk/oidc/signed-out")).status_code == 200


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, text="[" * 100_000),
        httpx.Response(302, headers={"Location": "https://evil.example"}),
    ],
)
async def test_whatever_the_provider_answers_is_a_page_and_no_error_of_ours(browser, liar, answer):
    carried = await oidc.begin(browser)
    liar.answer = answer
    assert (await oidc.come_back(browser, state=carried["state"], code="c")).status_code in (502, 503)


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": ISSUER + "/"},
        {"issuer": None},
        {"token_endpoint": "http://login.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": 7},
    ],
)
async def test_a_document_that_is_not_the_providers_own_is_not_gone_by(browser, liar, document):
    liar.document = document
    assert (await browser.get("/desk/oidc/sign-in")).status_code == 503


async def test_nobody_is_led_to_a_foreign_page(browser, liar):
    for away in ("https://evil.example", "//evil.example", "/desk//evil", "/desk/oidc/callback", "/desk\\e", "\0"):
        carried = await oidc.begin(browser, away)
        liar.token = signed(id_claims(NOW, carried["nonce"]))
        back = await oidc.come_back(browser, state=carried["state"], code="c")
        assert back.headers["location"] == "/desk", away


async def test_signing_out_leads_to_the_way_out_of_the_provider(browser, liar):
    await oidc.sign_in(browser, liar, NOW)
    out = await browser.post("/desk/sign-out")
    assert (out.status_code, out.headers["location"]) == (303, "/desk/oidc/signed-out")
    page = unescape((await browser.get("/desk/oidc/signed-out")).text)
    assert f'href="{ISSUER}/logout?client_id={CLIENT}&post_logout_redirect_uri=' in page
    assert (await browser.get("/desk")).status_code == 401


async def test_with_the_insurers_own_sign_in_only_named_logins_may_use_a_password(engine, app):
    await a_staff(engine, Role.ADMINISTRATOR, "root")
    await a_staff(engine, login="handler")
    liar = Liar(is_away=True)
    oidc.offer(app, transport=liar.transport)
    async with visiting(app) as browser:
        page = await browser.get("/desk/sign-in")
        assert 'href="/desk/oidc/sign-in' in page.text
        assert 'name="password"' not in page.text
        oidc.offer(app, transport=liar.transport, oidc_break_glass=(" Root ",))
        assert 'name="password"' in (await browser.get("/desk/sign-in")).text
        for login, status in (("handler", 401), ("root", 200)):
            tried = await browser.post("/desk/sign-in", data={"login": login, "password": PASSWORD})
            assert tried.status_code == status, login


async def test_without_a_provider_its_pages_are_not_there(browser):
    for path in ("sign-in", "callback", "signed-out"):
        assert (await browser.get(f"/desk/oidc/{path}")).status_code == 404
    assert (await browser.post("/desk/oidc/signed-out", data={"logout_token": "x"})).status_code == 404
    assert 'href="/desk/oidc' not in (await browser.get("/desk/sign-in")).text


async def test_no_token_code_or_name_reaches_a_log_or_the_audit(engine, browser, liar, caplog):
    caplog.set_level(logging.DEBUG, logger="claims_portal")
    await oidc.sign_in(browser, liar, NOW)
    await oidc.sign_in(browser, liar, NOW, groups=[])
    await oidc.sign_in(browser, liar, NOW, iss="https://canary.example")
    await browser.post("/desk/oidc/signed-out", data={"logout_token": signed(out_claims(NOW, iss="canary"))})
    lines = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records if "claims_" in record.name]
    async with session_scope(engine) as session:
        rows = (await session.exec(select(AuditEntry))).all()
    lines += [f"{row.action} {row.subject} {row.detail}" for row in rows]
    assert {row.action for row in rows} >= {"staff_added", "signed_in", "sign_in_failed"}
    for canary in ("canary", "a-code", "eyJ", "Котова", "m.kotova", "marina"):
        assert [line for line in lines if canary in line] == []


async def test_a_clock_of_its_own_decides_in_no_case(app: FastAPI, browser, liar, clock: Clock):
    clock.now += timedelta(days=400)
    assert (await oidc.sign_in(browser, liar, clock.now.timestamp())).status_code == 303


def test_the_roles_of_the_table_are_the_roles_of_the_desk():
    assert set(get_args(GroupRole.model_fields["role"].annotation)) == {role.value for role in Role}


@pytest.mark.parametrize(
    "over",
    [
        {"oidc_issuer": "http://login.example"},
        {"oidc_issuer": "login.example"},
        {"oidc_client_secret": SecretStr("")},
        {"oidc_client_id": ""},
        {"oidc_groups": ()},
        {"oidc_groups": ({"group": "x", "role": "boss"},)},
        {"oidc_groups": ({"group": "", "role": "handler"},)},
        {"oidc_session": timedelta(hours=13)},
        {"oidc_session": timedelta(minutes=1)},
        {"oidc_scopes": "profile"},
    ],
)
def test_a_provider_that_is_half_set_up_or_unsafe_does_not_start(over):
    whole = {"oidc_issuer": ISSUER, "oidc_client_id": "c", "oidc_client_secret": SecretStr("s"), "oidc_groups": TABLE}
    assert portal_settings(**whole).oidc_issuer == ISSUER
    with pytest.raises(ValidationError):
        portal_settings(**whole | over)


async def test_the_doctor_says_what_is_wrong_with_the_provider():
    liar = Liar()
    whole = {"oidc_issuer": ISSUER, "oidc_client_id": "c", "oidc_client_secret": SecretStr("s"), "oidc_groups": TABLE}
    settings = portal_settings(**whole)

    async def tried() -> Finding:
        return await finding("sign-in", Provider(settings, PUBLIC_URL, transport=liar.transport).try_out())

    assert (await tried()).is_good
    for over, words in (
        ({"issuer": "https://evil.example"}, "is of 'https://evil.example', and OIDC_ISSUER is"),
        ({"token_endpoint": None}, "cannot be used: token_endpoint"),
    ):
        liar.document = over
        found = await tried()
        assert not found.is_good
        assert words in found.text
    liar.document, liar.keys = {}, []
    assert (await tried()).text == "the provider publishes no key to check signatures with"
    liar.is_away = True
    assert (await tried()).text == "the provider does not answer (ConnectError)"
