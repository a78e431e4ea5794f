"""The policyholder's pages in a real browser: axe, every width, no script, by keyboard, on paper."""

import asyncio
import itertools
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import asyncpg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, Route

from claims_core.sealing import unseal
from notifier.wording.texts import CODE_SEAL, SEALED
from sandbox.telegram import Bot
from tests.browser.budgets import MOST_BYTES, MOST_SCRIPT, SHIFTED, weigh
from tests.browser.chromium import chromium, reader
from tests.browser.manners import CUT, FADED, SPACED, SPACING, TWICE, looks
from tests.browser.pictures import fresh_database, shots
from tests.browser.seeded import LINK, Seeded, serving
from tests.portal.desk import PASSWORD
from tests.portal.hostile_files import a_jpeg
from tests.portal.portal import SECRET
from tests.portal.states import NAMES

pytestmark = pytest.mark.browser

WIDTHS = (320, 360, 390, 768, 1280)
SMALLEST = 24
# What can be pressed, and how large it is.
BOXES = """() => [...document.querySelectorAll('a,button,input:not([type=hidden]),select,textarea,summary')]
    .filter(e => !e.classList.contains('skip') && !e.closest('p.ref'))
    .filter(e => !(e.tagName === 'INPUT' && e.closest('label')))
    .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
    .map(([html, box]) => [html, Math.round(box.width), Math.round(box.height)])"""


@pytest.fixture(scope="module")
def seeded() -> Iterator[Seeded]:
    """A portal of its own, with a claim in every page state."""
    with fresh_database() as url, serving(url) as seeded:
        yield seeded


@pytest.fixture(scope="module")
def browser(seeded: Seeded) -> Iterator[Browser]:
    """One Chromium for the module; after the portal, because Playwright keeps a loop of its own."""
    with chromium() as browser:
        yield browser


def every_page(browser: Browser, seeded: Seeded, **look: object) -> Iterator[tuple[str, Page]]:
    """Each page in one look."""
    with reader(browser, seeded, **look) as context:
        page = context.new_page()
        for name, path in shots(seeded):
            page.goto(path)
            yield name, page


@pytest.mark.parametrize("language", ["ru", "en"])
def test_axe_finds_nothing_on_any_page_in_either_theme(browser: Browser, seeded: Seeded, language: str):
    found = {}
    for name, page in every_page(browser, seeded, language=language):
        found |= {(name, theme): nodes for theme, nodes in broken_on(page)}
    assert found == {}


def broken_on(page: Page) -> Iterator[tuple[str, list[tuple[str, list[str]]]]]:
    """What axe finds on the page, by theme."""
    page.evaluate(Axe().axe_script)  # half a megabyte: once a page, not once a theme
    for theme, rules in looks(page.get_attribute("html", "lang")):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        if broken := Axe(axe_script="0").run(page, options=rules).response["violations"]:
            yield theme, [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in broken]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_page_that_connects_a_messenger_is_sound(browser: Browser, seeded: Seeded, language: str):
    with reader(browser, seeded, language=language) as context:
        page = context.new_page()
        page.goto(f"/claim/{seeded.claims['awaiting'].id}/messages")
        page.get_by_role("button", name="Telegram").click()
        assert page.get_by_role("link", name="Telegram").get_attribute("href").startswith("https://t.me/")
        assert f"@{Bot().name}" in page.inner_text("main"), "who is on another device has to find our bot"
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert list(broken_on(page)) == []


def test_what_a_representative_reads_is_sound_and_has_nothing_to_press(browser: Browser, seeded: Seeded):
    with reader(browser, seeded, session=seeded.reads) as context:
        page = context.new_page()
        page.goto(f"/claim/{seeded.claims['awaiting'].id}")
        assert page.url.endswith("/agree")
        assert list(broken_on(page)) == []
        page.get_by_role("checkbox").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/claim/{seeded.claims['awaiting'].id}")
        assert list(broken_on(page)) == []
        assert page.get_by_role("textbox").count() == 0
        actions = page.locator("main form").evaluate_all("forms => forms.map(form => form.getAttribute('action'))")
        assert actions == ["/sign-out"]


