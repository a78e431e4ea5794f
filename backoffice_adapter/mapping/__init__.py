"""Their words into ours: a mapping file, read and checked once, then a pure function from case to snapshot."""

import hashlib
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backoffice_adapter import toml_text
from backoffice_adapter.mapping import orders
from backoffice_adapter.mapping.checks import mistakes
from backoffice_adapter.mapping.formats import moment
from backoffice_adapter.mapping.paths import find_first
from backoffice_adapter.mapping.table import MappingFile, Way
from backoffice_adapter.mapping.translate import LeftOut, Rejected, Translate, Translation, Unmapped, translator
from backoffice_adapter.source import Order
from claims_core.errors import Misconfigured

__all__ = [
    "LeftOut",
    "Mapping",
    "Rejected",
    "Translate",
    "Translation",
    "Unmapped",
    "find_first",
    "load",
    "moment",
    "parse",
]


@dataclass(frozen=True)
class Mapping:
    """A mapping that was checked. `key` is the hash of its text: another text makes every case new."""

    file: MappingFile
    text: str
    key: bytes

    def translator(self, *, source: str, mapping_version: int) -> Translate:
        """A function that translates one case of `source`; compiled here, so make it once a run."""
        return translator(self.file, source=source, mapping_version=mapping_version)

    def actions(self) -> frozenset[str]:
        """What a handler may do to a claim of this source."""
        return orders.actions(self.file)

    def recorded_here(self, action: str) -> bool:
        """Is our own ledger the record for this action?"""
        entry = self.file.write_back.get(action)
        return entry is not None and entry.do is Way.RECORD_HERE

    def orders(self, action: str, *, values: MappingOf[str, Any], claim: MappingOf[str, Any]) -> tuple[Order, ...]:
        """The calls that put a handler's change into the back office."""
        return orders.orders_for(self.file, action, values=values, claim=claim)


def load(path: Path) -> Mapping:
    """The mapping in `path`. Raises `Misconfigured` with line and column of each mistake."""
    file, text = toml_text.read(path, MappingFile)
    return _checked(file, text, name=str(path))


def parse(text: str, *, name: str = "mapping") -> Mapping:
    """The mapping that `text` spells. Raises `Misconfigured` with line and column of each mistake."""
    return _checked(toml_text.parse(text, MappingFile, name=name), text, name=name)


def _checked(file: MappingFile, text: str, *, name: str) -> Mapping:
    found = [
        f"{name}:{line}:{column}: {'.'.join(map(str, place))}: {said}"
        for place, said in mistakes(file)
        for line, column in [toml_text.locate(text, place)]
    ]
    if found:
        raise Misconfigured("\n".join(found))
    return Mapping(file, text, hashlib.blake2b(text.encode(), digest_size=32).digest())
