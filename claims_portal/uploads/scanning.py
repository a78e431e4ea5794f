"""The virus scanner that an operator has: a command, or clamd on its socket. Away is never clean."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from claims_core.errors import ClaimsError

PIECE = 64 * 1024
PATIENCE = 120.0


class ScannerAway(ClaimsError):
    """The scanner did not say whether a file is clean; it is asked again."""


async def is_clean(path: Path, *, command: tuple[str, ...], clamd: str | None) -> bool:
    """Do all configured scanners call the file clean? True with none. Raises `ScannerAway` when one does not say.

    A command gets the path as its last word and answers by its exit code, as `clamscan` does: 0 clean, 1 infected.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            by_command = not command or await _by_command(command, path)
            return by_command and (clamd is None or await _by_clamd(clamd, path))
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as problem:
        raise ScannerAway(type(problem).__name__) from problem


async def _by_command(command: tuple[str, ...], path: Path) -> bool:
    quiet = asyncio.subprocess.DEVNULL
    scanner = await asyncio.create_subprocess_exec(*command, str(path), stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        said = await scanner.wait()
    finally:
        if scanner.returncode is None:
            scanner.kill()
            await scanner.wait()
    if said not in (0, 1):
        raise ScannerAway(f"the command ended with {said}")
    return said == 0


async def _by_clamd(address: str, path: Path) -> bool:
    """The INSTREAM command of clamd: pieces with their length in front, an empty one at the end."""
    reader, writer = await _connect(address)
    try:
        writer.write(b"zINSTREAM\0")
        for piece in _pieces(path):
            writer.write(len(piece).to_bytes(4, "big") + piece)
            await writer.drain()
        writer.write(bytes(4))
        await writer.drain()
        said = (await reader.readuntil(b"\0")).rstrip(b"\0").decode("utf-8", "replace")
    finally:
        writer.close()
    if said.endswith("FOUND"):
        return False
    if said.endswith(": OK"):
        return True
    raise ScannerAway("clamd gave no verdict")


async def _connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if address.startswith("/"):
        return await asyncio.open_unix_connection(address)
    host, _, port = address.rpartition(":")
    return await asyncio.open_connection(host, int(port))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
