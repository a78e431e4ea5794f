"""Where files lie: `uploads` in the data folder, two levels deep, under names that nobody but us has chosen."""

import os
from pathlib import Path


def place_of(folder: Path, stored_as: str) -> Path:
    """Where a file lies; `stored_as` is a token of ours, never a name that was sent."""
    return folder / "uploads" / stored_as[:2] / stored_as


def write_piece(path: Path, offset: int, piece: bytes) -> None:
    """Write `piece` at `offset`, safe against a power cut when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Nobody but the portal's own account reads what people send.
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        file.seek(offset)
        file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def head_of(path: Path, length: int) -> bytes:
    """The first bytes of a file; nothing of one that is not there."""
    if not path.exists():
        return b""
    with path.open("rb") as file:
        return file.read(length)


def wipe(path: Path) -> None:
    """Remove a file; one that is not there is fine."""
    path.unlink(missing_ok=True)
