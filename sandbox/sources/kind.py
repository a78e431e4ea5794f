"""What each kind of source of the sandbox is: something that shows the claims, and says how it is connected."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.claim_center.records import Records

# On this machine only, and of made-up claims: there is nothing to keep secret but the way in which secrets are given.
LOGIN, SECRET = "sandbox", "sandbox-word"


@dataclass(frozen=True, slots=True)
class Described:
    """How a kind is connected: for the eye, the rest of its table in the file of sources, and what the secrets are."""

    name: str
    title: str
    address: str
    table: str
    secrets: dict[str, str] = field(default_factory=dict)
    mapping: str = "mappings/core.toml"

    def source(self, *, interval: str) -> str:
        """Its `[[source]]`."""
        head = f'[[source]]\nname = "{self.name}"\nmapping = "{self.mapping}"\ninterval = "{interval}"\nsettle = "0s"\n'
        return f"{head}{self.table.strip()}\n"


class Kind(Protocol):
    """One back office of the sandbox."""

    # Files come now and then; whatever else shows a change at once.
    is_delivered: bool

    @property
    def described(self) -> Described:
        """How it is connected."""

    async def show(self, records: Records, moved: Collection[str]) -> None:
        """Show the claims as they stand now; `moved` are the ids of those that have changed since the last time."""
