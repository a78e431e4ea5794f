"""From one page to the next, in each of the ways that an interface may have; never in a circle (pure)."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from backoffice_adapter.mapping import find_first
from backoffice_adapter.settings import RestConfig
from backoffice_adapter.source import Record
from backoffice_adapter.sources.rest.answers import Answer
from claims_core.errors import SourceRefused, SourceUnavailable

# A million cases are 10,000 pages; more is a list that never ends.
MOST_PAGES = 50_000
MOST_SAME = 3


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for: an address, and parameters where the address has none yet."""

    url: str
    params: dict[str, str] = field(default_factory=dict)


class Walk:
    """One way through a list. `moved` says that the list moved meanwhile, so that we may have missed a case.

    By offset each page begins with the last case of the one before: if it does not, something was put in or taken out.
    By page number that cannot be asked for; there a repeated case and a changing total tell.
    """

    def __init__(self, config: RestConfig, since: dict[str, str]) -> None:
        self._config, self._paging = config, config.paging
        self._params = {**config.params, **since}
        if self._paging.size_param is not None:
            self._params[self._paging.size_param] = str(self._paging.size)
        self._next = find_first(self._paging.next) if self._paging.next else None
        self._asked: set[str] = set()
        self._seen: set[int] = set()
        self._totals: set[int] = set()
        self._at = 0 if self._paging.kind == "offset" else self._paging.first
        self._last_refs: list[str] = []
        self._same = 0
        self.moved = False

    def first(self) -> Ask:
        """Where it begins."""
        params = dict(self._params)
        if self._paging.kind in ("offset", "page"):
            params[str(self._paging.param)] = str(self._at)
        return Ask(f"{self._config.base_url}{self._config.path}", params)

    def after(self, answer: Answer, url: str) -> Ask | None:
        """Where it goes on behind `answer`, which came from `url`; None at the end.

        Raises `SourceUnavailable` for a list that goes round, `SourceRefused` for a link that leads elsewhere.
        """
        if self._paging.kind == "none":
            return None
        if len(self._asked) >= MOST_PAGES:
            raise SourceUnavailable(f"{self._place} has more than {MOST_PAGES} pages")
        if self._paging.kind in ("offset", "page"):
            return self._by_number(answer)
        if self._paging.kind == "cursor":
            return self._by_token(answer)
        return self._by_link(answer, url)

    @property
    def _place(self) -> str:
        return f"{self._config.name}: {self._config.path}"

    def _by_number(self, answer: Answer) -> Ask | None:
        refs = [case.ref or "" for case in answer.cases]
        again = 1 if self._paging.kind == "offset" and len(self._last_refs) > 1 else 0
        # A list that grows by as much as we step shows the same page twice; one that does not listen, for ever.
        self._same = self._same + 1 if refs and refs == self._last_refs and len(refs) > again else 0
        if self._same > MOST_SAME:
            raise SourceUnavailable(f"{self._place}: the same page comes again: is '{self._paging.param}' right?")
        self._look(answer, refs, again)
        if len(refs) <= again:
            return None
        self._last_refs = refs
        if self._paging.kind == "page":
            self._at += 1
        else:
            self._at += len(refs) - 1 if len(refs) > 1 else 1
        self._asked.add(str(self._at))
        return self.first()

    def _look(self, answer: Answer, refs: list[str], again: int) -> None:
        """Did the list move since the last page?"""
        if answer.total is not None:
            self._totals.add(answer.total)
        fresh = refs
        if again and self._last_refs:
            self.moved = self.moved or refs[:1] != self._last_refs[-1:]
            fresh = refs[1:] if refs[:1] == self._last_refs[-1:] else refs
        marks = [hash(case.ref) for case in answer.cases if isinstance(case, Record) and case.ref in fresh]
        self.moved = self.moved or len(self._totals) > 1 or not self._seen.isdisjoint(marks)
        self._seen.update(marks)

    def _by_token(self, answer: Answer) -> Ask | None:
        token = self._next(answer.envelope, answer.envelope) if self._next else None
        if token is None or token == "" or token is False:
            return None
        if isinstance(token, bool) or not isinstance(token, str | int):
            raise SourceRefused(f"{self._place}: '{self._paging.next}' is no token")
        self._once(str(token))
        return Ask(f"{self._config.base_url}{self._config.path}", {**self._params, str(self._paging.param): str(token)})

    def _by_link(self, answer: Answer, url: str) -> Ask | None:
        link: Any = (answer.links.get("next") or {}).get("url")
        if self._next is not None:
            link = self._next(answer.envelope, answer.envelope)
            link = link.get("href") if isinstance(link, dict) else link
        if not link:
            return None
        here = httpx.URL(url)
        try:
            there = here.join(link)
        except (httpx.InvalidURL, TypeError) as problem:
            raise SourceRefused(f"{self._place}: the link to the next page is none") from problem
        # Our token must not travel to wherever an answer points.
        if (there.scheme, there.host, there.port) != (here.scheme, here.host, here.port):
            raise SourceRefused(f"{self._place}: the link to the next page leads elsewhere")
        self._once(str(there))
        return Ask(str(there))

    def _once(self, step: str) -> None:
        if step in self._asked:
            raise SourceUnavailable(f"{self._place}: the pages go round in a circle")
        self._asked.add(step)
