"""Opens every kind of source that this machine has the libraries for, and closes them again."""

import importlib
import importlib.util
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from sandbox import claim_center
from sandbox.claim_center.records import Records
from sandbox.serving import held_port, served
from sandbox.sources import folder, interface
from sandbox.sources.by_events import ByEvents
from sandbox.sources.database import core_database
from sandbox.sources.kind import Kind

FIRST_PORT = 8100
# What the server and what its reader need; they come with the development group, for the product brings the latter only
# to whom it is of use.
NEEDED = {"sftp": ("asyncssh", "sshfs"), "s3": ("moto", "s3fs")}
WAY_OUT = "`python3 bootstrap.py sources` installs it, or `pip install --group sources`"


@dataclass(frozen=True, slots=True)
class Surface:
    """Where things are to be: a folder for files, an empty database, the portal that is told of events."""

    home: Path
    core_url: str
    portal: str


@asynccontextmanager
async def every_kind(surface: Surface, records: Records) -> AsyncIterator[tuple[list[Kind], list[str]]]:
    """The kinds, open for the length of the block, and why others are not. They have shown nothing yet."""
    files, missing = surface.home / "files", {kind: why_missing(kind) for kind in NEEDED}
    async with AsyncExitStack() as stack:
        open_ = stack.enter_async_context
        kinds: list[Kind] = [await open_(core_database(surface.core_url))]
        hold = stack.enter_context
        rest = interface.Interface(f"http://127.0.0.1:{(port := hold(held_port(FIRST_PORT)))}")
        await open_(served(interface.create_app(rest), port))
        http = await open_(httpx.AsyncClient(trust_env=False, timeout=5))
        office = ByEvents(f"http://127.0.0.1:{(port := hold(held_port(port + 1)))}", http, surface.portal)
        await open_(served(claim_center.create_app(records, office.setup), port))
        kinds += [
            rest,
            office,
            folder.cells(files / "csv"),
            folder.lines(files / "jsonl"),
            folder.event_log(files / "xes"),
        ]
        if not missing["sftp"]:
            sftp = importlib.import_module("sandbox.sources.sftp")
            server = await open_(sftp.sftp_server(surface.home, port=(port := hold(held_port(port + 1)))))
            kinds.append(sftp.over_sftp(server))
        if not missing["s3"]:
            s3 = importlib.import_module("sandbox.sources.s3")
            kinds.append(s3.in_s3(await open_(s3.s3_server(port=hold(held_port(port + 1))))))
        yield kinds, [said for said in missing.values() if said]


def why_missing(kind: str) -> str | None:
    """Why there is no such server, and how to get one; None where there can be one."""
    names = [name for name in NEEDED[kind] if importlib.util.find_spec(name) is None]
    return f"{kind}: {' and '.join(names)} not installed; {WAY_OUT}" if names else None
