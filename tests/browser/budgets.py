"""What a page weighs and how soon it shows, as Chromium counts it with nothing kept: `python -m tests.browser.budgets`.

Bytes, requests and shifts are exact and stand in a test; the time of a paint is printed and never asserted.
"""

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page

from tests.browser.chromium import chromium, reader
from tests.browser.pictures import fresh_database
from tests.browser.seeded import Seeded, serving

MOST_BYTES, MOST_SCRIPT = 30_000, 20_000
# Kilobits down and up, milliseconds of latency. The first is Lighthouse's "slow 4G", the second DevTools' "3G".
LINES = {"slow 4G": (1600, 750, 150), "3G": (400, 400, 400)}
TIMES = 5
SHIFTED = """() => new Promise(done => {
  let sum = 0;
  const seen = entries => entries.forEach(entry => { sum += entry.value; });
  const watch = new PerformanceObserver(list => seen(list.getEntries()));
  watch.observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => setTimeout(() => { seen(watch.takeRecords()); done(sum); }));
})"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


@dataclass
class Weight:
    """What came over the line since the last `clear`: bytes by the kind of what was asked for, headers with them."""

    kind_of: dict[str, str] = field(default_factory=dict)
    bytes_of: dict[str, int] = field(default_factory=dict)

    def clear(self) -> None:
        """Begin anew."""
        self.kind_of.clear()
        self.bytes_of.clear()

    def of(self, *kinds: str) -> int:
        """The bytes of these kinds (`Document`, `Stylesheet`, `Script`, …), of all if none is named."""
        return sum(size for key, size in self.bytes_of.items() if not kinds or self.kind_of[key] in kinds)

    def asked(self, event: dict[str, Any]) -> None:
        """Something was asked for."""
        self.kind_of[event["requestId"]] = event["type"]

    def came(self, event: dict[str, Any]) -> None:
        """It has come whole."""
        self.bytes_of[event["requestId"]] = int(event["encodedDataLength"])


def weigh(page: Page) -> tuple[CDPSession, Weight]:
    """Count what the page asks for from now on; its browser keeps nothing for the next time."""
    line, weight = page.context.new_cdp_session(page), Weight()
    line.on("Network.requestWillBeSent", weight.asked)
    line.on("Network.loadingFinished", weight.came)
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    return line, weight


@contextmanager
def on_line(browser: Browser, seeded: Seeded, name: str) -> Iterator[tuple[Page, Weight]]:
    """A page whose browser is at the end of such a line."""
    down, up, latency = LINES[name]
    with reader(browser, seeded) as context:
        page = context.new_page()
        line, weight = weigh(page)
        rates = {"downloadThroughput": down * 125, "uploadThroughput": up * 125, "latency": latency}
        line.send("Network.emulateNetworkConditions", {"offline": False, **rates})
        yield page, weight


def report(browser: Browser, seeded: Seeded) -> Iterator[str]:
    """A sentence a line: how long the claim page takes to show, and what it weighs."""
    for name in LINES:
        paints = []
        for _ in range(TIMES):
            with on_line(browser, seeded, name) as (page, weight):
                page.goto(f"/claim/{seeded.claims['awaiting'].id}")
                page.wait_for_function(PAINTED)
                paints.append(page.evaluate(PAINTED))
                kib = weight.of() / 1000
        middle, low, high = statistics.median(paints), min(paints), max(paints)
        yield f"claim page, cold, {name}: first paint {middle:.0f} ms ({low:.0f} to {high:.0f}), {kib:.1f} KB in all"


def main() -> int:
    """Print the figures."""
    with fresh_database() as url, serving(url) as seeded, chromium() as browser:
        for said in report(browser, seeded):
            print(said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
