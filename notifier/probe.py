"""What `claims doctor` tries of the notifier: each provider that is set up knows us, and every text can be said."""

from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core import embedded, shape
from claims_core.db import make_engine, session_scope
from claims_core.errors import Misconfigured
from claims_core.findings import Finding, finding
from claims_core.settings import CoreSettings, read_settings
from notifier.channels.ways import Standing, standing
from notifier.channels.ways import probe as try_way
from notifier.direct.fitness import fitness_of_texts
from notifier.settings import NotifierSettings
from notifier.states import ChannelName


async def probe() -> list[Finding]:
    """A finding for each provider: its credentials are good. No message is sent. SMS must be there.

    And one for the texts in force, or one for each of them that cannot be sent, with the remedy.
    """
    settings = read_settings(NotifierSettings)
    wanted: dict[str, Standing] = {}
    stands = standing(settings)
    lacks_sms = all(each.why_not for each in stands if each.way.name is ChannelName.SMS)
    for each in stands:
        if each.why_not is None or (lacks_sms and each.way.name is ChannelName.SMS):
            wanted.setdefault(each.way.provider, each)
    found = [await finding(f"provider {name}", _try(each, settings)) for name, each in wanted.items()]
    return found + await _texts(settings)


async def _texts(settings: NotifierSettings) -> list[Finding]:
    with embedded.database(read_settings(CoreSettings)) as url:
        engine, faults = make_engine(url, pool_size=1), list[str]()
        try:
            total = await finding("texts", _all_said(engine, settings, faults))
        finally:
            await engine.dispose()
    return [Finding("text", False, fault) for fault in faults] or [total]


async def _all_said(engine: AsyncEngine, settings: NotifierSettings, faults: list[str]) -> str:
    """What is said when `faults`, which gets a sentence for each text that cannot be sent, stays empty."""
    await shape.must_fit(engine)
    async with session_scope(engine) as session:
        fitness = await fitness_of_texts(session, settings=settings)
    faults += fitness.faults
    return f"{fitness.looked_at} in force for this market; each can be said, and each SMS is one segment"


async def _try(stands: Standing, settings: NotifierSettings) -> str:
    if stands.why_not is not None:
        raise Misconfigured(stands.why_not)
    return await try_way(stands.way, settings)
