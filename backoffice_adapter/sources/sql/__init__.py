"""A view or query in a database as a source: pages by (updated_at, ref), each in a read-only transaction."""

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from backoffice_adapter.settings import SqlConfig, secret
from backoffice_adapter.source import Applied, Known, Order, Page, Record, Shown, Unreadable
from backoffice_adapter.sources import json_text
from backoffice_adapter.sources.sql import positions
from backoffice_adapter.sources.sql.connection import Answer, CellProblem, Database
from backoffice_adapter.sources.sql.rows import as_json, to_record
from backoffice_adapter.sources.sql.statements import Place, View
from claims_core.errors import SourceRefused, SourceUnavailable

log = logging.getLogger(__name__)

MOST_NAMELESS = 1_000


@dataclass(slots=True)
class _Read:
    """Part of a page: its cases, what no case could be made of, and where it ends."""

    records: list[Record]
    unreadable: list[Unreadable]
    last: Place | None
    count: int


class Sql:
    """A database that is only read. What is committed late is seen again by the overlap, what moves is read again."""

    takes_changes = False

    def __init__(self, config: SqlConfig, *, key: bytes, clock: Callable[[], datetime]) -> None:
        self.name = config.name
        self._config, self._key, self._clock, self._view = config, key, clock, View(config)
        self._database = Database(config.name, secret(config.url_env).get_secret_value(), timeout=config.timeout)

    async def close(self) -> None:
        """Give back the connections."""
        await self._database.close()

    async def get(self, ref: str) -> Shown | None:
        """The case as it is now; None when the view does not have it."""
        try:
            answer = await self._rows(self._view.one(ref))
        except CellProblem as problem:
            raise SourceRefused(f"{self._config.place}: a cell of this row cannot be read: {problem}") from problem
        return to_record(answer, answer.rows[0], self._config, key=self._key) if answer.rows else None

    async def apply(
        self, ref: str, order: Order, *, checksum: str | None, transaction_ref: str, again: bool = False
    ) -> Applied:
        """A view takes no changes."""
        raise SourceRefused(f"{self.name} is read from a view and takes no changes")

    async def look(self) -> str:
        """What the doctor tells."""
        names = await self._check()
        if (await self._rows(self._view.nameless(limit=1))).rows:
            raise SourceRefused(
                f"{self._config.place} has rows without '{self._config.updated_at}' or '{self._config.ref}': "
                "these are never read"
            )
        return f"{self._config.place} answers with {len(names)} columns"

    async def changed_since(self, cursor: dict[str, Any] | None, known: Known) -> AsyncGenerator[Page]:
        """The rows that changed since `cursor`, minus the overlap; a row that is stamped ahead of time comes each time.

        Every page is a transaction of its own: none is open while we work, and a long one would hold back their vacuum.
        """
        await self._check()
        config, highest = self._config, positions.read(cursor)
        since = None
        if highest is not None:
            since = positions.stepped_back(highest, by=config.overlap, count=config.overlap_count)
        elif nameless := await self._nameless():
            yield Page(records=[], cursor=None, unreadable=nameless)
        after: Place | None = None
        while True:
            read = await self._page(after, since)
            if read.last is not None:
                highest, after = self._higher(highest, read.last.at), read.last
            complete = read.count < config.page_size
            yield Page(
                records=read.records,
                cursor=None if highest is None else positions.written(highest),
                complete=complete,
                unreadable=read.unreadable,
            )
            if complete:
                return

    def _higher(self, highest: Any, at: Any) -> Any:
        capped = positions.not_ahead(at, now=self._clock(), zone=self._config.time_zone)
        try:
            return capped if highest is None else max(highest, capped)
        except TypeError:
            return capped

    async def _page(self, after: Place | None, since: Any) -> _Read:
        size = self._config.page_size
        try:
            answer = await self._rows(self._view.page(after, since=since, limit=size))
        except CellProblem:
            return await self._apart(after, since)
        return self._made(answer, after)

    def _made(self, answer: Answer, after: Place | None) -> _Read:
        self._must_have(answer.names)
        at, ref = answer.names.index(self._config.updated_at), answer.names.index(self._config.ref)
        places = [Place(row[at], row[ref]) for row in answer.rows]
        if after is not None and places and places[-1] == after:
            raise SourceRefused(f"{self._config.place}: the pages do not move on behind {self._config.updated_at}")
        made = [to_record(answer, row, self._config, key=self._key) for row in answer.rows]
        return _Read(
            [one for one in made if isinstance(one, Record)],
            [one for one in made if isinstance(one, Unreadable)],
            places[-1] if places else None,
            len(answer.rows),
        )

    async def _apart(self, after: Place | None, since: Any) -> _Read:
        """A page with a cell that cannot be given: halved until that row stands alone, and named by its column."""
        config = self._config
        try:
            found = await self._rows(self._view.keys(after, since=since, limit=config.page_size))
        except CellProblem as problem:
            raise SourceRefused(
                f"{config.place}: '{config.updated_at}' or '{config.ref}' cannot be read: {problem}"
            ) from problem
        places = [Place(*row) for row in found.rows]
        read, left = _Read([], [], places[-1] if places else None, len(places)), [places] if places else []
        while left:
            part = left.pop()
            try:
                answer = await self._rows(self._view.span(part[0], part[-1]))
            except CellProblem as problem:
                middle = len(part) // 2
                if middle:
                    left += [part[middle:], part[:middle]]
                else:
                    read.unreadable.append(await self._without_cells(part[0], problem))
                continue
            made = self._made(answer, None)
            read.records += made.records
            read.unreadable += made.unreadable
        return read

    async def _without_cells(self, place: Place, problem: CellProblem) -> Unreadable:
        names = (await self._rows(self._view.columns())).names
        good: dict[str, Any] = {}
        bad: list[str] = []
        for name in names:
            try:
                rows = (await self._rows(self._view.cell(place, name))).rows
                good[name] = as_json(rows[0][0], name) if rows else None
            except (CellProblem, ValueError):
                bad.append(name)
        reason = f"{', '.join(bad) or 'the row'}: cannot be read: {problem}"
        return Unreadable(json_text.kept(good), reason, place=self._config.place, ref=str(place.ref))

    async def _nameless(self) -> list[Unreadable]:
        """Rows that no later page can show: said once, when everything is read."""
        config, said = self._config, []
        for at, ref in (await self._rows(self._view.nameless(limit=MOST_NAMELESS))).rows:
            if at is not None and ref is not None:
                continue  # `is null` finds a zero date of MySQL, too, and these come with their pages
            missing = config.ref if ref is None else config.updated_at
            cells = {config.updated_at: at, config.ref: ref}
            said.append(Unreadable(json_text.kept(cells), f"{missing}: is missing", place=config.place))
        return said

    async def _check(self) -> Sequence[str]:
        """Is the view as it was described, and the server not far behind?"""
        names = (await self._rows(self._view.columns())).names
        self._must_have(names)
        if self._database.lag is not None:
            behind = float((await self._rows(text(self._database.lag))).rows[0][0] or 0)
            if behind > self._config.most_lag.total_seconds():
                raise SourceUnavailable(f"{self.name}: the replica is {behind / 60:.0f} minutes behind")
        return names

    def _must_have(self, names: Sequence[str]) -> None:
        config = self._config
        wanted = [config.ref, config.updated_at, *([config.version] if config.version else []), *config.nested]
        missing = [name for name in wanted if name not in names]
        if missing:
            raise SourceRefused(
                f"{self.name}: {config.place} has no column '{missing[0]}'; it has {', '.join(names)[:300]}"
            )

    async def _rows(self, statement: Any) -> Answer:
        return await self._database.rows(statement, place=self._config.place)
