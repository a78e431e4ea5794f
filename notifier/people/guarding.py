"""Arms of running pilots are held against their guardrails; one that does harm is stopped, and nobody need decide."""

import logging
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from notifier.deciding.guardrails import ArmSoFar, crossed
from notifier.people import pilots
from notifier.people.pilot_figures import per_arm

log = logging.getLogger(__name__)


async def guard(engine: AsyncEngine, *, now: datetime) -> int:
    """Stop the arms of the running pilot that are beyond a limit. How many were stopped."""
    async with session_scope(engine) as session:
        pilot = await pilots.running(session, now)
        if pilot is None:
            return 0
        figures, stopped = await per_arm(session, pilot.id), 0
        for arm in await pilots.arms_of(session, pilot.id):
            so_far = figures.get(arm.arm, {})
            names = ("people", "claims", "stops", "complained", "messages")
            judged = {name: so_far.get(name, 0) for name in names}
            limit = crossed(pilots.limits_of(pilot), ArmSoFar(**judged))
            if limit is None or arm.stopped_at is not None:
                continue
            await pilots.stop_arm(session, pilot, arm, limit, figures=judged, now=now)
            log.error("pilot_arm_stopped", extra={"pilot": pilot.name, "arm": arm.arm.value, "limit": limit.value})
            stopped += 1
        return stopped
