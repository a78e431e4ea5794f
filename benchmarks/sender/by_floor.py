"""The floor: a held template and aiohttp, 256 in flight, and no queue at all. `PORT NUMBER`."""

import asyncio
import json
import sys
import time

import aiohttp
import uvloop
from jinja2 import Environment, StrictUndefined

from benchmarks.sender.settings import IN_FLIGHT

ACCOUNT = "AC" + "0" * 32
TEXT = "Claim {{ ref4 }}: we are working out the cost of the damage. Decision by {{ date }}. {{ link }}"


async def send(port: str, number: int) -> float:
    """Send so many messages; seconds."""
    template = Environment(undefined=StrictUndefined, autoescape=False).from_string(TEXT)
    url = f"http://127.0.0.1:{port}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    numbers = iter(range(number))
    headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, "t" * 32)} if _new() else {}
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)

    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def lane() -> None:
            for place in numbers:
                said = template.render(ref4=f"{place % 10000:04d}", date="4 Jun", link="cl.ex.org/abcdefgh")
                words = {
                    "To": f"+1415{2000000 + place}",
                    "From": "+15550001111",
                    "Body": said,
                    "StatusCallback": f"https://claims.example.org/webhooks/twilio/status/{place:022d}",
                }
                async with session.post(url, data=words) as answer:
                    if answer.status != 201 or not (await answer.json())["sid"]:
                        raise RuntimeError(f"the provider said {answer.status}")

        begun = time.perf_counter()
        await asyncio.gather(*(lane() for _ in range(IN_FLIGHT)))
        return time.perf_counter() - begun


def _new() -> bool:
    return hasattr(aiohttp, "encode_basic_auth")


if __name__ == "__main__":
    count = int(sys.argv[2])
    print(json.dumps({"rate": count / uvloop.run(send(sys.argv[1], count))}))
