"""What every source says of itself, and the kinds of values in the file: spans, addresses, encodings, patterns."""

import codecs
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_UNIT = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def _span(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    found = _SPAN.fullmatch(str(value))
    if found is None:
        raise ValueError(f"'{value}' is not a span such as 30s, 5m or 1h")
    return timedelta(seconds=float(found[1]) * _UNIT[found[2]])


def _address(value: str) -> str:
    if not re.match(r"https?://[^/\s]+", value):
        raise ValueError("is not an address such as https://claims.example.com/cc")
    return value.rstrip("/")


def _encoding(value: str) -> str:
    try:
        return codecs.lookup(value).name
    except LookupError:
        raise ValueError(f"'{value}' is not an encoding such as utf-8 or cp1251") from None


def _pattern(value: str) -> str:
    try:
        re.compile(value.encode())
    except re.error as problem:
        raise ValueError(f"is not a regular expression: {problem}") from problem
    return value


Span = Annotated[timedelta, BeforeValidator(_span)]
Address = Annotated[str, AfterValidator(_address)]
Encoding = Annotated[str, AfterValidator(_encoding)]
Pattern = Annotated[str, AfterValidator(_pattern)]


class Part(BaseModel):
    """A table of the file; a key that we do not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


SLOW_RUN = timedelta(minutes=5)


class SourceConfig(Part):
    """What every source says. `settle` is how long a fact waits before it is told (else SETTLE_WINDOW)."""

    # Of a poll that brings three claims, one bad one is no flood.
    fewest_rejected: ClassVar[int] = 10
    # Does it come as files, so that a look that finds none says nothing new?
    delivers_files: ClassVar[bool] = False

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    mapping: Path
    interval: Span = timedelta(minutes=1)
    settle: Span | None = None
    # How often something new must be known at the latest, else the interval. Of delivered files: how often one comes.
    expected: Span | None = None
    most_rejected: Annotated[float, Field(ge=0, le=1)] = 0.1
    # Processes that write large pages side by side; 1 writes all in the reading process.
    lanes: Annotated[int, Field(ge=1, le=16)] = min(4, os.cpu_count() or 1)
    # The hour, by the mapping's clock, from which on everything is read again each night; none for never.
    reconcile_hour: Annotated[int, Field(ge=0, le=23)] | None = 3
    # Does a complete reading show every claim? Then one that two of them do not show is gone.
    lists_everything: bool = True
    # More claims than this share changing stage in one run are looked at by a person before anybody is told.
    most_moved: Annotated[float, Field(ge=0, le=1)] = 0.05

    @property
    def shows_every_claim(self) -> bool:
        """Is a claim that a complete reading does not show no longer there?"""
        return self.lists_everything

    @property
    def may_archive(self) -> bool:
        """May a closed case be put away some day, so that no reading shows it any more?"""
        return False

    @property
    def old_after(self) -> timedelta:
        """The age from which on what we know is old: twice what is expected, and never less than a slow run takes."""
        return max(2 * (self.expected or self.interval), SLOW_RUN)

    def beside(self, home: Path) -> Self:
        """The same with its paths relative to `home`, the folder of the file of sources."""
        return self.model_copy(update={"mapping": home / self.mapping})
