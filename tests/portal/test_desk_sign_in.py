"""The door of the desk, over the web: two steps, cookies, what somebody sees who may not come in."""

from datetime import timedelta

import pyotp
import pytest

from claims_core.db import session_scope
from claims_portal.desk.sign_in import desk_path
from claims_portal.staff import change_role, disable_staff
from claims_portal.staff.sign_in import PASSWORD_TRIES
from claims_portal.tables import Role
from tests.portal.desk import PASSWORD, SECRET, a_staff, at_the_desk
from tests.portal.portal import NOON, portal_app, visiting

STAFF_COOKIE = "__Host-staff"


def field(html: str, name: str) -> str:
    return html.split(f'name="{name}" value="', 1)[1].split('"', 1)[0]


async def first_step(browser, login="handler", password=PASSWORD, next_="/desk"):
    return await browser.post("/desk/sign-in", data={"login": login, "password": password, "next": next_})


async def second_step(browser, page, code):
    given = {"ticket": field(page.text, "ticket"), "code": code, "next": field(page.text, "next")}
    return await browser.post("/desk/sign-in/code", data=given)


async def test_a_handler_signs_in_with_password_and_code(engine, browser):
    await a_staff(engine)
    page = await first_step(browser)
    assert page.status_code == 200
    assert STAFF_COOKIE not in browser.cookies
    entered = await second_step(browser, page, pyotp.TOTP(SECRET).at(NOON))
    assert (entered.status_code, entered.headers["location"]) == (303, "/desk")
    cookie = entered.headers["set-cookie"]
    assert all(flag in cookie for flag in ("__Host-staff=", "Secure", "HttpOnly", "SameSite=lax", "Path=/"))
    assert (await browser.get("/desk")).status_code == 200


async def test_a_code_does_not_open_the_desk_twice(engine, app, browser):
    await a_staff(engine)
    code = pyotp.TOTP(SECRET).at(NOON)
    await second_step(browser, await first_step(browser), code)
    async with visiting(app) as thief:
        again = await second_step(thief, await first_step(thief), code)
        assert again.status_code == 401
        assert STAFF_COOKIE not in thief.cookies


async def test_a_cookie_set_beforehand_never_becomes_a_session(engine, browser):
    await a_staff(engine)
    browser.cookies.set(STAFF_COOKIE, "chosen-by-a-stranger", domain="claims.example")
    entered = await second_step(browser, await first_step(browser), pyotp.TOTP(SECRET).at(NOON))
    assert "chosen-by-a-stranger" not in entered.headers["set-cookie"]
    browser.cookies.clear()
    browser.cookies.set(STAFF_COOKIE, "chosen-by-a-stranger", domain="claims.example")
    assert (await browser.get("/desk")).status_code == 401


async def test_signing_in_anew_ends_the_session_of_before(engine, app, clock):
    async with at_the_desk(app, engine) as browser:
        before = browser.cookies[STAFF_COOKIE]
        await second_step(browser, await first_step(browser), pyotp.TOTP(SECRET).at(clock.now))
        assert browser.cookies[STAFF_COOKIE] != before
    async with visiting(app) as old:
        old.cookies.set(STAFF_COOKIE, before, domain="claims.example")
        assert (await old.get("/desk")).status_code == 401


async def test_the_same_words_for_a_wrong_password_and_an_unknown_login(engine, browser):
    await a_staff(engine)
    wrong = await first_step(browser, password="not the password")
    unknown = await first_step(browser, login="nobody4", password="not the password")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace("handler", "nobody4") == unknown.text


async def test_too_many_tries_from_one_network_do_not_lock_the_owner_out(engine, app, browser):
    await a_staff(engine)
    codes = [(await first_step(browser, password="guess guess guess")).status_code for _ in range(PASSWORD_TRIES.most)]
    assert set(codes) == {401}
    assert (await first_step(browser)).status_code == 429
    async with visiting(app, address="203.0.113.9") as owner:
        assert "ticket" in (await first_step(owner)).text


async def test_a_disabled_handlers_next_request_is_refused(engine, app):
    async with at_the_desk(app, engine) as browser:
        assert (await browser.get("/desk")).status_code == 200
        async with session_scope(engine) as session:
            await disable_staff(session, "handler", by="test", now=NOON)
        assert (await browser.get("/desk")).status_code == 401


async def test_another_role_means_signing_in_again(engine, app):
    async with at_the_desk(app, engine) as browser:
        async with session_scope(engine) as session:
            await change_role(session, "handler", Role.AUDITOR, by="test", now=NOON)
        assert (await browser.get("/desk")).status_code == 401


async def test_a_session_of_the_desk_ends_after_half_an_hour_of_silence(engine, app, clock):
    async with at_the_desk(app, engine) as browser:
        clock.now += timedelta(minutes=29)
        assert (await browser.get("/desk")).status_code == 200
        clock.now += timedelta(minutes=31)
        refused = await browser.get("/desk")
    assert refused.status_code == 401
    assert 'name="password"' in refused.text


async def test_signing_out_closes_the_desk(engine, app):
    async with at_the_desk(app, engine) as browser:
        token = browser.cookies[STAFF_COOKIE]
        assert (await browser.post("/desk/sign-out")).status_code == 303
    async with visiting(app) as old:
        old.cookies.set(STAFF_COOKIE, token, domain="claims.example")
        assert (await old.get("/desk")).status_code == 401


async def test_a_foreign_page_can_neither_sign_in_nor_out(engine, app):
    async with at_the_desk(app, engine) as browser:
        for path in ("/desk/sign-in", "/desk/sign-in/code", "/desk/sign-out"):
            foreign = await browser.post(
                path, headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
            )
            assert foreign.status_code == 403, path
        assert (await browser.get("/desk")).status_code == 200


async def test_an_administrator_reads_no_claims_and_is_told_why(engine, app):
    async with at_the_desk(app, engine, Role.ADMINISTRATOR) as browser:
        refused = await browser.get("/desk")
    assert refused.status_code == 403
    assert "does not read claims" in refused.text


async def test_the_people_of_a_demo_sign_in_with_a_password_alone_and_only_there(engine, pool, clock, browser):
    await a_staff(engine, totp_sealed=None)
    assert (await first_step(browser)).status_code == 401
    demo = portal_app(engine, pool, clock, portal_demo=True)
    async with visiting(demo) as visitor:
        assert (await first_step(visitor)).status_code == 303


@pytest.mark.parametrize(
    "path",
    [
        "",
        "//evil.example",
        "https://evil.example",
        "/desk/../c/x",
        "/desk\\evil",
        "/claims",
        "/desk/sign-out",
        "/desk" * 40,
    ],
)
def test_after_signing_in_one_stays_at_the_desk(path):
    assert desk_path(path) == "/desk"


def test_after_signing_in_one_is_where_one_wanted_to_be():
    assert desk_path("/desk/0190b2c4-1111-7000-8000-000000000000") == "/desk/0190b2c4-1111-7000-8000-000000000000"


@pytest.mark.parametrize("typed", ["\0", "x" * 10_000, "é\ud7ff", "' or 1=1 --", "%"])
async def test_strange_input_gets_an_answer(engine, browser, typed):
    assert (await first_step(browser, login=typed, password=typed)).status_code == 401
    strange = await browser.post("/desk/sign-in/code", data={"ticket": typed, "code": typed})
    assert strange.status_code == 401
