"""The desk and the telephone as pictures: every page and the states of it that are seldom seen."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Page, async_playwright
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core import ledger
from claims_core.db import make_engine, open_pool, session_scope
from claims_core.tables import Claim
from claims_portal.tables import Role
from sandbox.telephone import add_telephone
from sandbox.twilio import Exchange, Setup, create_app
from tests.browser.chromium import CHROMIUM, QUIETLY
from tests.browser.desk_site import Door, a_desk_site, a_door, serving, some_claims
from tests.browser.door_pictures import take_doors
from tests.browser.looks import Look
from tests.browser.seeded import NOW, PHONE
from tests.portal.desk import PASSWORD, a_staff
from tests.portal.portal import Clock
from tests.portal.test_desk_calls import call_on
from tests.portal.test_desk_held import held_on
from tests.portal.test_desk_line import a_call as ringing
from tests.portal.test_desk_pilots import SHOWN, a_counted_pilot
from tests.portal.test_desk_rules import a_draft_of_rules
from tests.portal.test_desk_sentence import request_on
from tests.portal.test_desk_sources import a_held_run, a_rejected
from tests.portal.test_desk_texts import some_texts
from tests.portal.test_unproven import a_request_on
from tests.ports import free_port

LONG_REF = {"source": "claim_center", "place": None, "case_ref": "cc:" + "9" * 40, "content_hash": "bb"}
FORMS = {
    "approve": {"amount": "174 300", "money_by": "2026-06-08"},
    "decline": {"reason": "Полис не покрывает шины", "clause": "4.2", "document": "Акт осмотра"},
    "request_documents": {"due_date": "2026-06-08"},
    "extend": {"extend_reason": "expert_opinion", "new_date": "2026-06-12"},
}


Act = Callable[[Page], Awaitable[None]]


async def _nothing(page: Page) -> None:
    """Some pages are looked at as they come."""


def _form(action: str, fields: dict[str, str]) -> Act:
    async def fill(page: Page) -> None:
        await page.check(f"[name=action][value={action}]")
        for name, typed in fields.items():
            field = page.locator(f"#f-{name}")
            await (field.select_option(index=1) if name == "extend_reason" else field.fill(typed))
        if action == "request_documents":
            await page.locator("[name=documents]").first.check()
        await page.wait_for_selector("[name=previewed]", state="attached")

    return fill


async def _refused(page: Page) -> None:
    await page.evaluate("document.getElementById('preview-button').hidden = false")
    await page.check("[name=action][value=approve]")
    await page.click("#preview-button")


async def _saved(page: Page) -> None:
    await _form("approve", FORMS["approve"])(page)
    await page.locator("[name=told][value=yes]").click()
    await page.wait_for_selector("[data-left]")


async def _keys(page: Page) -> None:
    await page.keyboard.press("?")


async def _dated(page: Page) -> None:
    for box in await page.locator("[data-rows] [name=claim]").all():
        await box.check()
    await page.click(".bulk button")
    await page.select_option("#f-extend_reason", index=1)
    await page.fill("#f-new_date", "2026-06-12")
    await page.click(".dates .card .btn")
    await page.wait_for_selector(".totals")


async def _ticked(page: Page) -> None:
    """Somebody would tell more people of a paper that came, and looks back at thirty days."""
    box = page.locator('input[name="told"]:not(:checked)').first
    await box.check()
    await page.fill("#f-why", "Спрашивают, дошли ли документы")
    await page.click("form.stackd button.quiet")
    await page.wait_for_selector(".back")


async def _reworded(page: Page) -> None:
    """Somebody writes what may not be said."""
    await page.fill("#f-source", "Дело {{ ref4.x }}: {% for x in docs %}{{ x }}{% endfor %}")
    await page.fill("#f-why", "Короче")
    await page.click("button[formaction$=propose]")
    await page.wait_for_selector("#wrong")


async def _written(page: Page) -> None:
    """One true sentence, looked at."""
    await page.fill("#f-sentence", "Ждём справку из ГИБДД, напомнили.")
    await page.click("[name=act][value=look]")
    await page.wait_for_selector("#sentence .bubble")


async def _misspoken(page: Page) -> None:
    """A sentence that may not be said."""
    await page.fill("#f-sentence", "Решим через 3 дня, проверяем на мошенничество")
    await page.click("[name=act][value=keep]")
    await page.wait_for_selector("#p-sentence")


async def _on_the_line(page: Page) -> None:
    """Whoever is on the line, taken."""
    await page.locator("[data-lines] a").first.click()
    take = page.locator("form[action$=take] button")
    if await take.count():
        await take.click()
    await page.wait_for_selector("form[action$=outcome]")


async def _opened(page: Page) -> None:
    for one in await page.locator("summary").all():
        await one.click()


async def _viewed(page: Page) -> None:
    """Filters are about to be given a name."""
    await page.click(".views summary")
    await page.fill("#view-name", "КАСКО, срок прошёл")


def shots(claim: Claim) -> list[tuple[str, str, Act]]:
    """Name, path, and what is done before the picture; what changes something is last."""
    here = f"/desk/{claim.id}"
    return [
        ("desk-queue", "/desk?whose=all", _nothing),
        ("desk-queue-narrow", "/desk?q=nobody", _nothing),
        ("desk-queue-view", "/desk?line=motor", _viewed),
        ("desk-keys", "/desk?whose=all", _keys),
        ("desk-questions", "/desk/questions", _nothing),
        ("desk-calls", "/desk/calls", _nothing),
        ("desk-call", "/desk/calls", _on_the_line),
        ("desk-representatives", f"{here}/representatives", _nothing),
        ("desk-files", f"/desk/{claim.id}/files", _nothing),
        ("desk-files-waiting", "/desk/files", _nothing),
        ("desk-sources", "/desk/sources", _opened),
        ("desk-health", "/desk/health", _nothing),
        ("desk-rules", "/desk/rules", _ticked),
        ("desk-texts", "/desk/texts", _nothing),
        ("desk-text", "/desk/texts/assessment/sms.ru", _opened),
        ("desk-text-refused", "/desk/texts/assessment/sms.ru", _reworded),
        ("desk-erasures", "/desk/erasures", _nothing),
        ("desk-audit", "/desk/audit", _nothing),
        ("desk-pilots", "/desk/pilots", _nothing),
        ("desk-pilot-plan", "/desk/pilots/new", _opened),
        ("desk-pilot", f"/desk/pilots/{SHOWN}", _nothing),
        ("desk-dates", "/desk?whose=all", _dated),
        ("desk-claim", here, _nothing),
        *((f"desk-claim-{action}", here, _form(action, fields)) for action, fields in FORMS.items()),
        ("desk-claim-refused", here, _refused),
        ("desk-claim-sentence", here, _written),
        ("desk-claim-sentence-refused", here, _misspoken),
        ("desk-as-client", f"{here}/as-client", _nothing),
        ("desk-not-found", "/desk/00000000-0000-0000-0000-000000000000", _nothing),
        ("desk-claim-saved", here, _saved),
    ]


@asynccontextmanager
async def a_desk(database_url: str) -> AsyncIterator[tuple[Door, Claim]]:
    """A desk with claims, questions, held messages, held runs and rejected cases; a head of team may sign in.

    It has a second door, by the insurer's own sign-in, too.
    """
    engine = make_engine(database_url)
    pool = await open_pool(database_url, size=4)
    try:
        claim = await some_claims(engine, NOW)
        await call_on(engine, claim)
        await ringing(engine, PHONE, now=NOW)
        await request_on(engine, claim, NOW)
        await a_request_on(engine, claim, NOW)
        await _sources(engine)
        await a_counted_pilot(engine, NOW)
        ours = {"planned_at": NOW - timedelta(hours=1), "send_by": NOW + timedelta(hours=23)}
        await held_on(engine, claim, values={"page_state": claim.page_state}, **ours)
        async with session_scope(engine) as session:
            await ledger.ask_erasure(session, claim.policyholder_id, due_at=NOW + timedelta(days=12), now=NOW)
        clock = Clock(NOW)
        await a_draft_of_rules(engine, NOW)
        async with a_desk_site(engine, pool, clock) as plain, a_door(engine, pool, clock, plain) as door:
            yield door, claim
    finally:
        await pool.close()
        await engine.dispose()


async def _sources(engine: AsyncEngine) -> None:
    await a_staff(engine, Role.SUPERVISOR, totp_sealed=None)
    await a_held_run(engine)
    await some_texts(engine)
    await a_rejected(engine)
    long = '{"claimNumber": "000-00-000033", "insured": {"displayName": "' + "Wolfeschlegelstein" * 20 + '"}}'
    await a_rejected(engine, **LONG_REF, reason="name: is 2,301 characters long", raw=long)


@asynccontextmanager
async def a_telephone() -> AsyncIterator[str]:
    """A telephone with a conversation."""
    port = free_port()
    exchange = Exchange(Setup("AC1", "t", inbound_url="http://127.0.0.1:9/inbound"))
    app = create_app(exchange)
    where = {"short_url": "pr.example", "portal_url": "http://portal", "zone": ZoneInfo("Europe/Moscow")}
    add_telephone(app, exchange, app.state.postman, **where)  # type: ignore[arg-type]
    texts = (
        "482913 - код для входа. Никому его не говорите.\n@claims.example #482913",
        "Дело 7785: ущерб посчитан. Решение до 04.06. pr.example/k7Q2mX9d",
        "Claim 7785: damage is assessed, we are making the decision. Answer by 4 Jun. pr.example/k7Q2mX9d",
    )
    for text in texts:
        exchange.take({"To": PHONE, "From": "+15005550006", "Body": text})
    exchange.take({"To": "+12025550143", "From": "+15005550006", "Body": texts[-1]})
    async with serving(app, port):
        yield f"http://127.0.0.1:{port}"
    await app.state.postman.close()
    exchange.close()


async def take_desk(database_url: str, folder: Path, looks: tuple[Look, ...], only: tuple[str, ...] = ()) -> list[str]:
    """Take every picture of the desk, its door and the telephone in every look; returns the names of the pages."""
    names: dict[str, None] = {}
    async with async_playwright() as playwright, a_telephone() as telephone:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIETLY)
        async with a_desk(database_url) as (door, claim):
            badge = await _badge(browser, door.plain)
            for number, look in enumerate(looks, 1):
                taken = [
                    *await _of_desk(browser, door.plain, badge, claim, look, folder, only),
                    *await take_doors(browser, door, look, folder, only),
                    *await _of_telephone(browser, telephone, look, folder, only),
                ]
                names |= dict.fromkeys(taken)
                print(f"desk    {number:2} of {len(looks)}: {look.name}, {len(taken)} pictures", flush=True)
        await browser.close()
    return list(names)


async def _badge(browser: Browser, address: str) -> dict[str, str]:
    """A head of team signs in, once: a login takes eight passwords in a quarter of an hour."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{address}/desk")
    for field, typed in (("login", "supervisor"), ("password", PASSWORD)):
        await page.fill(f"#{field}", typed)
    await page.press("#password", "Enter")
    await page.wait_for_url("**/desk")
    [kept] = [each for each in await context.cookies() if each["name"] == "staff"]
    await context.close()
    return {"name": kept["name"], "value": kept["value"], "url": address}


