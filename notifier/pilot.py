"""The arm of a pilot, drawn by a keyed hash: stable for a person, even over many, and nobody's choice (pure)."""

import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

from notifier.states import Cadence


def draw_arm(pilot_id: UUID, policyholder_id: UUID, arms: Sequence[Cadence], *, key: bytes) -> Cadence:
    """The arm of this policyholder in this pilot: the same however often we ask, each arm equally likely.

    Without the server's key nobody can tell or steer an arm; a second pilot draws anew.
    """
    drawn = hmac.digest(key, b"pilot arm:" + pilot_id.bytes + policyholder_id.bytes, hashlib.sha256)
    # 64 bits over a handful of arms: the bias of the remainder is below one in 10^18.
    return arms[int.from_bytes(drawn[:8], "big") % len(arms)]
