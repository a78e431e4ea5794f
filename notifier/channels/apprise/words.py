"""What Apprise needs and can do (pure)."""

from urllib.parse import quote

from notifier.channels.base import Capabilities
from notifier.settings import NotifierSettings

PROVIDER = "apprise"
# It says "not sent" of what was refused and of what got lost alike, and knows neither receipts nor a list nor a key.
CAPABILITIES = Capabilities(receipts=False, lookup=False, replies=False)


def capabilities_of(settings: NotifierSettings) -> Capabilities:
    """What can be done by it; the same whatever is set."""
    return CAPABILITIES


def lacks(settings: NotifierSettings) -> str | None:
    """Which setting is missing; None if none is."""
    return None if settings.apprise_url else "APPRISE_URL is not set"


def url_to(template: str, address: str) -> str:
    """The Apprise address at which this recipient is: nothing in theirs becomes another part of it."""
    return template.replace("{address}", quote(address, safe=""))
