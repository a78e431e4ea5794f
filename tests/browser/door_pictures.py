"""The desk's door as pictures: by a password, by the insurer's own sign-in, and every way that this can end."""

import re
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.async_api import Browser, BrowserContext, Page, Route

from tests.browser.desk_site import Door
from tests.browser.looks import Look
from tests.portal.desk import PASSWORD
from tests.portal.oidc import id_claims, signed

_LOGINS = count(1)
Through = Callable[[Page, Door], Awaitable[None]]


async def answer_for_provider(context: BrowserContext, door: Door, *, error: str = "", **over: object) -> None:
    """Let whoever goes to the provider come straight back: as Marina, with `over` of her changed, or with an error."""

    async def back(route: Route) -> None:
        # What is led elsewhere is no longer asked of a route: the way there is cut short where it begins.
        gone = await route.fetch(max_redirects=0)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(gone.headers["location"]).query).items()}
        door.liar.token = signed(id_claims(door.now.timestamp(), asked["nonce"], **over))
        said = {"state": asked["state"]} | ({"error": error} if error else {"code": "a-code"})
        kept = {"set-cookie": gone.headers["set-cookie"], "location": f"{asked['redirect_uri']}?{urlencode(said)}"}
        await route.fulfill(status=303, headers=kept)

    await context.route(re.compile("/desk/oidc/sign-in"), back)


async def _wrong_password(page: Page, door: Door) -> None:
    await page.goto(f"{door.plain}/desk/sign-in")
    # Somebody else each time: a login takes eight passwords in a quarter of an hour.
    await page.fill("#login", f"m.kotova{next(_LOGINS)}")
    await page.fill("#password", f"not {PASSWORD}")
    await page.press("#password", "Enter")
    await page.wait_for_selector("[role=alert]")


def _at(path: str) -> Through:
    async def go(page: Page, door: Door) -> None:
        await page.goto(f"{door.address}{path}")

    return go


def _sent_back(*, error: str = "", **over: object) -> Through:
    async def go(page: Page, door: Door) -> None:
        await answer_for_provider(page.context, door, error=error, **over)
        await page.goto(f"{door.address}/desk/oidc/sign-in")

    return go


async def _plain(page: Page, door: Door) -> None:
    await page.goto(f"{door.plain}/desk/sign-in")


async def _with_password(page: Page, door: Door) -> None:
    await page.goto(f"{door.address}/desk/sign-in")
    await page.click("summary")


DOORS: dict[str, Through] = {
    "desk-sign-in": _plain,
    "desk-sign-in-wrong": _wrong_password,
    "desk-oidc": _at("/desk/sign-in"),
    "desk-oidc-password": _with_password,
    "desk-oidc-no-role": _sent_back(groups=["everybody"]),
    "desk-oidc-denied": _sent_back(error="access_denied"),
    "desk-oidc-start-again": _at("/desk/oidc/callback"),
    "desk-oidc-set-up-wrong": _sent_back(error="unauthorized_client"),
    "desk-oidc-away": _sent_back(error="server_error"),
    "desk-oidc-signed-out": _at("/desk/oidc/signed-out"),
}


async def take_doors(browser: Browser, door: Door, look: Look, folder: Path, only: tuple[str, ...]) -> list[str]:
    """Every picture of the door in one look; each by a browser that was never here. Returns their names."""
    taken = [name for name in DOORS if not only or name in only]
    for name in taken:
        size = {"width": look.width, "height": look.height}
        context = await browser.new_context(viewport=size, color_scheme=look.theme, locale=look.language)
        page = await context.new_page()
        await DOORS[name](page, door)
        await page.screenshot(path=look.path(folder, name), full_page=True)
        await context.close()
    return taken
