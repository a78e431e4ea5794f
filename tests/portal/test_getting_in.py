"""Getting in: a number, a telephone, a code; and nothing that tells a stranger what exists."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_core.tables import Claim
from claims_portal.auth.codes import SIGN_IN, Known, Redeemed, ask_for_code, code_hmac, redeem_code
from claims_portal.auth.entries import read_code, read_numbers, read_phone
from claims_portal.auth.sender import send_asked
from claims_portal.auth.sessions import token_hash
from claims_portal.auth.tidying import tidy
from claims_portal.deps import Portal
from claims_portal.tables import SignInCode
from tests.factories import a_person
from tests.portal.people import a_known_claim, signed_in
from tests.portal.portal import Clock, visiting

PHONE = "+79121234567"
TYPED = "8 (912) 123-45-67"


class Post:
    """Stands in for the notifier's queue and remembers the codes it was given."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    async def __call__(self, session: object, **values: Any) -> None:
        self.sent.append(values)


async def codes_sent(app: FastAPI) -> list[dict[str, Any]]:
    """Do what runs beside the pages, and say which codes left."""
    post, portal = Post(), app.state.portal
    await send_asked(portal, post, now=portal.clock())
    return post.sent


async def a_claim_of_irina(engine: AsyncEngine, **overrides: Any) -> Claim:
    return await a_known_claim(
        engine,
        claim_number="2041-7785",
        policy_number="ХХХ 0123456789",
        policyholder=a_person(phones=(PHONE,)),
        **overrides,
    )


async def ask(browser: httpx.AsyncClient, number: str = "2041-7785", phone: str = TYPED) -> httpx.Response:
    return await browser.post("/", data={"number": number, "phone": phone})


async def enter(browser: httpx.AsyncClient, code: str, **more: str) -> httpx.Response:
    return await browser.post("/code", data={"code": code, **more})


