"""The arm of a pilot, drawn by a keyed hash: stable for a person, even over many, and nobody's choice (pure)."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import SecretStr

from claims_core.keyed import keyed_hash
from notifier.states import Cadence


def draw_arm(pilot_id: UUID, policyholder_id: UUID, arms: Sequence[Cadence], *, key: SecretStr) -> Cadence:
    """The arm of this policyholder in this pilot: the same however often we ask, each arm equally likely.

    Without the server's key nobody can tell or steer an arm; a second pilot draws anew.
    """
    drawn = keyed_hash(key, "arm of a pilot", str(pilot_id), str(policyholder_id))
    # 64 bits over a handful of arms: the bias of the remainder is below one in 10^18.
    return arms[int.from_bytes(drawn[:8], "big") % len(arms)]
