"""One emulated installation: its claims, its settings, the tokens it gave out, and the faults that it shall have."""

import time
from collections import deque
from dataclasses import dataclass, field

from sandbox.claim_center.records import Records
from sandbox.claim_center.setup import Setup


@dataclass
class Fault:
    """What happens to the next calls whose path contains `path`: a status, or one of the named misfortunes."""

    kind: str  # `status`, `truncate`, `slow`, `drop`, `drift`
    path: str = ""
    number: float = 0
    times: int = 1
    retry_after: str | None = None


@dataclass
class ClaimCenter:
    """The emulated installation."""

    records: Records
    setup: Setup = field(default_factory=Setup)
    faults: deque[Fault] = field(default_factory=deque)
    tokens: dict[str, float] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def fault_for(self, path: str) -> Fault | None:
        """The scripted fault that this call meets, used up."""
        for fault in self.faults:
            if fault.path in path:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def knows(self, token: str) -> bool:
        """Is this token in force?"""
        return self.tokens.get(token, 0) > time.monotonic()
