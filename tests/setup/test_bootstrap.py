"""Set-up starts on any Python from 3.8, installs exactly what the locks say, and names what it can do."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import bootstrap
from tests.house.source import ROOT

LOCKS = (bootstrap.TO_RUN, bootstrap.TO_DEVELOP, bootstrap.EMBEDDED)
PIN = re.compile(r"^([a-z0-9-]+)==(\S+?)(?: ; (.*?))? \\$", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    found = {name: version for name, version, _ in PIN.findall((ROOT / lock).read_text())}
    assert found
    return found


def wanted(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=;~ ]", requirement)[0].lower().replace("_", "-") for requirement in requirements}


def test_bootstrap_is_understood_by_python_3_8_and_needs_nothing_but_the_standard_library():
    tree = ast.parse((ROOT / "bootstrap.py").read_text(), feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= set(sys.stdlib_module_names)
    unions = [node for node in ast.walk(tree) if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation]
    assert not unions, "an annotation could need a newer Python"


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_and_hashes_everything_and_names_no_place(lock: str):
    text = (ROOT / lock).read_text()
    requirements = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert all(PIN.match(line + "\n") or PIN.match(line) for line in requirements)
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"https?:|file:|--index|--find-links|--extra|(?<![\w])/\w", text)


def test_the_locks_hold_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run, develop = pins(bootstrap.TO_RUN), pins(bootstrap.TO_DEVELOP)
    assert wanted(project["project"]["dependencies"]) <= run.keys()
    groups = project["dependency-groups"]
    own, whole = [one for one in groups["dev"] if isinstance(one, str)], [{"include-group": "sources"}]
    assert [one for one in groups["dev"] if not isinstance(one, str)] == whole
    assert wanted(own + groups["sources"]) <= develop.keys()
    assert wanted(project["project"]["optional-dependencies"]["embedded"]) == pins(bootstrap.EMBEDDED).keys()


def test_developing_uses_the_very_versions_that_run():
    assert pins(bootstrap.TO_RUN).items() <= pins(bootstrap.TO_DEVELOP).items()


def test_make_knows_every_target_and_no_other():
    targets = re.search(r"^TARGETS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets
    assert set(targets.group(1).split()) == {"help", *bootstrap.TARGETS}


def test_an_interpreter_outside_of_the_range_is_not_taken(tmp_path: Path):
    too_old = tmp_path / "python3"
    too_old.write_text("#!/bin/sh\necho 3.10\n")
    too_old.chmod(0o755)
    assert not bootstrap.fits(str(too_old))
    assert not bootstrap.fits(str(tmp_path / "missing"))
    assert bootstrap.fits(sys.executable)


def test_without_a_fitting_interpreter_one_line_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bootstrap, "candidates", lambda: iter(()))
    problem = bootstrap.make_venv()
    assert problem
    assert "\n" not in problem
    assert "Python 3.11 to 3.14 is needed" in problem


def test_a_changed_lock_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for lock in LOCKS:
        shutil.copy(ROOT / lock, tmp_path)
    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path))
    before = bootstrap.checksum([bootstrap.TO_RUN, bootstrap.EMBEDDED])
    assert bootstrap.checksum([bootstrap.TO_RUN, bootstrap.EMBEDDED]) == before
    with (tmp_path / bootstrap.TO_RUN).open("a") as file:
        file.write("\n")
    assert bootstrap.checksum([bootstrap.TO_RUN, bootstrap.EMBEDDED]) != before


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8"])
def test_a_checkout_below_letters_beyond_ascii_is_found_in_any_locale(tmp_path: Path, locale: str):
    checkout, site = tmp_path / "Документы é", tmp_path / "site"
    checkout.mkdir()
    site.mkdir()
    (checkout / "ours.py").write_text("said = 'found'")
    (site / "claims.pth").write_text(bootstrap.path_line(str(checkout)), encoding="ascii")
    look = f"import site; site.addsitedir({str(site)!r}); import ours; print(ours.said)"
    environ = {"PATH": os.environ["PATH"], "LC_ALL": locale, "PYTHONCOERCECLOCALE": "0"}
    told = subprocess.run([sys.executable, "-I", "-c", look], capture_output=True, text=True, env=environ, check=False)
    assert told.stdout == "found\n", told.stderr


@pytest.mark.parametrize(("words", "says"), [([], "demo"), (["help"], "pictures"), (["nope"], "there is no target")])
def test_it_says_what_it_can_do(words: list[str], says: str):
    answer = subprocess.run(
        [sys.executable, ROOT / "bootstrap.py", *words], capture_output=True, text=True, check=False
    )
    assert says in answer.stdout + answer.stderr
    assert answer.returncode == (2 if words == ["nope"] else 0)


def test_checks_all_run_and_the_tests_come_last(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setenv("VIRTUAL_ENV", "")
    fine, bad = [sys.executable, "-c", ""], [sys.executable, "-c", "raise SystemExit(3)"]
    last = [sys.executable, "-c", "import sys; print('the summary', *sys.argv[1:])"]
    assert bootstrap.run([bad, fine, last], ["-x"]) == 3
    said = capfd.readouterr().out.splitlines()
    assert said[-2:] == [f"bootstrap: FAILED beside the tests: {sys.executable}", "the summary -x"]
    assert bootstrap.run([fine, fine], []) == 0
    assert bootstrap.run([fine, bad], []) == 3
    assert bootstrap.run([fine, [str(ROOT / "no such program")], fine], []) == 127


def test_checks_run_beside_the_tests_and_are_heard_in_one_piece(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setenv("VIRTUAL_ENV", "")
    # Each waits for the other, so that neither ends unless both run; the check ends last.
    wait = "import sys, time, pathlib\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)\n"
    began, ended = str(tmp_path / "began"), str(tmp_path / "ended")
    check = [sys.executable, "-c", f"open({began!r}, 'w'); print('a')\n{wait}print('b')", ended]
    tests = [sys.executable, "-c", f"{wait}print('x'); open({ended!r}, 'w'); print('the summary')", began]
    assert bootstrap.run([check, tests], []) == 0
    said = [line for line in capfd.readouterr().out.splitlines() if len(line) == 1 or line == "the summary"]
    assert said in (["a", "b", "x", "the summary"], ["x", "a", "b", "the summary"])
