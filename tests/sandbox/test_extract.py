"""The sandbox's core system says of each claim what its ClaimCenter says, in a flat row and words of its own."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import orjson

from backoffice_adapter.mapping import Translation, load
from backoffice_adapter.source import Record
from backoffice_adapter.sources.claim_center.cases import to_record
from claims_core.snapshot import ClaimSnapshot
from sandbox.claim_center.records import Records
from sandbox.sources import CORE_MAPPING, to_row
from sandbox.story import Story
from tests.adapter.cases import CLAIM_CENTER

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OF_THE_SOURCE = {"source_hash", "source_version"}


@cache
def translator(mapping: Path) -> Callable[[Record, datetime], Translation]:
    return load(mapping).translator(source="one", mapping_version=1)


def told(mapping: Path, record: Record) -> dict[str, object]:
    said = translator(mapping)(record, NOW)
    assert isinstance(said, ClaimSnapshot), said
    return said.model_dump(exclude=OF_THE_SOURCE)


def test_both_systems_tell_the_same_of_every_claim_wherever_it_stands():
    story = Story(Records(lambda: NOW), random.Random(7), lambda: NOW)
    story.tell(150)
    codes: set[str] = set()
    for _ in range(6):
        for ref, case in story.records.cases.items():
            row = to_row(case)
            codes.add(row["status"])
            flat = Record(ref=ref, raw=orjson.dumps(row), hash=b"", body=row)
            deep = to_record(ref, case.claim, case.parts, key=b"", checksum=None)
            assert told(CORE_MAPPING, flat) == told(CLAIM_CENTER, deep), row["status"]
        for ref in list(story.tales):
            story.move(ref)
    assert len(codes) > 40
