"""What `claims doctor` tries of the core: the database and its shape."""

from claims_core import embedded, migrate, shape
from claims_core.db import make_engine, must_answer, session_scope
from claims_core.errors import Misconfigured
from claims_core.findings import Finding, finding
from claims_core.installation import why_foreign
from claims_core.settings import CoreSettings, read_settings


async def probe() -> list[Finding]:
    """The database answers, is as this version expects it, and is this installation's own."""
    settings = read_settings(CoreSettings)
    return [await finding("database", _database(settings)), await finding("installation", _installation(settings))]


async def _installation(settings: CoreSettings) -> str:
    with embedded.database(settings) as url:
        engine = make_engine(url)
        try:
            await shape.must_fit(engine)
            async with session_scope(engine) as session:
                foreign = await why_foreign(session, instance_id=settings.claims_instance_id)
        finally:
            await engine.dispose()
    if foreign:
        raise Misconfigured(foreign)
    return f"{settings.claims_instance_id or 'without a name'}; the database is its own"


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
