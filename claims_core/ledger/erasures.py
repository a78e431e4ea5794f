"""A person is erased: asked for, looked at by one of the staff, carried out by another; and what the law keeps.

What is erased in the tables of the core stands here as statements: personal columns are blanked in place, so that
counts, dates and sums of the figures stay what they were. `people` are the rows of the human and of whoever
represented them.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import driver_connection
from claims_core.errors import Conflict
from claims_core.ids import new_code
from claims_core.ledger.audit import audit
from claims_core.tables import Erasure

# Complaints, objections and their answers: so long somebody may go to law about them (in Russia three years, Civil
# Code, article 196). A lawyer confirms it before launch (`ux` 7).
KEPT_FOR = timedelta(days=3 * 365)
BLANK = "—"
# Of a fact stays what figures count: kinds, sums, days.
_TOLD = (
    "stage", "old_stage", "outcome", "amount", "currency", "date", "old_date", "expected_date", "due_date", "count",
    "missing", "promise", "basis", "assessed", "deductible", "approved", "told",
)  # fmt: skip
_BLANKED = {
    "policyholder": """update policyholder set source_ref = 'erased:' || id, name = :blank, given_name = null,
        birth_date = null, directory_ref = null, time_zone = null, person_id = null, phones_verified = false,
        contact_prohibited = true where id = any(:people)""",
    "contact_point": """update contact_point set address = 'erased:' || id, on_file = false, verified_at = null
        where policyholder_id = any(:people)""",
    "representative": """update representative set ended_at = coalesce(ended_at, :now),
        ended_by = coalesce(ended_by, 'erasure') where claim_id = any(:claims) or person_id = any(:people)""",
    "claim_number": "delete from claim_number where claim_id = any(:claims)",
    "payment": """update payment set account_last4 = null, bank = null, return_reason = null
        where claim_id = any(:claims)""",
    "document_request": """update document_request set title_ru = :blank, title_en = :blank, why_ru = null,
        why_en = null, reject_reason = null where claim_id = any(:claims)""",
    "case_event": """update case_event e set detail = coalesce((select jsonb_object_agg(d.key, d.value)
        from jsonb_each(e.detail) d where d.key = any(:told)), '{}') where claim_id = any(:claims)""",
    "promise": "update promise set reason = null where claim_id = any(:claims)",
    "true_sentence": "update true_sentence set text = :blank where claim_id = any(:claims)",
    "change_request": """update change_request set note = null, untold_reason = null, problem = null,
        source_word = null, values = case action
          when 'decline' then jsonb_build_object('reason', b.said, 'clause', b.said, 'document', b.said)
          when 'request_documents' then jsonb_set(values, array['documents'],
            jsonb_build_array(jsonb_build_object('title_ru', b.said, 'title_en', b.said)))
          else values end
        from (select cast(:blank as text) as said) b where claim_id = any(:claims)""",
    "question": """update question set text = '', sealed = null, answer = '',
        answered_at = coalesce(answered_at, :now), answered_by = coalesce(answered_by, 'erasure')
        where policyholder_id = any(:people) and category not in ('complaint', 'objection')""",
    "claim": """update claim set claim_number = :blank, policy_number = null, object_label = null, reason = null,
        loss_date = null, inspection_place = null, inspection_at = null, decision_reasons = '[]', handler_ref = null,
        handler_name = null, version = version + 1, erased_at = :now where id = any(:claims)""",
}
# An open claim or a complaint without its answer still needs whom it is about.
_IN_THE_WAY = """
select exists (select from claim c where (c.policyholder_id = any($1) or c.part_of in
    (select w.id from claim w where w.policyholder_id = any($1))) and c.stage <> 'closed' and c.merged_into is null)
  or exists (select from question q where q.policyholder_id = any($1) and q.answered_at is null
    and q.category in ('complaint', 'objection'))
"""
_KEPT_TOO_LONG = """
update question q set text = '', answer = '' from claim c where c.id = q.claim_id and c.erased_at is not null
  and c.stage_since < $1 and q.text <> ''
