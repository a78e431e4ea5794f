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
from benchmarks.page import tables
from benchmarks.rounds import NOT_INSTALLED, NotInstalled, Ratio, ratio, run, say

SIZES = {"full": 1_000_000, "small": 2_000}
USUAL = 100_000
# Seeding walks every claim through its road; more claims than this change no figure (the page reads one by its key).
SIGNED_IN = 2_000
SECONDS = "5"
PATIENCE = 60.0


def measure(server_url: str, folder: Path, size: str, rounds: int) -> Iterator[Ratio]:
    """Pages a second to 32 connections, one process each, in turn."""
    number = SIZES.get(size, USUAL)
    theirs = asyncio.run(databases.fresh(server_url, "bench_page"))
    asyncio.run(tables.fill(theirs, number))
    ours = asyncio.run(databases.fresh(server_url, "bench_portal", ours=True))
    say(f"  page: {number} claims for the others, {SIGNED_IN} walked through their road for the portal")
    visits = folder / "visits.json"
    run("page.seed", ours, str(min(number, SIGNED_IN)), str(visits))
    any_claim = folder / "any.json"
    any_claim.write_text(json.dumps([{"path": f"/claims/{place}"} for place in range(1, number + 1, 7)]))
    rates: dict[str, list[float]] = {"portal": [], "b": [], "django": []}
    with ExitStack() as stack:
        doors = {
            "b": (stack.enter_context(served(asgi("benchmarks.page.b:app"), theirs)), any_claim),
            "portal": (stack.enter_context(served(PORTAL, ours)), visits),
        }
        try:
            doors["django"] = (stack.enter_context(served(_django(), theirs)), any_claim)
        except NotInstalled:
            del rates["django"]
        for port, pages in doors.values():
            run("page.visit", port, str(pages), "1")
        for round_number in range(rounds):
            for name, (port, pages) in doors.items():
                rates[name].append(run("page.visit", port, str(pages), SECONDS)["rate"])
            say(f"  page, round {round_number + 1}, pages a second: { {k: round(v[-1]) for k, v in rates.items()} }")
    yield ratio("claim page/B", rates["portal"], rates["b"], against="B", goal=0.4)
    yield ratio("claim page/django", rates["portal"], rates.get("django"), against="Django", goal=3)


def asgi(application: str, *words: str) -> list[str]:
    """The command that serves an application."""
    return [sys.executable, "-m", "uvicorn", application, *words, "--no-access-log", "--log-level", "warning"]


def _django() -> list[str]:
    for name in ("django", "gunicorn", "psycopg"):
        if subprocess.run([sys.executable, "-c", f"import {name}"], capture_output=True, check=False).returncode:
            raise NotInstalled(name)
    command = [sys.executable, "-m", "gunicorn", "benchmarks.page.django_page:application", "--workers", "1"]
    return [*command, "--worker-class", "gthread", "--threads", "8", "--keep-alive", "75", "--log-level", "error"]


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
