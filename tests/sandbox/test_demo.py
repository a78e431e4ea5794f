"""The demo keeps to itself: one at a time, on this machine, on ports that are free, and gone when it is gone."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from backoffice_adapter.settings import read_config
from claims_core.errors import Misconfigured
from sandbox.check.browser import NotThere, Page, _page
from sandbox.demo.place import AlreadyRuns, hold
from sandbox.demo.surroundings import Addresses, environment, held_addresses, must_be_loopback, write_sources

READY_WITHIN = 150.0
GONE_WITHIN = 40.0
HOSTILE = {
    "DATABASE_URL": "postgresql://prod.example/claims",
    "PGHOST": "prod.example",
    "PGPASSWORD": "x",
    "TWILIO_ACCOUNT_SID": "AC" + "9" * 32,
    "TWILIO_AUTH_TOKEN": "real",
    "TWILIO_API_BASE_URL": "https://api.twilio.com",
    "HTTP_PROXY": "http://proxy.example:3128",
    "HTTPS_PROXY": "http://proxy.example:3128",
    "ALL_PROXY": "socks5://proxy.example:1080",
    "PORTAL_PUBLIC_URL": "https://claims.example",
    "BACKOFFICE_CONFIG": "/etc/claims/sources.toml",
    "SMTP_URL": "smtp://mail.example",
    "FAILPOINTS": "send.after_http=kill",
    "PYTHONWARNINGS": "error",
    "LC_ALL": "tr_TR.UTF-8",
}


@pytest.mark.parametrize("url", ["https://api.twilio.com", "http://10.0.0.7:8001", "http://localhost.example", "x"])
def test_a_provider_that_is_not_on_this_machine_is_refused(url: str):
    with pytest.raises(Misconfigured, match="on this machine"):
        must_be_loopback(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8001", "http://localhost:8000", "http://[::1]:8000"])
def test_this_machine_is_not_refused(url: str):
    assert must_be_loopback(url) == url


def test_a_taken_port_means_the_next_free_one_and_every_address_follows():
    with held_addresses(18_000) as first:
        pass
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first.portal_port))
        taken.listen()
        with held_addresses(18_000) as second:
            pass
    assert second.portal_port > first.portal_port
    assert len({second.portal_port, second.telephone_port, second.back_office_port}) == 3
    assert str(second.portal_port) in second.portal


def test_two_demos_that_start_at_once_have_no_port_in_common_and_their_portals_can_listen():
    with held_addresses(18_100) as first, held_addresses(18_100) as second:
        ports = [one for each in (first, second) for one in vars(each).values()]
        assert len(set(ports)) == 10
        for port in ports:
            with socket.socket() as portal:
                portal.bind(("127.0.0.1", port))
                portal.listen()
    with held_addresses(18_100) as third:
        assert third == first, "what ended holds nothing"


@pytest.mark.parametrize("name", ['a "b" c', "O'Neill", "back\\slash", "дом", "a\x7fb"])
def test_the_demo_starts_in_a_folder_of_any_name(tmp_path: Path, name: str):
    folder = tmp_path / name
    folder.mkdir()
    write_sources(Addresses(8000, 8001, 8002, 8003, 8004), folder)
    life = next(one for one in read_config(folder / "sources.toml") if one.name == "life")
    assert life.folder == folder / "deliveries"


def test_the_processes_of_the_demo_hear_nothing_of_their_surroundings(tmp_path: Path):
    with hold(tmp_path) as place:
        told = environment(
            Addresses(8000, 8001, 8002, 8003, 8004),
            place.secrets(),
            database_url="postgresql:///claims?host=/tmp",
            folder=tmp_path,
            surroundings={"PATH": "/bin", **HOSTILE},
        )
    assert told["PATH"] == "/bin"
    assert not {name: told[name] for name in HOSTILE if told.get(name) == HOSTILE[name]}
    assert told["CLAIMS_ENV_FILE"] == ""


def test_secrets_are_made_once_and_kept_from_others(tmp_path: Path):
    with hold(tmp_path) as place:
        made = place.secrets()
    with hold(tmp_path) as place:
        assert place.secrets() == made
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_a_second_demo_says_where_the_first_one_runs(tmp_path: Path):
    with hold(tmp_path) as place:
        place.announce(["  Portal  http://localhost:8000"])
        with pytest.raises(AlreadyRuns) as second, hold(tmp_path):
            pass
    assert str(os.getpid()) in second.value.lines[0]
    assert second.value.lines[1:] == ["  Portal  http://localhost:8000"]
    with hold(tmp_path):
        pass  # and when the first one is gone, the place is free


def test_a_folder_with_somebody_elses_things_is_left_alone(tmp_path: Path):
    (tmp_path / "deliveries").mkdir()
    with pytest.raises(Misconfigured, match="not ours"), hold(tmp_path):
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["deliveries"]


def test_a_folder_that_cannot_be_is_a_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "x", Path("/proc/nothing")):
        with pytest.raises(Misconfigured, match="--folder"), hold(folder):
            pass


def test_the_walk_fails_on_a_page_that_lacks_what_a_person_looks_for():
    page = _read("<form action=/code><input name=code></form><p>Дело 2041-7785</p><script>secret</script>")
    assert page.form("code").action == "/code"
    page.must_say("2041-7785")
    with pytest.raises(NotThere, match="secret"):
        page.must_say("secret")
    with pytest.raises(NotThere, match="phone"):
        page.form("phone")


def _read(html: str) -> Page:
    return _page(httpx.Response(200, html=html, request=httpx.Request("GET", "http://localhost/")))


# --- the whole of it, in a folder of its own


def _start(folder: Path, *words: str, said: Path) -> "subprocess.Popen[bytes]":
    root = Path(__file__).parents[2]
    environ = {**os.environ, **HOSTILE, "PYTHONPATH": str(root)}
    with said.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--folder", str(folder), *words],
            cwd="/",
            env=environ,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait(what: str, seconds: float, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"{what} took more than {seconds:.0f} s"
        time.sleep(0.2)


def _living(folder: Path) -> list[str]:
    """Commands of processes that belong to the demo in `folder`: its own, its children, its database."""
    mine, found = str(folder).encode(), []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (place / "cmdline").read_bytes()
            around = (place / "environ").read_bytes()
            if words and (mine in words or mine in around):
                found.append(words.replace(b"\0", b" ").decode(errors="replace")[:120])
    return found


@pytest.fixture
def demo(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    ready, said = tmp_path / "demo" / "running.json", tmp_path / "said"
    started = _start(tmp_path / "demo", said=said)
    try:
        _wait("the demo's start", READY_WITHIN, lambda: ready.exists() or started.poll() is not None)
        assert started.poll() is None, said.read_text()
        yield started
    finally:
        if started.poll() is None:
            started.send_signal(signal.SIGTERM)
            started.wait(GONE_WITHIN)


@pytest.mark.setup_case
@pytest.mark.timeout(400)
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc")
@pytest.mark.parametrize(
    "number",
    [signal.SIGKILL, *(pytest.param(milder, marks=pytest.mark.soak) for milder in (signal.SIGINT, signal.SIGHUP))],
    ids=lambda one: one.name,
)
def test_a_second_start_points_to_the_first_and_nothing_is_left_when_that_ends(
    demo: "subprocess.Popen[bytes]", tmp_path: Path, number: int
):
    assert any("postgres" in command for command in _living(tmp_path))
    assert sum("sandbox.leash" in command for command in _living(tmp_path)) == 3
    _must_point_to_the_first(tmp_path)
    demo.send_signal(number)
    demo.wait(GONE_WITHIN)
    _wait("the end", GONE_WITHIN, lambda: not _living(tmp_path))


def _must_point_to_the_first(tmp_path: Path) -> None:
    """A second start says where the first one runs, and is content."""
    said = tmp_path / "second"
    second = _start(tmp_path / "demo", said=said)
    assert second.wait(60) == 0
    lines = json.loads((tmp_path / "demo" / "running.json").read_text())["lines"]
    assert said.read_text().splitlines()[1:] == lines


@pytest.mark.setup_case
@pytest.mark.timeout(500)
def test_the_whole_road_can_be_walked_in_hostile_surroundings(tmp_path: Path):
    said = tmp_path / "said"
    walk = _start(tmp_path / "demo", "--check", said=said)
    assert walk.wait(450) == 0, said.read_text()
    assert "FAIL" not in said.read_text()
