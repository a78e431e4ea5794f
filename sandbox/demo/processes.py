"""The product's own processes as the demo runs them: on a leash, with a log each, stopped together."""

import asyncio
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.demo.surroundings import ROOT

PATIENCE = 10.0
LAST_LINES = 15


class Fell(Exception):
    """A process of the demo ended by itself; the text holds its last words."""


@dataclass
class Process:
    """One `claims …` command that runs."""

    name: str
    log: Path
    popen: "subprocess.Popen[bytes]"

    def must_run(self) -> None:
        """Raises `Fell` when it has ended."""
        code = self.popen.poll()
        if code is not None:
            lines = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
            raise Fell("\n".join([f"`claims {self.name}` ended with {code}; the end of {self.log}:", *lines]))


def start(words: list[str], *, log: Path, environment: Mapping[str, str]) -> Process:
    """Start `claims WORDS`. It ends with us: its standard input is our leash. A Ctrl-C at the terminal is for us."""
    with log.open("wb") as out:
        popen = subprocess.Popen(
            [sys.executable, "-m", "sandbox.leash", *words],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=dict(environment),
            start_new_session=True,
        )
    return Process(words[0], log, popen)


async def stop(processes: Iterable[Process]) -> None:
    """Let go of all leashes, wait, and kill what is left."""
    known = list(processes)
    for process in known:
        if process.popen.stdin is not None:
            process.popen.stdin.close()
    for _ in range(int(PATIENCE / 0.1)):
        if all(process.popen.poll() is not None for process in known):
            return
        await asyncio.sleep(0.1)
    for process in known:
        process.popen.kill()
        process.popen.wait()
