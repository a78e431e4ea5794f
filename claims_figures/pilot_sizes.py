"""How many people a pilot needs, worked out before anybody plans one: for each smallest difference worth knowing."""

from datetime import timedelta
from typing import Any

from claims_core.pilots import Measure
from claims_figures import compare

NAME, METHOD, VERSION = "pilot_size", "two-sided, 5 %, power 80 %, normal", 1
SPAN = timedelta(days=56)
KINDS = {Measure.CALLS: ("call",), Measure.CONTACTS: ("call", "question", "look_up")}
SMALLEST = (10, 15, 20, 25, 30, 40, 50)


def numbers_of(mean: float, spread: float, people: int) -> dict[str, Any] | None:
    """People in each of two arms by the smallest difference in per cent; None while too few people are known."""
    if people < compare.FEWEST or mean <= 0:
        return None
    needed = {str(each): compare.people_needed(mean, spread, each / 100) for each in SMALLEST}
    return {"mean": mean, "people": people, "needed": needed}
