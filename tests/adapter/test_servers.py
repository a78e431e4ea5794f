"""Files on servers: brought here whole, read once, left alone while they are written; SFTP and S3 as they are."""

import importlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import asyncssh
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan, Summary, sync_once
from backoffice_adapter.tables import RunState
from claims_core.errors import Misconfigured
from sandbox.sources.kind import LOGIN, SECRET
from sandbox.sources.s3 import S3, s3_server
from sandbox.sources.sftp import Sftp, sftp_server
from tests.adapter.conftest import Rows
from tests.adapter.test_files import SMALL, csv, row

Sync = Callable[..., Awaitable[Summary]]
SOON = timedelta(days=400)
SECRETS = {"login_env": "DROP_LOGIN", "secret_env": "DROP_SECRET", "timeout": "5s"}


class Server(Protocol):
    """A place that files are delivered to."""

    said: dict[str, Any]

    def put(self, name: str, content: bytes) -> None: ...


class OnSftp:
    def __init__(self, server: Sftp) -> None:
        remote = {"known_hosts": server.known_hosts, **SECRETS}
        self.folder, self.said = server.folder, {"url": server.url, "remote": remote}

    def put(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)
        os.utime(self.folder / name, (1_790_000_000 + len(content),) * 2)


class InS3:
    def __init__(self, server: S3) -> None:
        self.put, self.said = server.put, {"url": server.url, "remote": {"endpoint": server.endpoint, **SECRETS}}


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROP_LOGIN", LOGIN)
    monkeypatch.setenv("DROP_SECRET", SECRET)


@pytest.fixture
async def sftp(tmp_path: Path, secrets: None) -> AsyncIterator[OnSftp]:
    async with sftp_server(tmp_path) as server:
        yield OnSftp(server)


@pytest.fixture(scope="module")
async def moto() -> AsyncIterator[S3]:
    async with s3_server() as server:
        yield server


@pytest.fixture
def s3(moto: S3, secrets: None) -> Iterator[InS3]:
    yield InS3(moto)
    moto.clear()


@pytest.fixture(params=["sftp", "s3"])
def server(request: pytest.FixtureRequest) -> Server:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def config_of(said: dict[str, Any]) -> FilesConfig:
    usual = {"name": "drop", "kind": "files", "mapping": SMALL, "pattern": "*.csv", "format": "csv", "ref": "number"}
    return FilesConfig(**{**usual, "most_rejected": 0.9, **said})


@pytest.fixture
def sync(engine: AsyncEngine) -> Sync:
    async def run(said: dict[str, Any], *, late: timedelta = SOON, **more: Any) -> Summary:
        config, mapping = config_of({**said, **more}), load(SMALL)
        now = datetime.now(UTC) + late
        source = open_source(config, key=mapping.key, clock=lambda: now)
        try:
            return await sync_once(Plan(engine, config, mapping, source, clock=lambda: now, settle=timedelta(0)))
        finally:
            await source.close()

    return run


async def test_files_on_a_server_are_read_once_in_their_order(server: Server, sync: Sync, rows: Rows):
    server.put("1.csv", csv(row(1), row(2)))
    server.put("2.csv", csv(row(1, state="done")))
    server.put("other.txt", b"nothing")
    summary = await sync(server.said)
    assert (summary.state, summary.counts.new, summary.counts.changed) == (RunState.DONE, 2, 1)
    assert (await sync(server.said)).counts.seen == 0
    server.put("3.csv", csv(row(3)))
    assert (await sync(server.said)).counts.seen == 1
    assert await rows("select count(*) from claim") == [(3,)]


async def test_a_file_that_was_read_is_not_brought_again(server: Server, sync: Sync, rows: Rows):
    server.put("1.csv", csv(row(1)))
    await sync(server.said)
    ((cursor,),) = await rows("select cursor from source_cursor")
    assert list(cursor["files"]) == ["1.csv"]
    server.put("1.csv", csv(row(1), row(2)))
    assert (await sync(server.said)).counts.new == 1


