"""What `claims doctor` tries of the adapter: each source answers, and its mapping can be read."""

import asyncio
from datetime import datetime

from backoffice_adapter.commands import describe
from backoffice_adapter.freshness import ages
from backoffice_adapter.mapping import Mapping
from backoffice_adapter.notices import open_doors
from backoffice_adapter.settings import BackofficeSettings, SourceConfig
from backoffice_adapter.sources import open_source
from claims_core import embedded, shape
from claims_core.clock import utc_now
from claims_core.db import make_engine, session_scope
from claims_core.errors import Misconfigured, SourceUnavailable
from claims_core.findings import Finding, finding
from claims_core.settings import CoreSettings, read_settings

PATIENCE_SECONDS = 30


async def probe() -> list[Finding]:
    """A finding for each configured source, or the one that says why there is none."""
    settings = read_settings(BackofficeSettings)
    try:
        described = describe(settings)
    except Misconfigured as error:
        return [Finding("back office", False, str(error))]
    found = [await finding(f"source {config.name}", _look(config, mapping)) for config, mapping in described]
    fresh = await finding("freshness", _freshness(read_settings(CoreSettings), utc_now()))
    return [*_webhooks(settings), *found, fresh]


async def _freshness(settings: CoreSettings, now: datetime) -> str:
    """What we know of no source is too old. Raises `SourceUnavailable` that names those that brought nothing new."""
    with embedded.database(settings) as url:
        engine = make_engine(url)
        try:
            await shape.must_fit(engine)
            async with session_scope(engine) as session:
                known = await ages(session, now=now)
        finally:
            await engine.dispose()
    old = [f"{age.source}: nothing new since {age.fresh_at:%Y-%m-%d %H:%M} UTC" for age in known if age.is_old]
    if old:
        raise SourceUnavailable("; ".join(old))
    return f"{len(known)} sources, none too old" if known else "no source was read yet"


def _webhooks(settings: BackofficeSettings) -> list[Finding]:
    """Which sources may tell us of changes by themselves; nothing where none does."""
    try:
        names = sorted(open_doors(settings).by_source)
    except Misconfigured as error:
        return [Finding("webhooks", False, str(error))]
    said = ", ".join(f"/webhooks/backoffice/{name}" for name in names)
    return [Finding("webhooks", True, f"{said}: its secrets are set")] if names else []


async def _look(config: SourceConfig, mapping: Mapping) -> str:
    """What there is to see; a source that cannot even be opened does not hide the others."""
    source = open_source(config, key=mapping.key, clock=utc_now)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return f"{await source.look()}; its mapping is sound"
    finally:
        await source.close()
