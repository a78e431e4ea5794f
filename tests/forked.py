"""Processes to be killed: forked from one that has imported everything, so that a life begins at once.

Nothing of the test is in them: the mother is a fresh interpreter, and each child gets its own environment and folder.
"""

import asyncio
import multiprocessing
import os
import sys
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path

from claims_core import failpoints

PRELOADED = ("claims_cli.sync", "tests.adapter.workers", "tests.journeys.workers", "tests.warmed")
ROOT = Path(__file__).resolve().parents[1]
# Of the surroundings a process keeps these; everything else it is given.
KEPT = ("PATH", "HOME", "LANG")
# CHAOS_VERBOSE=1 shows what a process says before it dies by itself.
SILENT = not os.environ.get("CHAOS_VERBOSE")

_born = multiprocessing.get_context("forkserver")
_born.set_forkserver_preload(list(PRELOADED))


class Forked:
    """One process that runs `call(*words)`, the entry point of a program; it does not outlive its holder."""

    def __init__(
        self, call: Callable[..., int | None], *words: object, environ: Mapping[str, str], folder: Path = ROOT
    ) -> None:
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        surroundings = {**kept, "CLAIMS_ENV_FILE": "", **environ}
        self._process = _born.Process(target=_live, args=(call, words, surroundings, folder))
        self._process.start()
        weakref.finalize(self, self._process.kill)

    async def wait(self) -> int:
        """Its exit code when it has ended, -9 after a kill."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, nothing is cleaned up. What it ended with, `wait` says."""
        self._process.kill()


def _live(call: Callable[..., int | None], words: tuple[object, ...], environ: Mapping[str, str], folder: Path) -> None:
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    if SILENT:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
    # Read when the mother imported it.
    failpoints.follow(failpoints.told())
    sys.exit(call(*words))
