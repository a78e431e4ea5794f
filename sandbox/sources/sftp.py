"""An SFTP server on this machine, by asyncssh: the core system's CSV is delivered there."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from sandbox.serving import HOST
from sandbox.sources.deliveries import Deliveries, Folder
from sandbox.sources.folder import CELLS
from sandbox.sources.kind import LOGIN, SECRET, Described
from sandbox.sources.writing import as_csv


class _Door(asyncssh.SSHServer):
    """Lets in who knows the word, and keeps who is in."""

    def __init__(self, inside: set[asyncssh.SSHServerConnection]) -> None:
        self._inside = inside

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._inside.add(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (LOGIN, SECRET)


@dataclass(frozen=True, slots=True)
class Sftp:
    """A server that shows `folder`; `known_hosts` holds its key, as `ssh-keyscan` would say it."""

    folder: Path
    known_hosts: Path
    port: int

    @property
    def url(self) -> str:
        """As a source names it."""
        return f"sftp://{HOST}:{self.port}/"


@asynccontextmanager
async def sftp_server(home: Path, *, port: int = 0) -> AsyncIterator[Sftp]:
    """A server for the length of the block, with a key of its own; its files lie in a folder in `home`."""
    folder, known = home / "sftp", home / "known_hosts"
    folder.mkdir(parents=True, exist_ok=True)
    inside: set[asyncssh.SSHServerConnection] = set()
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen(
        HOST,
        port,
        server_factory=lambda: _Door(inside),
        server_host_keys=[key],
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=os.fsencode(folder)),
    )
    try:
        listening = server.get_port()
        known.write_text(f"[{HOST}]:{listening} {key.export_public_key().decode()}")
        yield Sftp(folder, known, listening)
    finally:
        server.close()
        await server.wait_closed()
        for connection in inside:
            connection.abort()
            await connection.wait_closed()


def over_sftp(server: Sftp) -> Deliveries:
    """Each delivery shows all claims, in CSV."""
    table = f"""kind = "files"
url = "{server.url}"
pattern = "claims-*.csv"
{CELLS}

[source.remote]
login_env = "DROP_LOGIN"
secret_env = "DROP_SECRET"
known_hosts = "{server.known_hosts}\""""
    secrets = {"DROP_LOGIN": LOGIN, "DROP_SECRET": SECRET}
    described = Described("sftp", "CSV on an SFTP server", server.url, table, secrets)
    return Deliveries(described, Folder(server.folder), as_csv, "csv")
