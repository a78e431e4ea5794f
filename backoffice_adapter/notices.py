"""The portal's one door into the adapter: what a back office tells us by itself is proved, then kept as it came."""

import hashlib
import hmac
import logging
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter.settings import BackofficeSettings, ClaimCenterConfig, WebhookConfig, read_config, secret
from backoffice_adapter.tables import SourceNotice
from claims_core.errors import Refused

log = logging.getLogger(__name__)

CHANNEL = "source_notice"


class Unproved(Refused):
    """There is no such source, or it has not proved who it is: one answer to both."""


@dataclass(frozen=True, slots=True)
class Door:
    """One source that may tell us something, and the secrets by which we know it."""

    config: WebhookConfig
    secrets: tuple[SecretStr, ...]

    def knows(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Does the request carry the proof that this source was told to give?"""
        # A server reads headers as latin-1; so the bytes are those that were sent.
        given = headers.get(self.config.header, "").encode("latin-1", "replace")
        wanted = [self._proof(one.get_secret_value().encode(), body) for one in self.secrets]
        return any(hmac.compare_digest(given, one) for one in wanted)

    def _proof(self, key: bytes, body: bytes) -> bytes:
        if self.config.proof == "secret":
            return key
        digest = hmac.new(key, body, hashlib.sha256).digest()
        said = digest.hex().encode() if self.config.encoding == "hex" else b64encode(digest)
        return self.config.prefix.encode() + said


@dataclass(frozen=True, slots=True)
class Doors:
    """All sources of this installation that may tell us something."""

    by_source: Mapping[str, Door] = field(default_factory=dict)


def open_doors(settings: BackofficeSettings) -> Doors:
    """The doors that the file of sources describes; none without one. Raises `Misconfigured` for a missing secret."""
    if settings.backoffice_config is None:
        return Doors()
    found = {
        config.name: Door(config.webhook, tuple(map(secret, config.webhook.secret_envs)))
        for config in read_config(settings.backoffice_config)
        if isinstance(config, ClaimCenterConfig) and config.webhook is not None
    }
    return Doors(found)


async def receive(
    session: AsyncSession, doors: Doors, source: str, *, headers: Mapping[str, str], body: bytes, now: datetime
) -> None:
    """Keep what `source` says until it is worked off; it is safe when the transaction ends. Raises `Unproved`."""
    door = doors.by_source.get(source)
    if door is None or not door.knows(headers, body):
        log.warning("notice_refused", extra={"known": door is not None, "bytes": len(body)})
        raise Unproved("the proof of who is calling is missing or wrong")
    session.add(SourceNotice(source=source, body=body, received_at=now))
    await (await session.connection()).execute(text("select pg_notify(:channel, '')"), {"channel": CHANNEL})
