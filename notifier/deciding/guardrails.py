"""When an arm of a pilot is stopped without anybody deciding: it does harm, whatever else it may do (pure)."""

from dataclasses import dataclass

from notifier.states import Guardrail

# One of three who says stop is no third. Below this an arm is judged by nobody.
FEWEST = 50


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that an arm may bring: shares of its people, and messages on average for a claim."""

    opt_outs: float = 0.05
    complaints: float = 0.05
    messages: float = 10.0


@dataclass(frozen=True, slots=True)
class ArmSoFar:
    """What an arm has brought since its people agreed, by their first arm. `stops` and `complained` count people."""

    people: int = 0
    claims: int = 0
    stops: int = 0
    complained: int = 0
    messages: int = 0


def crossed(limits: Limits, so_far: ArmSoFar) -> Guardrail | None:
    """The first limit that the arm is beyond; None while it is within all, or has too few people to say."""
    if so_far.people < FEWEST:
        return None
    if so_far.stops > limits.opt_outs * so_far.people:
        return Guardrail.OPT_OUTS
    if so_far.complained > limits.complaints * so_far.people:
        return Guardrail.COMPLAINTS
    if so_far.messages > limits.messages * so_far.claims:
        return Guardrail.MESSAGES
    return None
