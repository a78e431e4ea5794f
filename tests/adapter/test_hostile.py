"""Nothing that a back office sends can stop a run: each case is applied, or kept with a reason that names its field.

500 cases a source in `make check`, 3,000 in `make soak`. A failure repeats with its seed alone.
"""

import csv
import io
import os
import re
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import httpx
import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import Mapping, load, parse
from backoffice_adapter.settings import ClaimCenterConfig, FilesConfig, SourceConfig, SqlConfig
from backoffice_adapter.source import CaseSource
from backoffice_adapter.sources import open_source
from backoffice_adapter.sources.claim_center import ClaimCenter
from backoffice_adapter.sources.rest import Rest
from backoffice_adapter.sync import Plan, sync_once
from backoffice_adapter.tables import RunState
from tests.adapter import hostile
from tests.adapter.conftest import Rows
from tests.adapter.fake_rest import NOW, SMALL, config_of
from tests.adapter.hostile import FIELDS, GOOD, HostileClaimCenter

SOAK = pytest.mark.soak
SIZES = [pytest.param(1, 500, id="500"), pytest.param(2, 3_000, id="3000", marks=SOAK)]
NAMED = re.compile(rf"\b({'|'.join(sorted(FIELDS))})\b")
# A row without the right number of cells has no field to blame; its line is named.
NO_FIELD = re.compile(
    r"has \d+ cells, and the header|a quote is opened|the line has \d+ bytes|is not a row|is not JSON"
)
MAPPING = load(SMALL)
# The same fields where a ClaimCenter has them: in the claim.
_PREFIXED = re.sub(rf'"({"|".join(["number", *GOOD])})"', r'"claim.\1"', SMALL.read_text())
OF_CLAIMS = parse(_PREFIXED.replace("{ state =", '{ "claim.state" ='))
Survive = Callable[..., Awaitable[None]]


@pytest.fixture
def survive(engine: AsyncEngine, rows: Rows) -> Survive:
    """Read the source once; every one of `many` must be somewhere."""

    async def run(
        config: SourceConfig, source: CaseSource, many: int, *, fieldless: int = 0, mapping: Mapping = MAPPING
    ) -> None:
        try:
            plan = Plan(engine, config, mapping, source, clock=lambda: NOW, settle=timedelta(0))
            summary = await sync_once(plan)
        finally:
            await source.close()
        counts = summary.counts
        assert summary.state is RunState.DONE, summary.problem
        assert counts.seen == many
        done = counts.new + counts.changed + counts.stale + counts.unchanged + counts.rejected + counts.unmapped
        assert done + counts.left_out == many
        assert counts.new > many / 10
        assert counts.rejected > many / 10
        reasons = [str(reason) for (reason,) in await rows("select reason from rejected_case")]
        nameless = [reason for reason in reasons if not NAMED.search(reason)]
        assert not [reason for reason in nameless if not (fieldless and NO_FIELD.search(reason))]
        assert len(nameless) <= fieldless

    return run


def files(folder: Path, content: bytes, kind: str, **said: Any) -> tuple[FilesConfig, CaseSource]:
    path = folder / f"1.{kind}"
    path.write_bytes(content)
    os.utime(path, (NOW.timestamp() - 60,) * 2)
    usual = {"name": "f", "kind": "files", "mapping": SMALL, "folder": folder, "pattern": "1.*", "format": kind}
    config = FilesConfig(**{**usual, "ref": "number", "most_rejected": 1, "longest_row": 200_000, **said})
    return config, open_source(config, key=MAPPING.key, clock=lambda: NOW)


