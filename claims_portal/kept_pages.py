"""Pages as they went over the line, kept for whoever opens the same page again within the same minute (ADR 74).

What a page is made of is read anew for each view, behind its guard. It is the making that is spared, and only where
everything it would be made of is what it was: a page of which one value differs is another page.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response

# What the values that are no text weigh in the row of a claim page, and the row itself.
_BESIDE = 5_000


@dataclass(frozen=True, slots=True)
class Shown:
    """All that one page is made of: for whom and how it looks, and every value that was read for it.

    `minute` is the time that the page knows: the time of day enters it to the minute.
    """

    whose: Hashable
    minute: datetime
    read: Iterable[Any]


@dataclass(frozen=True, slots=True)
class _Kept:
    read: Iterable[Any]
    body: bytes
    headers: dict[str, str]

    def weight(self) -> int:
        return len(self.body) + sum(len(value) for value in self.read if isinstance(value, str)) + _BESIDE


class KeptPages:
    """The pages of the present minute of one process, `bytes` of them.

    With the first page of the next minute all are gone; what no longer fits is made each time until then.
    """

    def __init__(self) -> None:
        self._minute: datetime | None = None
        self._pages: dict[Hashable, _Kept] = {}
        self.bytes = 0

    def page(self, shown: Shown, make: Callable[[], Response], *, most: int) -> Response:
        """The page (200) that `make` would make of `shown` and of nothing else; `most` bytes are kept, of 0 none."""
        if shown.minute != self._minute:
            self._minute, self.bytes = shown.minute, 0
            self._pages.clear()
        kept = self._pages.get(shown.whose)
        if kept is not None and kept.read == shown.read:
            return Response(kept.body, headers=kept.headers)
        if kept is not None:
            self.bytes -= self._pages.pop(shown.whose).weight()
        made = make()
        kept = _Kept(shown.read, bytes(made.body), dict(made.headers))
        if self.bytes + kept.weight() <= most:
            self.bytes += kept.weight()
            self._pages[shown.whose] = kept
        return made
