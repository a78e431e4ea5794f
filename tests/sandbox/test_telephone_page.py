"""The telephone in a real browser: a message appears as it arrives, nothing for axe, and all of it without script."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, async_playwright, expect

from sandbox.mail import PostOffice
from sandbox.mail.office import Letter
from sandbox.serving import server_of
from sandbox.telephone import Book, add_telephone
from sandbox.twilio import Exchange, Setup, create_app
from tests.browser.chromium import CHROMIUM, QUIETLY
from tests.browser.manners import looks
from tests.ports import free_port

pytestmark = pytest.mark.browser

PHONE, MAILBOX = "+79010000320", "irina@mail.example"


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIETLY)
        yield browser
        await browser.close()


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(Setup("AC1", "t", inbound_url="http://127.0.0.1:9/inbound"))


@pytest.fixture
async def telephone(exchange: Exchange) -> AsyncIterator[str]:
    """Its address."""
    app = create_app(exchange)
    add_telephone(
        app, exchange, app.state.postman, short_url="https://pr.example", portal_url="http://localhost:1",
        zone=ZoneInfo("Europe/Moscow"), book=Book(lambda number: "Ирина Петрова, 2041-7785", lambda: [PHONE]),
        mail=PostOffice(letters=[a_letter()]),
    )  # fmt: skip
    port = free_port()
    server = server_of(app, port)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    _arrive(exchange, "428913 — код входа. Никому не называйте.\n@localhost #428913")
    _arrive(exchange, "Дело 7785: одобрено 169 300 ₽. Деньги до 4 июня. pr.example/k7Q2mX9d")
    exchange.hear(PHONE, "+15005550006", "СТАТУС")
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    exchange.close()


def a_letter() -> Letter:
    """That a claim was approved, in its mailbox."""
    message = EmailMessage()
    message["Subject"] = "Дело 7785: одобрено"
    message.set_content("Здравствуйте, Ирина. Одобрено 169 300 ₽.\nПодробности: https://pr.example/k7Q2mX9d")
    return Letter(1, "claims@pr.example", MAILBOX, datetime(2026, 6, 1, 7, tzinfo=UTC), message)


def _arrive(exchange: Exchange, body: str) -> None:
    exchange.take({"To": PHONE, "From": "+15005550006", "Body": body})


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_axe_finds_nothing_and_nothing_sticks_out_in_either_theme(
    chromium: Browser, telephone: str, language: str
):
    page = await chromium.new_page()
    for path in ("/", f"/telephone/{PHONE}", f"/telephone/{PHONE}?problem=503", f"/mailbox/{MAILBOX}"):
        joined = "&" if "?" in path else "?"
        await page.goto(f"{telephone}{path}{joined}lang={language}")
        for width in (320, 390, 1280):
            await page.set_viewport_size({"width": width, "height": 844})
            # Other colours move nothing, and no width changes a colour.
            for theme, rules in looks(language)[: None if width == 390 else 1]:
                await page.emulate_media(color_scheme=theme)
                found = await Axe().run(page, options=rules)
                assert found.violations_count == 0, (theme, width, found.generate_report())
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            await page.emulate_media(color_scheme="light")
    await page.close()


async def test_a_message_appears_as_it_arrives_while_somebody_types(
    chromium: Browser, telephone: str, exchange: Exchange
):
    page = await chromium.new_page()
    await page.goto(f"{telephone}/telephone/{PHONE}")
    await page.fill("#body", "half a sen")
    _arrive(exchange, "Дело 7785: отправили 169 300 ₽")
    await expect(page.get_by_text("отправили 169 300 ₽")).to_be_visible()
    assert await page.input_value("#body") == "half a sen"
    assert await page.locator("#live .text").count() == 4
    await page.close()


async def test_all_of_it_works_without_script(chromium: Browser, telephone: str, exchange: Exchange):
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{telephone}/?lang=en")
    await page.click(f"text={PHONE}")
    await expect(page.locator("a", has_text="pr.example/k7Q2mX9d")).to_have_attribute(
        "href", "http://localhost:1/c/k7Q2mX9d"
    )
    _arrive(exchange, "Дело 7785: выплачено")
    await page.reload()
    await expect(page.get_by_text("выплачено")).to_be_visible()
    await page.fill("#body", "STOP")
    await page.get_by_role("button").click()
    await expect(page.get_by_role("alert")).to_contain_text("did not take")
    await context.close()


def test_the_page_asks_nobody_else_for_anything():
    pages = Path(__file__).parents[2] / "sandbox" / "telephone" / "pages"
    assert all("//" not in file.read_text().replace("// ", "") for file in pages.iterdir())
