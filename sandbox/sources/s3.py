"""An S3 on this machine, by moto: the core system's packed JSON lines are delivered there."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from sandbox.serving import HOST
from sandbox.sources.deliveries import Deliveries
from sandbox.sources.kind import LOGIN, SECRET, Described
from sandbox.sources.writing import as_packed_lines

BUCKET, PREFIX = "claims", "drop"


@dataclass(frozen=True, slots=True)
class S3:
    """A bucket of the emulated S3 at `endpoint`, and our own way into it."""

    endpoint: str
    place: Any

    @property
    def url(self) -> str:
        """As a source names it."""
        return f"s3://{BUCKET}/{PREFIX}"

    def put(self, name: str, content: bytes) -> None:
        """A file, complete at once."""
        self.place.put_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}", Body=content)

    def remove(self, name: str) -> None:
        """Clear a file away."""
        self.place.delete_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}")

    def clear(self) -> None:
        """Clear everything away."""
        for one in self.place.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            self.place.delete_object(Bucket=BUCKET, Key=one["Key"])


@asynccontextmanager
async def s3_server(*, port: int = 0) -> AsyncIterator[S3]:
    """A server for the length of the block, with an empty bucket."""
    server = ThreadedMotoServer(HOST, port, verbose=False)
    # A line for each request would bury what the sandbox says.
    logging.getLogger("werkzeug").setLevel("WARNING")
    await asyncio.to_thread(server.start)
    host, listening = server.get_host_and_port()
    endpoint = f"http://{host}:{listening}"
    keys = {"aws_access_key_id": LOGIN, "aws_secret_access_key": SECRET, "region_name": "us-east-1"}
    place = boto3.client("s3", endpoint_url=endpoint, **keys)
    try:
        await asyncio.to_thread(place.create_bucket, Bucket=BUCKET)
        found = S3(endpoint, place)
        await asyncio.to_thread(found.clear)  # all servers of one process have one memory
        yield found
    finally:
        place.close()
        await asyncio.to_thread(server.stop)


def in_s3(server: S3) -> Deliveries:
    """Each delivery shows all claims, in packed JSON lines."""
    table = f"""kind = "files"
url = "{server.url}"
pattern = "claims-*.jsonl.gz"
format = "jsonl"
ref = "claim_id"
stable_for = "0s"

[source.remote]
login_env = "DROP_LOGIN"
secret_env = "DROP_SECRET"
endpoint = "{server.endpoint}\""""
    secrets = {"DROP_LOGIN": LOGIN, "DROP_SECRET": SECRET}
    described = Described("s3", "packed JSON lines in S3", f"{server.url} at {server.endpoint}", table, secrets)
    return Deliveries(described, server, as_packed_lines, "jsonl.gz")
