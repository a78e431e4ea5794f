"""What `claims doctor` tries of the adapter: each source answers, and its mapping can be read."""

import asyncio

from backoffice_adapter.commands import describe
from backoffice_adapter.settings import BackofficeSettings
from backoffice_adapter.source import CaseSource
from backoffice_adapter.sources import open_source
from claims_core.clock import utc_now
from claims_core.errors import Misconfigured
from claims_core.findings import Finding, finding
from claims_core.settings import read_settings

PATIENCE_SECONDS = 30


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
        found.append(await finding(f"source {config.name}", _look(source)))
    return found


async def _look(source: CaseSource) -> str:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return f"{await source.look()}; its mapping is sound"
    finally:
        await source.close()
