"""What `claims doctor` found: a sentence about one connection or setting, good or not."""

from collections.abc import Awaitable
from dataclasses import dataclass

from claims_core.errors import ClaimsError


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried. `text` says what is so, and when it is not good, how to mend it."""

    subject: str
    is_good: bool
    text: str


async def finding(subject: str, attempt: Awaitable[str]) -> Finding:
    """What became of one attempt: its answer, or the sentence of the error it ended with."""
    try:
        return Finding(subject, True, await attempt)
    except TimeoutError:
        return Finding(subject, False, "no answer in time")
    except (ClaimsError, OSError) as error:
        return Finding(subject, False, str(error) or type(error).__name__)
