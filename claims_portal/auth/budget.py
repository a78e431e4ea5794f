"""What texts with codes may cost (pure): a budget an hour in money and in number, and a stop when nobody uses them.

Who pumps texts to numbers that earn from them asks for many codes and types none in (reliability.md T07). Devices
that have signed in before keep a share of the budget of their own, and are never stopped by strangers.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

# Of the budget only so much is for anybody; the rest is for devices seen before.
SHARE_FOR_ANYBODY = Decimal("0.8")
# Codes to one contact point an hour: three for anybody, three more for devices that were here before.
FOR_ANYBODY, FOR_DEVICES_SEEN = 3, 6
# The stop needs so many codes that had their time, of which fewer than this share were used.
ENOUGH_CODES = 50
LEAST_USED = Decimal("0.2")


class Unsent(StrEnum):
    """Why a code is not sent. All but the first are alarms."""

    CONTACT_HAD_ENOUGH = "contact_had_enough"
    BUDGET_SPENT = "budget_spent"
    TOO_FEW_USED = "too_few_used"


@dataclass(frozen=True, slots=True)
class Sent:
    """Codes of the last hour: to this contact point, in all, those that had time to be used, and those that were."""

    here: int
    everywhere: int
    had_time: int
    used: int


def affordable(*, most: int, money: Decimal | None, price: Decimal) -> int:
    """How many codes an hour may leave: `most` by number, and what `money` pays for at `price` a text."""
    return most if money is None or price <= 0 else min(most, int(money / price))


def why_unsent(sent: Sent, *, budget: int, seen: bool) -> Unsent | None:
    """Why the next code does not leave, or None. `seen`: it was asked for on a device that has signed in before."""
    share = budget if seen else int(budget * SHARE_FOR_ANYBODY)
    if sent.everywhere >= share:
        return Unsent.BUDGET_SPENT
    if not seen and sent.had_time >= ENOUGH_CODES and sent.used < sent.had_time * LEAST_USED:
        return Unsent.TOO_FEW_USED
    if sent.here >= (FOR_DEVICES_SEEN if seen else FOR_ANYBODY):
        return Unsent.CONTACT_HAD_ENOUGH
    return None