@pytest.mark.parametrize(("seed", "many"), SIZES)
async def test_json_lines(survive: Survive, tmp_path: Path, seed: int, many: int):
    lines = [line.replace(b"\n", b" ") for line in hostile.raw_json(seed, many)]
    await survive(*files(tmp_path, b"\n".join(lines) + b"\n", "jsonl"), many, fieldless=many // 50)


@pytest.mark.parametrize(("seed", "many"), SIZES)
async def test_cells(survive: Survive, tmp_path: Path, seed: int, many: int):
    out = io.StringIO(newline="")
    names = ["number", *GOOD]
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([names, *([case.get(name, "") for name in names] for case in hostile.texts(seed, many))])
    content = out.getvalue().encode()
    # Every hundredth row loses a byte of a letter, and every other one a quote of its end.
    lines = content.split(b"\n")
    for number in range(50, len(lines) - 1, 100):
        lines[number] = lines[number].replace("И".encode(), b"\xd0", 1)
    await survive(*files(tmp_path, b"\n".join(lines), "csv"), many, fieldless=many // 10)


@pytest.mark.parametrize(("seed", "many"), SIZES)
async def test_an_interface(survive: Survive, seed: int, many: int):
    cases = list(hostile.raw_json(seed, many))

    def answer(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params.get("after", 0))
        following = f'"?after={start + 100}"'.encode() if start + 100 < many else b"null"
        part = b",".join(cases[start : start + 100])
        return httpx.Response(200, content=b'{"data":{"items":[' + part + b']},"links":{"next":' + following + b"}}")

    config = config_of("body_link", most_rejected=1)
    source = Rest(config, key=MAPPING.key, clock=lambda: NOW, transport=httpx.MockTransport(answer))
    await survive(config, source, many)


@pytest.mark.parametrize(("seed", "many"), SIZES)
async def test_a_view(survive: Survive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, many: int):
    path = tmp_path / "theirs.db"
    monkeypatch.setenv("THEIR_DATABASE", f"sqlite:///{path}")
    lite = sqlite3.connect(path)
    names = ["number", *GOOD]
    lite.execute(f"create table claims ({', '.join(names)}, extra, updated_at)")
    for number, case in enumerate(hostile.values(seed, many)):
        cells = [case.get(name) for name in names]
        cells = [orjson.dumps(cell).decode() if isinstance(cell, list | dict) else cell for cell in cells]
        if isinstance(case.get("number"), list | dict):
            cells[0] = f"{cells[0]}{number}"
        extra = ["{}", "[1", "nope", "[" * 5_000, "[" * 400 + "]" * 400, b"\xff", 7, None][number % 8]
        at = ["2026-11-20 10:00:00", 5, 1.5, None, b"\x00", "2099-01-01 00:00:00", ""][number % 97 % 7]
        lite.execute(f"insert into claims values ({', '.join('?' * (len(names) + 2))})", [*cells, extra, at])
        if number % 50 == 0:
            lite.execute("update claims set thing = cast(x'ff4b' as text) where rowid = ?", [number + 1])
    lite.commit()
    lite.close()
    config = SqlConfig(
        name="core", kind="sql", mapping=SMALL, url_env="THEIR_DATABASE", view="claims", ref="number",
        updated_at="updated_at", json=("extra",), most_rejected=1, page_size=200,
    )  # fmt: skip
    source = open_source(config, key=MAPPING.key, clock=lambda: NOW)
    await survive(config, source, many)


@pytest.mark.parametrize("composite", [False, pytest.param(True, marks=SOAK)], ids=["one by one", "composite"])
@pytest.mark.parametrize(("seed", "many"), SIZES)
async def test_a_claim_center(survive: Survive, monkeypatch: pytest.MonkeyPatch, seed: int, many: int, composite: bool):
    theirs = HostileClaimCenter(list(hostile.raw_json(seed, many)))
    monkeypatch.setenv("CC_ID", "us")
    monkeypatch.setenv("CC_SECRET", "secret")
    config = ClaimCenterConfig(
        name="cc", kind="claim_center", mapping=SMALL, base_url="http://cc.test/cc", token_url="http://hub.test/token",
        login_id_env="CC_ID", login_secret_env="CC_SECRET", parts=("activities",), composite=composite, most_rejected=1,
    )  # fmt: skip
    transport = httpx.MockTransport(theirs.answer)
    source = ClaimCenter(config, key=OF_CLAIMS.key, transport=transport, clock=lambda: NOW)
    await survive(config, source, many, mapping=OF_CLAIMS)


@pytest.mark.parametrize(("seed", "many"), SIZES)
async def test_an_event_log(survive: Survive, tmp_path: Path, seed: int, many: int):
    forbidden = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
    traces = []
    for case in hostile.texts(seed, many):
        inner = "".join(
            f"<string key={quoteattr(name)} value={quoteattr(forbidden.sub('?', str(value)))}/>"
            for name, value in case.items()
        )
        traces.append(f"<trace><event>{inner}</event></trace>")
    content = f"<log>{''.join(traces)}</log>".encode()
    await survive(*files(tmp_path, content, "xes", log={"at": "reported"}), many)
