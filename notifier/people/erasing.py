"""A person is erased from the notifier's tables: what waits is not sent, what was sent keeps its times and states."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from notifier.states import NotificationState, Reason

_OF = "recipient_id = any(:people)"
_MINE = f"(select id from notification where {_OF})"  # noqa: S608
# An opt-out stays with its address: it would not hold otherwise. Consents, withdrawals and arms name nobody.
_ERASED = {
    "notification": f"""update notification set values = '{{}}',
        state = case when state in ('planned', 'held') then '{NotificationState.SUPPRESSED.value}' else state end,
        reason = case when state in ('planned', 'held') then '{Reason.CONTACT_PROHIBITED.value}' else reason end,
        finished_at = case when state in ('planned', 'held') then :now else finished_at end where {_OF}""",  # noqa: S608
    # What is reported later is kept empty, too, for the delivery has no address then (`notifier.reports.receipts`).
    "receipt": f"""update receipt set raw = '{{}}' where delivery_id in
        (select id from delivery where notification_id in {_MINE})""",  # noqa: S608
    "delivery": f"update delivery set address = '', text = '', link_hash = null where notification_id in {_MINE}",  # noqa: S608
    "inbound": "update inbound set address = '', body = '' where address = any(:addresses)",
    "inbound_part": "delete from inbound_part where address = any(:addresses)",
    "chat_answer": "delete from chat_answer where address = any(:addresses)",
    "address_note": "delete from address_note where address = any(:addresses)",
    "chat": """update chat set address = 'erased:' || id, ended_at = coalesce(ended_at, :now),
        ended_how = coalesce(ended_how, 'erasure') where policyholder_id = any(:people)""",
    "chat_invitation": "delete from chat_invitation where policyholder_id = any(:people)",
    # The figure stays: it names nobody.
    "survey_answer": """update survey_answer set said = null where survey_id in
        (select id from survey where recipient_id = any(:people))""",
    "preference": "delete from preference where policyholder_id = any(:people)",
    "unheard_fact": """update unheard_fact set ended_at = :now, ended_how = 'erasure', call_since = null
        where recipient_id = any(:people) and ended_at is null""",
}


async def erase_people(
    session: AsyncSession, people: list[UUID], addresses: list[str], *, now: datetime
) -> dict[str, int]:
    """Blank what is theirs; how many rows of each table. `addresses` are those that nobody else has."""
    connection, done = await session.connection(), dict[str, int]()
    given = {"people": people, "addresses": addresses, "now": now}
    for table, statement in _ERASED.items():
        wanted = {name: value for name, value in given.items() if f":{name}" in statement}
        done[table] = (await connection.execute(text(statement), wanted)).rowcount
    return done
