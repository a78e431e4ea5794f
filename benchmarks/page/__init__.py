"""The signed-in claim page beside B (FastAPI, asyncpg, one joined query, Jinja) and beside Django."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType

from benchmarks import databases
from benchmarks.load.claims import write_claims
from benchmarks.page import tables
from benchmarks.rounds import NOT_INSTALLED, NotInstalled, Ratio, ratio, run, say

# Claims of the large database; the others' tables have as many.
SIZES = {"full": 1_000_000, "small": 20_000}
USUAL, FEW = 100_000, 10_000
# Seeding walks each claim through its road. So many are visited in turn; the rest of a database only lies there.
SIGNED_IN = 1_000
# So many come back to their page as soon as they have it, as long as nothing on it changes.
COME_BACK = 200
SECONDS = "5"
PATIENCE = 60.0
# As a browser asks. We pack the page for it; the others have nothing that packs.
BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd"}


def measure(server_url: str, folder: Path, size: str, rounds: int) -> Iterator[Ratio]:
    """Pages a second to 32 connections, one process each, in turn: first views, repeated views, a large database."""
    number = SIZES.get(size, USUAL)
    theirs = asyncio.run(databases.fresh(server_url, "bench_page"))
    asyncio.run(tables.fill(theirs, number))
    few, visits = _portal(server_url, folder, FEW)
    many, visits_of_many = _portal(server_url, folder, number)
    again, any_claim = folder / "again.json", folder / "any.json"
    again.write_text(json.dumps(json.loads(visits.read_text())[:COME_BACK]))
    places = range(1, number + 1, 7)
    any_claim.write_text(json.dumps([{"path": f"/claims/{place}", "headers": BROWSER} for place in places]))
    with ExitStack() as stack:
        begin = stack.enter_context
        doors = {
            "b": (begin(served(asgi("benchmarks.page.b:app"), theirs)), any_claim),
            "portal": (begin(served(PORTAL, few, MADE_ANEW)), visits),
            "again": (begin(served(PORTAL, few)), again),
            "many": (begin(served(PORTAL, many, MADE_ANEW)), visits_of_many),
        }
        try:
            doors["django"] = (begin(served(_django(), theirs)), any_claim)
        except NotInstalled:
            say("  page: Django is not installed")
        found = _visited(doors, rounds)
    yield from _ratios(found, number)


def _portal(server_url: str, folder: Path, number: int) -> tuple[str, Path]:
    """A database of the product with so many claims as they were read, and those that are visited; and the visits."""
    name = f"bench_portal_{number}"
    url, visits = asyncio.run(databases.fresh(server_url, name, ours=True)), folder / f"{name}.json"
    say(f"  page: {number} claims read and {SIGNED_IN} walked through their road for the portal")
    run("load.by_sync", url, str(write_claims(folder / "claims", number)), str(number))
    run("page.seed", url, str(SIGNED_IN), str(visits))
    asyncio.run(databases.tidy(url))
    asked = [one | {"headers": BROWSER} for one in json.loads(visits.read_text())]
    visits.write_text(json.dumps(asked))
    return url, visits


def _visited(doors: Mapping[str, tuple[str, Path]], rounds: int) -> dict[str, dict[str, list[float]]]:
    """The figures of each door, round by round."""
    found = {name: {figure: list[float]() for figure in ("rate", "p50", "p99")} for name in doors}
    for port, pages in doors.values():
        run("page.visit", port, str(pages), "1")
    for round_number in range(rounds):
        for name, (port, pages) in doors.items():
            for figure, value in run("page.visit", port, str(pages), SECONDS).items():
                found[name][figure].append(value)
        rates = {name: round(figures["rate"][-1]) for name, figures in found.items()}
        tails = {name: round(figures["p99"][-1] / figures["p50"][-1], 1) for name, figures in found.items()}
        say(f"  page, round {round_number + 1}, pages a second: {rates}; p99 in p50: {tails}")
    return found


def _ratios(found: Mapping[str, Mapping[str, list[float]]], number: int) -> Iterator[Ratio]:
    first, b = found["portal"], found["b"]
    yield ratio("claim page/B", first["rate"], b["rate"], against="B", goal=0.6)
    django = found["django"]["rate"] if "django" in found else None
    yield ratio("claim page/django", first["rate"], django, against="Django", goal=6)
    yield ratio("unchanged claim page/B", found["again"]["rate"], b["rate"], against="B", goal=1)
    yield ratio("4 p50/p99 of claim page", [4 * half for half in first["p50"]], first["p99"], against="its p99", goal=1)
    many = found["many"]["rate"]
    yield ratio(f"claim page, {number}/{FEW}", many, first["rate"], against=f"{FEW} claims", goal=0.9)


def asgi(application: str, *words: str) -> list[str]:
    """The command that serves an application."""
    return [sys.executable, "-m", "uvicorn", application, *words, "--no-access-log", "--log-level", "warning"]


def _django() -> list[str]:
    for name in ("django", "gunicorn", "psycopg"):
        if subprocess.run([sys.executable, "-c", f"import {name}"], capture_output=True, check=False).returncode:
            raise NotInstalled(name)
    command = [sys.executable, "-m", "gunicorn", "benchmarks.page.django_page:application", "--workers", "1"]
    return [*command, "--worker-class", "gthread", "--threads", "8", "--keep-alive", "75", "--log-level", "error"]


# Without the pages of the present minute: each view is a first one.
MADE_ANEW = {"PORTAL_KEPT_PAGES_MB": "0"}
PORTAL = asgi("claims_portal.serving:Served", "--factory")


@contextmanager
def served(command: Sequence[str], url: str, more: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """A server in a process group of its own, on a free port, which is what comes back."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    where = ["--bind", f"127.0.0.1:{port}"] if "gunicorn" in command else ["--port", port]
    process = subprocess.Popen([*command, *where], env={**_surroundings(url), **more}, start_new_session=True)
    try:
        _await(port, process)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=PATIENCE)


def _surroundings(url: str) -> Mapping[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": url,
        "PORTAL_PUBLIC_URL": "https://claims.example.org",
        "PORTAL_SECRET_KEY": "k" * 43,
        # One reader from one network asks for every page of the benchmark.
        "PORTAL_READS_PER_SESSION": str(10**9),
        "PORTAL_READS_PER_NETWORK": str(10**9),
        "PORTAL_BRAND_NAME": "Benchmark Insurance",
        "PORTAL_BRAND_PHONE": "8 800 000-00-00",
    }


def _await(port: str, process: "subprocess.Popen[bytes]") -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE:
        if process.poll() is not None:
            raise NotInstalled(port) if process.returncode == NOT_INSTALLED else RuntimeError("a server ended at once")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/claims/1", timeout=5).close()
            return
        except urllib.error.HTTPError:
            return  # it answers
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("a server did not answer")
