"""What `claims doctor` tries of the notifier: each provider that is set up knows us."""

from claims_core.errors import Misconfigured
from claims_core.findings import Finding, finding
from claims_core.settings import read_settings
from notifier.channels.ways import Standing, standing
from notifier.channels.ways import probe as try_way
from notifier.settings import NotifierSettings
from notifier.states import ChannelName


async def probe() -> list[Finding]:
    """A finding for each provider: its credentials are good. No message is sent. SMS must be there."""
    settings = read_settings(NotifierSettings)
    wanted: dict[str, Standing] = {}
    stands = standing(settings)
    lacks_sms = all(each.why_not for each in stands if each.way.name is ChannelName.SMS)
    for each in stands:
        if each.why_not is None or (lacks_sms and each.way.name is ChannelName.SMS):
            wanted.setdefault(each.way.provider, each)
    return [await finding(f"provider {name}", _try(each, settings)) for name, each in wanted.items()]


async def _try(stands: Standing, settings: NotifierSettings) -> str:
    if stands.why_not is not None:
        raise Misconfigured(stands.why_not)
    return await try_way(stands.way, settings)
