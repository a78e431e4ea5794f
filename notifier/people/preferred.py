"""Which channel a person seems to prefer, by their answers and by what arrives: proposed with a reason, never taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.same_person import rows_of_person
from notifier.people import chats, preferences
from notifier.settings import NotifierSettings
from notifier.states import CHANNELS_ALLOWED, ChannelName

LATELY = timedelta(days=90)
ANSWERS = 3  # so many say something; one may be chance
TRIED, TRIED_HERE = 3, 4
NAMES = {ChannelName.SMS: "SMS", ChannelName.WHATSAPP: "WhatsApp", **chats.NAMES}
_USED = text("""
with said as (
  select i.channel, count(*) as answers from inbound i where i.received_at > :since and i.address in (
      select address from contact_point where policyholder_id = any(:rows) and on_file
      union select address from chat where policyholder_id = any(:rows))
  group by 1
), tried as (
  select d.channel, count(*) as tried, count(*) filter (where d.state = 'delivered') as arrived
  from delivery d join notification n on n.id = d.notification_id
  where n.recipient_id = any(:rows) and d.started_at > :since and d.state in ('delivered', 'undelivered', 'refused')
  group by 1
)
select channel, coalesce(answers, 0) as answers, coalesce(tried, 0) as tried, coalesce(arrived, 0) as arrived
from said full join tried using (channel)
""")


class Why(StrEnum):
    """What speaks for another channel."""

    ANSWERED_THERE = "answered_there"
    ARRIVES_THERE = "arrives_there"


@dataclass(frozen=True, slots=True)
class Used:
    """What passed over a channel lately: answers, messages whose end is known, and those of them that arrived."""

    answers: int = 0
    tried: int = 0
    arrived: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """Another channel than the present one, and why."""

    channel: ChannelName
    instead_of: ChannelName
    why: Why


def propose(present: ChannelName, used: Mapping[ChannelName, Used], open_to: frozenset[ChannelName]) -> Proposal | None:
    """The channel among `open_to` that speaks for itself more than the present one does; None if none does (pure).

    Answers weigh more than receipts: whoever writes there reads there.
    """
    here = used.get(present, Used())
    others = {name: used.get(name, Used()) for name in sorted(open_to - {present})}
    answered = {name: of.answers for name, of in others.items() if of.answers >= max(ANSWERS, 2 * here.answers + 1)}
    if answered:
        return Proposal(max(answered, key=answered.__getitem__), present, Why.ANSWERED_THERE)
    mostly_lost = here.tried >= TRIED_HERE and 2 * here.arrived < here.tried
    arriving = {name: of.tried for name, of in others.items() if of.tried >= TRIED and of.arrived == of.tried}
    if mostly_lost and arriving:
        return Proposal(max(arriving, key=arriving.__getitem__), present, Why.ARRIVES_THERE)
    return None


async def proposal_for(
    session: AsyncSession, policyholder_id: UUID, *, settings: NotifierSettings, now: datetime
) -> Proposal | None:
    """What to propose to this person now. Only channels that the law, our set-up and they themselves have opened."""
    choice = await preferences.get(session, policyholder_id)
    if choice.stopped:
        return None
    rows = await rows_of_person(session, policyholder_id)
    found = await (await session.connection()).execute(_USED, {"rows": list(rows), "since": now - LATELY})
    used = {ChannelName(row.channel): Used(row.answers, row.tried, row.arrived) for row in found}
    agreed = {each.purpose for each in choice.consents if each.withdrawn_at is None}
    open_to = {name for name in NAMES if name in agreed} | {ChannelName.SMS}
    return propose(choice.channel or ChannelName.SMS, used, CHANNELS_ALLOWED[settings.notifier_market] & open_to)
