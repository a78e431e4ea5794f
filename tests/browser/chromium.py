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
    browser: Browser, seeded: Seeded, *, whose: str | None = None, language: str = "ru", theme: str = "light", **more
) -> Iterator[BrowserContext]:
    """A reader with their language and theme, signed in as the owner of the claim `whose`."""
    options = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1, **more}
    context = browser.new_context(base_url=seeded.url, **options)
    cookies = {"language": language, "theme": theme} | ({"session": seeded.sessions[whose]} if whose else {})
    context.add_cookies([{"name": name, "value": value, "url": seeded.url} for name, value in cookies.items()])
    yield context
    context.close()
