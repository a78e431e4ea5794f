"""A case that changes and changes back while it is read, in a source that tells neither version nor date."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load, parse
from backoffice_adapter.settings import FilesConfig, SqlConfig
from backoffice_adapter.source import Applied, Known, Page, Record, content_hash
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan, sync_once
from tests.adapter.cases import NOON
from tests.adapter.conftest import Rows
from tests.adapter.hostile import GOOD
from tests.adapter.test_files import SMALL

MAPPING = load(SMALL)
CLAIMANT = """
[claimant]
each = "others[]"
ref = "id"
name = "id"
phones = []
"""
WITH_CLAIMANTS = SMALL.read_text().replace("\n[[rule]]", f"{CLAIMANT}\n[[rule]]", 1)


class Paged:
    """A source that shows these states of one case, each on a page of its own."""

    name, takes_changes = "p", False

    def __init__(self, *states: str) -> None:
        self._states = states

    async def changed_since(self, cursor: dict[str, Any] | None, known: Known) -> AsyncGenerator[Page]:
        for number, state in enumerate(self._states):
            yield Page(records=[a_record("1", state)], cursor={}, complete=number + 1 == len(self._states))

    async def get(self, ref: str) -> Record | None:
        return None

    async def look(self) -> str:
        return ""

    async def apply(self, *_: Any, **__: Any) -> Applied:
        raise NotImplementedError

    async def close(self) -> None:
        return


def a_record(ref: str, state: str) -> Record:
    body = {**GOOD, "number": ref, "state": state}
    raw = orjson.dumps(body)
    return Record(ref, raw, content_hash(raw, MAPPING.key), body)


@pytest.mark.parametrize(("states", "ends"), [
    (("done", "new"), "registered"), (("new", "done"), "closed"), (("done", "new", "done"), "closed"),
    (("done", "new", "done", "new"), "registered"), (("done", "done"), "closed"),
])  # fmt: skip
@pytest.mark.parametrize("again", [False, True])
async def test_the_word_on_the_later_page_holds(
    engine: AsyncEngine, rows: Rows, states: tuple[str, ...], ends: str, again: bool
):
    config = SqlConfig(
        name="p", kind="sql", mapping=SMALL, url_env="NONE", view="v", ref="ref", updated_at="stamp", lanes=1
    )
    for source in (Paged("new"), Paged(*states)):
        plan = Plan(engine, config, MAPPING, source, lambda: NOON, timedelta(0), again=again)
        assert (await sync_once(plan)).problem is None
    assert await rows("select stage from claim") == [(ends,)]


async def test_a_claimant_who_is_named_again_as_before_is_read_again(engine: AsyncEngine, rows: Rows, tmp_path: Path):
    mapping = parse(WITH_CLAIMANTS)
    (first, *others) = [{**GOOD, "number": str(number), "others": [{"id": "c1"}]} for number in (1, 2, 3)]
    for day, cases in enumerate(([first], [first | {"others": []}, others[0]], [first, others[1]])):
        lines = b"".join(orjson.dumps(case) + b"\n" for case in cases)
        (tmp_path / f"{day}.jsonl").write_bytes(lines)
        config = FilesConfig(
            name="f", kind="files", mapping=SMALL, folder=tmp_path, pattern="*.jsonl", format="jsonl", ref="number",
            stable_for=timedelta(0),
        )  # fmt: skip
        source = open_source(config, key=mapping.key, clock=lambda: NOON)
        assert (await sync_once(Plan(engine, config, mapping, source, lambda: NOON, timedelta(0)))).problem is None
    assert await rows("select gone_at from claim where source_ref = '1/claimant/c1'") == [(None,)]
