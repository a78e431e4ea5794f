"""The checker of the crash loops: reads the provider's log and the database."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from notifier.channels.base import hash_of_token
from notifier.reports.resolve import resolve_once
from tests.fakes.provider import FakeTwilio
from tests.fakes.smsc import Smsc

HANDED_OVER = ("sent", "settled")
ENDED_WITHOUT = ("suppressed", "superseded", "expired", "failed", "held")
# A repeat is explained by what its earlier delivery says about why the message was handed over again: the provider
# had nothing to show, or could not be asked.
EXPLAINS = ("not_found", "unseen")
A_MOMENT = 1.0  # seconds between a look-up and the repeat that follows from it
# An SMSC cannot be asked: a hand-over whose answer and receipt were lost, and whose one repeat was spent, nobody can
# settle. It stays `unknown`, on the list of what waits, until its `send_by`. All else that is unknown is stuck.
IN_SIGHT = """
select n.id from notification n join delivery d on d.notification_id = n.id
where n.state = 'unknown' and d.state = 'unknown' and d.provider = 'smpp' and d.resolution is null
and d.resolve_after is not null and n.send_by > now() and d.send_by > now()
and d.attempt = (select max(e.attempt) from delivery e where e.notification_id = n.id)
and exists (select from delivery e where e.notification_id = n.id and e.resolution = 'unseen')
"""


@dataclass
class Books:
    """What was planned, what the provider took, and what does not fit (`reliability` 3 and 6.5)."""

    planned: int = 0
    accepted: int = 0
    lost: list[str] = field(default_factory=list)
    in_sight: list[str] = field(default_factory=list)  # unknown until their `send_by`
    untaken: int = 0  # of them those that no provider has: killed or dropped both times before they got there
    unexpected: list[str] = field(default_factory=list)
    duplicated: list[dict[str, Any]] = field(default_factory=list)
    recovered: int = 0
    quarantined: int = 0
    undecided: int = 0

    @property
    def unexplained(self) -> int:
        """Repeats for which the database holds no reason."""
        return sum(not each["explained"] for each in self.duplicated)


async def compare(pool: asyncpg.Pool, twilio: FakeTwilio, smsc: Smsc | None = None) -> Books:
    """Compare both sides, message by message: one of Twilio's by its token, an SMSC's by number and text."""
    notifications = {row["id"]: row for row in await pool.fetch("select id, state, reason from notification")}
    deliveries = {row["token_hash"]: row for row in await pool.fetch("select * from delivery order by attempt")}
    taken: Counter[UUID] = Counter()
    accepted = _accepted(deliveries.values(), twilio, smsc)
    in_sight = {row["id"] for row in await pool.fetch(IN_SIGHT)}
    books = Books(planned=len(notifications), accepted=len(accepted))
    for name, token, _ in accepted:
        delivery = deliveries.get(token) if token else None
        if delivery is None:
            books.unexpected.append(name)
        else:
            taken[delivery["notification_id"]] += 1
    for key, row in notifications.items():
        if row["state"] in HANDED_OVER and taken[key] == 0:
            books.lost.append(f"{key}: {row['state']}, and the provider never took it")
        elif key in in_sight:
            books.in_sight.append(f"{key}: unknown until its send_by, taken {taken[key]} times")
            books.untaken += taken[key] == 0
        elif row["state"] not in HANDED_OVER + ENDED_WITHOUT:
            books.lost.append(f"{key}: still {row['state']}")
        books.quarantined += row["reason"] == "quarantined"
    for key, times in taken.items():
        if times > 1:
            books.duplicated.append(_explanation(key, list(deliveries.values()), accepted, twilio.list_lag))
    books.recovered = sum(row["resolution"] in ("look_up", "receipt") for row in deliveries.values())
    books.undecided = await pool.fetchval(
        "select count(*) from case_event e where not historic and not exists"
        " (select from planned_event p where p.case_event_id = e.id)"
    )
    books.lost += ["a fact that nobody has decided on"] * books.undecided
    return books


async def ended_late(pool: asyncpg.Pool) -> list[str]:
    """Let the `send_by` of all that is in sight pass: what is then neither given up, with the reason, nor settled."""
    waits = [row["id"] for row in await pool.fetch(IN_SIGHT)]
    after = await pool.fetchval("select max(send_by) from notification")
    if waits:
        await resolve_once(pool, {}, now=after)
    ended = "select id, state from notification where id = any($1) and (state, reason) <> ('expired', 'too_late')"
    return [f"{row['id']}: {row['state']} after its send_by" for row in await pool.fetch(ended, waits)]


def _accepted(
    deliveries: Iterable[Any], twilio: FakeTwilio, smsc: Smsc | None
) -> list[tuple[str, bytes | None, float]]:
    """What either provider took: its name there, the token of its delivery if one fits, when. A text has its own link,
    so that no two are the same."""
    by_text = {(row["address"], row["text"]): row["token_hash"] for row in deliveries if row["provider"] == "smpp"}
    accepted = [(one.sid, hash_of_token(one.callback.rsplit("/", 1)[-1]), one.at) for one in twilio.taken]
    sent = smsc.sent if smsc else []
    return accepted + [(f"smpp {one.ref}", by_text.get((one.number, one.text)), one.at) for one in sent]


def _explanation(
    key: UUID, deliveries: list[Any], accepted: list[tuple[str, bytes | None, float]], list_lag: float
) -> dict[str, Any]:
    """A look-up that found nothing explains a repeat only if the first message could not be listed yet."""
    own = [row for row in deliveries if row["notification_id"] == key]
    taken = {token: when for _, token, when in accepted}
    at = [taken.get(row["token_hash"]) for row in own]
    explained = True
    for place, row in enumerate(own[:-1]):
        repeated = at[place] is not None and any(at[place + 1 :])
        listed = repeated and at[place] + list_lag < own[place + 1]["started_at"].timestamp() - A_MOMENT
        if repeated and (row["resolution"] not in EXPLAINS or (row["resolution"] == "not_found" and listed)):
            explained = False
    return {
        "notification": str(key),
        "times": sum(each is not None for each in at),
        "deliveries": [f"{row['provider']} {row['state']} {row['resolution']} {row['error_code']}" for row in own],
        "explained": explained,
        "unseen": any(row["resolution"] == "unseen" for row in own[:-1]),
    }
