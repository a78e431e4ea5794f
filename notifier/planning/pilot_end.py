"""The end of a pilot: everybody who took part is told once, and chooses for themselves from then on."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import driver_connection, session_scope
from claims_core.i18n import short_date
from notifier.deciding.quiet_hours import zone_or
from notifier.planning.notices import tell_person
from notifier.settings import NotifierSettings
from notifier.states import CauseKind, Importance

# An arm that a guardrail stopped is over before the others are. Who has left was told what they chose; what ended
# long before we looked is no news any more.
_ENDED = """
select e.id, e.policyholder_id, done.at as ends_at, coalesce(chosen.language, p.language) as language, p.time_zone,
  (select c.id from claim c where c.policyholder_id = e.policyholder_id
    order by c.stage = 'closed', c.reported_at desc limit 1) as claim_id
from pilot t join pilot_enrolment e on e.pilot_id = t.id and e.left_at is null
join pilot_arm a on a.pilot_id = t.id and a.arm = e.arm cross join lateral (
    select least(t.ends_at, a.stopped_at) as at) done
join policyholder p on p.id = e.policyholder_id left join preference chosen on chosen.policyholder_id = p.id
where done.at <= $1 and done.at > $1 - interval '7 days' and not exists (select from notification n
  where n.cause_kind = 'enrolment' and n.cause_id = e.id)
order by done.at, e.id limit $2
"""


async def tell_ended(engine: AsyncEngine, *, now: datetime, settings: NotifierSettings, limit: int = 500) -> int:
    """Tell up to `limit` participants of pilots that are over, each once. How many."""
    async with session_scope(engine) as session:
        connection = await driver_connection(session)
        rows = await connection.fetch(_ENDED, now, limit)
        for row in rows:
            day = row["ends_at"].astimezone(zone_or(row["time_zone"], settings.insurer_timezone)).date()
            await tell_person(
                connection,
                "pilot_end",
                # It waits for the morning; neither the cap nor newer news of the claim takes its place.
                Importance.REQUIRED,
                (CauseKind.ENROLMENT, row["id"]),
                policyholder_id=row["policyholder_id"],
                claim_id=row["claim_id"],
                settings=settings,
                now=now,
                values={"arm_end": short_date(day, row["language"])},
            )
        return len(rows)
