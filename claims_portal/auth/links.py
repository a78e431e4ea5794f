"""Links from our own messages: they open the glance and nothing else, as often as one likes, and change nothing."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.convertors import StringConvertor, register_url_convertor

from claims_core.keyed import keyed_hash
from claims_core.same_person import rows_of
from claims_portal.errors import DeadLink, LinkDead
from notifier.tables import LINK_LIVES, MESSAGE_LINK
from notifier.wording import check_words


class LinkConvertor(StringConvertor):
    """`{token:link}` in a route: exactly what the token of a link looks like, so that other paths are not caught."""

    regex = check_words.SHAPE


register_url_convertor("link", LinkConvertor())
_FIND = text(f"""
select n.claim_id, n.recipient_id, d.started_at,
  exists (select 1 from notification newer join delivery later on later.notification_id = newer.id
    where newer.claim_id = n.claim_id and newer.recipient_id = n.recipient_id and newer.state in ('sent', 'settled')
      and later.link_hash is not null and later.state not in ('undelivered', 'refused')
      and later.started_at > d.started_at) as is_replaced,
  c.policyholder_id = any({rows_of("p")}) as is_theirs
from delivery d join notification n on n.id = d.notification_id
join claim c on c.id = n.claim_id join policyholder p on p.id = n.recipient_id
where d.link_hash = :link_hash
""")  # noqa: S608  (pieces of our own)


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is about."""

    claim_id: UUID
    policyholder_id: UUID


async def find_link(
    session: AsyncSession, token: str, *, key: SecretStr, now: datetime, forever: bool = False
) -> Link | None:
    """The link of this token; None if there is none, or if the claim is no longer its reader's.

    Raises LinkDead when it is over 14 days old or a newer message replaced it. `forever` leaves all of this out: a
    person may turn our texts off from any message of ours.
    """
    wanted = {"link_hash": keyed_hash(key, MESSAGE_LINK, token)}
    row = (await (await session.connection()).execute(_FIND, wanted)).first()
    if row is None or not (forever or row.is_theirs):
        return None
    if not forever and row.started_at + LINK_LIVES <= now:
        raise LinkDead(DeadLink.EXPIRED)
    if not forever and row.is_replaced:
        raise LinkDead(DeadLink.REPLACED)
    return Link(row.claim_id, row.recipient_id)
