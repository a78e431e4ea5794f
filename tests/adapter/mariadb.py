"""A MariaDB of our own for the tests, where its programs are on the machine: a folder, a socket, no port."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, STDOUT
from urllib.parse import quote

# Debian keeps servers off the path of ordinary accounts.
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
INSTALL, SERVER, CLIENT = (
    shutil.which(name, path=PATH) for name in ("mariadb-install-db", "mariadbd", "mariadb-admin")
)
MISSING = None if INSTALL and SERVER and CLIENT else "no MariaDB on this machine: apt-get install mariadb-server"
SMALL = (
    *("--innodb-log-file-size=4M", "--innodb-buffer-pool-size=8M", "--skip-log-bin", "--innodb-fast-shutdown=2"),
    "--innodb-use-native-aio=0",  # the system has few places for it, and two servers at once may want them all
)


class Server:
    """One that runs; `root` and `reader` are addresses for SQLAlchemy."""

    def __init__(self, socket: Path) -> None:
        self._socket = quote(str(socket), safe="")

    def address(self, who: str, database: str, *, driver: str = "mysql") -> str:
        """As whom, and where; root has no password."""
        return f"{driver}://{who}@localhost/{database}?unix_socket={self._socket}&charset=utf8mb4"


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A new server, as nobody where we are root; gone afterwards with all it held."""
    home = Path(tempfile.mkdtemp(prefix="claims-mariadb-"))
    as_nobody = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    if as_nobody:
        shutil.chown(home, "nobody")
    where = ["--no-defaults", f"--datadir={home}/data", *SMALL]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": home, **as_nobody}
    install = [str(INSTALL), *where, "--auth-root-authentication-method=normal", "--skip-test-db"]
    try:
        with one_at_a_time():
            done = subprocess.run(install, **quiet | {"stdout": PIPE, "stderr": STDOUT})  # type: ignore[call-overload]
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-3000:]
        server = subprocess.Popen([str(SERVER), *where, "--skip-networking", f"--socket={home}/s"], **quiet)  # type: ignore[call-overload]
        try:
            _wait_for(home / "s", server)
            yield Server(home / "s")
        finally:
            server.terminate()
            server.wait(30)
    finally:
        shutil.rmtree(home)


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Setting a server up starts and stops one: of several workers of the tests one at a time."""
    with (Path(tempfile.gettempdir()) / "claims-mariadb.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _wait_for(socket: Path, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if socket.exists():
            return
        assert server.poll() is None, "the MariaDB of the tests did not start"
        time.sleep(0.1)
    raise AssertionError("the MariaDB of the tests does not answer")
