"""The life of a pilot: planned, started and thereby locked, stopped early with a reason. Each act is in the trail."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.errors import BadInput, Conflict, NotFound
from claims_core.stages import ClaimStage, LineOfBusiness
from notifier.deciding.guardrails import Limits
from notifier.deciding.pilot import Eligible, Plan, Weighed, faults
from notifier.states import Arm, Guardrail
from notifier.tables import Pilot, PilotArm
from notifier.wording.wordings import is_true_of


async def make(session: AsyncSession, plan: Plan, *, by: str, now: datetime) -> Pilot:
    """A pilot that nobody is asked about yet. Raises `BadInput` for what cannot be, `Conflict` for a name that was."""
    _must_hold(plan)
    if (await session.exec(select(Pilot.id).where(Pilot.name == plan.name))).first() is not None:
        raise Conflict(f"there was a pilot called {plan.name} already")
    pilot = Pilot(**_columns(plan), made_by=by)
    session.add(pilot)
    await session.flush()
    await _put_arms(session, pilot, plan)
    await _written(session, pilot, "pilot_made", {}, by, now)
    return pilot


async def change(session: AsyncSession, pilot_id: UUID, plan: Plan, *, by: str, now: datetime) -> Pilot:
    """Another plan for a pilot that has not started. Raises `BadInput`, `NotFound`, and `Conflict` once it has."""
    _must_hold(plan)
    pilot = await _locked(session, pilot_id)
    if pilot.starts_at is not None:
        raise Conflict("the pilot has started: its plan is locked")
    named = select(Pilot.id).where(Pilot.name == plan.name, Pilot.id != pilot_id)
    if (await session.exec(named)).first() is not None:
        raise Conflict(f"there was a pilot called {plan.name} already")
    for name, value in _columns(plan).items():
        setattr(pilot, name, value)
    await session.exec(delete(PilotArm).where(col(PilotArm.pilot_id) == pilot_id))
    await _put_arms(session, pilot, plan)
    await _written(session, pilot, "pilot_changed", {}, by, now)
    return pilot


async def start(session: AsyncSession, pilot_id: UUID, *, by: str, now: datetime) -> Pilot:
    """From now on the claim page offers it, and its plan is locked. One at a time: two would share people and tell
    nothing. Raises `NotFound`, and `Conflict` while one runs or when it was started before."""
    pilot = await _locked(session, pilot_id)
    if pilot.starts_at is not None:
        raise Conflict("the pilot was started before")
    if (other := await running(session, now)) is not None:
        raise Conflict(f"the pilot {other.name} runs until {other.ends_at:%Y-%m-%d}")
    pilot.starts_at, pilot.planned_end = now, now + timedelta(days=pilot.days)
    pilot.ends_at = pilot.planned_end
    arms = {each.arm.value: each.weight for each in await arms_of(session, pilot_id)}
    detail = {"arms": arms, "ends_at": pilot.ends_at.isoformat(), "main_measure": pilot.main_measure.value}
    await _written(session, pilot, "pilot_started", detail | {"wording": pilot.wording_version}, by, now)
    return pilot


async def stop(session: AsyncSession, pilot_id: UUID, *, reason: str, by: str, now: datetime) -> Pilot:
    """End a running pilot before its day. Raises `BadInput` without a reason, `Conflict` unless it runs, `NotFound`."""
    pilot = await _locked(session, pilot_id)
    if not reason.strip():
        raise BadInput("a pilot is stopped early for a reason")
    if pilot.starts_at is None or pilot.ends_at is None or pilot.ends_at <= now:
        raise Conflict("the pilot does not run")
    detail = {"would_end_at": pilot.ends_at.isoformat(), "reason": reason}
    pilot.ends_at, pilot.stopped_by, pilot.stop_reason = now, by, reason
    await _written(session, pilot, "pilot_ended", detail, by, now)
    return pilot


async def stop_arm(
    session: AsyncSession, pilot: Pilot, arm: PilotArm, guardrail: Guardrail, *, figures: dict[str, Any], now: datetime
) -> None:
    """A guardrail was crossed: nobody hears more by this arm, and nobody new is drawn. Nobody decides it."""
    arm.stopped_at, arm.stopped_for = now, guardrail
    detail = {"arm": arm.arm.value, "guardrail": guardrail.value, **figures}
    await _written(session, pilot, "pilot_arm_stopped", detail, "guardrail", now)


async def running(session: AsyncSession, now: datetime) -> Pilot | None:
    """The pilot that runs now, the oldest if there are several."""
    runs = select(Pilot).where(col(Pilot.starts_at) <= now, col(Pilot.ends_at) > now).order_by(col(Pilot.starts_at))
    return (await session.exec(runs.limit(1))).first()


async def arms_of(session: AsyncSession, pilot_id: UUID) -> Sequence[PilotArm]:
    """The arms of a pilot in the order of its plan."""
    mine = select(PilotArm).where(PilotArm.pilot_id == pilot_id).order_by(col(PilotArm.place))
    return (await session.exec(mine)).all()


def plan_of(pilot: Pilot, arms: Sequence[PilotArm]) -> Plan:
    """The plan that a pilot's rows hold."""
    return Plan(
        name=pilot.name,
        question=pilot.question,
        arms=tuple(Weighed(Arm(each.arm), each.weight) for each in arms),
        wording_version=pilot.wording_version,
        eligible=eligible_of(pilot),
        days=pilot.days,
        main_measure=pilot.main_measure,
        smallest=pilot.smallest,
        limits=limits_of(pilot),
        after=pilot.after,
    )


