"""What `claims doctor` tries of the adapter: each source answers, and its mapping can be read."""

import asyncio

from backoffice_adapter.commands import describe
from backoffice_adapter.mapping import Mapping
from backoffice_adapter.settings import BackofficeSettings, SourceConfig
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
    return [await finding(f"source {config.name}", _look(config, mapping)) for config, mapping in described]


async def _look(config: SourceConfig, mapping: Mapping) -> str:
    """What there is to see; a source that cannot even be opened does not hide the others."""
    source = open_source(config, key=mapping.key, clock=utc_now)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return f"{await source.look()}; its mapping is sound"
    finally:
        await source.close()
