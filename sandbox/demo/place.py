"""The demo's folder: one demo at a time runs in it, it says where, and keeps the secrets from start to start."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from claims_core.errors import Misconfigured


class AlreadyRuns(Exception):
    """Another one runs in this folder; `lines` is what it printed of itself."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("it runs here already")
        self.lines = lines


@dataclass(frozen=True)
class Secrets:
    """Made once by chance; the handler's password stays the same from one start to the next."""

    portal_key: str
    account_sid: str
    auth_token: str
    back_office: str
    password: str


@dataclass(frozen=True)
class Place:
    """The folder while we hold it."""

    folder: Path

    def announce(self, lines: list[str]) -> None:
        """What a second start shall print."""
        half = self.folder / "running.part"
        half.write_text(json.dumps({"pid": os.getpid(), "lines": lines}, ensure_ascii=False), encoding="utf-8")
        half.rename(self.folder / "running.json")

    def secrets(self) -> Secrets:
        """Those of before, or new ones."""
        file = self.folder / "secrets.json"
        try:
            return Secrets(**json.loads(file.read_text()))
        except (OSError, ValueError, TypeError):
            pass
        made = Secrets(
            portal_key=secrets.token_urlsafe(32),
            account_sid="AC" + secrets.token_hex(16),
            auth_token=secrets.token_hex(16),
            back_office=secrets.token_urlsafe(16),
            # Read from a terminal and typed: no letters that look alike.
            password="-".join("".join(secrets.choice("abcdefghkmnpqrstuvwxyz") for _ in range(4)) for _ in range(3)),
        )
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(asdict(made), out)
        return made

    def log(self, name: str) -> Path:
        """Where a process of the demo writes."""
        return self.folder / f"{name}.log"


@contextmanager
def hold(folder: Path) -> Iterator[Place]:
    """The folder for us alone; raises `AlreadyRuns`, or `Misconfigured` for a folder that we cannot or must not use.

    A killed demo holds nothing: the kernel lets go for it.
    """
    try:
        lock = _lock(folder)
    except OSError as problem:
        raise Misconfigured(f"{folder} cannot be used ({problem.strerror}): name another --folder") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns(_announced(folder)) from None
        (folder / "running.json").unlink(missing_ok=True)
        yield Place(folder)
        (folder / "running.json").unlink(missing_ok=True)
    finally:
        os.close(lock)


def _lock(folder: Path) -> int:
    """The open lock in the folder, made if it is not there. What is in one of ours is replaced at each start."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / "demo.lock"
    if not mark.exists() and any(folder.iterdir()):
        raise Misconfigured(f"{folder.resolve()} holds something that is not ours: name a new or an empty --folder")
    return os.open(mark, os.O_RDWR | os.O_CREAT, 0o600)


def _announced(folder: Path) -> list[str]:
    try:
        said = json.loads((folder / "running.json").read_text(encoding="utf-8"))
        return [f"It runs already (process {said['pid']}):", *said["lines"]]
    except (OSError, ValueError, KeyError):
        return [f"It is being started already in {folder}."]
