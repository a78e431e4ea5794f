"""`python -m tests.browser.pictures [FOLDER [NAME…]]`: the pages as pictures, for the README and for our own eyes.

With `LOOKS=all` every language, theme and width; without it three of the eight.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser

from notifier.channels.email.words import tag_of
from tests.browser.chromium import chromium, reader
from tests.browser.desk_pictures import Look, take_desk
from tests.browser.seeded import LETTER, LINK, RECEIPT, Seeded, serving
from tests.databases import a_database, a_server
from tests.portal.states import NAMES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "var" / "pictures"
README = ROOT / "docs" / "pictures"
SOME = (Look("ru", "light", 390), Look("ru", "dark", 390), Look("en", "light", 1280))
ALL = tuple(Look(*each) for each in product(("ru", "en"), ("light", "dark"), (390, 1280)))


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


def take(browser: Browser, seeded: Seeded, folder: Path, looks: tuple[Look, ...], only: tuple[str, ...] = ()) -> int:
    """Take every picture in every look; returns how many."""
    taken = 0
    for look in looks:
        viewport = {"width": look.width, "height": 844 if look.width < 800 else 900}
        with reader(browser, seeded, language=look.language, theme=look.theme, viewport=viewport) as context:
            page = context.new_page()
            for name, path in shots(seeded):
                if only and name not in only:
                    continue
                page.goto(path)
                page.screenshot(path=look.path(folder, name), full_page=True)
                taken += 1
    return taken


def take_for_readme(browser: Browser, seeded: Seeded) -> None:
    """What a newcomer sees first: the top of a claim page on a phone, by day and by night."""
    for theme, name in (("light", "claim-ru-phone"), ("dark", "claim-ru-phone-dark")):
        viewport = {"width": 390, "height": 900}
        with reader(browser, seeded, theme=theme, viewport=viewport) as context:
            page = context.new_page()
            page.goto(f"/claim/{seeded.claims['awaiting'].id}")
            page.screenshot(path=README / f"{name}.png")


def main(words: list[str]) -> int:
    """Take all pictures into the folder that was named, else into var/pictures; then names to restrict to.

    Without a word the two of the README are taken anew as well.
    """
    folder = Path(words[0]) if words else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    looks, only = ALL if os.environ.get("LOOKS") == "all" else SOME, tuple(words[1:])
    with fresh_database() as url, serving(url) as seeded, chromium() as browser:
        if not words:
            take_for_readme(browser, seeded)
        taken = take(browser, seeded, folder, looks, only)
    with fresh_database() as url:
        taken += asyncio.run(take_desk(url, folder, looks, only))
    print(f"{taken} pictures in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
