"""What `claims doctor` tries of the core: the database and its shape."""

from claims_core import embedded, migrate
from claims_core.db import make_engine, must_answer
from claims_core.errors import Misconfigured
from claims_core.findings import Finding, finding
from claims_core.settings import CoreSettings, read_settings


async def probe() -> list[Finding]:
    """The database answers, and is as this version expects it."""
    return [await finding("database", _database(read_settings(CoreSettings)))]


async def _database(settings: CoreSettings) -> str:
    with embedded.database(settings) as url:
        engine = make_engine(url)
        try:
            await must_answer(engine)
            faults = await migrate.faults(engine)
        finally:
            await engine.dispose()
    if faults:
        raise Misconfigured("; ".join(faults))
    return f"{'named by DATABASE_URL' if settings.database_url else 'embedded'}, as this version expects it"
