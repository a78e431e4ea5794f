"""One PostgreSQL in a folder: made if it is not there, started if it does not run, stopped when its owners are gone."""

import fcntl
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from claims_core.embedded import binaries, supervisor
from claims_core.embedded.standing import Standing, clean_environment, standing_for
from claims_core.errors import Misconfigured
from claims_core.settings import CoreSettings

DATABASE = "claims"
READY_WITHIN = 60.0
TRIES = 3
# A socket's path has 107 characters on Linux and 103 on macOS; its name takes 14 of them.
LONGEST_SOCKET_FOLDER = 85
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+-]+")
ONLY_FOR_TESTS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass
class Server:
    """A share in a running server. It is stopped when the last share is closed, or its holder is dead."""

    url: str
    home: Path
    _share: int

    def close(self) -> None:
        """Give the share back. May be called twice."""
        if self._share >= 0:
            os.close(self._share)
            self._share = -1

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


@contextmanager
def database(settings: CoreSettings) -> Iterator[str]:
    """The database's address for the length of the block: DATABASE_URL, else a server in the data folder.

    Raises `Misconfigured` with one sentence that names the way out.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    with start(settings.claims_data_dir) as server:
        yield server.url


def start(folder: Path, *, throwaway: bool = False) -> Server:
    """A share in the server of `folder`, which is made and started if need be; safe from many processes at once.

    `throwaway` is for tests: nothing is synced to disk, and `folder` goes away with its last owner.
    """
    home = folder.resolve() / "postgres"
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        share = _lock(home / "owners.lock", fcntl.LOCK_SH)  # waits while the server of before is being stopped
    except OSError as error:
        raise Misconfigured(
            f"cannot keep a database in {home} ({error.strerror}): set CLAIMS_DATA_DIR to a folder of yours, "
            "or set DATABASE_URL"
        ) from None
    starting = _lock(home / "start.lock", fcntl.LOCK_EX)
    try:
        return Server(_running_url(home, throwaway=throwaway), home, share)
    except BaseException:
        os.close(share)
        raise
    finally:
        os.close(starting)


def stop(folder: Path) -> bool:
    """Stop the server of `folder`, whoever uses it. True if one ran."""
    home = folder.resolve() / "postgres"
    (home / "stay").unlink(missing_ok=True)
    data = _data(home)
    ran = supervisor.running_pid(data) is not None
    supervisor.stop_server(data)
    return ran


def _lock(path: Path, kind: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, kind)
    return descriptor


def _data(home: Path) -> Path:
    moved = home / "place"
    return (Path(moved.read_text()) if moved.exists() else home) / "data"


def _running_url(home: Path, *, throwaway: bool) -> str:
    data, found = _data(home), None
    if supervisor.running_pid(data) is None:
        needed = int((data / "PG_VERSION").read_text()) if (data / "PG_VERSION").exists() else None
        found = standing_for(home, binaries.find(needed=needed), throwaway=throwaway)
        data = found.place / "data"
        if not data.exists():
            _create(found, throwaway=throwaway)
        _forget_stranger(data)
    plan = _plan(home, found, throwaway=throwaway)
    for _ in range(TRIES):
        _supervise(plan)
        lines = _wait_until_ready(data, home)
        if lines:
            return _url(lines)
        time.sleep(1)  # sessions of a killed server may need a moment to notice that it is gone
    log = home / "server.log"
    raise Misconfigured(f"PostgreSQL did not start ({_last_words(log.read_text() if log.exists() else '')}): see {log}")


def _forget_stranger(data: Path) -> None:
    """Take away a pid file left by a kill whose number is a stranger's now: PostgreSQL would not start.

    Where the number is nobody's, PostgreSQL itself looks whether sessions of the killed server still live.
    """
    left = data / "postmaster.pid"
    if left.exists():
        try:
            os.kill(int(left.read_text().split("\n", 1)[0]), 0)
        except (ProcessLookupError, ValueError):
            return
        except PermissionError:
            pass
        left.unlink()


def _create(found: Standing, *, throwaway: bool) -> None:
    """A new data folder with our database in it, complete or not there."""
    data, half = found.place / "data", found.place / f"data.{os.getpid()}"
    sync = ["--no-sync"] if throwaway else []
    rules = ["--no-locale", "--encoding=UTF8", "--auth=trust", "--username=postgres", "--no-instructions"]
    made = found.run([found.programs / "initdb", f"--pgdata={half}", *rules, *sync])
    if made.returncode == 0:
        alone: list[str | Path] = [found.programs / "postgres", "--single", "-D", half, "postgres"]
        made = found.run(alone, input=f"create database {DATABASE}\n")
    if made.returncode != 0:
        raise Misconfigured(f"PostgreSQL cannot be set up in {found.place}: {_last_words(made.stdout)}")
    half.rename(data)


def _plan(home: Path, found: Standing | None, *, throwaway: bool) -> dict[str, object]:
    """What the supervisor must know; without `found` it adopts the server that runs."""
    data = found.place / "data" if found else _data(home)
    lent = [str(home.parent), str(data.parent)] if throwaway else []
    command: list[str] = []
    if found:
        socket = _socket_folder(found)
        if socket != found.place:
            lent.append(str(socket))
        settings = ["listen_addresses=", f"unix_socket_directories={socket}", "unix_socket_permissions=0700"]
        settings += ["timezone=UTC", "log_timezone=UTC", "max_connections=200", *(ONLY_FOR_TESTS if throwaway else ())]
        options = [word for setting in settings for word in ("-c", setting)]
        command = [*found.prefix, str(found.programs / "postgres"), "-D", str(data), *options]
    return {
        "command": command,
        "user": found.user if found else None,
        "group": found.group if found else None,
        "data": str(data),
        "log": str(home / "server.log"),
        "owners": str(home / "owners.lock"),
        "supervised": str(home / "supervisor.lock"),
        "stay": str(home / "stay"),
        "lent": lent,
    }


def _socket_folder(found: Standing) -> Path:
    """Beside the data, or a short private folder where that path is too long or too odd for a socket."""
    place = str(found.place)
    if len(place) <= LONGEST_SOCKET_FOLDER and PLAIN_PATH.fullmatch(place):
        return found.place
    # Not under TMPDIR, which may be the long path itself.
    short = Path(tempfile.mkdtemp(prefix="claims-", dir="/tmp"))  # 0700, and a name of chance
    if found.user is not None and found.group is not None:
        os.chown(short, found.user, found.group)
    return short


def _supervise(plan: dict[str, object]) -> None:
    """Start the supervisor in a session of its own: a Ctrl-C at the terminal is for us, not for the database.

    Where one is at work already, the new one notices and ends at once.
    """
    subprocess.run(  # noqa: S603 - our own interpreter and file
        [sys.executable, "-I", "-S", supervisor.__file__, json.dumps(plan)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=clean_environment(),  # inherited, never an argument: those are in the process list
        start_new_session=True,
        check=True,
    )


def _is_supervised(home: Path) -> bool:
    look = os.open(home / "supervisor.lock", os.O_RDWR)
    try:
        fcntl.flock(look, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(look)
    return False


def _wait_until_ready(data: Path, home: Path) -> list[str]:
    """The lines of `postmaster.pid` once the server takes connections; none when it ended instead."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and _is_supervised(home):
        if supervisor.running_pid(data) is not None:
            lines = (data / "postmaster.pid").read_text().splitlines()
            if len(lines) >= 8 and lines[7].strip() == "ready":
                return lines
        time.sleep(0.02)
    return []


def _url(lines: list[str]) -> str:
    return f"postgresql://postgres@/{DATABASE}?host={quote(lines[4], safe='/')}&port={lines[3]}"


def _last_words(text: str) -> str:
    complaints = [line for line in text.splitlines() if re.search("error|fatal|failed|denied", line, re.IGNORECASE)]
    lines = complaints or text.splitlines()
    return lines[-1].strip() if lines else "it said nothing"