"""


async def ask_erasure(session: AsyncSession, policyholder_id: UUID, *, due_at: datetime, now: datetime) -> Erasure:
    """Keep the wish, with the day by which it is carried out. Asked for twice, it is the same one."""
    found = await open_erasure(session, [policyholder_id])
    if found is not None:
        return found
    made = Erasure(policyholder_id=policyholder_id, reference=new_code(12), asked_at=now, due_at=due_at)
    session.add(made)
    await session.flush()
    await _audit(session, made.id, "erasure_asked", by=f"policyholder:{policyholder_id}", now=now)
    return made


async def open_erasure(session: AsyncSession, people: list[UUID]) -> Erasure | None:
    """The wish of this human that was neither carried out nor taken back."""
    return (
        await session.exec(
            select(Erasure).where(
                col(Erasure.policyholder_id).in_(people),
                col(Erasure.done_at).is_(None),
                col(Erasure.withdrawn_at).is_(None),
            )
        )
    ).first()


async def withdraw_erasure(session: AsyncSession, erasure_id: UUID, *, by: str, now: datetime) -> None:
    """The person takes the wish back. Raises `Conflict` when it was carried out meanwhile."""
    await _change(session, erasure_id, {"withdrawn_at": now})
    await _audit(session, erasure_id, "erasure_withdrawn", by=by, now=now)


async def check_erasure(session: AsyncSession, erasure_id: UUID, *, by: str, now: datetime) -> None:
    """The first of two has looked at it and finds nothing against it. Raises `Conflict` if somebody has already."""
    await _change(session, erasure_id, {"checked_by": by, "checked_at": now}, is_checked=False)
    await _audit(session, erasure_id, "erasure_checked", by=by, now=now)


async def close_erasure(
    session: AsyncSession, erasure_id: UUID, *, figures: Mapping[str, int], by: str, now: datetime
) -> None:
    """The second of two has carried it out. Raises `Conflict` unless somebody else had looked at it before."""
    values = {"done_by": by, "done_at": now, "figures": dict(figures)}
    await _change(session, erasure_id, values, is_checked=True, not_by=by)
    await _audit(session, erasure_id, "erasure_done", by=by, now=now)


async def is_in_the_way(session: AsyncSession, people: list[UUID]) -> bool:
    """Does an open claim or an open complaint still need them?"""
    return bool(await (await driver_connection(session)).fetchval(_IN_THE_WAY, people))


async def erase_people(
    session: AsyncSession, people: list[UUID], claims: list[UUID], *, now: datetime
) -> dict[str, int]:
    """Blank what is theirs in the tables of the core; how many rows of each. The notifier's and portal's come first."""
    connection, done = await session.connection(), dict[str, int]()
    given = {"people": people, "claims": claims, "now": now, "blank": BLANK, "told": list(_TOLD)}
    for table, statement in _BLANKED.items():
        wanted = {name: value for name, value in given.items() if f":{name}" in statement}
        done[table] = (await connection.execute(text(statement), wanted)).rowcount
    return done


async def end_kept(session: AsyncSession, *, now: datetime) -> int:
    """Erase of erased people what the law kept, too, once its time is over. How many."""
    done = await (await driver_connection(session)).execute(_KEPT_TOO_LONG, now - KEPT_FOR)
    return int(done.split()[-1])


async def _change(
    session: AsyncSession,
    erasure_id: UUID,
    values: Mapping[str, object],
    *,
    is_checked: bool | None = None,
    not_by: str | None = None,
) -> None:
    still = [col(Erasure.done_at).is_(None), col(Erasure.withdrawn_at).is_(None), col(Erasure.id) == erasure_id]
    if is_checked is not None:
        still.append(col(Erasure.checked_by).is_not(None) if is_checked else col(Erasure.checked_by).is_(None))
    if not_by is not None:
        still.append(col(Erasure.checked_by) != not_by)
    changed = await session.exec(update(Erasure).where(*still).values(**values))
    if changed.rowcount != 1:
        raise Conflict("it was carried out or taken back, or the same person would do both")


async def _audit(session: AsyncSession, erasure_id: UUID, action: str, *, by: str, now: datetime) -> None:
    await audit(session, actor=by, action=action, subject=f"erasure:{erasure_id}", detail={}, now=now)
