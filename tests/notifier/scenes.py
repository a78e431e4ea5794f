"""Scenes for the notifier's tests: settings, a background, a moved claim, and what was decided about it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.snapshot import ClaimSnapshot
from notifier.background import Background, Fact
from notifier.planning.planner import plan_batch
from notifier.settings import NotifierSettings
from notifier.tables import Notification
from tests.factories import NOON, a_snapshot

KEY = SecretStr("k" * 32)


def the_settings(**overrides: Any) -> NotifierSettings:
    """The settings of a Russian insurer, read from nowhere."""
    values: dict[str, Any] = {
        "portal_public_url": "https://claims.example",
        "portal_short_url": "https://primer.exm",
        "portal_secret_key": KEY,
        "portal_brand_phone": "8 800 555-35-35",
        "notifier_cadence": "frequent",
    }
    return NotifierSettings(_env_file=None, **values | overrides)


def a_background(**overrides: Any) -> Background:
    """A motor claim in assessment and its policyholder, who can be reached and chose nothing."""
    values: dict[str, Any] = {
        "policyholder_id": UUID(int=1),
        "name": "Ирина Ковалёва",
        "given_name": "Ирина Сергеевна",
        "language": "ru",
        "time_zone": None,
        "contact_prohibited": False,
        "contact_point_id": UUID(int=2),
        "address": "+79121234567",
        "chosen_cadence": None,
        "chosen_channel": None,
        "quiet_from": None,
        "quiet_to": None,
        "arm": None,
        "stopped": [],
        "consents": [],
        "handed_over": [],
        "claim_id": UUID(int=3),
        "claim_number": "2041-7785",
        "line_of_business": "motor",
        "currency": "RUB",
        "stage": "assessing",
        "situation": "calculation",
        "page_state": "assessment",
    }
    return Background(**values | overrides)


def a_fact(**overrides: Any) -> Fact:
    """That the calculation has begun, at NOON."""
    values: dict[str, Any] = {
        "kind": "stage_changed",
        "page_state": "assessment",
        "detail": {},
        "occurred_at": NOON,
        "tell_after": NOON,
        "recorded_at": NOON,
    }
    return Fact(**values | overrides)


async def seen(engine: AsyncEngine, *snapshots: ClaimSnapshot, **how: Any) -> None:
    """The back office says this; by default now, at NOON, and with no settle window."""
    async with session_scope(engine) as session:
        await ledger.record(session, snapshots, **{"now": NOON, "settle": timedelta(0)} | how)


async def known(engine: AsyncEngine, **overrides: Any) -> ClaimSnapshot:
    """A claim that has been there since yesterday."""
    snapshot = a_snapshot(**overrides)
    await seen(engine, snapshot, now=NOON - timedelta(days=1), first_load=True)
    return snapshot


async def planned(engine: AsyncEngine, *, settings: NotifierSettings | None = None, **how: Any) -> list[Notification]:
    """Plan all there is, and give back every notification, oldest first."""
    values = {"now": NOON} | how
    while await plan_batch(engine, settings=settings or the_settings(), **values):
        pass
    async with session_scope(engine) as session:
        return await notifications(session)


async def notifications(session: AsyncSession) -> list[Notification]:
    """Every notification there is, in the order they were planned."""
    in_order = (Notification.planned_at, col(Notification.event_seq).nulls_first(), Notification.id)
    return list(await session.exec(select(Notification).order_by(*in_order)))
