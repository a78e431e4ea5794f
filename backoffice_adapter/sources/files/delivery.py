"""Whether a delivered file is whole and settled. Half-written ones are left alone."""

import codecs
import hashlib
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.sources.files.places import Shape
from backoffice_adapter.sources.files.rows import Reads, is_wide, open_file

_END_OF_LOG = re.compile(rb"</(\w+:)?log>\s*$")
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file that is whole. `trailer_lines` at its end are not rows."""

    path: Path
    checksum: bytes
    lines: int
    trailer_lines: int


def is_settled(shape: Shape, config: FilesConfig, now: datetime) -> bool:
    """Was the file last written long enough ago? A server whose clock runs ahead must not make it wait for ever."""
    written = datetime.fromtimestamp(shape.changed_ns / 1e9, tz=UTC)
    return shape.size > 0 and abs(now - written) >= config.stable_for


def look_at(path: Path, config: FilesConfig) -> Delivered | str:
    """Read the file once through for its checksum and its end; why it is not whole otherwise."""
    digest, lines, last = hashlib.sha256(), 0, b""
    try:
        with open_file(path) as stream:
            for block in iter(lambda: stream.read(_BLOCK), b""):
                digest.update(block)
                lines += block.count(b"\n")
                last = (last + block)[-4_000:]
    except (OSError, EOFError, zlib.error) as problem:
        return f"it cannot be unpacked or read: {problem}"
    trailer_lines, problem_said = _end(last, lines, config)
    return problem_said or Delivered(path, digest.digest(), lines, trailer_lines)


def _end(last: bytes, lines: int, config: FilesConfig) -> tuple[int, str | None]:
    if config.end == "anything" or is_wide(config.encoding):
        return 0, None
    if config.format == "xes":
        return 0, None if _END_OF_LOG.search(last) else "its log is not closed"
    if not last.endswith(b"\n"):
        return 0, "its last line has no end"
    if config.end == "newline":
        return 0, None
    said = last.rstrip(b"\r\n").rpartition(b"\n")[2].rstrip(b"\r")
    found = re.fullmatch((config.trailer or "").encode(), said)
    if found is None:
        return 0, "its trailer is missing"
    rows = lines - 1 - (config.format == "csv")
    if found.groups() and int(found[1]) != rows:
        return 0, f"its trailer counts {int(found[1])} rows, and it has {rows}"
    return 1, None


def narrow(stream: Reads, encoding: str) -> Reads:
    """A stream of UTF-16 or UTF-32 as one of UTF-8, block by block; others as they are."""
    return _Narrow(stream, encoding) if is_wide(encoding) else stream


class _Narrow:
    """UTF-8 of what another encoding spells."""

    def __init__(self, stream: Reads, encoding: str) -> None:
        self._stream, self._decoder = stream, codecs.getincrementaldecoder(encoding)(errors="strict")

    def read(self, size: int) -> bytes:
        """About so many bytes; none at the end. Raises `UnicodeDecodeError`."""
        while block := self._stream.read(size):
            if said := self._decoder.decode(block):
                return said.encode()
        return self._decoder.decode(b"", final=True).encode()
