"""The layer around every page: where forms may come from, who is calling, which headers leave."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request

from claims_core.errors import Misconfigured
from claims_portal.auth import refuse_unguarded
from claims_portal.deps import network_of
from claims_portal.pages.look import our_path
from claims_portal.shield import may_send_form, split_language
from tests.portal.portal import portal_app, portal_settings, visiting

OURS = ["https://claims.example"]


@pytest.mark.parametrize(
    ("site", "origin", "may"),
    [
        ("same-origin", None, True),
        ("same-origin", "https://claims.example", True),
        ("same-origin", "null", True),
        ("none", None, True),
        ("same-origin", "https://evil.example", False),
        ("same-site", "https://claims.example", False),
        ("cross-site", "https://claims.example", False),
        ("cross-site", None, False),
        (None, "https://claims.example", True),
        (None, "https://evil.example", False),
        (None, "http://claims.example", False),
        (None, "null", False),
        (None, None, False),
    ],
)
def test_a_form_is_taken_only_from_a_page_of_ours(site: str | None, origin: str | None, may: bool):
    headers = {b"sec-fetch-site": site, b"origin": origin}
    assert may_send_form({name: text.encode() for name, text in headers.items() if text}, OURS) is may


async def test_a_foreign_form_is_refused_before_any_route_sees_it(app: FastAPI):
    async with visiting(app, headers={"Sec-Fetch-Site": "cross-site"}) as stranger:
        answer = await stranger.post("/look", data={"theme": "dark"})
    assert (answer.status_code, answer.cookies) == (403, httpx.Cookies())


async def test_every_answer_carries_the_same_strict_headers(browser: httpx.AsyncClient):
    for path in ("/no-such-page", "/static/app.css", "/look"):
        headers = (await browser.get(path)).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Strict-Transport-Security"].startswith("max-age=")
    assert (await browser.get("/no-such-page")).headers["Cache-Control"] == "no-store"


async def test_a_page_and_a_static_file_are_packed_for_whoever_unpacks_them_and_say_the_same(app: FastAPI):
    for path in ("/", "/no-such-page", "/static/app.css", "/static/app.css?v=1"):
        told = {}
        for accepted in ("identity", "br, gzip;q=0", "gzip, deflate, br"):
            async with visiting(app, headers={"Accept-Encoding": accepted}) as browser:
                told[accepted] = await browser.get(path)
        packed = told.pop("gzip, deflate, br")
        assert packed.headers["Content-Encoding"] == "gzip"
        assert int(packed.headers["Content-Length"]) < len(packed.content) / 2
        assert {answer.headers["Vary"] for answer in (packed, *told.values())} == {"Accept-Encoding"}
        assert {answer.headers.get("Content-Encoding") for answer in told.values()} == {None}
        assert {answer.content for answer in told.values()} == {packed.content}
        assert packed.headers["Cache-Control"] == told["identity"].headers["Cache-Control"]


async def test_a_caller_is_the_peer_unless_the_peer_is_a_trusted_proxy(engine: AsyncEngine, pool):
    app = portal_app(engine, pool, portal_trusted_proxies=("10.0.0.0/8",))
    seen: list[str] = []

    async def note(scope, receive, send):
        seen.append(network_of(Request(scope)))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    app.router.default = note
    forwarded = {"X-Forwarded-For": "192.0.2.9, 203.0.113.5, 10.1.1.1"}
    for peer in ("10.0.0.1", "198.51.100.7"):
        async with visiting(app, address=peer, headers=forwarded) as browser:
            await browser.get("/no-such-page")
    assert seen == ["203.0.113", "198.51.100"]


async def test_the_language_of_the_address_wins_and_is_remembered(browser: httpx.AsyncClient):
    english = await browser.get("/en/no-such-page")
    assert '<html lang="en">' in english.text
    assert browser.cookies["language"] == "en"
    assert "There is no such page" in (await browser.get("/no-such-page")).text


async def test_the_theme_is_kept_by_the_server_and_leads_back_to_our_own_page_only(browser: httpx.AsyncClient):
    answer = await browser.post("/look", data={"theme": "dark", "back": "/claims"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/claims")
    assert 'data-theme="dark"' in (await browser.get("/no-such-page")).text
    for foreign in ("//evil.example", "https://evil.example", "/\\evil", "/a?b=c", "/" + "a" * 500, "/a//b", "/\n"):
        assert our_path(foreign) == "/"


def test_a_path_gives_its_language_away():
    assert split_language("/en/code") == ("en", "/code")
    assert split_language("/ru") == ("ru", "/")
    assert split_language("/english") == (None, "/english")


async def test_headers_without_end_are_refused(browser: httpx.AsyncClient):
    assert (await browser.get("/", headers={"X-Long": "a" * 40_000})).status_code == 431


@pytest.mark.parametrize("said", ["its length", "nothing"])
async def test_a_body_without_end_is_refused_in_the_readers_words(browser: httpx.AsyncClient, said: str):
    async def endless() -> AsyncIterator[bytes]:
        yield b"theme="
        for _ in range(30):
            yield b"a" * 10_000

    body = endless() if said == "nothing" else b"theme=" + b"a" * 300_000
    answer = await browser.post("/look", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 413
    assert "Вернитесь, сократите и отправьте ещё раз." in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_a_portal_with_an_unguarded_route_does_not_start(engine: AsyncEngine, pool: asyncpg.Pool):
    app = portal_app(engine, pool)

    @app.get("/open")
    async def open_to_all() -> None: ...

    with pytest.raises(Misconfigured, match="/open"):
        refuse_unguarded(app.routes)


@pytest.mark.parametrize(
    "over",
    [
        {"portal_public_url": "http://claims.example"},
        {"portal_public_url": "claims.example"},
        {"portal_secret_key": "short"},
        {"portal_brand_phone": "8 800 555-01-23"},
        {"portal_trusted_proxies": ("everybody",)},
    ],
)
def test_production_does_not_start_on_unfit_settings(over: dict[str, object]):
    with pytest.raises(ValidationError):
        portal_settings(**over)


async def test_a_bug_shows_a_page_with_a_reference_and_nothing_of_the_inside(engine, pool, caplog):
    async def break_down(scope, receive, send):
        raise RuntimeError("the secret inside")

    app = portal_app(engine, pool)
    app.router.default = break_down
    async with visiting(app) as browser:
        answer = await browser.get("/no-such-page")
    assert answer.status_code == 500
    assert "secret inside" not in answer.text
    assert "С делом всё в порядке" in answer.text
    ours = [record.message for record in caplog.records if record.name.startswith("claims_portal")]
    assert ours == ["unforeseen_failure"]


async def test_a_database_that_is_away_is_a_503_worth_another_try(engine, pool):
    async def refuse(scope, receive, send):
        raise ConnectionRefusedError

    app = portal_app(engine, pool)
    app.router.default = refuse
    async with visiting(app) as browser:
        answer = await browser.get("/no-such-page")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
