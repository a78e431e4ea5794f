"""Case events into notifications: each is decided on exactly once, by whichever planner comes first."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import driver_connection, session_scope
from claims_core.failpoints import failpoint
from notifier.deciding.decisions import decide
from notifier.deciding.rules import Rule, rule_for
from notifier.planning.facts import COLUMNS, FACT, JOINS, background_of, fact_of
from notifier.planning.plans import HOLD, PLANNER_ALONE, Decided, write_plans
from notifier.planning.rulebook import rules_in_force
from notifier.settings import NotifierSettings
from notifier.states import CauseKind, Reason

# Whether a run brings too much to be told unasked is known at its end. A run without a page for so long has died, and
# what it has recorded until then was judged page by page.
DEAD_AFTER_MINUTES = 10
# Events are decided in the order of `seq`, but a transaction with a lower `seq` may be committed after one with a
# higher. Nobody can look for the undecided among millions every few seconds, so a mark says up to where none is
# left. It moves in two steps: a candidate is noted with the newest transaction of that moment, and becomes the mark
# once every transaction up to that one has ended; nothing can be committed below it any more. So a look-up reads
# what was committed in the last minute or so, however many events there are.
_UNDECIDED = f"""
select e.id from case_event e
where e.seq > (select coalesce(max(mark), 0) from planner_mark) and not e.historic and e.tell_after <= $1
  and not exists (select from planned_event d where d.case_event_id = e.id)
  and not exists (select from sync_run r where r.id = e.run_id and r.state = 'running'
    and r.page_at > $1 - interval '{DEAD_AFTER_MINUTES} minutes')
order by e.seq limit $2
"""  # noqa: S608
# A statement of its own: mostly there is nothing to decide on, and working out how to read all this took PostgreSQL far
# longer than finding that out, every two seconds.
_WITH_ALL = f"""
select ev.id as event_id, ev.seq, ev.claim_id as event_claim_id, {FACT}, {HOLD}, {COLUMNS}
from case_event ev join claim c on c.id = ev.claim_id join policyholder p on p.id = c.policyholder_id {JOINS}
where ev.id = any($2::uuid[])
order by ev.seq
"""  # noqa: S608
_NOTE = """
insert into planner_mark as m (id, mark, candidate, candidate_xid, noted_at)
select 1, 0, coalesce(least(
    (select min(e.seq) - 1 from case_event e where e.seq > coalesce((select mark from planner_mark), 0)
        and not e.historic and not exists (select from planned_event d where d.case_event_id = e.id)),
    (select max(e.seq) from case_event e)), 0),
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint, $1
on conflict (id) do update set
    mark = greatest(m.mark, m.candidate), candidate = excluded.candidate, candidate_xid = excluded.candidate_xid,
    noted_at = excluded.noted_at
where m.noted_at < $2 and pg_snapshot_xmin(pg_current_snapshot())::text::bigint > m.candidate_xid
"""
NOTE_EVERY = timedelta(seconds=30)
_HELD = {"held": Reason.MASS_CHANGE, "dropped": Reason.HANDLER_SAID_NO}
_BOOKMARK = """
insert into planned_event (case_event_id, planned_at) select unnest($1::uuid[]), $2
on conflict do nothing returning case_event_id
"""


async def plan_batch(engine: AsyncEngine, *, now: datetime, settings: NotifierSettings, limit: int = 500) -> int:
    """Decide on up to `limit` committed case events whose settle window is over; returns how many.

    Bookmarks and notifications are one transaction. One planner works at a time, so that facts of a claim are
    decided in their order; the key of the bookmark holds even where that lock should not.
    """
    async with session_scope(engine) as session:
        connection = await driver_connection(session)
        if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", PLANNER_ALONE):
            return 0
        undecided = [row["id"] for row in await connection.fetch(_UNDECIDED, now, limit)]
        await connection.execute(_NOTE, now, now - NOTE_EVERY)
        if not undecided:
            return 0
        ours = [row["case_event_id"] for row in await connection.fetch(_BOOKMARK, undecided, now)]
        rules = await rules_in_force(session)
        decided = list(decisions(await connection.fetch(_WITH_ALL, now, ours), rules, settings, now))
        await write_plans(connection, decided, now=now)
        failpoint("plan.before_commit")
        return len(ours)


def decisions(
    rows: Iterable[asyncpg.Record], rules: Sequence[Rule], settings: NotifierSettings, now: datetime
) -> Iterable[Decided]:
    """What is decided on facts in their order; a fact without a rule is silent on purpose and not in the answer."""
    last: dict[UUID, str] = {}  # what this batch has told of a claim already
    for row in rows:
        fact, claim_id, stands = fact_of(row), row["event_claim_id"], background_of(row)
        assert fact is not None
        rule = rule_for(rules, fact.kind, fact.page_state, stands.line_of_business)
        if rule is None:
            continue  # silent on purpose; the bookmark says that it was looked at
        stands = stands._replace(last_template=last.get(claim_id, stands.last_template))
        plan = decide(fact, rule, stands, settings=settings, now=now)
        if plan.reason is None and row["hold"] in _HELD:
            plan = replace(plan, reason=_HELD[row["hold"]])
        if plan.reason is None:
            last[claim_id] = plan.template
        yield (CauseKind.CASE_EVENT, row["event_id"]), row["seq"], stands, plan, {}