def eligible_of(pilot: Pilot) -> Eligible:
    """Whose claims a pilot asks about."""
    kept = pilot.eligible
    return Eligible(
        lines=tuple(map(LineOfBusiness, kept.get("lines", ()))),
        countries=tuple(kept.get("countries", ())),
        stages=tuple(map(ClaimStage, kept.get("stages", ()))),
        sources=tuple(kept.get("sources", ())),
    )


def limits_of(pilot: Pilot) -> Limits:
    """The guardrails of a pilot."""
    return Limits(pilot.opt_out_limit, pilot.complaint_limit, pilot.message_limit)


def _columns(plan: Plan) -> dict[str, Any]:
    narrows = ("lines", "countries", "stages", "sources")
    return {
        "name": plan.name,
        "question": plan.question,
        "eligible": {name: [str(each) for each in getattr(plan.eligible, name)] for name in narrows},
        "wording_version": plan.wording_version,
        "days": plan.days,
        "main_measure": plan.main_measure,
        "smallest": plan.smallest,
        "opt_out_limit": plan.limits.opt_outs,
        "complaint_limit": plan.limits.complaints,
        "message_limit": plan.limits.messages,
        "after": plan.after,
    }


def _must_hold(plan: Plan) -> None:
    if wrong := next(faults(plan), None):
        raise BadInput(f"{wrong[0]}: {wrong[1]}")
    if not is_true_of(plan.wording_version, [each.arm for each in plan.arms]):
        raise BadInput(f"wording: {plan.wording_version} does not say between what is drawn")


async def _put_arms(session: AsyncSession, pilot: Pilot, plan: Plan) -> None:
    for place, each in enumerate(plan.arms):
        session.add(PilotArm(pilot_id=pilot.id, arm=each.arm, place=place, weight=each.weight))
    await session.flush()


async def _locked(session: AsyncSession, pilot_id: UUID) -> Pilot:
    """The row, for nobody else to change meanwhile; and no two pilots start at the same time."""
    rows = (await session.exec(select(Pilot).order_by(col(Pilot.id)).with_for_update())).all()
    found = next((row for row in rows if row.id == pilot_id), None)
    if found is None:
        raise NotFound("there is no such pilot")
    return found


async def _written(
    session: AsyncSession, pilot: Pilot, action: str, detail: dict[str, Any], by: str, now: datetime
) -> None:
    await session.flush()
    await ledger.audit(session, actor=by, action=action, subject=f"pilot:{pilot.name}", detail=detail, now=now)
