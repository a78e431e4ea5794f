"""The link of a message: eight characters that open the glance, kept as a keyed hash, dead after 14 days."""

from typing import NamedTuple

from claims_core.ids import new_short_token
from claims_core.keyed import keyed_hash
from notifier.settings import NotifierSettings
from notifier.tables import MESSAGE_LINK

SAMPLE_LINK = "Ab3dE6gH"  # as long as a real one: a preview counts what will be counted


class Link(NamedTuple):
    """A new link: as it stands in the text, and the hash by which its delivery is found."""

    address: str
    token_hash: bytes


def new_link(settings: NotifierSettings) -> Link:
    """A link that nobody has yet. It opens nothing before a delivery with its hash is committed."""
    token = new_short_token()
    return Link(address_of(token, settings), keyed_hash(settings.portal_secret_key, MESSAGE_LINK, token))


def address_of(token: str, settings: NotifierSettings) -> str:
    """The link as it stands in a text. A phone finds an https link without its scheme; nine characters saved."""
    return f"{settings.short_url.removeprefix('https://')}/{token}"
