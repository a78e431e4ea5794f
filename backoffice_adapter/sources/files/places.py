"""Where files are delivered: a folder here, or one on a server, brought here whole before anybody looks into it."""

import fnmatch
import importlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import fsspec
import fsspec.asyn

from backoffice_adapter.settings import FilesConfig, secret
from claims_core.errors import Misconfigured, SourceUnavailable

_TEMPORARY = (".part", ".tmp", ".temp", ".filepart", ".crdownload", ".swp", "~")
# What the libraries of servers raise by their own names; they are extras, so that we cannot name them.
_THEIRS = frozenset({"asyncssh", "sshfs", "botocore", "aiobotocore", "s3fs", "aiohttp", "fsspec"})
_CLOSING_SECONDS = 5
_EXTRA = {"sftp": "sshfs", "s3": "s3fs"}


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file looked from outside; another size, time or mark of the server means that somebody is writing."""

    size: int
    changed_ns: int
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that may be a delivery."""

    name: str
    shape: Shape


class Where(Protocol):
    """A place to which files are delivered. Errors are `SourceUnavailable` and `Misconfigured`."""

    # May a file be skipped by how it looks from outside, so that it need not be brought again?
    skips_by_shape: bool

    def listed(self, pattern: str) -> list[Listed]:
        """The files that may be deliveries, in the order of their names."""

    def brought(self, listed: Listed) -> Path:
        """The file, here."""

    def shape_of(self, name: str) -> Shape | None:
        """How the file looks now; None when it is gone."""

    def done_with(self, path: Path) -> None:
        """Nobody will look into `path` again."""

    def close(self) -> None:
        """Give back connections and files."""


class Folder:
    """A folder of this machine."""

    skips_by_shape = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def listed(self, pattern: str) -> list[Listed]:
        """Those that are there. Raises `SourceUnavailable` without the folder."""
        if not self._folder.is_dir():
            raise SourceUnavailable(f"the folder {self._folder} is not there")
        names = [
            path.relative_to(self._folder).as_posix()
            for path in self._folder.glob(pattern)
            if path.is_file() and not is_temporary(path.name)
        ]
        shapes = {name: self.shape_of(name) for name in sorted(names)}
        return [Listed(name, shape) for name, shape in shapes.items() if shape is not None]

    def brought(self, listed: Listed) -> Path:
        """It is here."""
        return self._folder / listed.name

    def shape_of(self, name: str) -> Shape | None:
        """As the file system says."""
        try:
            seen = (self._folder / name).stat()
        except OSError:
            return None
        return Shape(seen.st_size, seen.st_mtime_ns)

    def done_with(self, path: Path) -> None:
        """It stays: it is theirs."""

    def close(self) -> None:
        """Nothing is open."""


class Server:
    """A folder on a server, by fsspec. A file comes into a folder of our own, is read there and goes again."""

    skips_by_shape = True

    def __init__(self, config: FilesConfig) -> None:
        self._name, self._config = config.name, config
        split = urlsplit(str(config.url))
        self._kind, self._host, self._port = split.scheme, split.hostname or "", split.port
        self._root = unquote(split.path) if self._kind == "sftp" else f"{split.netloc}{unquote(split.path)}"
        self._root = self._root.rstrip("/") or "/"
        self._options = _OPTIONS[self._kind](config)
        self._class = _class_of(config.name, self._kind)
        self._files: Any = None
        self._spool = tempfile.TemporaryDirectory(prefix="claims-spool-")

    def listed(self, pattern: str) -> list[Listed]:
        """Those that are there, sub-folders aside."""
        found = self._tried(lambda files: files.ls(self._root, detail=True, refresh=True))
        kept = []
        for one in found:
            name = str(one["name"]).rstrip("/").rpartition("/")[2]
            is_file = one.get("type") == "file" and not is_temporary(name)
            if is_file and fnmatch.fnmatchcase(name, pattern):
                kept.append(Listed(name, _shape(one)))
        return sorted(kept, key=lambda listed: listed.name)

    def brought(self, listed: Listed) -> Path:
        """A copy of the whole file."""
        path = Path(self._spool.name) / listed.name
        self._tried(lambda files: files.get_file(f"{self._root}/{listed.name}", str(path)))
        return path

    def shape_of(self, name: str) -> Shape | None:
        """As the server says."""
        try:
            return _shape(self._tried(lambda files: files.info(f"{self._root}/{name}", refresh=True)))
        except SourceUnavailable:
            return None

    def done_with(self, path: Path) -> None:
        """The copy goes: it is full of people."""
        path.unlink(missing_ok=True)

    def close(self) -> None:
        """The copies and the connection go."""
        self._spool.cleanup()
        files, self._files = self._files, None
        if files is not None:
            _CLOSING[self._kind](files)

    def _tried(self, ask: Callable[[Any], Any]) -> Any:
        try:
            if self._files is None:
                self._files = self._class(**self._options, **self._address(), skip_instance_cache=True)
            return ask(self._files)
        except Exception as problem:
            ours = isinstance(problem, OSError | EOFError | TimeoutError)
            if not ours and type(problem).__module__.partition(".")[0] not in _THEIRS:
                raise
            said = str(problem) or type(problem).__name__
            raise SourceUnavailable(f"{self._name}: {self._config.url}: {said[:200]}") from problem

    def _address(self) -> dict[str, Any]:
        if self._kind == "s3":
            return {}
        return {"host": self._host, **({"port": self._port} if self._port else {})}


