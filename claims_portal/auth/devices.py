"""Devices: remembered for 30 days on request, and marked as seen before so that no stranger can lock the owner out."""

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.ids import new_token
from claims_core.keyed import keyed_hash
from claims_core.same_person import rows_of_person
from claims_portal.auth.sessions import token_hash
from claims_portal.tables import RememberedDevice

REMEMBERED_FOR = timedelta(days=30)
MARK_LIVES = timedelta(days=180)

_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)
_BROWSERS = (
    ("YaBrowser", "Yandex Browser"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)


def device_label(agent: str) -> str:
    """`Chrome, Android`: from closed lists, so that nothing a stranger sends stands on a page."""
    found = [next((said for sign, said in names if sign in agent), None) for names in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, found)) or "?"


def device_mark(secret: SecretStr, policyholder_id: UUID) -> str:
    """What a device keeps after a right code: a name of its own, sealed for this policyholder."""
    name = new_token()
    return f"{name}.{_seal(secret, name, policyholder_id)}"


def has_seen(secret: SecretStr, mark: str | None, policyholder_id: UUID) -> bool:
    """Has this device signed in as this policyholder before?"""
    name, _, seal = (mark or "").partition(".")
    return hmac.compare_digest(_seal(secret, name, policyholder_id).encode(), seal.encode("utf-8", "replace"))


def _seal(secret: SecretStr, name: str, policyholder_id: UUID) -> str:
    return keyed_hash(secret, "device seen", name, str(policyholder_id)).hex()


async def remember_device(session: AsyncSession, policyholder_id: UUID, *, agent: str, now: datetime) -> str:
    """Remember this device; returns the token for its cookie."""
    token = new_token()
    session.add(
        RememberedDevice(
            token_hash=token_hash(token),
            policyholder_id=policyholder_id,
            label=device_label(agent),
            created_at=now,
            seen_at=now,
            ends_at=now + REMEMBERED_FOR,
        )
    )
    await session.flush()
    return token


async def owner_of_device(session: AsyncSession, token: str, *, now: datetime) -> UUID | None:
    """Whose device it is; None when it is unknown, was closed, or 30 days have passed. Marks it as seen."""
    found = await session.exec(
        update(RememberedDevice)
        .where(col(RememberedDevice.token_hash) == token_hash(token), col(RememberedDevice.ends_at) > now)
        .values(seen_at=now)
        .returning(col(RememberedDevice.policyholder_id))
    )
    row = found.first()
    return row[0] if row else None


async def devices_of(session: AsyncSession, policyholder_id: UUID, *, now: datetime) -> list[RememberedDevice]:
    """The remembered devices of a human, whichever of their rows signed in there; the last seen first."""
    rows = await rows_of_person(session, policyholder_id)
    theirs = select(RememberedDevice).where(
        col(RememberedDevice.policyholder_id).in_(rows), col(RememberedDevice.ends_at) > now
    )
    return list((await session.exec(theirs.order_by(col(RememberedDevice.seen_at).desc()))).all())


async def close_device(session: AsyncSession, policyholder_id: UUID, device_id: UUID) -> bool:
    """Forget a device of this human. False when it is not theirs or not there."""
    rows = await rows_of_person(session, policyholder_id)
    closed = await session.exec(
        delete(RememberedDevice).where(
            col(RememberedDevice.id) == device_id, col(RememberedDevice.policyholder_id).in_(rows)
        )
    )
    return closed.rowcount == 1
