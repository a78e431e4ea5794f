"""Guidewire ClaimCenter as a source: changed claims by a watermark or a sweep, each read by its id."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any

import httpx

from backoffice_adapter.settings import ClaimCenterConfig
from backoffice_adapter.source import Applied, Heard, Known, Order, Page, Record, Shown, Unreadable
from backoffice_adapter.sources import json_text, keys
from backoffice_adapter.sources.claim_center import changes, composite, events
from backoffice_adapter.sources.claim_center.cases import checksum_of, read_case
from backoffice_adapter.sources.claim_center.listing import Item, ListPage, pages
from backoffice_adapter.sources.claim_center.transport import Transport, as_moment
from backoffice_adapter.sources.http import Sleep

Cursor = dict[str, Any]


class ClaimCenter:
    """A ClaimCenter. Offset paging over a moving list may repeat and skip: we overlap, and take each id once a run."""

    takes_changes = True

    def __init__(
        self,
        config: ClaimCenterConfig,
        *,
        key: bytes,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], datetime],
    ) -> None:
        self.name = config.name
        self.config, self._key, self._clock = config, key, clock
        self._transport = Transport(config, transport=transport, sleep=sleep)

    async def close(self) -> None:
        """Give back the connections."""
        await self._transport.close()

    async def look(self) -> str:
        """The first page of its list."""
        path, params = self._start({})
        async with aclosing(pages(self._transport, path, params)) as listed:
            first = await anext(listed)
        more = "" if first.next_path is None else ", and there are more"
        marks, bad = self._marks(first)
        without = f"; {bad[0].reason}" if bad else ""
        return f"{self.config.list_path} lists {len(marks)} claims on its first page{more}{without}"

    async def get(self, ref: str) -> Shown | None:
        """The claim with its parts as it is now; None when it is absent or hidden from us."""
        config = self.config
        return await read_case(self._transport, ref, parts=config.parts, page_size=config.page_size, key=self._key)

    async def apply(
        self, ref: str, order: Order, *, checksum: str | None, transaction_ref: str, again: bool = False
    ) -> Applied:
        """Put one change into the claim, once for a `transaction_ref`; `checksum` is the version that was seen."""
        return await changes.apply(
            self._transport,
            ref,
            order,
            checksum=checksum_of(checksum),
            transaction_ref=transaction_ref,
            again=again,
        )

    @property
    def is_heard(self) -> bool:
        """Does its App Events webhook have a secret?"""
        return self.config.webhook is not None

    def hear(self, body: bytes) -> Heard:
        """An event of App Events: the claim itself, or the name of one that must be read."""
        claim_at = self.config.webhook.claim_at if self.config.webhook else "."
        return events.hear(body, claim_at=claim_at, parts=self.config.parts, key=self._key)

    async def changed_since(self, cursor: Cursor | None, known: Known) -> AsyncGenerator[Page]:
        """The claims that moved after `cursor`. A page of the list is one page here; its cursor stands behind it."""
        cursor = dict(cursor or {})
        taken: set[str] = set()
        path, params = self._start(cursor)
        async for listed in pages(self._transport, path, params):
            found, nameless = self._marks(listed)
            marks = {ref: mark for ref, mark in found.items() if ref not in taken}
            taken |= marks.keys()
            same = await known.same_marks(marks)
            wanted = [ref for ref in marks if ref not in same]
            shown = await self._read(wanted)
            records = [one for one in shown if isinstance(one, Record)]
            cursor = self._moved(cursor, listed)
            unreadable = [one for one in shown if isinstance(one, Unreadable)]
            # Listed, and absent or without its lists when it is asked for: archived or hidden, and not gone.
            kept = sorted(set(wanted) - {one.ref for one in records} - {one.ref for one in unreadable})
            yield Page(
                records=records,
                cursor=cursor,
                complete=listed.next_path is None,
                unreadable=[*nameless, *unreadable],
                unchanged=len(same),
                marks={ref: marks[ref] for ref in [*(record.ref for record in records), *kept]},
                kept=kept,
            )

    async def _read(self, refs: Sequence[str]) -> list[Shown]:
        config = self.config
        if not config.composite:
            return [shown for shown in await asyncio.gather(*map(self.get, refs)) if shown is not None]
        many = composite.claims_a_call(config.parts)
        calls = [
            composite.read_cases(
                self._transport,
                refs[first : first + many],
                parts=config.parts,
                page_size=config.page_size,
                key=self._key,
            )
            for first in range(0, len(refs), many)
        ]
        return [one for shown in await asyncio.gather(*calls) for one in shown]

    def _start(self, cursor: Cursor) -> tuple[str, Mapping[str, Any] | None]:
        watermark, config = self.config.watermark, self.config
        if "next" in cursor:
            return cursor["next"], None
        params: dict[str, Any] = {"pageSize": config.page_size}
        if watermark is not None:
            params["sort"] = watermark.sort or watermark.field
            after = as_moment(cursor.get("after"))
            if after is not None:
                params["filter"] = f"{watermark.field}:ge:{_written(after - watermark.overlap)}"
        return config.list_path, params

    def _marks(self, listed: ListPage) -> tuple[dict[str, str], list[Unreadable]]:
        """The claims of a page by their ids, and the elements that name none."""
        marks, nameless = {}, list(listed.unreadable)
        for item in listed.items:
            try:
                marks[self._ref(item)] = self._mark(item)
            except ValueError as problem:
                kept = json_text.kept(dict(item.attributes))
                nameless.append(Unreadable(kept, str(problem), place=self.config.list_path))
        return marks, nameless

    def _ref(self, item: Item) -> str:
        names = self.config.id_fields
        name = next((name for name in names if item.attributes.get(name)), names[0])
        return keys.ref_of(item.attributes.get(name), name)

    def _mark(self, item: Item) -> str:
        watermark = self.config.watermark
        said = item.attributes.get(watermark.field) if watermark else None
        # PostgreSQL keeps any text but NUL.
        return f"{item.checksum}|{said if isinstance(said, str) else ''}".replace("\x00", "\\x00")

    def _moved(self, cursor: Cursor, listed: ListPage) -> Cursor:
        """Behind this page. With a watermark the list is sorted by it; without, the way on is the link itself.

        A claim that is stamped ahead of time must not hide those that come after it.
        """
        watermark = self.config.watermark
        if watermark is None:
            return {} if listed.next_path is None else {"next": listed.next_path}
        said = [item.attributes.get(watermark.field) for item in listed.items]
        moments = [moment for text in [*said, cursor.get("after")] if (moment := as_moment(text)) is not None]
        return {"after": _written(min(max(moments), self._clock()))} if moments else cursor


def _written(moment: Any) -> str:
    """As ClaimCenter writes it, to the millisecond and never later than it was."""
    floor = moment - timedelta(microseconds=moment.microsecond % 1000)
    return f"{floor.strftime('%Y-%m-%dT%H:%M:%S')}.{floor.microsecond // 1000:03}Z"
