"""The desk in a real browser: nothing for axe, no sideways scroll, by keyboard, and with script off."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright
from sqlmodel import select

from claims_core.db import open_pool, session_scope
from claims_core.tables import ChangeRequest, Claim, ContactPoint, Question
from claims_portal.tables import PhoneCall
from tests.browser.desk_site import Door, a_desk_site, a_door, some_claims
from tests.browser.door_pictures import DOORS, answer_for_provider
from tests.browser.manners import CUT, FADED, SPACED, SPACING, looks
from tests.portal.desk import PASSWORD
from tests.portal.portal import NOON, Clock
from tests.portal.test_desk_calls import call_on
from tests.portal.test_desk_sentence import request_on
from tests.portal.test_unproven import a_request_on

pytestmark = pytest.mark.browser

WIDTHS = (320, 390, 768, 1280)
LANGUAGES = ["ru", "en"]


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, once for the module."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """The plain pool of the hot reads."""
    pool = await open_pool(database_url, size=4)
    yield pool
    await pool.close()


@pytest.fixture
async def claim(engine) -> Claim:
    """A claim with a history on a desk with a dozen; somebody has to be called about it."""
    claim = await some_claims(engine, NOON)
    await call_on(engine, claim)
    await request_on(engine, claim)
    await a_request_on(engine, claim, NOON)
    return claim


@pytest.fixture
async def site(engine, pool, claim) -> AsyncIterator[str]:
    """The desk's address."""
    async with a_desk_site(engine, pool, Clock()) as address:
        yield address


@pytest.fixture
async def door(engine, pool, site) -> AsyncIterator[Door]:
    """The same desk where the insurer's own sign-in is offered."""
    async with a_door(engine, pool, Clock(), site) as door:
        yield door


@asynccontextmanager
async def signed_in(chromium: Browser, site: str, *, language="en", theme="light", script=True, width=1280):
    """Somebody at the desk, who came in by the door."""
    context = await chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, locale=language, java_script_enabled=script
    )
    page = await context.new_page()
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    await page.goto(f"{site}/{language}/desk")
    await page.fill("#login", "handler")
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url("**/desk")
    try:
        yield page
        assert hosts == {site.split("/")[2]}, "a page asked somebody else"
    finally:
        await context.close()


async def must_be_sound(page: Page, where: str) -> None:
    """axe finds nothing in either theme, and at no width does the page scroll sideways."""
    await page.evaluate(Axe().axe_script)  # half a megabyte: once a page, not once a theme
    for theme, rules in reversed(looks(await page.get_attribute("html", "lang"))):
        await page.emulate_media(color_scheme=theme)
        found = await Axe(axe_script="0").run(page, options=rules)
        assert found.violations_count == 0, f"{where}, {theme}: {found.generate_report()}"
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        over, widest = await page.evaluate(OVER)
        assert over <= 0, f"{where} scrolls by {over} at {width}: {widest}"
    await page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("language", LANGUAGES)
