"""As whom, and from where, PostgreSQL can run here: it refuses root, and root must not open up other folders."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from claims_core.embedded.binaries import Binaries
from claims_core.errors import Misconfigured

NOBODY = "nobody"
KEPT = Path("/var/lib/claims-status")
NO_WAY = (
    "PostgreSQL refuses to run as root, and here neither a user namespace nor the user `nobody` can be used: "
    "run this as an ordinary user, or set DATABASE_URL"
)


@dataclass(frozen=True)
class Standing:
    """How to run the server's programs: words before the command, the user, the programs, the folder for its data."""

    prefix: tuple[str, ...]
    user: int | None
    group: int | None
    programs: Path
    place: Path

    def run(self, command: Sequence[str | Path], **options: object) -> "subprocess.CompletedProcess[str]":
        """Run one of the server's programs to its end."""
        return _run([*self.prefix, *command], self.user, self.group, **options)


def clean_environment() -> dict[str, str]:
    """Ours without anything that would change what PostgreSQL does: no locale, no connection defaults."""
    unwanted = ("LC_", "LANG", "PG")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


def _run(
    command: Sequence[str | Path], user: int | None, group: int | None, **options: object
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # type: ignore[call-overload,no-any-return] # noqa: S603 - our own words
        [str(word) for word in command],
        user=user,
        group=group,
        extra_groups=None if user is None else [],
        cwd="/",
        env=clean_environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        **options,
    )


def _works(command: Sequence[str | Path], user: int | None = None, group: int | None = None) -> bool:
    try:
        return _run(command, user, group, timeout=20).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def standing_for(home: Path, binaries: Binaries, *, throwaway: bool) -> Standing:
    """How the server of `home` runs here. Raises `Misconfigured` where nothing is possible."""
    if os.geteuid() != 0:
        return Standing((), None, None, binaries.folder, home)
    try:
        nobody = pwd.getpwnam(NOBODY)
    except KeyError:
        raise Misconfigured(NO_WAY) from None
    moved = home / "place"
    if not moved.exists():
        seen_as_nobody = _namespace(home, binaries, nobody)
        if seen_as_nobody:
            return seen_as_nobody
    return _dropped(moved, binaries, nobody, throwaway=throwaway)


def _namespace(home: Path, binaries: Binaries, nobody: pwd.struct_passwd) -> Standing | None:
    """A user namespace shows the server the user `nobody`, while all files stay root's: no right is changed."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    prefix = (unshare, "--user", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}", "--")
    reach: list[str | Path] = ["sh", "-c", 'test -w "$0" && exec "$1" --version', home, binaries.folder / "postgres"]
    return Standing(prefix, None, None, binaries.folder, home) if _works([*prefix, *reach]) else None


def _dropped(moved: Path, binaries: Binaries, nobody: pwd.struct_passwd, *, throwaway: bool) -> Standing:
    """Run as `nobody`, in a folder of its own that `nobody` can reach, with a copy of the programs if need be."""
    user, group = nobody.pw_uid, nobody.pw_gid
    if not moved.exists():
        parents = [moved.parent, *([] if throwaway else [KEPT, Path("/var/tmp")]), Path(tempfile.gettempdir())]  # noqa: S108
        moved.write_text(str(_own_folder(parents, user, group)))
    place = Path(moved.read_text())
    programs = binaries.folder
    if not _works([programs / "postgres", "--version"], user, group):
        made = int((programs / "postgres").stat().st_mtime)
        programs = place / f"programs-{binaries.major}-{made}" / "bin"
        if not programs.exists():
            half = programs.parent.with_suffix(".half")
            shutil.rmtree(half, ignore_errors=True)
            shutil.copytree(binaries.folder.parent, half, symlinks=True)
            half.rename(programs.parent)
    if not _works([programs / "postgres", "--version"], user, group):
        raise Misconfigured(NO_WAY)
    return Standing((), user, group, programs, place)


def _own_folder(parents: Iterable[Path], user: int, group: int) -> Path:
    """A new folder of that user's, in the first of `parents` that the user can reach."""
    for parent in parents:
        try:
            parent.mkdir(mode=0o755, exist_ok=True)
            place = Path(tempfile.mkdtemp(prefix="claims-", dir=parent))
            os.chown(place, user, group)
        except OSError:
            continue
        if _works(["sh", "-c", 'test -w "$0"', place], user, group):
            return place
        place.rmdir()
    raise Misconfigured(NO_WAY)
