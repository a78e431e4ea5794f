"""Decisions as rows of the queue: each fact once, and a later one in the place of an earlier that has not left."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import advisory_key
from claims_core.ids import new_id
from notifier.background import Background
from notifier.deciding.decisions import Plan
from notifier.deciding.restraint import CAPPED
from notifier.states import FINAL, HOLDS, CauseKind, NotificationState, Reason

# One planner works at a time; whoever changes what it has decided waits for it.
PLANNER_ALONE = advisory_key("notifier planner")
BELL = "notification"  # dispatch listens to this
_SUPERSEDE = """
update notification n set state = 'superseded', reason = 'later_stage', finished_at = $4
from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as later(claim_id, recipient_id, seq)
where n.claim_id = later.claim_id and n.recipient_id = later.recipient_id and n.state in ('planned', 'held')
and n.importance in ('progress', 'heartbeat') and coalesce(n.event_seq, 0) < later.seq
"""
_COLUMNS = {
    "id": "uuid",
    "cause_kind": "text",
    "cause_id": "uuid",
    "template": "text",
    "recipient_id": "uuid",
    "claim_id": "uuid",
    "event_seq": "bigint",
    "importance": "text",
    "priority": "int",
    "channel": "text",
    "contact_point_id": "uuid",
    "sender": "text",
    "language": "text",
    "values": "text",
    "state": "text",
    "reason": "text",
    "cadence": "text",
    "pilot_arm": "text",
    "rule_version": "int",
    "planned_at": "timestamptz",
    "not_before": "timestamptz",
    "send_by": "timestamptz",
    "finished_at": "timestamptz",
}
_ARRAYS = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(_COLUMNS.values(), start=1))
_INSERT = f"""
insert into notification ({", ".join(_COLUMNS)}, step, takes)
select {", ".join(name if name != "values" else "values::jsonb" for name in _COLUMNS)}, 0, 0
from unnest({_ARRAYS}) as row({", ".join(_COLUMNS)})
on conflict (cause_kind, cause_id, template, recipient_id, step) do nothing returning id
"""  # noqa: S608

# What a head of team decided on the run that brought the fact, if it moved too many claims to be told unasked:
# `held` until then, `told` or `dropped` afterwards. Wants `ev` in front of it.
HOLD = """(select case when h.run_id is null then 'held' when h.told then 'told' else 'dropped' end
    from sync_run r left join hold_decision h on h.run_id = r.id
    where r.id = ev.run_id and r.held_at is not null) as hold"""

Cause = tuple[CauseKind, UUID]
Decided = tuple[Cause, int | None, Background, Plan, dict[str, Any]]


async def write_plans(connection: asyncpg.Connection, decided: Sequence[Decided], *, now: datetime) -> list[UUID]:
    """Write notifications, each fact once, and ring for dispatch; the ids of those this call has written.

    Of one claim and recipient a later fact takes the place of earlier progress that has not left yet, held or not.
    """
    goes = [(stands.claim_id, stands.policyholder_id, seq) for _, seq, stands, plan, _ in decided if _may_go(plan)]
    later = {(claim_id, recipient_id): seq for claim_id, recipient_id, seq in goes if seq is not None}
    if later:
        claims, people = zip(*later, strict=True)
        await connection.execute(_SUPERSEDE, claims, people, list(later.values()), now)
    rows = [_row(*each, later=later, now=now) for each in decided]
    written = await connection.fetch(_INSERT, *zip(*rows, strict=True)) if rows else []
    if goes:
        await connection.execute("select pg_notify($1, '')", BELL)
    return [row["id"] for row in written]


def _may_go(plan: Plan) -> bool:
    """Does it leave, by itself or once a person has said so?"""
    return plan.reason is None or plan.reason in HOLDS


def _row(
    cause: Cause,
    seq: int | None,
    stands: Background,
    plan: Plan,
    values: dict[str, Any],
    *,
    later: dict[tuple[UUID | None, UUID], int],
    now: datetime,
) -> tuple[Any, ...]:
    state, reason = NotificationState.PLANNED, plan.reason
    newest = later.get((stands.claim_id, stands.policyholder_id), seq) if _may_go(plan) else seq
    if seq is not None and newest is not None and plan.importance in CAPPED and seq < newest:
        state, reason = NotificationState.SUPERSEDED, Reason.LATER_STAGE  # by another fact of this very batch
    elif reason is not None:
        state = NotificationState.HELD if reason in HOLDS else NotificationState.SUPPRESSED
    ids = (new_id(), cause[0], cause[1], plan.template, stands.policyholder_id, stands.claim_id, seq)
    how = (plan.importance, plan.priority, plan.channel, plan.contact_point_id, plan.channel, plan.language)
    why = (state, reason, plan.cadence, plan.arm, plan.rule_version)
    when = (now, plan.not_before, plan.send_by, now if state in FINAL else None)
    return *ids, *how, json.dumps(values), *why, *when


async def wake_senders(session: AsyncSession) -> None:
    """Have the senders look at the queue as soon as the caller's transaction is committed."""
    await (await session.connection()).execute(text("select pg_notify(:bell, '')"), {"bell": BELL})
