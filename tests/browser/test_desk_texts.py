"""The pages of texts in a real browser: nothing for axe, and two people change a text without script."""

from contextlib import asynccontextmanager

import pytest

from claims_portal.tables import Role
from tests.browser.test_desk import LANGUAGES, chromium, claim, must_be_sound, pool, site  # noqa: F401 - fixtures
from tests.portal.desk import PASSWORD, a_staff
from tests.portal.test_desk_texts import some_texts

pytestmark = pytest.mark.browser

HERE = "/desk/texts/assessment/sms.ru"


@pytest.fixture
async def edited(engine, site):  # noqa: F811
    """Two people who may write texts, and a text with versions."""
    await a_staff(engine, Role.SUPERVISOR, totp_sealed=None)
    await a_staff(engine, Role.ADMINISTRATOR, totp_sealed=None)
    await some_texts(engine)
    return site


@asynccontextmanager
async def signed_in(chromium, site, login, *, language="en", script=True):  # noqa: F811
    context = await chromium.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=script)
    page = await context.new_page()
    await page.goto(f"{site}/{language}/desk")
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url("**/desk*")
    yield page
    await context.close()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_axe_finds_nothing_and_nothing_scrolls_sideways(chromium, edited, language):  # noqa: F811
    async with signed_in(chromium, edited, "supervisor", language=language) as page:
        await page.goto(f"{edited}/desk/texts")
        await must_be_sound(page, "the texts")
        await page.goto(f"{edited}{HERE}")
        await page.fill("#f-source", "Дело {{ ref4.x }}: {{ link }}")
        await page.click("button[formaction$=propose]")
        await page.wait_for_selector("#wrong")
        for one in await page.locator("summary").all():
            await one.click()
        await must_be_sound(page, "a text")
        await page.goto(f"{edited}/desk/rules")
        await page.locator('input[name="told"]:not(:checked)').first.press("Space")
        await page.locator("form.stackd button.quiet").press("Enter")
        await page.wait_for_selector(".back")
        await must_be_sound(page, "the rules")


async def test_a_text_is_proposed_and_published_by_two_people_with_the_keyboard_and_without_script(chromium, edited):  # noqa: F811
    async with signed_in(chromium, edited, "supervisor", script=False) as page:
        await page.goto(f"{edited}{HERE}")
        await page.focus("#f-source")
        await page.keyboard.press("Control+A")
        await page.keyboard.type("Дело {{ ref4 }}: уже считаем. {{ link }}")
        await page.focus("#f-why")
        await page.keyboard.type("Проще")
        await page.focus("button[formaction$=propose]")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**?done=proposed**")
        assert await page.is_visible("text=You wrote it: another person publishes it.")
    async with signed_in(chromium, edited, "administrator", script=False) as page:
        await page.goto(f"{edited}{HERE}")
        await page.focus("button[name=version][value='4']")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**?done=published**")
        assert await page.is_visible("text=уже считаем")