def test_on_every_page_nothing_shifts_scrolls_sideways_is_cut_too_small_or_heavy_and_nobody_else_is_asked(
    browser: Browser, seeded: Seeded
):
    """One visit to each page, for all that is measured on it: at every width, with a reader's own spacing."""
    found, hosts, refused = [], set(), []
    with reader(browser, seeded) as context:
        page = context.new_page()
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        page.on("console", lambda line: refused.append(line.text))
        _, weight = weigh(page)
        for name, path in shots(seeded):
            weight.clear()
            page.goto(path)
            if shift := page.evaluate(SHIFTED):
                found.append((name, "shifts", shift))
            found += [(name, "two with one id", twice) for twice in page.evaluate(TWICE)]
            assert weight.of("Document") > 0
            if weight.of() > MOST_BYTES or weight.of("Script") > MOST_SCRIPT:
                found.append((name, "heavy", dict(weight.bytes_of)))
            found += [(name, "small", *box) for box in page.evaluate(BOXES) if is_small(*box[1:])]
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 844})
                if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                    found.append((name, "wide", width))
            page.evaluate(SPACED, SPACING)
            for width in (320, 1280):
                page.set_viewport_size({"width": width, "height": 844})
                found += [(name, "cut", width, text) for text in page.evaluate(CUT)]
            page.set_viewport_size({"width": 390, "height": 844})
    assert found == []
    assert hosts == {urlsplit(seeded.url).netloc}
    assert [line for line in refused if "Content Security" in line] == []


def is_small(width: int, height: int) -> bool:
    """Too small for a finger (WCAG 2.5.8); what has no size is not shown."""
    return 0 < width < SMALLEST or 0 < height < SMALLEST


def test_in_forced_colours_the_day_and_the_status_stay_apart(browser: Browser, seeded: Seeded):
    faded = {}
    for name, page in every_page(browser, seeded, forced_colors="active"):
        if found := page.evaluate(FADED):
            faded[name] = found
    assert faded == {}


def test_the_whole_road_needs_no_script(browser: Browser, seeded: Seeded):
    claim = seeded.claims["assessment"]
    with reader(browser, seeded, session=seeded.spare, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"/claim/{claim.id}")
        page.get_by_label("Ваш вопрос").fill("Когда приедет эксперт?")
        page.get_by_role("button", name="Отправить вопрос").click()
        page.get_by_text("Когда приедет эксперт?").wait_for()
        page.get_by_role("link", name="SMS только о главном").click()
        page.get_by_role("radio", name="Часто").check()
        page.get_by_role("button", name="Сохранить").click()
        assert page.get_by_role("status").inner_text().strip() == "Сохранили. Теперь: Часто."
        page.get_by_role("link", name="Eng").click()
        assert page.locator("html").get_attribute("lang") == "en"
        page.get_by_role("button", name="dark").click()
        assert page.locator("html").get_attribute("data-theme") == "dark"
        page.get_by_role("link", name="Back to the claim").click()
        page.get_by_role("button", name="Sign out on this device").click()
        assert page.url.rstrip("/") == seeded.url


def test_from_the_link_in_a_text_to_an_answer_that_appears_by_itself(browser: Browser, seeded: Seeded):
    with reader(browser, seeded, session=None) as context, reader(browser, seeded, session=None) as desk:
        page, broken = context.new_page(), break_once(context)
        page.goto(f"/{LINK}")
        assert page.url == f"{seeded.url}/c"
        page.get_by_role("button", name="Показать сумму, документы и переписку").click()
        page.get_by_label("Код из SMS").fill(code_of(seeded))
        page.get_by_role("button", name="Продолжить").click()
        page.wait_for_url("**/claim/*")
        claim = urlsplit(page.url).path
        page.get_by_role("link", name="Фото и документы").click()
        page.get_by_label("Добавить фото или PDF").set_input_files(photos(2))
        page.get_by_role("button", name="Отправить").click()
        page.wait_for_url("**/files?sent=2**")
        assert page.get_by_role("status").first.inner_text().strip() == "Получили 2 файла. Расписки ниже"
        assert len(broken) == 1
        page.goto(claim)
        page.get_by_label("Ваш вопрос").fill("Хватит ли этих фото?")
        page.get_by_role("button", name="Отправить вопрос").click()
        # The whole page, not only its text: a page that is still arriving takes the focus to where its address points.
        page.wait_for_url("**/claim/*#questions")
        page.get_by_text("Хватит ли этих фото?").wait_for()
        page.evaluate("window.loadedOnce = true")
        page.get_by_label("Ваш вопрос").fill("И ещё: ког")
        page.get_by_label("Ваш вопрос").focus()
        answer_at_the_desk(desk.new_page(), claim, "Да, фото хорошие.")
        page.locator(".thread").get_by_text("Да, фото хорошие.").wait_for()
        page.keyboard.type("да?")
        assert page.get_by_label("Ваш вопрос").input_value() == "И ещё: когда?", "what is being typed is not lost"
        assert page.evaluate("window.loadedOnce"), "it was loaded again"
        said = page.locator("#news").inner_text()
        assert said.startswith("Новое на этой странице:")
        assert "Вопросы по делу" in said
        assert list(broken_on(page)) == []


def break_once(context: BrowserContext) -> list[str]:
    """The line breaks at the first piece of a file; its address is in the list from then on."""
    broken: list[str] = []

    def breaking(route: Route) -> None:
        if route.request.method == "PATCH" and not broken:
            broken.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    context.route("**/bytes", breaking)
    return broken


