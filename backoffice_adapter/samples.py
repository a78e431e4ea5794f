"""A few cases of a source to look at: a sample, one by its key, or those of a file. Nothing is written down."""

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from datetime import timedelta
from glob import escape
from pathlib import Path

import orjson

from backoffice_adapter.settings import FilesConfig, SourceConfig
from backoffice_adapter.source import CaseSource, Kept, Record, Unreadable, content_hash
from backoffice_adapter.sources import json_text, open_source
from claims_core.clock import utc_now
from claims_core.errors import BadInput, NotFound


class Nothing:
    """Knows nothing, so that a source shows everything."""

    full = True

    async def hashes(self) -> set[bytes]:
        """None."""
        return set()

    async def hashes_of(self, refs: Collection[str]) -> set[bytes]:
        """None."""
        return set()

    async def same_marks(self, marks: Mapping[str, str]) -> set[str]:
        """None of them."""
        return set()

    async def has_file(self, checksum: str) -> bool:
        """No."""
        return False


async def sample(source: CaseSource, *, limit: int) -> list[Record]:
    """The first `limit` cases that a full reading shows."""
    found: list[Record] = []
    async with aclosing(_records(source)) as records:
        async for record in records:
            found.append(record)
            if len(found) >= limit:
                break
    return found


async def one(source: CaseSource, ref: str) -> Record:
    """The case with this key, by itself where the source can, else by reading through it.

    Raises `NotFound`, and `BadInput` for one that cannot be read.
    """
    found = await source.get(ref)
    if isinstance(found, Unreadable):
        raise BadInput(f"{source.name}: case '{ref}' cannot be read: {found.reason}")
    if isinstance(found, Kept):
        raise BadInput(f"{source.name}: case '{ref}' is archived or hidden, and not shown any more")
    if found is not None:
        return found
    async with aclosing(_records(source)) as records:
        async for record in records:
            if record.ref == ref:
                return record
    raise NotFound(f"{source.name} shows no case '{ref}'")


async def of_file(path: Path, config: SourceConfig, *, key: bytes, limit: int) -> list[Record]:
    """The first cases of a file: a delivery of this source (what it is joined with lies beside it), or, by its name
    in .json, cases as the source's own come. Raises `BadInput`.
    """
    if not isinstance(config, FilesConfig) or path.suffix == ".json":
        return _of_json(path, key)[:limit]
    here = {"folder": path.parent, "url": None, "pattern": escape(path.name), "stable_for": timedelta(0)}
    source = open_source(config.model_copy(update=here), key=key, clock=utc_now)
    try:
        found = await sample(source, limit=limit)
    finally:
        await source.close()
    if not found:
        raise BadInput(f"{path}: no case of it can be read as a delivery of '{config.name}'")
    return found


def _of_json(path: Path, key: bytes) -> list[Record]:
    try:
        said = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as problem:
        raise BadInput(f"{path}: cannot be read as JSON: {problem}") from problem
    bodies = said if isinstance(said, list) else [said]
    if not bodies or not all(isinstance(body, dict) for body in bodies):
        raise BadInput(f"{path}: holds no case: give one JSON object, or a list of them")
    try:
        raws = [json_text.write_object(body) for body in bodies]
    except ValueError as problem:
        raise BadInput(f"{path}: {problem}") from problem
    return [
        Record(ref=f"{path.stem}-{number}", raw=raw, hash=content_hash(raw, key), body=body)
        for number, (raw, body) in enumerate(zip(raws, bodies, strict=True), start=1)
    ]


async def _records(source: CaseSource) -> AsyncGenerator[Record]:
    async with aclosing(source.changed_since(None, Nothing())) as pages:
        async for page in pages:
            for record in map(page.whole, page.records):
                yield record
