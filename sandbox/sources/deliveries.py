"""Files that are delivered now and then: into a folder here, or wherever somebody puts them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sandbox.claim_center.records import Records
from sandbox.sources.extract import Row, to_row
from sandbox.sources.kind import Described


class Drop(Protocol):
    """A place that files are put to."""

    def put(self, name: str, content: bytes) -> None:
        """A file, complete under its name at once."""

    def remove(self, name: str) -> None:
        """Clear a file away."""


@dataclass
class Deliveries:
    """One delivery after another. A log brings what happened since the last one; anything else brings every claim,
    in place of the delivery before."""

    described: Described
    drop: Drop
    write: Callable[[Sequence[Row]], bytes]
    suffix: str
    is_log: bool = False
    is_delivered: bool = field(default=True, init=False)
    _count: int = field(default=0, init=False)

    async def show(self, records: Records, moved: Collection[str]) -> None:
        """Deliver a file, if anything has happened."""
        if not moved:
            return
        self._count += 1
        rows = [to_row(records.cases[ref]) for ref in (moved if self.is_log else records.cases)]
        self.drop.put(self._name(self._count), self.write(rows))
        if self._count > 1 and not self.is_log:
            self.drop.remove(self._name(self._count - 1))

    def _name(self, number: int) -> str:
        return f"claims-{number:04}.{self.suffix}"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine, there from the beginning."""

    path: Path

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)

    def put(self, name: str, content: bytes) -> None:
        """Written under another name, then renamed."""
        half = self.path / f"{name}.part"
        half.write_bytes(content)
        half.rename(self.path / name)

    def remove(self, name: str) -> None:
        """It may have been taken away already."""
        (self.path / name).unlink(missing_ok=True)
