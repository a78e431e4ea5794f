"""A question past the time we named for its answer: an apology with a new time, once."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import driver_connection, session_scope
from notifier.deciding.quiet_hours import zone_or
from notifier.deciding.response_clock import answer_due
from notifier.planning.notices import tell_person
from notifier.settings import NotifierSettings
from notifier.states import CauseKind, Importance
from notifier.wording.texts import DUE_AT

# Half of the first promise: the second one has to be kept.
ANSWERED_AFTER_ALL_WITHIN = timedelta(hours=2)
_LATE = """
select q.id, q.policyholder_id, q.claim_id from question q
where q.answered_at is null and q.answer_due_at <= $1 and not exists (select from notification n
  where n.cause_kind = 'question' and n.cause_id = q.id and n.template = 'question_late')
order by q.answer_due_at limit $2
"""


async def apologise(engine: AsyncEngine, *, now: datetime, settings: NotifierSettings, limit: int = 100) -> int:
    """Say sorry to up to `limit` people whose questions are late, each question once. How many questions."""
    zone = zone_or(None, settings.insurer_timezone)
    due = answer_due(now, zone=zone, country=settings.insurer_country, within=ANSWERED_AFTER_ALL_WITHIN)
    async with session_scope(engine) as session:
        connection = await driver_connection(session)
        rows = await connection.fetch(_LATE, now, limit)
        for row in rows:
            await tell_person(
                connection,
                "question_late",
                Importance.ANSWER,
                (CauseKind.QUESTION, row["id"]),
                policyholder_id=row["policyholder_id"],
                claim_id=row["claim_id"],
                settings=settings,
                now=now,
                values={DUE_AT: due.isoformat()},
            )
        return len(rows)
