"""Files on servers: brought here whole, read once, left alone while they are written; SFTP and S3 as they are."""

import importlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import asyncssh
import boto3
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan, Summary, sync_once
from backoffice_adapter.tables import RunState
from claims_core.errors import Misconfigured
from tests.adapter.conftest import Rows
from tests.adapter.test_files import SMALL, csv, row

Sync = Callable[..., Awaitable[Summary]]
SOON = timedelta(days=400)


class Server(Protocol):
    """A place that files are delivered to."""

    said: dict[str, Any]

    def put(self, name: str, content: bytes) -> None: ...


class Sftp:
    def __init__(self, folder: Path, said: dict[str, Any]) -> None:
        self.folder, self.said = folder, said

    def put(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)
        os.utime(self.folder / name, (1_790_000_000 + len(content),) * 2)


class S3:
    def __init__(self, place: Any, said: dict[str, Any]) -> None:
        self.place, self.said = place, said

    def put(self, name: str, content: bytes) -> None:
        self.place.put_object(Bucket="claims", Key=f"drop/{name}", Body=content)


@pytest.fixture
async def sftp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sftp]:
    monkeypatch.setenv("DROP_LOGIN", "us")
    monkeypatch.setenv("DROP_SECRET", "hush")
    folder = tmp_path / "theirs"
    folder.mkdir()
    key = asyncssh.generate_private_key("ssh-ed25519")

    class Door(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("us", "hush")

    server = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=Door, server_host_keys=[key],
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=os.fsencode(folder)),
    )  # fmt: skip
    port = server.sockets[0].getsockname()[1]
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {key.export_public_key().decode()}")
    remote = {"login_env": "DROP_LOGIN", "secret_env": "DROP_SECRET", "known_hosts": known, "timeout": "5s"}
    yield Sftp(folder, {"url": f"sftp://127.0.0.1:{port}/", "remote": remote})
    server.close()
    await server.wait_closed()


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    monkeypatch.setenv("DROP_LOGIN", "us")
    monkeypatch.setenv("DROP_SECRET", "hush")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    place = boto3.client(
        "s3", endpoint_url=moto, aws_access_key_id="us", aws_secret_access_key="hush", region_name="us-east-1"
    )
    place.create_bucket(Bucket="claims")
    remote = {"login_env": "DROP_LOGIN", "secret_env": "DROP_SECRET", "endpoint": moto, "timeout": "5s"}
    yield S3(place, {"url": "s3://claims/drop", "remote": remote})
    for one in place.list_objects_v2(Bucket="claims").get("Contents", []):
        place.delete_object(Bucket="claims", Key=one["Key"])
    place.close()


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


async def test_a_file_written_just_now_has_time_to_grow(s3: S3, sync: Sync):
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
    monkeypatch.setenv("DROP_SECRET", "hush hush")
    if "known_hosts" in server.said["remote"]:
        summary = await sync(server.said)
        assert summary.state is RunState.FAILED
        assert "hush" not in str(summary.problem)


async def test_a_server_with_another_key_is_not_spoken_to(sftp: Sftp, sync: Sync):
    sftp.put("1.csv", csv(row(1)))
    known = sftp.said["remote"]["known_hosts"]
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    known.write_text(f"{known.read_text().split()[0]} {other}")
    summary = await sync(sftp.said)
    assert (summary.state, summary.counts.seen) == (RunState.FAILED, 0)


def test_a_server_whose_key_is_not_known_is_not_even_called(sftp: Sftp):
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
