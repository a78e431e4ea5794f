"""`make pictures`: every page in both languages, both themes, at three widths; the best are kept for README and docs.

`python -m tests.browser.pictures FOLDER NAME…` takes only some pages. What a new page shows is added here; a test
holds that no page is forgotten.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page

from notifier.channels.email.words import tag_of
from tests.browser.chromium import chromium, reader
from tests.browser.desk_pictures import take_desk
from tests.browser.looks import KEPT, LOOKS, Look, keep, sheet
from tests.browser.seeded import LETTER, LINK, RECEIPT, Seeded, serving
from tests.databases import a_database, a_server
from tests.portal.states import NAMES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "var" / "pictures"
DOCS = ROOT / "docs" / "pictures"


@contextmanager
def fresh_database() -> Iterator[str]:
    """A migrated database of its own, on the server of the tests or on an embedded one; gone afterwards."""
    with TemporaryDirectory() as folder, a_server(Path(folder)) as server, asyncio.Runner() as runner:
        held = AsyncExitStack()
        url = runner.run(held.enter_async_context(a_database(server)))
        try:
            yield url
        finally:
            runner.run(held.aclose())


def shots(seeded: Seeded) -> Iterator[tuple[str, str]]:
    """Name and path of each page."""
    yield "look-up", "/"
    yield "glance", f"/c/{LINK}"
    yield "messages", f"/claim/{seeded.claims['awaiting'].id}/messages"
    yield "ask", "/ask"
    yield "ours", "/ours"
    yield "how-long", "/how-long"
    yield "how-long-line", "/how-long/motor"
    yield "no-number", "/help/number"
    yield "new-phone", "/help/phone"
    yield "receipt", f"/received/{RECEIPT}"
    yield "fresh-code", f"/claim/{seeded.claims['awaiting'].id}/code"
    yield "representatives", f"/claim/{seeded.claims['awaiting'].id}/representatives"
    yield "claims", "/claims"
    yield "files", f"/claim/{seeded.claims['docs_needed'].id}/files"
    yield "account", f"/claim/{seeded.claims['details_needed'].id}/account"
    for key, state in (
        ("objection", "declined"),
        ("complaint", "late"),
        ("inspection", "inspection"),
        ("place", "late"),
    ):
        yield key, f"/claim/{seeded.claims[state].id}/ask/{key}"
    yield "formal-complaint", f"/claim/{seeded.claims['late'].id}/complaint"
    yield "data", f"/claim/{seeded.claims['awaiting'].id}/data"
    yield "erasure", f"/claim/{seeded.claims['awaiting'].id}/erasure"
    yield "not-found", "/no-such-page"
    yield "opt-out", f"/u/{LINK}"
    yield "letters-off", f"/stop/{tag_of(LETTER)}"
    for name in (*NAMES, "life"):
        yield f"claim-{name}", f"/claim/{seeded.claims[name].id}"


Act = Callable[[Page], None]
_NUMBERS = count()


def _nothing(page: Page) -> None:
    """Most pages are looked at as they come."""


def _nothing_typed(page: Page) -> None:
    page.locator("main form .btn").first.click()
    page.get_by_role("alert").wait_for()


def _code_asked(page: Page) -> None:
    # Others each time: only a few codes an hour are asked for of one number or one telephone.
    page.fill("#number", f"9999-{next(_NUMBERS):04}")
    page.fill("#phone", f"912{next(_NUMBERS):07}")
    page.press("#phone", "Enter")
    page.wait_for_url("**/code")


def _code_wrong(page: Page) -> None:
    _code_asked(page)
    page.fill("#code", "12345")
    page.press("#code", "Enter")
    page.get_by_role("alert").wait_for()


def _connected(page: Page) -> None:
    page.get_by_role("button", name="Telegram").click()
    page.get_by_role("link", name="Telegram").wait_for()


def acted(seeded: Seeded) -> Iterator[tuple[str, str, Act]]:
    """What one sees only after having done something: name, path, and what is done."""
    yield "look-up-wrong", "/", _nothing_typed
    yield "code", "/", _code_asked
    yield "code-wrong", "/", _code_wrong
    yield "connect", f"/claim/{seeded.claims['awaiting'].id}/messages", _connected
    yield "ask-wrong", "/ask", _nothing_typed
    yield "account-wrong", f"/claim/{seeded.claims['details_needed'].id}/account", _nothing_typed


def take(browser: Browser, seeded: Seeded, folder: Path, looks: tuple[Look, ...], only: tuple[str, ...]) -> list[str]:
    """Take every picture of the client's pages in every look; returns the names of the pages."""
    pages = [*((name, path, _nothing) for name, path in shots(seeded)), *acted(seeded)]
    pages = [each for each in pages if not only or each[0] in only]
    read = [("agree", f"/claim/{seeded.claims['awaiting'].id}", _nothing)] if not only or "agree" in only else []
    for number, look in enumerate(looks, 1):
        for session, wanted in ((seeded.session, pages), (seeded.reads, read)):
            with reader(browser, seeded, session=session, **how(look)) as context:
                _taken(context.new_page(), wanted, look, folder)
        print(f"client  {number:2} of {len(looks)}: {look.name}, {len(pages) + len(read)} pictures", flush=True)
    return [name for name, _, _ in (*pages, *read)]


def how(look: Look) -> dict[str, Any]:
    """The look as a reader has it."""
    viewport = {"width": look.width, "height": look.height}
    return {"language": look.language, "theme": look.theme, "viewport": viewport}


def _taken(page: Page, wanted: list[tuple[str, str, Act]], look: Look, folder: Path) -> None:
    for name, path, act in wanted:
        page.goto(path)
        act(page)
        page.screenshot(path=look.path(folder, name), full_page=True)


def main(words: list[str]) -> int:
    """Take all pictures into the folder that was named, else into var/pictures; then names to restrict to.

    Without a word the few of README and docs are taken anew as well.
    """
    folder, only = Path(words[0]) if words else FOLDER, tuple(words[1:])
    folder.mkdir(parents=True, exist_ok=True)
    with fresh_database() as url, serving(url) as seeded, chromium() as browser:
        names = take(browser, seeded, folder, LOOKS, only)
    with fresh_database() as url:
        names += asyncio.run(take_desk(url, folder, LOOKS, only))
    (folder / "index.html").write_text(sheet(names), encoding="utf-8")
    if not words:
        for name, look, kept in KEPT:
            keep(look.path(folder, name), DOCS / f"{kept}.png", look)
    print(f"{len(names) * len(LOOKS)} pictures, all on one page: {folder / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