def place_of(config: FilesConfig) -> Where:
    """Where `config` says. Raises `Misconfigured` when a secret, a key file or a library is missing."""
    return Server(config) if config.folder is None else Folder(config.folder)


def is_temporary(name: str) -> bool:
    """Is this a name that programs give to a file they are still writing?"""
    return name.startswith((".", "~")) or name.lower().endswith(_TEMPORARY)


def _shape(said: dict[str, Any]) -> Shape:
    moment = said.get("LastModified") or said.get("mtime") or 0
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(float(moment), tz=UTC)
    return Shape(int(said.get("size") or 0), int(moment.timestamp() * 1e9), str(said.get("ETag") or ""))


def _class_of(name: str, kind: str) -> Any:
    try:
        importlib.import_module(_EXTRA[kind])
        return fsspec.get_filesystem_class("ssh" if kind == "sftp" else kind)
    except ImportError as problem:
        raise Misconfigured(
            f'{name}: {kind}:// needs a library that is not installed: pip install "claims-status[{kind}]"'
        ) from problem


def _sftp(config: FilesConfig) -> dict[str, Any]:
    remote = config.remote
    if remote.known_hosts is None or not remote.known_hosts.is_file():
        raise Misconfigured(
            f"{config.name}: sftp:// needs remote.known_hosts, a file with the server's key: ssh-keyscan HOST > FILE"
        )
    if remote.login_env is None or (remote.secret_env is None) == (remote.key_file is None):
        raise Misconfigured(f"{config.name}: sftp:// needs remote.login_env, and one of secret_env and key_file")
    options: dict[str, Any] = {
        "username": secret(remote.login_env).get_secret_value(),
        "known_hosts": str(remote.known_hosts),
        "client_keys": [str(remote.key_file)] if remote.key_file else None,
        "agent_path": None,
        "config": None,
        "login_timeout": remote.timeout.total_seconds(),
        "timeout": remote.timeout.total_seconds(),
    }
    if remote.secret_env is not None:
        options["password"] = secret(remote.secret_env).get_secret_value()
    return options


def _s3(config: FilesConfig) -> dict[str, Any]:
    remote, seconds = config.remote, config.remote.timeout.total_seconds()
    options: dict[str, Any] = {"config_kwargs": {"connect_timeout": seconds, "read_timeout": seconds}}
    if remote.login_env is not None:
        options["key"] = secret(remote.login_env).get_secret_value()
        options["secret"] = secret(str(remote.secret_env)).get_secret_value()
    if remote.endpoint is not None:
        options["endpoint_url"] = remote.endpoint
    return options


def _close_sftp(files: Any) -> None:
    files.loop.call_soon_threadsafe(files.client.close)
    fsspec.asyn.sync(files.loop, files.client.wait_closed, timeout=_CLOSING_SECONDS)


def _close_s3(files: Any) -> None:
    files.close_session(files.loop, files.s3)


_OPTIONS: dict[str, Callable[[FilesConfig], dict[str, Any]]] = {"sftp": _sftp, "s3": _s3}
_CLOSING: dict[str, Callable[[Any], None]] = {"sftp": _close_sftp, "s3": _close_s3}