async def test_axe_finds_nothing_and_nothing_scrolls_sideways(chromium, site, claim, engine, language):
    async with session_scope(engine) as session:
        whose = ContactPoint.policyholder_id == claim.policyholder_id
        phone = (await session.exec(select(ContactPoint.address).where(whose, ContactPoint.kind == "phone"))).first()
        ringing = PhoneCall(source="pbx", call_ref="1", number=phone, started_at=NOON, answered_at=NOON)
        session.add(ringing)
    context = await chromium.new_context(viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    await page.goto(f"{site}/{language}/desk/sign-in")
    await must_be_sound(page, "the door")
    await context.close()
    async with signed_in(chromium, site, language=language) as page:
        await must_be_sound(page, "the queue")
        await page.goto(f"{site}/desk?q=nobody")
        await must_be_sound(page, "an empty queue")
        await page.goto(f"{site}/desk/questions")
        await must_be_sound(page, "the questions")
        await page.goto(f"{site}/desk/calls")
        await must_be_sound(page, "whom to call")
        await page.goto(f"{site}/desk/calls/line/{ringing.id}")
        await must_be_sound(page, "the card of a caller")
        await page.focus("form[action$=take] button")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("form[action$=outcome]")
        await must_be_sound(page, "the card of a caller whose call was taken")
        await page.goto(f"{site}/desk/{claim.id}/representatives")
        await must_be_sound(page, "who reads a claim")
        await page.goto(f"{site}/desk/{claim.id}/files")
        await must_be_sound(page, "the files of a claim")
        await page.goto(f"{site}/desk/{claim.id}")
        await must_be_sound(page, "a claim")
        for action in ("approve", "decline", "request_documents", "extend"):
            await page.check(f"[name=action][value={action}]")
            await must_be_sound(page, action)
        await page.check("[name=action][value=approve]")
        await page.fill("#f-amount", "174 300")
        await page.fill("#f-money_by", "2026-06-08")
        await page.wait_for_selector("[name=previewed]", state="attached")
        await page.click("summary")
        await must_be_sound(page, "a preview")


async def test_the_door_by_the_insurers_own_sign_in_is_sound_and_needs_no_mouse_and_no_script(chromium, door):
    for language, name in (("ru", "desk-oidc-password"), ("ru", "desk-oidc-no-role"), ("en", "desk-oidc")):
        context = await chromium.new_context(viewport={"width": 1280, "height": 900}, locale=language)
        page = await context.new_page()
        await DOORS[name](page, door)
        assert await page.get_attribute("html", "lang") == language
        await must_be_sound(page, name)
        await context.close()
    context = await chromium.new_context(java_script_enabled=False, locale="en")
    await answer_for_provider(context, door)
    page = await context.new_page()
    await page.goto(f"{door.address}/desk/questions")
    await page.keyboard.press("Tab")
    while await page.evaluate("document.activeElement.textContent.trim()") != "Sign in with your work account":
        await page.keyboard.press("Tab")
        assert not await page.evaluate("document.activeElement === document.body"), "no key leads there"
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    await page.keyboard.press("Enter")
    await page.wait_for_selector("a.nav[aria-current]")
    assert page.url.endswith("/desk/questions")
    await context.close()


async def test_a_handlers_own_text_spacing_and_forced_colours_lose_nothing(chromium, site, claim):
    lost = {}
    async with signed_in(chromium, site, language="ru") as page:
        for path in ("/desk", "/desk/questions", "/desk/calls", f"/desk/{claim.id}/files", f"/desk/{claim.id}"):
            for width in (390, 1280):
                await page.set_viewport_size({"width": width, "height": 900})
                await page.emulate_media(forced_colors="none")
                await page.goto(f"{site}{path}")
                await page.evaluate(SPACED, SPACING)
                spaced = await page.evaluate(CUT)
                await page.emulate_media(forced_colors="active")
                if found := [*spaced, *await page.evaluate(FADED)]:
                    lost[path, width] = found
    assert lost == {}


async def test_with_script_off_a_claim_is_moved_through_the_preview_page(chromium, site, claim, engine):
    async with signed_in(chromium, site, script=False) as page:
        await page.click("text=2041-7785")
        await page.check("[name=action][value=approve]")
        await page.fill("#f-amount", "174 300")
        assert await page.locator("text=Save and send").count() == 0, "nothing is saved before it was looked at"
        await page.get_by_role("button", name="Preview").click()
        assert (await page.title()).startswith("Error: ")
        await page.fill("#f-money_by", "2026-06-08")
        await page.get_by_role("button", name="Preview").click()
        assert "174" in await page.inner_text(".bubble")
        await page.get_by_role("button", name="Save and send").click()
        assert "You can undo it until 12:01:00" in await page.inner_text("main")
        async with session_scope(engine) as session:
            assert len((await session.exec(select(ChangeRequest))).all()) == 1
        await page.get_by_role("button", name="Undo").click()
        assert "Undone." in await page.inner_text("main")
        async with session_scope(engine) as session:
            assert (await session.exec(select(ChangeRequest))).all() == []


async def test_from_the_queue_a_claim_moves_in_three_acts_by_keyboard_and_the_preview_follows(
    chromium, site, claim, engine
):
    """Opened, chosen, saved; what is typed between them is no act."""
    acts = 0

    async def act(selector: str, key: str) -> None:
        nonlocal acts
        acts += 1
        await page.focus(selector)
        await page.keyboard.press(key)

    async with signed_in(chromium, site) as page:
        await act(f"tbody a[href^='/desk/{claim.id}']", "Enter")
        await page.wait_for_selector("#move")
        assert not await page.locator("#preview-button").is_visible()
        await act("[name=action][value=decline]", "Space")
        for field, typed in (("reason", "The policy does not cover tyres"), ("clause", "4.2"), ("document", "Report")):
            await page.fill(f"#f-{field}", typed)
        await page.wait_for_selector("[name=previewed]", state="attached")
        before = await page.inner_text("#preview")
        assert "The claim page will say" in before
        await page.fill("#f-clause", "")
        await page.wait_for_selector("[name=previewed]", state="detached")
        assert "Add a policy clause" in await page.inner_text("#preview")
        await page.fill("#f-clause", "4.3")
        await page.wait_for_selector("[name=previewed]", state="attached")
        await act("[name=told][value=yes]", "Enter")
        await page.wait_for_selector("[data-left]")
        assert acts == 3
        assert 50 <= int(await page.locator("[data-seconds] b").inner_text()) <= 60
    async with session_scope(engine) as session:
        [change] = (await session.exec(select(ChangeRequest))).all()
    assert change.values["clause"] == "4.3"


async def test_with_script_off_several_claims_get_one_date_and_it_is_undone(chromium, site, claim, engine):
    async with signed_in(chromium, site, script=False) as page:
        for box in (await page.locator("[name=claim]").all())[:3]:
            await box.check()
        await page.get_by_role("button", name="Set a new date").click()
        await page.select_option("#f-extend_reason", "police_papers")
        await page.get_by_role("button", name="Preview").click()
        assert (await page.title()).startswith("Error: ")
        await page.fill("#f-new_date", "2026-06-03")
        await page.get_by_role("button", name="Preview").click()
        await page.get_by_role("button", name="Save and send for").click()
        assert "You can undo it until 12:01:00" in await page.inner_text("main")
        async with session_scope(engine) as session:
            assert len((await session.exec(select(ChangeRequest))).all()) == 3
        await page.get_by_role("button", name="Undo for all of them").click()
        assert "Undone." in await page.inner_text("main")
    async with session_scope(engine) as session:
        assert (await session.exec(select(ChangeRequest))).all() == []


async def test_by_keyboard_rows_are_chosen_and_a_question_is_taken_and_given_back(chromium, site, claim, engine):
    async with signed_in(chromium, site) as page:
        for key in ("j", "x", "j", "x", "x"):
            await page.keyboard.press(key)
        chosen = await page.locator("[name=claim]").evaluate_all("(all) => all.map((one) => one.checked)")
        assert chosen[:3] == [True, False, False]
        assert await page.inner_text("[data-chosen]") == "Chosen: 1"
        await page.get_by_role("button", name="Set a new date").click()
        await page.select_option("#f-extend_reason", "police_papers")
        await page.fill("#f-new_date", "2026-06-03")
        await page.get_by_role("button", name="Preview").click()
        await must_be_sound(page, "new dates")
        await page.get_by_role("button", name="Save and send for").click()
        await must_be_sound(page, "new dates that are saved")
        await page.goto(f"{site}/desk/questions")
        await page.focus("form[action$=take] button")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**done=taken**")
        await page.focus("details.hand summary")
        await page.keyboard.press("Enter")
        await must_be_sound(page, "a question that is handed over")
        await page.focus("details.hand select")
        await page.keyboard.press("End")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**done=back**")
    async with session_scope(engine) as session:
        assert [row.taken_by for row in (await session.exec(select(Question))).all()] == [None, None]


async def test_everything_is_reached_by_keyboard_and_shows_its_focus(chromium, site, claim, engine):
    async with signed_in(chromium, site) as page:
        await page.goto(f"{site}/desk/{claim.id}")
        seen: list[str] = []
        for _ in range(60):
            await page.keyboard.press("Tab")
            name, ring = await page.evaluate(STOP)
            if seen and (name in seen or name.startswith("BODY")):
                break
            if not name.startswith("BODY"):
                seen.append(name)
                assert ring, f"{name} shows no focus"
        assert seen[0].startswith("A|skip")
        assert {"answer", "action", "note"} <= {name.split("|")[2] for name in seen}
        # From the inbox two acts: opened, sent; what is typed between them is none.
        await page.goto(f"{site}/desk/questions")
        await page.focus(f"tbody a[href^='/desk/{claim.id}']")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("textarea[name=answer]")
        await page.focus("textarea[name=answer]")
        await page.keyboard.type("The decision comes by 3 June.")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**done=answered")
    async with session_scope(engine) as session:
        answers = [row.answer for row in (await session.exec(select(Question))).all()]
    assert "The decision comes by 3 June." in answers


async def in_focus(page: Page) -> str:
    return await page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")


async def test_single_keys_move_through_the_queue_and_are_never_taken_from_a_field(chromium, site, claim):
    async with signed_in(chromium, site) as page:
        numbers = [text.strip() for text in await page.locator("tbody th").all_inner_texts()]
        walked = []
        for key in ("j", "j", "k", "k"):
            await page.keyboard.press(key)
            walked.append(await in_focus(page))
        assert walked == [numbers[0], numbers[1], numbers[0], numbers[0]]
        # The key in the place of j on a Russian keyboard.
        await page.evaluate(RUSSIAN_J)
        assert await in_focus(page) == numbers[1]
        await page.keyboard.press("/")
        assert await in_focus(page) == "q"
        await page.keyboard.type("j/k?")
        assert await page.input_value("#q") == "j/k?"
        await page.fill("#q", "")
        await page.keyboard.press("Tab")
        await page.focus("tbody a")
        await page.keyboard.press("Control+k")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**via=queue")


async def test_the_list_of_keys_opens_closes_is_sound_and_switches_them_off(chromium, site, claim):
    for theme in ("light", "dark"):
        async with signed_in(chromium, site, theme=theme) as page:
            await page.keyboard.press("?")
            assert await page.locator("#keys").is_visible()
            await must_be_sound(page, "the list of keys")
            await page.keyboard.press("Escape")
            assert not await page.locator("#keys").is_visible()
            await page.get_by_role("button", name="Keys").click()
            await page.uncheck("[name=keys]")
            await page.get_by_role("button", name="Close").click()
            await page.reload()
            await page.keyboard.press("?")
            await page.keyboard.press("j")
            assert not await page.locator("#keys").is_visible()
            assert await page.evaluate("document.activeElement === document.body")


async def test_with_script_off_no_page_speaks_of_keys(chromium, site, claim):
    async with signed_in(chromium, site, script=False) as page:
        assert not await page.get_by_text("Keys").first.is_visible()


async def test_a_session_that_ends_under_an_open_form_loses_no_word(chromium, engine, pool, claim):
    clock = Clock()
    async with a_desk_site(engine, pool, clock) as site, signed_in(chromium, site) as page:
        await page.goto(f"{site}/desk/{claim.id}")
        await page.check("[name=action][value=approve]")
        clock.now += timedelta(minutes=31)
        await page.fill("#f-amount", "174 300")
        await page.wait_for_selector("text=Your session has ended")
        await page.fill("#f-money_by", "2026-06-05")
        await page.get_by_role("button", name="Preview").click()
        await page.fill("#login", "handler")
        await page.fill("#password", PASSWORD)
        await page.press("#password", "Enter")
        await page.wait_for_url("**kept=1**")
        assert [await page.input_value(f"#f-{name}") for name in ("amount", "money_by")] == ["174 300", "2026-06-05"]
        await page.wait_for_selector("[name=previewed]", state="attached")


# The element in focus: what it is, and whether it shows a ring.
STOP = """() => {
  const at = document.activeElement, rings = [at, at.closest("label") || at].map((one) => getComputedStyle(one));
  const name = [at.tagName, at.className, at.name || "", at.value || at.textContent.trim().slice(0, 20)].join("|");
  const ring = rings.some((style) => style.outlineStyle !== "none" || style.boxShadow !== "none");
  return [name, ring];
}"""

RUSSIAN_J = """() => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", {key: "\u043e", code: "KeyJ", bubbles: true, cancelable: true}))"""

# By how much the page scrolls sideways, and the elements that stick out.
OVER = """() => {
  const root = document.documentElement, over = root.scrollWidth - root.clientWidth;
  const beyond = (at) => at.getBoundingClientRect().right > root.clientWidth;
  const out = [...document.querySelectorAll("body *")].filter(beyond);
  return [over, over > 0 ? out.slice(0, 8).map((at) => at.tagName + "." + at.className).join(" ") : ""];
}"""