def photos(n: int) -> list[FilePayload]:
    """Photos as a file field takes them."""
    return [{"name": f"двор-{place}.jpg", "mimeType": "image/jpeg", "buffer": a_jpeg()} for place in range(n)]


def code_of(seeded: Seeded) -> str:
    """The code of the text that is about to leave."""

    async def look() -> str:
        connection, asked = await asyncpg.connect(seeded.database), None
        while asked is None:
            asked = await connection.fetchval("select values from notification where template = 'otp'")
            await asyncio.sleep(0.05)
        await connection.close()
        return unseal(json.loads(asked)[SEALED], SECRET, purpose=CODE_SEAL)

    # Playwright's loop runs in this thread.
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, look()).result(10)


def answer_at_the_desk(page: Page, claim: str, answer: str) -> None:
    """A handler signs in and answers the question of this claim."""
    page.goto("/desk")
    page.fill("#login", "handler")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/desk")
    page.goto(claim.replace("/claim/", "/desk/"))
    page.locator("form.qa textarea").fill(answer)
    page.locator("form.qa button").click()
    page.wait_for_url("**?done=answered")


def test_a_photo_arrives_without_script(browser: Browser, seeded: Seeded):
    with reader(browser, seeded, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"/claim/{seeded.claims['registered'].id}/files")
        page.get_by_label("Добавить фото или PDF").set_input_files(photos(1))
        page.get_by_role("button", name="Отправить").click()
        page.get_by_text("Получили 1 файл").wait_for()
        assert page.locator("#sent + ul > li").count() == 1


def test_the_form_says_what_is_wrong_where_it_is_wrong(browser: Browser, seeded: Seeded):
    with reader(browser, seeded, session=None, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_role("button", name="Получить код").click()
        assert page.title().startswith("Ошибка: ")
        page.get_by_role("alert").get_by_role("link", name="Введите номер дела или полиса").click()
        number = page.get_by_label("Номер дела или полиса")
        assert number.get_attribute("aria-invalid") == "true"
        assert "number-problem" in (number.get_attribute("aria-describedby") or "")


def test_the_look_up_can_be_walked_by_keyboard(browser: Browser, seeded: Seeded):
    with reader(browser, seeded) as context:
        page = context.new_page()
        page.goto("/")
        seen = []
        page.keyboard.press("Tab")
        while not page.evaluate("document.activeElement === document.body"):
            focus = page.evaluate(
                """() => { const e = document.activeElement, b = e.getBoundingClientRect();
                    const s = getComputedStyle(e);
                    return [e.id || e.textContent.trim().slice(0, 20), b.top + scrollY, s.outlineStyle] }"""
            )
            seen.append(focus)
            page.keyboard.press("Tab")
        names = [name for name, _, _ in seen]
        assert names[0] == "К содержанию"
        assert names.index("number") < names.index("phone") < names.index("Получить код")
        tops = [top for _, top, _ in seen[1:]]
        assert [pair for pair in itertools.pairwise(tops) if pair[1] < pair[0] - 20] == []
        assert {style for _, _, style in seen} == {"solid"}
        page.goto("/")
        page.get_by_label("Номер дела или полиса").focus()
        page.keyboard.type("9999-0000")
        page.keyboard.press("Tab")
        page.keyboard.type("9120000000")
        page.keyboard.press("Enter")
        page.wait_for_url("**/code")


def test_a_claim_prints_on_two_pages(browser: Browser, seeded: Seeded):
    sheets = {}
    with reader(browser, seeded) as context:
        page = context.new_page()
        for name in NAMES:
            page.goto(f"/claim/{seeded.claims[name].id}")
            sheets[name] = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
        page.emulate_media(media="print")
        visible = page.locator("button:visible, form:visible, .lang:visible, .rowlink:visible").count()
        printed = page.get_by_text("Это не письмо с решением").is_visible()
    assert {name: count for name, count in sheets.items() if count > 2} == {}
    assert (visible, printed) == (0, True)


def test_nothing_is_lost_when_text_is_twice_as_large(browser: Browser, seeded: Seeded):
    with reader(browser, seeded) as context:
        page = context.new_page()
        page.goto(f"/claim/{seeded.claims['awaiting'].id}")
        page.add_style_tag(url=f"{seeded.url}/static/app.css")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_answer_is_on_the_first_screen_of_a_phone(browser: Browser, seeded: Seeded):
    with reader(browser, seeded) as context:
        page = context.new_page()
        page.goto(f"/claim/{seeded.claims['awaiting'].id}")
        assert page.locator("main > section").first.bounding_box()["y"] <= 440
        assert page.title().startswith("Принимаем решение о выплате, ответим до 3")
