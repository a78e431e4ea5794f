"""What `claims doctor` tries of the notifier: the provider knows us."""

import asyncio

from claims_core.findings import Finding, finding
from claims_core.settings import read_settings
from notifier.channels.twilio.channel import open_http
from notifier.settings import NotifierSettings

MESSAGES = "https://api.twilio.com/2010-04-01/Accounts/{sid}/Messages.json"


async def probe() -> list[Finding]:
    """A finding for the provider: its credentials are good. No message is sent."""
    settings = read_settings(NotifierSettings)
    return [await finding("provider twilio", _list_one(settings))]


async def _list_one(settings: NotifierSettings) -> str:
    http = open_http(settings)
    address = MESSAGES.format(sid=settings.twilio_account_sid)
    try:
        async with asyncio.timeout(settings.notifier_call_deadline.total_seconds()):
            await http.request("GET", address, params={"PageSize": 1})
    finally:
        await http.close()
    return f"takes our credentials at {settings.twilio_api_base_url or 'its own address'}"
