"""The integrator's afternoon: every kind answers as the sandbox says, and all of it goes when it goes."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.sources import opening
from tests.adapter.cases import ROOT

KINDS = ("sql", "rest", "claim_center", "csv", "jsonl", "xes", "sftp", "s3")
READY_WITHIN, GONE_WITHIN = 120.0, 40.0
pytestmark = pytest.mark.crash


def command(home: Path) -> list[str]:
    return [sys.executable, "-m", "sandbox", "--sources", "--folder", str(home)]


@pytest.fixture
def sources(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    begun = subprocess.Popen(command(tmp_path), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with begun as process:
        yield process
        process.kill()


def banner(process: "subprocess.Popen[str]") -> str:
    """What it prints of itself, up to the last line."""
    assert process.stdout is not None
    said, deadline = "", time.monotonic() + READY_WITHIN
    while "Ctrl-C" not in said and time.monotonic() < deadline:
        line = process.stdout.readline()
        assert line, said
        said += line
    return said


def shell(home: Path, kind: str, words: str) -> str:
    """What a newcomer types, and what they read."""
    typed = f". {home}/{kind}.env; {words}"
    done = subprocess.run(["sh", "-c", typed], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout


def test_each_kind_can_be_tried_as_it_says_and_nothing_is_left_when_it_is_killed(
    tmp_path: Path, sources: "subprocess.Popen[str]"
):
    said = banner(sources)
    assert re.findall(r"^  (\w+) +(?:a|an|CSV|packed) ", said, re.MULTILINE) == list(KINDS)
    second = subprocess.run(command(tmp_path), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (second.returncode, "It runs already" in second.stdout) == (0, True)
    assert re.search(r"ok   source sftp +1 file as claims-\*.csv", shell(tmp_path, "sftp", "claims doctor"))
    read = shell(tmp_path, "sql", "claims sync; claims mapping suggest sql; claims mapping try 'cc:2001'")
    assert re.search(r"sql: done in .* \(first load, told to nobody\)\n  30\d seen, 30\d new", read)
    assert '# stage = "' in read
    assert "the client would read (ru)" in read
    interface = re.search(r"http://127\.0\.0\.1:\d+/api/v1/claims", said)
    assert interface is not None
    assert httpx.get(interface[0], trust_env=False).status_code == 401
    sources.send_signal(signal.SIGKILL)
    sources.wait()
    with pytest.raises(httpx.ConnectError):
        httpx.get(interface[0], trust_env=False)
    deadline = time.monotonic() + GONE_WITHIN
    while runs_still(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not runs_still(tmp_path)


def runs_still(home: Path) -> bool:
    """Does a process of its database still live?"""
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and os.fsencode(home) in (entry / "cmdline").read_bytes():
                return True
    return False


def test_a_library_that_is_not_there_costs_its_kind_and_is_a_sentence_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(opening, "NEEDED", {"sftp": ("asyncssh", "no_such_library")})
    said = opening.why_missing("sftp")
    assert said is not None
    assert "no_such_library not installed" in said
    assert "python3 bootstrap.py sources" in said
