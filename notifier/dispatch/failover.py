"""One channel over several providers: which road takes what, and where a message goes that one has not taken."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from claims_core.errors import TemporaryChannelFailure
from notifier.channels.roads import is_preferred
from notifier.dispatch.outcomes import Outcome
from notifier.planning.plans import BELL
from notifier.switch import StoppedByHand

# $1 now, $2 notifications, $3 the road that is next, $4 at once if that road is well? In the transaction that has put
# them back: nobody else has seen them since.
_ANOTHER_WAY = f"""
with moved as (
  update notification n set sender = $3::text, not_before = case
      when $4 and exists (select from sender_rate o where o.sender = $3::text and o.pause_reason is null)
      then $1::timestamptz else n.not_before end
  where n.id = any($2::uuid[]) and n.state = 'planned' returning n.id
)
select pg_notify('{BELL}', '') from moved limit 1
"""  # noqa: S608
# $1 the senders that there are.
_ADOPT = """
update notification n set sender = n.channel
where n.state in ('planned', 'held') and n.sender <> n.channel and n.sender <> all($1::text[])
"""


async def go_another_way(
    connection: asyncpg.Connection,
    road: str,
    others: tuple[str, ...],
    outcomes: Sequence[Outcome],
    ours: Collection[UUID],
    *,
    now: datetime,
) -> None:
    """Give what `road` cleanly did not take to the next one, in the caller's transaction.

    The preferred road gives on at once. The last one gives back, and the first waits as it would have: what every road
    refuses goes round slowly. Whose fate is unknown is not given on: a receipt, a look-up or its class decides. Nor is
    what is not among `ours` any more, the deliveries that were written just now: somebody else decides on it.
    """
    if not others:
        return
    mine = [each.hand_over for each in outcomes if _was_not_taken(each) and each.hand_over.delivery_id in ours]
    left = [each.taken.id for each in mine]
    if left:
        await connection.execute(_ANOTHER_WAY, now, left, others[0], is_preferred(road))


def _was_not_taken(outcome: Outcome) -> bool:
    return isinstance(outcome.problem, TemporaryChannelFailure) and not isinstance(outcome.problem, StoppedByHand)


async def adopt(pool: asyncpg.Pool, senders: Sequence[str]) -> int:
    """Give back to their channel what waits for a road that is not open here any more. How many."""
    return int((await pool.execute(_ADOPT, list(senders))).split()[-1])
