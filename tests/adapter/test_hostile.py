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
from backoffice_adapter.sync import Counts, Ear, Plan, sync_once, version_of, work_off
from backoffice_adapter.tables import RunState, SourceNotice
from claims_core.db import session_scope
from sandbox.sources.kind import LOGIN, SECRET
from sandbox.sources.s3 import s3_server
from sandbox.sources.sftp import sftp_server
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
        assert summary.state is RunState.DONE, summary.problem
        await each_is_somewhere(summary.counts, rows, many, fieldless=fieldless)

    return run


async def each_is_somewhere(counts: Counts, rows: Rows, many: int, *, fieldless: int = 0) -> None:
    """Applied, or kept with a reason that names its field; nothing lost."""
    assert counts.seen == many
    done = counts.new + counts.changed + counts.stale + counts.unchanged + counts.rejected + counts.unmapped
    assert done + counts.left_out == many
    assert counts.new > many / 10
    assert counts.rejected > many / 10
    reasons = [str(reason) for (reason,) in await rows("select reason from rejected_case")]
    nameless = [reason for reason in reasons if not NAMED.search(reason)]
    assert not [reason for reason in nameless if not (fieldless and NO_FIELD.search(reason))]
    assert len(nameless) <= fieldless


def in_folder(folder: Path, content: bytes, kind: str, **said: Any) -> tuple[FilesConfig, CaseSource]:
    path = folder / f"1.{kind}"
    path.write_bytes(content)
    os.utime(path, (NOW.timestamp() - 60,) * 2)
    return files(folder, kind, **said)


def files(folder: Path | None, kind: str, **said: Any) -> tuple[FilesConfig, CaseSource]:
    usual = {"name": "f", "kind": "files", "mapping": SMALL, "folder": folder, "pattern": "1.*", "format": kind}
    config = FilesConfig(**{**usual, "ref": "number", "most_rejected": 1, "longest_row": 200_000, **said})
    return config, open_source(config, key=MAPPING.key, clock=lambda: NOW)


@pytest.mark.parametrize(("seed", "many"), SIZES)
async def test_json_lines(survive: Survive, tmp_path: Path, seed: int, many: int):
    lines = [line.replace(b"\n", b" ") for line in hostile.raw_json(seed, many)]
    await survive(*in_folder(tmp_path, b"\n".join(lines) + b"\n", "jsonl"), many, fieldless=many // 50)


@pytest.mark.parametrize(("seed", "many"), SIZES)
async def test_cells(survive: Survive, tmp_path: Path, seed: int, many: int):
    out = io.StringIO(newline="")
    names = ["number", *GOOD, "extra"]
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    for number, case in enumerate(hostile.texts(seed, many)):
        # Every fourth says of a column that it is JSON, and half of those are wrong.
        extra = hostile.NESTED[number % 40 // 4 % 5] if number % 4 == 0 else ""
        writer.writerow([(case | {"extra": extra}).get(name, "") for name in names])
    content = out.getvalue().encode()
    # Every hundredth row loses a byte of a letter, and every other one a quote of its end.
    lines = content.split(b"\n")
    for number in range(50, len(lines) - 1, 100):
        lines[number] = lines[number].replace("И".encode(), b"\xd0", 1)
    await survive(*in_folder(tmp_path, b"\n".join(lines), "csv", json=["extra"]), many, fieldless=many // 10)


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
        extra = [*hostile.NESTED, b"\xff", 7, None][number % 8]
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


def claim_center_of(theirs: HostileClaimCenter, monkeypatch: pytest.MonkeyPatch, **said: Any) -> ClaimCenter:
    monkeypatch.setenv("CC_ID", "us")
    monkeypatch.setenv("CC_SECRET", "secret")
    config = ClaimCenterConfig(
        name="cc", kind="claim_center", mapping=SMALL, base_url="http://cc.test/cc", token_url="http://hub.test/token",
        login_id_env="CC_ID", login_secret_env="CC_SECRET", parts=("activities",), most_rejected=1, **said,
    )  # fmt: skip
    transport = httpx.MockTransport(theirs.answer)
    return ClaimCenter(config, key=OF_CLAIMS.key, transport=transport, clock=lambda: NOW)


@pytest.mark.parametrize(("seed", "many"), SIZES)
async def test_app_events(engine: AsyncEngine, rows: Rows, monkeypatch: pytest.MonkeyPatch, seed: int, many: int):
    cases = list(hostile.raw_json(seed, many))
    monkeypatch.setenv("CC_HOOK", "word")
    source = claim_center_of(HostileClaimCenter(cases), monkeypatch, webhook={"secret_envs": ("CC_HOOK",)})
    async with session_scope(engine) as session:
        for body in hostile.events(cases):
            session.add(SourceNotice(source="cc", body=body, received_at=NOW))
            await session.flush()
    version = await version_of(engine, "cc", OF_CLAIMS, now=NOW)
    translate = OF_CLAIMS.translator(source="cc", mapping_version=version)
    counts = await work_off(Ear(engine, source, source, translate, version, lambda: NOW, timedelta(0), share=1))
    await source.close()
    await each_is_somewhere(counts, rows, many)
    assert await rows("select count(*) from source_notice") == [(0,)]


@pytest.mark.parametrize("place", ["sftp", "s3"])
@pytest.mark.parametrize(("seed", "many"), SIZES)
async def test_lines_on_a_server(
    survive: Survive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, seed: int, many: int
):
    """The files are brought here and read as those of a folder; that nothing is lost on the way is what is tried."""
    content = b"\n".join(line.replace(b"\n", b" ") for line in hostile.raw_json(seed, many)) + b"\n"
    said: dict[str, Any] = {"login_env": "DROP_LOGIN", "secret_env": "DROP_SECRET"}
    for name, word in (("DROP_LOGIN", LOGIN), ("DROP_SECRET", SECRET)):
        monkeypatch.setenv(name, word)
    async with sftp_server(tmp_path) as sftp, s3_server() as s3:
        (sftp.folder / "1.jsonl").write_bytes(content)
        s3.put("1.jsonl", content)
        there = {"sftp": (sftp.url, {"known_hosts": sftp.known_hosts}), "s3": (s3.url, {"endpoint": s3.endpoint})}
        url, more = there[place]
        await survive(*files(None, "jsonl", url=url, remote=said | more, stable_for="0s"), many, fieldless=many // 50)


@pytest.mark.parametrize("composite", [False, pytest.param(True, marks=SOAK)], ids=["one by one", "composite"])
@pytest.mark.parametrize(("seed", "many"), SIZES)
async def test_a_claim_center(survive: Survive, monkeypatch: pytest.MonkeyPatch, seed: int, many: int, composite: bool):
    source = claim_center_of(HostileClaimCenter(list(hostile.raw_json(seed, many))), monkeypatch, composite=composite)
    await survive(source.config, source, many, mapping=OF_CLAIMS)


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
    await survive(*in_folder(tmp_path, content, "xes", log={"at": "reported"}), many)
