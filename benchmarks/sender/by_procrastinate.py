"""A peer: procrastinate, the same template, the same SDK with its pool raised. `ADDRESS PORT NUMBER`."""

import json
import sys
import time

import aiohttp
import uvloop
from jinja2 import Environment, StrictUndefined
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from benchmarks.rounds import NOT_INSTALLED
from benchmarks.sender.by_floor import ACCOUNT, TEXT
from benchmarks.sender.settings import IN_FLIGHT

try:
    from procrastinate import App, PsycopgConnector
except ImportError:
    sys.exit(NOT_INSTALLED)

TEMPLATE = Environment(undefined=StrictUndefined, autoescape=False).from_string(TEXT)


class Local(AsyncTwilioHttpClient):
    """The SDK's own client, with the provider of the benchmark behind it."""

    def __init__(self, port: str) -> None:
        super().__init__()
        self.base = f"http://127.0.0.1:{port}"

    async def request(self, method: str, url: str, **words: object) -> object:
        """As the SDK asks, but on our port."""
        return await super().request(method, url.replace("https://api.twilio.com", self.base), **words)  # type: ignore[arg-type]


async def send(url: str, port: str, number: int) -> float:
    """Defer so many jobs, then work them off; seconds of the work alone."""
    http = Local(port)
    await http.session.close()
    http.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT))
    twilio = Client(ACCOUNT, "t" * 32, http_client=http)
    app = App(connector=PsycopgConnector(conninfo=url, min_size=2, max_size=20))

    @app.task(name="tell", queue="tell")
    async def tell(place: int) -> None:
        said = TEMPLATE.render(ref4=f"{place % 10000:04d}", date="4 Jun", link="cl.ex.org/abcdefgh")
        await twilio.messages.create_async(
            to=f"+1415{2000000 + place}",
            from_="+15550001111",
            body=said,
            status_callback=f"https://claims.example.org/webhooks/twilio/status/{place:022d}",
        )

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for first in range(0, number, 1000):
            await tell.batch_defer_async(*({"place": place} for place in range(first, min(number, first + 1000))))
        begun = time.perf_counter()
        await app.run_worker_async(
            queues=["tell"], concurrency=IN_FLIGHT, wait=False, install_signal_handlers=False, listen_notify=False
        )
        seconds = time.perf_counter() - begun
    await http.close()
    return seconds


if __name__ == "__main__":
    count = int(sys.argv[3])
    print(json.dumps({"rate": count / uvloop.run(send(sys.argv[1], sys.argv[2], count))}))
