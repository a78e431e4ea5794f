"""What a provider's word about a recipient changes: an opt-out, a note, a chat's end, another channel instead."""

import logging
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import asyncpg

from claims_core.ids import new_id
from notifier.channels.base import Verdict
from notifier.people.chats import EndedHow, end_by_deliveries
from notifier.planning.another_way import SENDS_LETTERS, instead, letters_of
from notifier.refusals import words_on
from notifier.rendering import templates_for
from notifier.states import CHATS, ChannelName

log = logging.getLogger(__name__)

# What did not reach the person there goes by SMS.
FOLLOWED_BY_SMS = [ChannelName.WHATSAPP, ChannelName.VOICE, *CHATS]
# Nobody answered: the person is called again so much later, so often in all.
CALL_AGAIN_AFTER, CALLS = "interval '20 minutes'", 3
# In each, $1 is now and the arrays hold a delivery a row.
_OPT_OUT = """
insert into opt_out (id, address, channel, how, at)
select o.id, d.address, d.channel, 'provider', $1 from unnest($2::uuid[], $3::uuid[]) as o(id, delivery_id)
join delivery d on d.id = o.delivery_id where d.channel <> all($4::text[])
on conflict (address, channel) where ended_at is null do nothing
"""
_NOTE = """
insert into address_note (address, channel, code, noted_at)
select distinct on (d.address, d.channel) d.address, d.channel, o.code, $1
from unnest($2::uuid[], $3::text[]) as o(delivery_id, code) join delivery d on d.id = o.delivery_id
where d.channel <> all($4::text[])
on conflict (address, channel) do update set code = excluded.code, noted_at = excluded.noted_at
"""


_OF_DELIVERIES = """unnest($2::uuid[], $3::uuid[]) as o(id, delivery_id) join delivery d on d.id = o.delivery_id
join notification n on n.id = d.notification_id"""
# Whoever did not answer is called again, while there is time for it.
_CALL_AGAIN = instead(
    ChannelName.VOICE,
    at="n.contact_point_id",
    of=_OF_DELIVERIES,
    after=CALL_AGAIN_AFTER,
    where=f"""n.channel = 'voice' and (select count(*) from notification t where t.cause_kind = n.cause_kind
  and t.cause_id = n.cause_id and t.template = n.template and t.recipient_id = n.recipient_id
  and t.channel = 'voice') < {CALLS}""",  # noqa: S608
)
# A messenger, or a call, that does not reach the person is followed by an SMS, unless another call is.
_SMS_INSTEAD = instead(ChannelName.SMS, at="n.contact_point_id", of=_OF_DELIVERIES, where="n.channel = any($4::text[])")
# A number that no SMS reaches is followed by a letter, if the person has an address and somebody here sends letters.
_LETTER_INSTEAD = instead(
    ChannelName.EMAIL,
    at="mail.id",
    of=_OF_DELIVERIES,
    beside=f"cross join lateral {letters_of('n.recipient_id')}",
    where=f"n.channel = 'sms' and n.template = any($4::text[]) and {SENDS_LETTERS}",
)
# What was to leave later for such a number goes as a letter, too; left as it is, it would end without a way.
_LETTERS_FROM_HERE = f"""
update notification n set channel = 'email', sender = 'email', contact_point_id = mail.id
from (select distinct d.address from unnest($1::uuid[]) as o(delivery_id) join delivery d on d.id = o.delivery_id
  where d.channel = 'sms') gone
join contact_point was on was.address = gone.address
cross join lateral {letters_of("was.policyholder_id")}
where n.recipient_id = was.policyholder_id and n.contact_point_id = was.id and n.channel = 'sms'
  and n.state in ('planned', 'held') and n.importance <> 'code' and n.template = any($2::text[])
  and {SENDS_LETTERS}
"""  # noqa: S608
_NO_WAY_TO_THE_PERSON = frozenset({Verdict.BAD_ADDRESS, Verdict.OPTED_OUT, Verdict.NEVER})


async def heed(connection: asyncpg.Connection, verdicts: Mapping[UUID, tuple[Verdict, str]], *, now: datetime) -> None:
    """Record what was said about each delivery (its id, the verdict, the provider's code). May be told twice."""
    opted_out = [each for each, (verdict, _) in verdicts.items() if verdict is Verdict.OPTED_OUT]
    bad = {each: code for each, (verdict, code) in verdicts.items() if verdict is Verdict.BAD_ADDRESS}
    lost = [each for each, (verdict, _) in verdicts.items() if verdict in _NO_WAY_TO_THE_PERSON]
    for each, (_, code) in verdicts.items():
        if words_on(code):
            log.error("text_refused", extra={"delivery_id": each, "why": code})
    unanswered = [each for each, (verdict, _) in verdicts.items() if verdict is Verdict.AGAIN]
    if unanswered:
        await connection.execute(_CALL_AGAIN, now, [new_id() for _ in unanswered], unanswered)
    if opted_out:
        await connection.execute(_OPT_OUT, now, [new_id() for _ in opted_out], opted_out, list(CHATS))
    if bad:
        await connection.execute(_NOTE, now, list(bad), list(bad.values()), list(CHATS))
        letters = templates_for(ChannelName.EMAIL)
        await connection.execute(_LETTER_INSTEAD, now, [new_id() for _ in bad], list(bad), letters)
        await connection.execute(_LETTERS_FROM_HERE, list(bad), letters)
    if lost or unanswered:
        # What the messenger says of a chat is kept where the chat is; it may be linked anew the next minute.
        ended = dict.fromkeys(bad, EndedHow.GONE) | dict.fromkeys(opted_out, EndedHow.BLOCKED)
        await end_by_deliveries(connection, ended, now=now)
        followed = lost + unanswered
        await connection.execute(_SMS_INSTEAD, now, [new_id() for _ in followed], followed, FOLLOWED_BY_SMS)
