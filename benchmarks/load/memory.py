"""The most memory that this process and those it has started held together. Linux only; elsewhere it is 0."""

import os
import threading
from pathlib import Path
from types import TracebackType

EVERY = 2.0  # seconds; a look takes each process some ten milliseconds, which it cannot use
# A page that several processes share counts in parts (`proc_pid_smaps`, 5): forks share most of what they are.
_SHARE = "Pss:"


class Peak:
    """Looks while it is open; `bytes` is the most it saw."""

    def __init__(self) -> None:
        self.bytes, self._ended = 0, threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Peak":
        self._looking.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._looking.join()

    def _look(self) -> None:
        while not self._ended.wait(EVERY):
            self.bytes = max(self.bytes, sum(map(_held, _family(os.getpid()))))


def _family(pid: int) -> list[int]:
    """The process, its children and theirs."""
    children: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += map(int, file.read_text().split())
        except OSError:
            continue  # it has just ended
    return [pid, *(one for child in children for one in _family(child))]


def _held(pid: int) -> int:
    try:
        said = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in said.splitlines() if line.startswith(_SHARE))
