"""The page of the back offices in a real browser: nothing for axe, no sideways scroll, its buttons without script."""

from contextlib import asynccontextmanager

import pytest

from claims_portal.tables import Role
from tests.browser.test_desk import LANGUAGES, chromium, claim, must_be_sound, pool, site  # noqa: F401 - fixtures
from tests.portal.desk import PASSWORD, a_staff
from tests.portal.portal import NOON
from tests.portal.test_desk_pilots import SHOWN, a_counted_pilot
from tests.portal.test_desk_sources import a_held_run, a_rejected

pytestmark = pytest.mark.browser

LONG = '{"claimNumber": "000-00-000033", "insured": {"displayName": "' + "Wolfeschlegelstein" * 20 + '"}}'


@pytest.fixture
async def kept(engine, site):  # noqa: F811
    """A head of team, a run that waits, and two cases that could not be read."""
    await a_staff(engine, Role.SUPERVISOR, totp_sealed=None)
    await a_held_run(engine)
    await a_counted_pilot(engine, NOON)
    await a_rejected(engine)
    where = {"source": "claim_center", "place": None, "case_ref": "cc:" + "9" * 40}
    await a_rejected(engine, content_hash="bb", reason="name: is 2,301 characters long", raw=LONG, **where)
    return site


@asynccontextmanager
async def head_of_team(chromium, site, *, language, script=True):  # noqa: F811
    size = {"width": 1280, "height": 900}
    context = await chromium.new_context(viewport=size, java_script_enabled=script)
    page = await context.new_page()
    await page.goto(f"{site}/{language}/desk")
    await page.fill("#login", "supervisor")
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url("**/desk")
    await page.goto(f"{site}/desk/sources")
    yield page
    await context.close()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_axe_finds_nothing_and_nothing_scrolls_sideways(chromium, kept, language):  # noqa: F811
    async with head_of_team(chromium, kept, language=language) as page:
        await (await page.query_selector("summary")).click()
        await must_be_sound(page, "the back offices")
        await page.goto(f"{kept}/desk/health")
        await must_be_sound(page, "how everything stands")
        for path, name in ((f"/{SHOWN}", "what came of a pilot"), ("/new", "the plan of a pilot")):
            await page.goto(f"{kept}/desk/pilots{path}")
            await must_be_sound(page, name)


async def test_held_messages_are_decided_on_and_a_case_is_tried_again_without_script(chromium, kept):  # noqa: F811
    async with head_of_team(chromium, kept, language="en", script=False) as page:
        await page.click("text=Propose to send them")
        await page.wait_for_url("**/desk/sources?done=proposed")
        await page.click("text=Try again >> nth=0")
        await page.wait_for_url("**/desk/sources?done=retry")
        assert await page.is_visible("text=is being tried again")
