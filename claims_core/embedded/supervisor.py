"""Keeps one PostgreSQL running as long as somebody holds its owners' lock, then stops it. Standard library only.

Run as a program of its own with one JSON argument. Every owner holds a shared lock on one file; the kernel lets go
of it when the process ends, whichever way. Getting the exclusive lock therefore means: nobody is left.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENCE = 20.0
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def _die_with_us() -> Callable[[], None] | None:
    """On Linux the server gets a fast shutdown should this program be killed itself."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    return lambda: libc.prctl(DIE_WITH_PARENT, signal.SIGINT, 0, 0, 0) and None


def _command_of(pid: int) -> str:
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    answer = subprocess.run(["/bin/ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True)  # noqa: S603
    return answer.stdout


def running_pid(data: Path) -> int | None:
    """The server that runs on this data folder, if one does.

    Process ids are given again: a pid file left by a kill may name a stranger, so the command is looked at too.
    """
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    command = _command_of(pid)
    return pid if f"postgres -D {data}" in command else None


def stop_server(data: Path) -> None:
    """End the server on this data folder: a fast shutdown, then the hard way."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        pid, deadline = running_pid(data), time.monotonic() + PATIENCE
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        while running_pid(data) == pid and time.monotonic() < deadline:
            time.sleep(0.02)


def _launch(plan: dict[str, Any]) -> "subprocess.Popen[bytes]":
    with Path(plan["log"]).open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - the command of claims_core.embedded.server
            plan["command"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            user=plan["user"],
            group=plan["group"],
            extra_groups=None if plan["user"] is None else [],
            preexec_fn=_die_with_us(),
            start_new_session=True,
        )


def _when_it_ends(server: "subprocess.Popen[bytes]", finish: Callable[[], None]) -> None:
    def wait() -> None:
        server.wait()
        finish()

    threading.Thread(target=wait, daemon=True).start()


def _wait_until_alone(owners: int, stay: Path) -> None:
    fcntl.flock(owners, fcntl.LOCK_EX)
    while stay.exists():  # `claims db start` asked for a server without an owner
        fcntl.flock(owners, fcntl.LOCK_UN)
        time.sleep(1)
        fcntl.flock(owners, fcntl.LOCK_EX)


def main(plan: dict[str, Any]) -> None:
    """Start or adopt the server, wait until nobody wants it, stop it, and take away what was only lent."""
    data, finishing = Path(plan["data"]), threading.Lock()

    def finish() -> None:
        with finishing:  # never let go: whoever comes first does it all
            stop_server(data)
            for folder in plan["lent"]:
                shutil.rmtree(folder, ignore_errors=True)
            os._exit(0)

    mine = os.open(plan["supervised"], os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # another supervisor is at work
    if os.fork():  # the caller waits for this process; the lock and the work are the child's
        os._exit(0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        if running_pid(data) is None:
            _when_it_ends(_launch(plan), finish)
        _wait_until_alone(os.open(plan["owners"], os.O_RDWR | os.O_CREAT, 0o600), Path(plan["stay"]))
    finally:
        finish()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
