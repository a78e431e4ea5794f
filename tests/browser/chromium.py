"""Chromium as it starts here: the system's own, without background traffic."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.seeded import Seeded

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIETLY = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser for many pages."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIETLY)
        yield browser
        browser.close()


@contextmanager
def reader(
    browser: Browser, seeded: Seeded, *, session: str | None = "", language: str = "ru", theme: str = "light", **more
) -> Iterator[BrowserContext]:
    """A reader with their language and theme, signed in as the claims' owner unless `session` is None."""
    options = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1, **more}
    context = browser.new_context(base_url=seeded.url, **options)
    cookies = {"language": language, "theme": theme} | (
        {} if session is None else {"session": session or seeded.session}
    )
    context.add_cookies([{"name": name, "value": value, "url": seeded.url} for name, value in cookies.items()])
    yield context
    context.close()