@pytest.mark.parametrize("name", ["1.csv.part", ".1.csv", "1.csv.filepart"])
async def test_a_file_under_a_temporary_name_is_read_when_it_has_its_own(server: Server, sync: Sync, name: str):
    server.put(name, csv(row(1)))
    assert (await sync(server.said, pattern="*")).counts.seen == 0
    server.put("1.csv", csv(row(1)))
    assert (await sync(server.said, pattern="*")).counts.new == 1


async def test_half_a_file_is_left_alone_until_it_is_whole(server: Server, sync: Sync):
    whole = csv(row(1), row(2))
    server.put("1.csv", whole[:-7])
    assert (await sync(server.said)).counts.seen == 0
    server.put("1.csv", whole)
    assert (await sync(server.said)).counts.new == 2


async def test_a_file_written_just_now_has_time_to_grow(s3: InS3, sync: Sync):
    s3.put("1.csv", csv(row(1)))
    assert (await sync(s3.said, late=timedelta(0), stable_for="5m")).counts.seen == 0
    assert (await sync(s3.said)).counts.new == 1


async def test_no_copy_stays_behind(server: Server, sync: Sync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    server.put("1.csv", csv(row(1)))
    assert (await sync(server.said)).counts.new == 1
    assert list(spool.iterdir()) == []


async def test_the_doctor_lists_what_it_sees(server: Server):
    server.put("1.csv", csv(row(1)))
    server.put("2.csv", csv(row(1), row(2)))
    now = datetime.now(UTC) + SOON
    source = open_source(config_of(server.said), key=b"", clock=lambda: now)
    assert await source.look() == "2 files as *.csv, the newest is 2.csv: whole, 3 lines; before it 1.csv"
    await source.close()


async def test_a_server_that_is_away_or_says_no_is_unavailable_and_keeps_the_secret(
    server: Server, sync: Sync, monkeypatch: pytest.MonkeyPatch
):
    server.put("1.csv", csv(row(1)))
    away = {"url": "sftp://127.0.0.1:1/"} if "known_hosts" in server.said["remote"] else {"url": "s3://nowhere/drop"}
    summary = await sync(server.said, **away)
    assert (summary.state, away["url"] in str(summary.problem)) == (RunState.FAILED, True)
    monkeypatch.setenv("DROP_SECRET", "another word")
    if "known_hosts" in server.said["remote"]:
        summary = await sync(server.said)
        assert summary.state is RunState.FAILED
        assert SECRET not in str(summary.problem)


async def test_a_server_with_another_key_is_not_spoken_to(sftp: OnSftp, sync: Sync):
    sftp.put("1.csv", csv(row(1)))
    known = sftp.said["remote"]["known_hosts"]
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    known.write_text(f"{known.read_text().split()[0]} {other}")
    summary = await sync(sftp.said)
    assert (summary.state, summary.counts.seen) == (RunState.FAILED, 0)


def test_a_server_whose_key_is_not_known_is_not_even_called(sftp: OnSftp):
    remote = {**sftp.said["remote"], "known_hosts": None}
    with pytest.raises(Misconfigured, match="ssh-keyscan"):
        open_source(config_of({**sftp.said, "remote": remote}), key=b"", clock=lambda: datetime.now(UTC))


@pytest.mark.parametrize(("kind", "library"), [("sftp", "sshfs"), ("s3", "s3fs")])
def test_a_library_that_is_not_there_is_a_sentence_with_the_way_out(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, kind: str, library: str
):
    server = request.getfixturevalue(kind)
    real = importlib.import_module

    def without(name: str, package: str | None = None) -> Any:
        if name == library:
            raise ModuleNotFoundError(f"No module named '{library}'", name=library)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(Misconfigured, match=rf'pip install "claims-status\[{kind}\]"'):
        open_source(config_of(server.said), key=b"", clock=lambda: datetime.now(UTC))
