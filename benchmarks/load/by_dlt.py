"""A peer: dlt, merge by upsert over CSV, its fastest way into PostgreSQL. `ADDRESS FILE NUMBER`."""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from sqlalchemy.engine import make_url

from benchmarks.rounds import NOT_INSTALLED

try:
    import dlt
    import psycopg2  # noqa: F401 - dlt's driver
except ImportError:
    sys.exit(NOT_INSTALLED)


def credentials(url: str) -> dict[str, Any]:
    """The address as dlt's driver takes it: the folder of a socket quoted as a host, a password because dlt asks."""
    parsed = make_url(url)
    host = parsed.host or quote(str(parsed.query["host"]), safe="")
    return {
        "host": host,
        "port": parsed.port or 5432,
        "database": parsed.database,
        "username": parsed.username,
        "password": "none",
    }


def load(url: str, path: Path, number: int) -> float:
    """Load the first `number` lines; seconds."""

    @dlt.resource(
        name="claims", primary_key="claim_number", write_disposition={"disposition": "merge", "strategy": "upsert"}
    )
    def claims() -> Iterator[list[Any]]:
        with path.open("rb") as file:
            lines = islice(file, number)
            while chunk := [orjson.loads(line) for line in islice(lines, 5000)]:
                yield chunk

    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            pipeline_name="bench",
            pipelines_dir=folder,
            destination=dlt.destinations.postgres(credentials(url)),
            dataset_name="bench",
        )
        begun = time.perf_counter()
        pipeline.run(claims(), loader_file_format="csv").raise_on_failed_jobs()
        return time.perf_counter() - begun


if __name__ == "__main__":
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    count = int(sys.argv[3])
    print(json.dumps({"rate": count / load(sys.argv[1], Path(sys.argv[2]), count)}))
