"""What there is to know of a caller's claim, in one trip to the database."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.same_person import rows_of

CONTACTS_WITHIN = timedelta(days=7)
SAID_AT_MOST = 3

_CARD = text(f"""
select c.id, c.claim_number, c.line_of_business, c.object_label, c.page_state, c.stage_since, c.reported_at,
  c.product, c.country, c.currency, c.mover, c.team, c.handler_name, c.approved, p.name,
  (select a.address from contact_point a where a.policyholder_id = p.id and a.kind = 'phone' and a.on_file
   order by a.place, a.id limit 1) as phone,
  (select json_agg(json_build_object('kind', o.kind, 'start', o.start_date, 'due', o.due_date, 'ended', o.ended_at,
     'kept', o.kept) order by o.ended_at is null desc, o.made_at desc, o.id)
   from promise o where o.claim_id = c.id and o.basis in ('target', 'handler')) as promises,
  (select json_agg(json_build_object('text', q.text, 'asked_at', q.asked_at, 'due_at', q.answer_due_at)
     order by q.answer_due_at)
   from question q where q.claim_id = c.id and q.answered_at is null) as questions,
  (select json_agg(json_build_object('ru', d.title_ru, 'en', d.title_en) order by d.asked_at)
   from document_request d where d.claim_id = c.id and d.state in ('requested', 'rejected')) as documents,
  (select json_agg(s) from (select k.note, k.outcome, k.outcome_at as at, w.name from phone_call k
     left join staff w on w.id = k.taken_by where k.claim_id = c.id and k.outcome is not null
     order by k.outcome_at desc limit {SAID_AT_MOST}) s) as said,
  (select json_build_object('template', n.template, 'at', d.started_at, 'state', d.state)
   from notification n join delivery d on d.notification_id = n.id
   where n.claim_id = c.id and n.recipient_id = c.policyholder_id and n.importance <> 'code' and d.state <> 'refused'
   order by d.started_at desc limit 1) as told,
  (select count(*) from contact t where t.policyholder_id = any({rows_of("p")}) and t.at > :since) as contacts
from claim c join policyholder p on p.id = c.policyholder_id where c.id = :claim
""")  # noqa: S608  (pieces of our own)


@dataclass(frozen=True, slots=True)
class Card:
    """A claim for whoever has its policyholder on the line: its columns, and the parts as plain values."""

    row: Any

    def part(self, name: str) -> list[dict[str, Any]]:
        """The values of one part, empty when there are none."""
        return getattr(self.row, name) or []


async def read_card(session: AsyncSession, claim_id: UUID, *, now: Any) -> Card | None:
    """The card of a claim; None when there is none."""
    values = {"claim": claim_id, "since": now - CONTACTS_WITHIN}
    row = (await (await session.connection()).execute(_CARD, values)).first()
    return Card(row) if row else None
