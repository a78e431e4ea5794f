"""What `claims doctor` tries of the adapter: each source answers, and its mapping can be read."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing

from backoffice_adapter.commands import describe
from backoffice_adapter.settings import BackofficeSettings
from backoffice_adapter.source import CaseSource
from backoffice_adapter.sources import open_source
from claims_core.clock import utc_now
from claims_core.errors import Misconfigured
from claims_core.findings import Finding, finding
from claims_core.settings import read_settings

PATIENCE_SECONDS = 30


class Everything:
    """Knows all cases already, so that a source lists its first page and reads none of them."""

    full = False

    async def hashes(self) -> frozenset[bytes]:
        """None: a file's rows are then compared and left alone."""
        return frozenset()

    async def same_marks(self, marks: Mapping[str, str]) -> set[str]:
        """All of them."""
        return set(marks)

    async def has_file(self, checksum: str) -> bool:
        """Yes."""
        return True


async def probe() -> list[Finding]:
    """A finding for each configured source, or the one that says why there is none."""
    settings = read_settings(BackofficeSettings)
    try:
        described = describe(settings)
    except Misconfigured as error:
        return [Finding("back office", False, str(error))]
    found = []
    for config, mapping in described:
        source = open_source(config, key=mapping.key, clock=utc_now)
        found.append(await finding(f"source {config.name}", _first_page(source)))
    return found


async def _first_page(source: CaseSource) -> str:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), aclosing(source.changed_since(None, Everything())) as pages:
            async for _ in pages:
                break
    finally:
        await source.close()
    return "answers, and its mapping is sound"