async def _of_desk(
    browser: Browser, address: str, badge: dict[str, str], claim: Claim, look: Look, folder: Path, only: tuple[str, ...]
) -> list[str]:
    context = await browser.new_context(
        viewport={"width": look.width, "height": look.height}, color_scheme=look.theme, locale=look.language
    )
    await context.add_cookies([badge])  # type: ignore[list-item]
    page = await context.new_page()
    taken = []
    for name, path, act in shots(claim):
        if only and name not in only:
            continue
        await page.goto(f"{address}{path}")
        await act(page)
        await page.screenshot(path=look.path(folder, name), full_page=True)
        taken.append(name)
    undo = page.locator("form[action$=undo] button")
    if await undo.count():
        await undo.click()
    await context.close()
    return taken


async def _of_telephone(browser: Browser, telephone: str, look: Look, folder: Path, only: tuple[str, ...]) -> list[str]:
    size = {"width": look.width, "height": look.height}
    context = await browser.new_context(viewport=size, color_scheme=look.theme)
    page = await context.new_page()
    taken = []
    for name, path in (("telephones", "/"), ("telephone", f"/telephone/{PHONE}")):
        if not only or name in only:
            await page.goto(f"{telephone}{path}?lang={look.language}")
            await page.screenshot(path=look.path(folder, name), full_page=True)
            taken.append(name)
    await context.close()
    return taken
