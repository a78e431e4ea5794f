"""Which messages facts would yield, and in which words: the planner's own decisions, before anything is kept."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import driver_connection
from notifier.direct import sample_text
from notifier.planning.facts import COLUMNS, FACT, JOINS, fact_of
from notifier.planning.planner import decisions
from notifier.planning.plans import HOLD
from notifier.planning.rulebook import rules_in_force
from notifier.settings import NotifierSettings
from notifier.states import ChannelName, Reason
from notifier.versions.template_versions import refresh_for

_FACTS = f"""
select ev.id as event_id, ev.seq, ev.claim_id as event_claim_id, {FACT}, {HOLD}, {COLUMNS}
from case_event ev join claim c on c.id = ev.claim_id join policyholder p on p.id = c.policyholder_id {JOINS}
where ev.id = any($2) order by ev.seq
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Foretold:
    """A message that would be planned. With a `reason` it would not go; the text is shown all the same."""

    claim_number: str
    template: str
    channel: ChannelName
    language: str
    text: str
    reason: Reason | None

    def as_dict(self) -> dict[str, Any]:
        """For a program."""
        return asdict(self)


async def foretell(
    session: AsyncSession, event_ids: Sequence[UUID], *, settings: NotifierSettings, now: datetime
) -> list[Foretold]:
    """What would be told about these facts, in their order, were they committed. Nothing is written."""
    await refresh_for(session)
    connection = await driver_connection(session)
    rows = await connection.fetch(_FACTS, now, list(event_ids))
    by_event = {row["event_id"]: row for row in rows}
    rules = await rules_in_force(session)
    found = []
    for (_, event_id), _, stands, plan, _ in decisions(rows, rules, settings, now):
        fact = fact_of(by_event[event_id])
        assert fact is not None
        text = sample_text(plan, fact, stands, settings=settings, now=now)
        number = by_event[event_id]["claim_number"]
        found.append(Foretold(number, plan.template, plan.channel, plan.language, text, plan.reason))
    return found
