"""A STOP for one claim: nothing is texted about it, its holder's other claims go on."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.i18n import last4
from claims_core.ids import new_id
from claims_core.same_person import goes_on, rows_of
from notifier.deciding.decisions import PASSES_A_STOP
from notifier.states import ChannelName, Importance, NotificationState, Reason
from notifier.tables import ClaimStop, Notification

_NAMED = re.compile(r"(?<!\d)\d{4,}(?!\d)")
_OPEN = text(f"""
select c.id, c.claim_number from policyholder p cross join lateral (select {rows_of("p")} as ids offset 0) kin
join claim c on c.policyholder_id = any(kin.ids) and c.stage <> 'closed' and not {goes_on("c", "kin.ids")}
where p.id = any(:people)
""")  # noqa: S608  (pieces of our own)


def claim_meant(body: str, numbers: Mapping[UUID, str]) -> UUID | None:
    """The one of several claims whose number, or its end as our texts have it, stands in `body`; None for all (pure).

    Whoever has a single claim, or names none that is surely meant, stops everything.
    """
    whole = [each for each, number in numbers.items() if _bare(number) in _bare(body)]
    if len(numbers) > 1 and len(whole) == 1:
        return whole[0]
    named = _NAMED.findall(body)
    if len(numbers) < 2 or len(named) != 1:
        return None
    found = [each for each, number in numbers.items() if named[0] == last4(number)]
    return found[0] if len(found) == 1 else None


def _bare(words: str) -> str:
    """Letters and digits alone: a number is written with a dash, a blank or neither."""
    return "".join(filter(str.isalnum, words)).casefold()


async def open_claims(session: AsyncSession, people: Sequence[UUID]) -> dict[UUID, str]:
    """The numbers of these people's open claims."""
    rows = await (await session.connection()).execute(_OPEN, {"people": list(people)})
    return {row.id: row.claim_number for row in rows}


async def stopped_since(session: AsyncSession, claim_id: UUID) -> datetime | None:
    """Since when nothing is texted about this claim; None while texts go."""
    stands = select(ClaimStop.at).where(ClaimStop.claim_id == claim_id, col(ClaimStop.ended_at).is_(None))
    return (await session.exec(stands)).first()


async def stop(session: AsyncSession, claim_id: UUID, *, how: str, now: datetime) -> bool:
    """Nothing is texted about this claim from here on, planned or not. False if it was so already."""
    once = insert(ClaimStop).values(id=new_id(), claim_id=claim_id, how=how, at=now)
    once = once.on_conflict_do_nothing(index_elements=["claim_id"], index_where=text("ended_at is null"))
    new = await (await session.connection()).execute(once)
    await session.exec(
        update(Notification)
        .where(
            col(Notification.claim_id) == claim_id,
            col(Notification.state).in_([NotificationState.PLANNED, NotificationState.HELD]),
            col(Notification.importance).not_in([Importance.CODE, Importance.ANSWER]),
            col(Notification.channel) != ChannelName.EMAIL,
            col(Notification.template).not_in(PASSES_A_STOP),
        )
        .values(state=NotificationState.SUPPRESSED, reason=Reason.OPTED_OUT, finished_at=now)
    )
    return bool(new.rowcount)


async def start(session: AsyncSession, claim_ids: Sequence[UUID], *, how: str, now: datetime) -> bool:
    """Texts about these claims may go again. False if they might already."""
    stands = update(ClaimStop).where(col(ClaimStop.claim_id).in_(claim_ids), col(ClaimStop.ended_at).is_(None))
    return bool((await session.exec(stands.values(ended_at=now, ended_how=how))).rowcount)
