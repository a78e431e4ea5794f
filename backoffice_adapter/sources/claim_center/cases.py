"""One claim of ClaimCenter as one case: the claim by its id, and beside it the lists that tell where it stands."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from backoffice_adapter.source import Kept, Read, Record, Shown, Unreadable, content_hash
from backoffice_adapter.sources import json_text, keys
from backoffice_adapter.sources.claim_center.listing import Item, everything, id_of, is_resource, to_item
from backoffice_adapter.sources.claim_center.transport import Absent, Garbled, Transport, as_moment
from claims_core.errors import SourceRefused, SourceUnavailable

_MOMENTS = ("updateTime", "createTime")


def claim_path(ref: str, *rest: str) -> str:
    """The path of a claim. Ids look like `cc:33`; the colon stays, all else is encoded."""
    return "/".join(["/claim/v1/claims", quote(ref, safe=":"), *rest])


async def read_claim(transport: Transport, ref: str) -> Item | None:
    """The claim alone; None when it is absent or hidden."""
    try:
        answer = await transport.get(claim_path(ref))
    except Absent:
        return None
    if not is_resource(answer.get("data")):
        raise SourceUnavailable("a claim without its attributes")
    return to_item(answer["data"])


async def read_case(
    transport: Transport, ref: str, *, parts: Sequence[str], page_size: int, key: bytes
) -> Shown | None:
    """The claim with its parts; None when it is absent or hidden."""
    try:
        return await _read_case(transport, ref, parts=parts, page_size=page_size, key=key)
    except Garbled as problem:
        return Unreadable(problem.raw[: json_text.MOST_KEPT], str(problem), ref=ref)


async def _read_case(
    transport: Transport, ref: str, *, parts: Sequence[str], page_size: int, key: bytes
) -> Shown | None:
    claim = await read_claim(transport, ref)
    if claim is None:
        return None
    lists = await asyncio.gather(*(read_part(transport, ref, part, page_size=page_size) for part in parts))
    if any(items is None for items in lists):
        if is_archived(claim.attributes):
            return Kept(ref)
        await _refuse_if_there(
            transport, ref, [part for part, items in zip(parts, lists, strict=True) if items is None]
        )
        return None
    found = {
        part: [item.attributes for item in items] for part, items in zip(parts, lists, strict=True) if items is not None
    }
    return to_record(ref, claim.attributes, found, key=key, checksum=claim.checksum)


def to_record(
    ref: str,
    claim: Mapping[str, Any],
    parts: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    key: bytes,
    checksum: str | None,
) -> Read:
    """A claim and its parts as one case: the same bytes, whichever way and in whichever order they came.

    Without the claim's `checksum` the record has no version. What cannot be kept or locked by says which field it is.
    """
    body: dict[str, Any] = {"claim": {"id": ref, **claim}, **{part: _sorted(items) for part, items in parts.items()}}
    newest = _newest([claim, *(item for items in parts.values() for item in items)])
    if newest is not None:
        body["changed"] = newest
    try:
        raw = json_text.write_object(body)
        locked = keys.version_of(checksum, "checksum") or ""
    except ValueError as problem:
        return Unreadable(json_text.kept(body), str(problem), ref=ref)
    version = None if checksum is None else _version(locked, raw)
    return Record(ref=ref, raw=raw, hash=content_hash(raw, key), body=body, version=version)


def is_archived(claim: Mapping[str, Any]) -> bool:
    """Has ClaimCenter put it away? Then its lists may be shown no more, and nothing of it moves."""
    state = claim.get("state")
    return isinstance(state, Mapping) and state.get("code") == "archived"


def checksum_of(version: str | None) -> str | None:
    """The claim's own checksum out of a record's version."""
    return version[1:].partition(":")[0] if version and version.startswith("#") else None


def _version(checksum: str, raw: bytes) -> str:
    """The claim's checksum for the optimistic lock, and a word that moves when only a part of the case has moved.

    Not a number: ClaimCenter's checksums are opaque, and `10` need not be later than `9`.
    """
    return f"#{checksum}:{content_hash(raw, b'version').hex()[:12]}"


async def read_part(transport: Transport, ref: str, part: str, *, page_size: int) -> list[Item] | None:
    """One list of a claim, whole; None when it is absent or hidden."""
    try:
        return await everything(transport, claim_path(ref, part), page_size=page_size)
    except Absent:
        return None


async def _refuse_if_there(transport: Transport, ref: str, hidden: Sequence[str]) -> None:
    """Parts answered 404: fine if the claim went away meanwhile; else we may not read them, and must say so."""
    if await read_claim(transport, ref) is not None:
        raise SourceRefused(
            f"claims answer, but not their {', '.join(hidden)} (404): grant it, or take it from `parts`"
        )


def _sorted(items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """In a steady order: the hash must not move because a list was sorted otherwise."""
    return sorted(items, key=id_of)


def _newest(resources: Sequence[Mapping[str, Any]]) -> str | None:
    said = [one.get(name) for one in resources for name in _MOMENTS]
    dated = [(moment, text) for text in said if (moment := as_moment(text)) is not None]
    return max(dated)[1] if dated else None
