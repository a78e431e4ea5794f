"""Lists of ClaimCenter, a page at a time along `links.next`, each page whole or not at all."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from backoffice_adapter.source import Unreadable
from backoffice_adapter.sources import json_text
from backoffice_adapter.sources.claim_center.transport import Garbled, Transport
from claims_core.errors import SourceRefused, SourceUnavailable

# A million claims are 10,000 pages; more is a list that never ends.
MOST_PAGES = 50_000


@dataclass(frozen=True, slots=True)
class Item:
    """One resource of a list."""

    attributes: Mapping[str, Any]
    checksum: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page; `next_path` is where the next one lies, below `/rest`."""

    items: list[Item]
    next_path: str | None
    unreadable: list[Unreadable] = field(default_factory=list)


async def pages(transport: Transport, path: str, params: Mapping[str, Any] | None = None) -> AsyncGenerator[ListPage]:
    """All pages from `path` on. Raises `SourceUnavailable` when a page is not whole or the links go round."""
    seen = {path}
    for _ in range(MOST_PAGES):
        page = await _page(transport, path, params)
        yield page
        if page.next_path is None:
            return
        if page.next_path in seen:
            raise SourceUnavailable(f"the pages of {_bare(path)} go round in a circle")
        seen.add(page.next_path)
        path, params = page.next_path, None
    raise SourceUnavailable(f"{_bare(path)} has more than {MOST_PAGES} pages")


async def _page(transport: Transport, path: str, params: Mapping[str, Any] | None) -> ListPage:
    """One element that no parser takes costs that element, where the rest of the page can be told from it."""
    try:
        return to_page(await transport.get(path, params), path)
    except Garbled as problem:
        cut = json_text.cut_out(problem.raw, "data")
        if cut is None:
            raise
        rest, elements = cut
        read = [_element(raw, _bare(path)) for raw in elements]
        try:
            answer = {**orjson.loads(rest), "data": [one for one in read if not isinstance(one, Unreadable)]}
        except orjson.JSONDecodeError:
            raise problem from None
        if isinstance(answer.get("count"), int):
            answer["count"] -= len(read) - len(answer["data"])
        page = to_page(answer, path)
        return replace(page, unreadable=[one for one in read if isinstance(one, Unreadable)])


def _element(raw: bytes, place: str) -> Any:
    try:
        return json_text.read_object(raw.strip())
    except ValueError as problem:
        return Unreadable(raw[: json_text.MOST_KEPT], str(problem), place=place)


async def everything(transport: Transport, path: str, *, page_size: int) -> list[Item]:
    """A short list whole; an item that comes twice because the list moved is kept once, as it came last."""
    return _by_id([page async for page in pages(transport, path, {"pageSize": page_size})])


async def follow(transport: Transport, first: ListPage) -> list[Item]:
    """The rest of a short list of which the first page is here; as `everything`."""
    if first.next_path is None:
        return _by_id([first])
    return _by_id([first, *[page async for page in pages(transport, first.next_path)]])


def id_of(resource: Mapping[str, Any]) -> str:
    """The id that a resource gives; empty where it gives none."""
    said = resource.get("id")
    return str(said) if isinstance(said, str | int) else ""


def _by_id(read: Sequence[ListPage]) -> list[Item]:
    found: dict[str, Item] = {}
    for page in read:
        for one in page.unreadable:
            # Of a claim's own list all is wanted: without this element the claim cannot be read.
            raise Garbled(one.raw, f"{one.place}: {one.reason}")
        for item in page.items:
            found[id_of(item.attributes) or str(len(found))] = item
    return list(found.values())


def to_page(answer: Mapping[str, Any], path: str) -> ListPage:
    """The envelope, checked: a page of which a part is missing is refused whole."""
    data = answer.get("data")
    if data is None and answer.get("count") == 0:
        data = []
    if not isinstance(data, list) or not all(is_resource(element) for element in data):
        raise SourceUnavailable(f"{_bare(path)}: a page without its list of resources")
    if answer.get("count") not in (None, len(data)):
        raise SourceUnavailable(f"{_bare(path)}: a page of {answer.get('count')} holds {len(data)}")
    return ListPage([to_item(element) for element in data], _next(answer, path))


def to_item(element: Mapping[str, Any]) -> Item:
    """A resource, its checksum as the opaque text it is."""
    checksum = element.get("checksum")
    return Item(element["attributes"], str(checksum) if isinstance(checksum, str | int) else "")


def is_resource(element: Any) -> bool:
    """Is this `{attributes, checksum, links}`?"""
    return isinstance(element, dict) and isinstance(element.get("attributes"), dict)


def _next(answer: Mapping[str, Any], path: str) -> str | None:
    links = answer.get("links")
    link = links.get("next") if isinstance(links, dict) else None
    href = link.get("href") if isinstance(link, dict) else None
    if not href:
        return None
    # The link is relative to /rest. An absolute one would carry our token to wherever it points.
    if not isinstance(href, str) or not href.startswith("/") or href.startswith("//"):
        raise SourceRefused(f"{_bare(path)}: the link to the next page leads elsewhere")
    return href.removeprefix("/rest")


def _bare(path: str) -> str:
    return path.partition("?")[0]