def another(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_the_right_code_opens_the_claim(app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient):
    claim = await a_claim_of_irina(engine)
    assert (await ask(browser)).headers["location"] == "/code"
    [sent] = await codes_sent(app)
    answer = await enter(browser, f"{sent['code'][:3]} {sent['code'][3:]}")
    assert answer.headers["location"] == f"/claim/{claim.id}"
    assert (await browser.get(f"/claim/{claim.id}")).status_code == 200


@pytest.mark.parametrize("number", ["20417785", "2041 7785", "№ 2041-7785", "XXX 0123456789", "ххх0123456789"])
async def test_a_number_is_read_as_people_type_it(
    app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient, number: str
):
    await a_claim_of_irina(engine)
    await ask(browser, number)
    assert len(await codes_sent(app)) == 1


async def test_every_cookie_is_ours_alone(app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient):
    await a_claim_of_irina(engine)
    cookies = (await ask(browser)).headers.get_list("set-cookie")
    [sent] = await codes_sent(app)
    cookies += (await enter(browser, sent["code"], remember="yes")).headers.get_list("set-cookie")
    kept = [cookie for cookie in cookies if "Max-Age=0" not in cookie]
    assert {cookie.split("=")[0] for cookie in kept} == {
        "__Host-challenge",
        "__Host-session",
        "__Host-seen",
        "__Host-device",
    }
    for cookie in kept:
        assert all(flag in cookie for flag in ("HttpOnly", "Path=/", "SameSite=lax", "Secure"))
        assert "Domain" not in cookie


async def test_a_session_set_before_is_never_the_one_that_signs_in(
    app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient
):
    claim = await a_claim_of_irina(engine)
    browser.cookies.set("__Host-session", "planted-by-a-stranger", domain="claims.example")
    await ask(browser)
    [sent] = await codes_sent(app)
    await enter(browser, sent["code"])
    assert browser.cookies.get("__Host-session", domain="claims.example") != "planted-by-a-stranger"
    async with visiting(app) as stranger:
        stranger.cookies.set("__Host-session", "planted-by-a-stranger")
        assert (await stranger.get(f"/claim/{claim.id}")).status_code == 401


@pytest.mark.parametrize(
    ("number", "phone", "said"),
    [
        ("", TYPED, "Введите номер дела или полиса"),
        ("x!", TYPED, "В номере от 4 до 40 цифр или букв"),
        ("9" * 10_000, TYPED, "В номере от 4 до 40 цифр или букв"),
        ("2041-7785", "", "Введите номер мобильного"),
        ("2041-7785", "12", "В номере 10 цифр после +7"),
        ("2041-7785", "+44 20 7946 0958", "В номере 10 цифр после +7"),
        ("2041-7785", "9" * 10_000, "В номере 10 цифр после +7"),
        ("2041\x007785", TYPED, "В номере от 4 до 40 цифр или букв"),
        ("2041-7785", "+7912\x001234567", "В номере 10 цифр после +7"),
    ],
)
async def test_a_wrong_format_is_said_clearly_and_nothing_is_searched(
    engine: AsyncEngine, browser: httpx.AsyncClient, number: str, phone: str, said: str
):
    answer = await ask(browser, number, phone)
    assert answer.status_code == 422
    assert answer.text.count(said) == 2  # above the form and at the field
    assert "<title>Ошибка: " in answer.text
    async with engine.connect() as connection:
        assert (await connection.execute(text("select count(*) from sign_in_code"))).scalar_one() == 0


@pytest.mark.parametrize(
    ("typed", "said"), [("12345", "В коде 6 цифр, вы ввели 5"), ("abcdef", "вы ввели 0"), ("1" * 5000, "вы ввели 100")]
)
async def test_a_code_of_another_length_costs_no_try(
    app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient, typed: str, said: str
):
    await a_claim_of_irina(engine)
    await ask(browser)
    [sent] = await codes_sent(app)
    answer = await enter(browser, typed)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert (await enter(browser, sent["code"])).status_code == 303


async def test_five_wrong_codes_end_it_and_the_right_one_comes_too_late(
    app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient
):
    await a_claim_of_irina(engine)
    await ask(browser)
    [sent] = await codes_sent(app)
    lefts = [(await enter(browser, another(sent["code"]))).text for _ in range(5)]
    assert [re.search(r"Остал\w+ попыт\w+: (\d)", page)[1] for page in lefts[:4]] == ["4", "3", "2", "1"]
    assert "попыток больше нет" in lefts[4]
    assert "попыток больше нет" in (await enter(browser, sent["code"])).text


async def test_tries_count_down_for_a_claim_that_does_not_exist(app: FastAPI, browser: httpx.AsyncClient):
    await ask(browser, "9999-0000")
    assert await codes_sent(app) == []
    assert "Осталось попыток: 4" in (await enter(browser, "000000")).text


async def test_an_expired_code_is_asked_for_again_and_never_resent_by_itself(
    app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient, clock: Clock
):
    await a_claim_of_irina(engine)
    await ask(browser)
    [sent] = await codes_sent(app)
    clock.now += timedelta(minutes=10)
    assert "Код устарел. Запросите новый" in (await enter(browser, sent["code"])).text
    assert await codes_sent(app) == []
    assert (await browser.post("/code/again")).headers["location"] == "/code"
    [again] = await codes_sent(app)
    assert (await enter(browser, again["code"])).status_code == 303


async def test_a_code_fits_only_the_browser_that_asked(app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient):
    await a_claim_of_irina(engine)
    await ask(browser)
    [sent] = await codes_sent(app)
    async with visiting(app) as other:
        await ask(other, "9999-0000")
        assert (await enter(other, sent["code"])).status_code == 422


async def test_a_used_code_is_worth_nothing(app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient):
    await a_claim_of_irina(engine)
    await ask(browser)
    challenge = browser.cookies["__Host-challenge"]
    [sent] = await codes_sent(app)
    await enter(browser, sent["code"])
    async with visiting(app) as thief:
        thief.cookies.set("__Host-challenge", challenge)
        assert (await enter(thief, sent["code"])).status_code == 422


async def _live_challenge(engine: AsyncEngine, portal: Portal, claim: Claim) -> str:
    async with session_scope(engine) as session:
        challenge = await ask_for_code(
            session, Known(claim.policyholder_id, claim.id, SIGN_IN), language="ru", now=portal.clock()
        )
    async with engine.begin() as connection:
        right = code_hmac(portal.settings.portal_secret_key, token_hash(challenge), "123456")
        await connection.execute(text("update sign_in_code set code_hmac = :right"), {"right": right})
    return challenge


async def _guess(engine: AsyncEngine, portal: Portal, challenge: str, codes: list[str]) -> list[object]:
    async def one(code: str) -> object:
        async with session_scope(engine) as session:
            secret = portal.settings.portal_secret_key
            return await redeem_code(session, challenge, code, secret=secret, now=portal.clock())

    return await asyncio.gather(*(one(code) for code in codes))


async def test_of_200_guesses_at_once_exactly_5_are_evaluated(app: FastAPI, engine: AsyncEngine):
    portal, claim = app.state.portal, await a_claim_of_irina(engine)
    challenge = await _live_challenge(engine, portal, claim)
    tried = await _guess(engine, portal, challenge, [f"{n:06}" for n in range(200)])
    evaluated = [each.left for each in tried if each.left > 0]
    async with engine.connect() as connection:
        left = (await connection.execute(text("select tries_left from sign_in_code"))).scalar_one()
    assert (sorted(evaluated), left) == ([1, 2, 3, 4], 0)


async def test_of_200_right_codes_at_once_exactly_1_is_redeemed(app: FastAPI, engine: AsyncEngine):
    portal, claim = app.state.portal, await a_claim_of_irina(engine)
    challenge = await _live_challenge(engine, portal, claim)
    tried = await _guess(engine, portal, challenge, ["123456"] * 200)
    assert sum(isinstance(each, Redeemed) for each in tried) == 1


async def test_a_code_goes_only_to_a_number_on_file(app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient):
    await a_claim_of_irina(engine)
    await ask(browser, phone="+7 912 000-00-00")
    assert await codes_sent(app) == []


async def test_nothing_of_a_code_or_a_number_can_be_read_in_the_table(
    app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient
):
    await a_claim_of_irina(engine)
    await ask(browser)
    [sent] = await codes_sent(app)
    await enter(browser, sent["code"])
    async with session_scope(engine) as session:
        row = (await session.exec(text("select * from sign_in_code"))).mappings().one()  # type: ignore[call-overload]
    assert (row["asked_numbers"], row["asked_phone"]) == (None, None)
    assert sent["code"] not in str(dict(row))
    counters = set(SignInCode.__pii__)
    assert counters == {"asked_numbers", "asked_phone"}


async def test_a_fourth_look_up_within_the_hour_waits_whatever_exists(app: FastAPI, engine: AsyncEngine, clock: Clock):
    await a_claim_of_irina(engine)
    pages = []
    for number, phone in (("2041-7785", TYPED), ("9999-0000", "+7 912 000-00-00")):
        async with visiting(app, address=f"198.51.{number[0]}.7") as stranger:
            answers = [await ask(stranger, number, phone) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
        pages.append(answers[3].text)
    assert pages[0] == pages[1]
    assert "Слишком много попыток. Подождите до 13:00" in pages[0]
    clock.now += timedelta(hours=1)
    async with visiting(app) as later:
        assert (await ask(later)).status_code == 303


async def test_a_stranger_cannot_lock_out_a_device_that_was_here_before(
    app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient
):
    claim = await a_claim_of_irina(engine)
    await ask(browser)
    [sent] = await codes_sent(app)
    await enter(browser, sent["code"])
    for place in range(30):
        async with visiting(app, address=f"192.0.{place}.1") as stranger:
            await ask(stranger)
            await codes_sent(app)
    assert (await ask(browser)).status_code == 303
    [again] = await codes_sent(app)
    assert (await enter(browser, again["code"])).headers["location"] == f"/claim/{claim.id}"


async def test_a_flood_of_look_ups_sends_three_codes_an_hour_to_a_number(app: FastAPI, engine: AsyncEngine):
    await a_claim_of_irina(engine)
    sent = []
    for place, number in enumerate(["2041-7785", "20417785", "2041 7785", "ХХХ0123456789", "XXX 0123456789"] * 4):
        async with visiting(app, address=f"192.0.{place}.1") as stranger:
            await ask(stranger, number)
        sent += await codes_sent(app)
    assert len(sent) == 3


async def test_several_claims_of_one_policy_lead_to_a_list(
    app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient
):
    irina = a_person(phones=(PHONE,))
    await a_known_claim(engine, claim_number="2041-0001", policy_number="ХХХ 0123456789", policyholder=irina)
    await a_known_claim(engine, claim_number="2041-0002", policy_number="ХХХ 0123456789", policyholder=irina)
    await ask(browser, "XXX 0123456789")
    [sent] = await codes_sent(app)
    assert (await enter(browser, sent["code"])).headers["location"] == "/claims"
    listed = (await browser.get("/claims")).text
    assert "У вас 2 дела" in listed
    assert listed.count('href="/claim/') == 2


async def test_a_session_ends_after_15_idle_minutes_and_12_hours_at_most(
    app: FastAPI, engine: AsyncEngine, clock: Clock
):
    claim, portal = await a_claim_of_irina(engine), app.state.portal
    async with signed_in(app, claim) as browser:
        for _ in range(70):
            clock.now += timedelta(minutes=10)
            assert (await browser.get(f"/claim/{claim.id}")).status_code == 200
            await portal.footprints.flush(portal.pool)
        clock.now += timedelta(minutes=16)
        away = await browser.get(f"/claim/{claim.id}")
        assert (away.status_code, "Мы закрыли страницу ради безопасности" in away.text) == (401, True)
    async with signed_in(app, claim) as browser:
        start = clock.now
        while clock.now < start + timedelta(hours=12):
            await browser.get("/claims")
            clock.now += timedelta(minutes=14)
        assert (await browser.get("/claims")).status_code == 401


async def test_signing_out_ends_the_session_on_the_server(app: FastAPI, engine: AsyncEngine):
    claim = await a_claim_of_irina(engine)
    async with signed_in(app, claim) as browser:
        token = browser.cookies["__Host-session"]
        await browser.post("/sign-out")
    async with visiting(app) as thief:
        thief.cookies.set("__Host-session", token)
        assert (await thief.get(f"/claim/{claim.id}")).status_code == 401


async def test_a_remembered_device_sees_the_glance_and_can_be_closed(
    app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient, clock: Clock
):
    claim = await a_claim_of_irina(engine)
    await ask(browser)
    [sent] = await codes_sent(app)
    await enter(browser, sent["code"], remember="yes")
    clock.now += timedelta(hours=13)
    assert 'href="/c"' in (await browser.get("/")).text
    glance = await browser.get("/c")
    assert (glance.status_code, "7785" in glance.text, "Ирина" in glance.text) == (200, True, False)
    await browser.post("/c")
    [again] = await codes_sent(app)
    await enter(browser, again["code"])
    listed = (await browser.get(f"/claim/{claim.id}/messages")).text
    [device] = re.findall(r"/devices/([0-9a-f-]{36})/close", listed)
    await browser.post(f"/claim/{claim.id}/devices/{device}/close")
    assert 'href="/c"' not in (await browser.get("/")).text


async def test_what_was_typed_is_forgotten_with_the_code_and_the_rest_a_day_later(
    app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient, clock: Clock
):
    claim = await a_claim_of_irina(engine)
    await ask(browser)
    async with signed_in(app, claim):
        await tidy(engine, now=clock.now + timedelta(minutes=10))
        async with engine.connect() as connection:
            typed = await connection.execute(text("select asked_numbers, asked_phone from sign_in_code"))
            assert typed.one() == (None, None)
        await tidy(engine, now=clock.now + timedelta(days=2))
        async with engine.connect() as connection:
            left = "select (select count(*) from sign_in_code) + (select count(*) from rate_count)"
            left += " + (select count(*) from portal_session)"
            assert (await connection.execute(text(left))).scalar_one() == 0


def test_a_phone_is_read_for_the_configured_countries_only():
    assert read_phone("8 912 123-45-67", ("ru", "us")) == "+79121234567"
    assert read_phone("(202) 555-0123", ("us",)) == "+12025550123"
    assert read_phone("+1 202 555 0123", ("ru", "us")) == "+12025550123"
    assert read_phone("+1 202 555 0123", ("ru",)) is None


def test_a_code_is_read_in_any_script_of_digits():
    assert read_code("４８２-９１３") == "482913"
    assert read_code("\ud800" + "1" * 6) == "111111"


def test_a_number_that_no_source_writes_is_none():
    assert read_numbers("2041-77-85-", ()) == ()


async def test_the_owner_is_told_of_a_device_that_never_signed_in_as_them(
    app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient, clock: Clock
):
    await a_claim_of_irina(engine)

    async def come(visitor: httpx.AsyncClient) -> int:
        clock.now += timedelta(minutes=30)
        await ask(visitor)
        [sent] = await codes_sent(app)
        assert (await enter(visitor, sent["code"])).status_code == 303
        async with session_scope(engine) as session:
            told = await (await session.connection()).execute(
                text("select count(*) from notification where template = 'new_device'")
            )
            return int(told.scalar_one())

    # The very first sign-in has nobody to warn of, and a device that was here before is known.
    assert await come(browser) == 0
    assert await come(browser) == 0
    async with visiting(app, address="203.0.113.9") as another_device:
        assert await come(another_device) == 1
        assert await come(another_device) == 1
    assert await come(browser) == 1
