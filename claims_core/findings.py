"""What `claims doctor` found: a sentence about one connection or setting, good or not."""

from collections.abc import Awaitable
from dataclasses import dataclass

import asyncpg
from sqlalchemy.exc import ProgrammingError

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
    except (ProgrammingError, asyncpg.SyntaxOrAccessError):
        # A table or column that is not there, or not for us: the database is older than the code, or somebody edited
        # it. What the driver says holds the statement, and is nothing for an operator.
        return Finding(
            subject, False, "the database is not as this version expects it: see what `database` says of it, and run "
            "`claims db upgrade`; if it stays so, restore the tables as this version makes them",
        )  # fmt: skip
