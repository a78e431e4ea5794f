"""`claims notifications`: why a fact was told or not; what waits, was given up, or is held; a person's word on that."""

import argparse
import getpass
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.clock import utc_now
from claims_core.errors import BadInput, Conflict, NotFound
from notifier import held, switch
from notifier.commands import cost, shown
from notifier.commands.with_session import with_session
from notifier.refusals import words_on
from notifier.states import HOLDS, ChannelName, Reason
from notifier.tables import SenderRate, SendingStop

DECIDE_ALL = {"release": held.release_all, "drop": held.drop_all}
DECIDE_ONE = {"release": held.release, "drop": held.drop}

_CLAIMS = text("""
select id, part_of is not null as is_claimants from claim where claim_number = :number
union select c.id, c.part_of is not null from claim_number n join claim c on c.id = n.claim_id where n.number = :number
order by 2, 1
""")
_FACTS = text("""
select ev.occurred_at as at, 'fact' as about, ev.kind as what, ev.page_state, ev.historic,
    p.planned_at is not null as decided, n.template, n.state, n.reason, n.cadence, n.pilot_arm, n.send_by,
    n.channel, d.provider, d.state as delivery, d.attempts, d.error_code, ev.seq, n.step
from case_event ev left join planned_event p on p.case_event_id = ev.id
left join notification n on n.cause_kind = 'case_event' and n.cause_id = ev.id
left join lateral (select count(*) as attempts, (array_agg(x.state order by x.attempt desc))[1] as state,
    (array_agg(x.provider order by x.attempt desc))[1] as provider,
    (array_agg(x.error_code order by x.attempt desc))[1] as error_code
    from delivery x where x.notification_id = n.id) d on true
where ev.claim_id = :claim_id
union all
select n.planned_at, n.cause_kind, null, null, false, true, n.template, n.state, n.reason, n.cadence, n.pilot_arm,
    n.send_by, n.channel, d.provider, d.state, d.attempts, d.error_code, null, n.step
from notification n
left join lateral (select count(*) as attempts, (array_agg(x.state order by x.attempt desc))[1] as state,
    (array_agg(x.provider order by x.attempt desc))[1] as provider,
    (array_agg(x.error_code order by x.attempt desc))[1] as error_code
    from delivery x where x.notification_id = n.id) d on true
where n.claim_id = :claim_id and n.cause_kind <> 'case_event'
union all
select coalesce(u.ended_at, u.call_since, u.since), 'known', 'known', null, false, true, u.template,
    coalesce(u.ended_how, case when u.call_since is null then 'followed' else 'to_call' end), null, null, null,
    null, null, null, null, u.calls, null, null, null
from unheard_fact u where u.claim_id = :claim_id
union all
select s.at, 'stop', 'stop of this claim', null, false, true, 'stop',
    case when s.ended_at is null then 'stands' else 'ended' end, null, null, null,
    null, null, null, null, null, null, null, null
from claim_stop s where s.claim_id = :claim_id
union all
select o.at, 'stop', case when o.channel = 'email' then 'stop of letters'
        when count(*) over (partition by o.address, o.at) > 1 then 'stop of all texts'
        else 'stop of ' || o.channel || ' alone' end, null, false, true, 'stop',
    case when o.ended_at is null then 'stands' else 'ended' end, null, null, null,
    null, o.channel, null, null, null, null, null, null
from opt_out o where o.address in (select i.address from claim c join contact_point i
    on i.policyholder_id = c.policyholder_id and i.on_file where c.id = :claim_id)
order by at, seq, step
""")
# What has not left yet, and what will not leave any more, though it should have: of the last day.
_WAITING = text("""
select state, reason, template, count(*) as messages, min(planned_at) as oldest, min(send_by) as first_ends
from notification where state in ('planned', 'sending', 'unknown', 'held')
or state in ('failed', 'expired') and planned_at > :since
group by 1, 2, 3
order by array_position(array['unknown', 'planned', 'sending', 'held', 'failed', 'expired'], state), reason, template
""")
A_DAY = timedelta(days=1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`why`, `show`, `waiting`, `cost`, `held`, `hold`, `release`, `drop`, `stop`, `go`."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACTION")
    why = acts.add_parser("why", help="each fact about a claim, and why it was told or not")
    why.add_argument("claim_number")
    why.add_argument("--json", action="store_true", help="one object a line")
    waiting = acts.add_parser("waiting", help="the messages that have not left yet, and those given up in the last day")
    waiting.add_argument("--json", action="store_true", help="one object a line")
    cost.add_arguments(acts.add_parser("cost", help="what messages cost: by month and channel, or of one claim"))
    acts.add_parser("held", help="the messages that wait for a person, by reason")
    shown.add_arguments(acts)
    for act, words in (
        ("release", "let one message go, or all that is held for a reason"),
        ("drop", "send none of it"),
    ):
        decide = acts.add_parser(act, help=words)
        decide.add_argument("what", metavar="ID|REASON", help=f"an id, or one of {', '.join(HOLDS)}")
    stop = acts.add_parser("stop", help="let nothing more leave, within two seconds; sign-in codes go on")
    go = acts.add_parser("go", help="let messages leave again; what waited for hours is held first")
    for switched in (stop, go):
        senders = (switch.EVERY, *(name.value for name in ChannelName))
        switched.add_argument("--sender", choices=senders, default=switch.EVERY, help="one channel instead of all")
    stop.add_argument("--codes-too", action="store_true", help="also no sign-in code: nobody can sign in then")
    stop.add_argument("--why", required=True, help="a sentence for those who come after you")


def run(args: argparse.Namespace) -> int:
    """Print a line for each fact and each other message, or for what is held; or decide about what is held.

    Or stop and start sending. An unknown claim number raises `NotFound`.
    """
    if args.act == "cost":
        return cost.run(args)
    if args.act in ("stop", "go"):
        print(with_session(lambda session: _switched(session, args)))
        return 0
    if args.act == "waiting":
        for stopped in with_session(switch.what_is_stopped) if not args.json else ():
            print(_as_warning(stopped))
        for paused in with_session(what_pauses) if not args.json else ():
            print(f"PAUSED {paused.sender} until {paused.paused_until:%Y-%m-%d %H:%M:%S}: {paused.pause_reason}")
        _tell_waiting(with_session(lambda session: what_waits(session, since=utc_now() - A_DAY)), as_json=args.json)
        return 0
    if args.act == "held":
        found = with_session(held.what_is_held)
        for waits in found:
            when = f"since {waits.oldest:%Y-%m-%d %H:%M}, the first ends {waits.ends:%Y-%m-%d %H:%M}"
            print(f"{waits.reason:<12} {waits.template:<20} {waits.messages:>7}  {when}")
        if not found:
            print("nothing is held")
        return 0
    if args.act in ("show", "hold"):
        return shown.run(args)
    if args.act in DECIDE_ALL:
        print(with_session(lambda session: _decided(session, args.act, args.what)), "messages")
        return 0
    for row in with_session(lambda session: account_of(session, args.claim_number)):
        print(json.dumps(row, default=str) if args.json else _as_line(row))
    return 0


async def _decided(session: AsyncSession, act: str, what: str) -> int:
    """How many messages went or were dropped: one, or all that are held for a reason. Raises `BadInput`, `Conflict`."""
    by, now = getpass.getuser(), utc_now()
    if what in HOLDS:
        return await DECIDE_ALL[act](session, Reason(what), by=by, now=now)
    try:
        one = UUID(what)
    except ValueError as error:
        raise BadInput(f"'{what}' is neither a notification's id nor one of {', '.join(HOLDS)}") from error
    if not await DECIDE_ONE[act](session, one, by=by, now=now):
        raise Conflict(f"{what} is not held: `claims notifications show {what}` says how it stands")
    return 1


async def what_waits(session: AsyncSession, *, since: datetime) -> list[dict[str, Any]]:
    """What has not left yet, and what was given up after `since`: a row for each state, reason and message."""
    connection = await session.connection()
    return [dict(row._mapping) for row in await connection.execute(_WAITING, {"since": since})]


async def what_pauses(session: AsyncSession) -> Sequence[SenderRate]:
    """The senders whose provider refuses or fails; each lets a message through now and then, to see."""
    return (await session.exec(select(SenderRate).where(col(SenderRate.pause_reason).is_not(None)))).all()


async def _switched(session: AsyncSession, args: argparse.Namespace) -> str:
    sender, by, now = args.sender, getpass.getuser(), utc_now()
    if args.act == "stop":
        if not args.why.strip():
            raise BadInput("--why is empty: say in a sentence why sending is stopped")
        await switch.stop(session, sender, codes_too=args.codes_too, why=args.why.strip(), by=by, now=now)
        return "stopped; `claims notifications go` lets messages leave again"
    if await switch.let_go(session, sender, by=by, now=now):
        return "messages leave again"
    left = [each.sender for each in await switch.what_is_stopped(session)]
    raise Conflict(f"{sender} is not stopped" + (f"; stopped: {', '.join(left)}" if left else ""))


def _as_warning(stopped: SendingStop) -> str:
    which = "everything" if stopped.sender == switch.EVERY else stopped.sender
    codes = "codes too" if stopped.codes_too else "not codes"
    return f"STOPPED {which} ({codes}) since {stopped.stopped_at:%Y-%m-%d %H:%M} by {stopped.stopped_by}: {stopped.why}"


def _tell_waiting(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    for row in rows:
        if as_json:
            print(json.dumps(row, default=str))
            continue
        when = f"since {row['oldest']:%Y-%m-%d %H:%M}, the first ends {row['first_ends']:%Y-%m-%d %H:%M}"
        print(f"{row['state']:<9} {row['reason'] or '-':<19} {row['template']:<20} {row['messages']:>7}  {when}")
    if not rows and not as_json:
        print("nothing waits, and nothing was given up in the last day")


async def account_of(session: AsyncSession, claim_number: str) -> list[dict[str, Any]]:
    """What happened and what was said about it, oldest first, of all claims with this number, now or once.

    The policyholder's side comes first, then those of claimants.
    """
    connection = await session.connection()
    claims = (await connection.execute(_CLAIMS, {"number": claim_number})).all()
    if not claims:
        raise NotFound(f"there is no claim {claim_number}")
    rows: list[dict[str, Any]] = []
    for claim_id, is_claimants in claims:
        found = await connection.execute(_FACTS, {"claim_id": claim_id})
        side = "claimant" if is_claimants else "policyholder"
        rows += [{**row._mapping, "side": side, "why": why(row._mapping)} for row in found]
    return rows


def why(row: Any) -> str:
    """The reason in one word: that of the notification, else that of the fact's silence."""
    if row["template"] is None:
        if row["historic"]:
            return "first_sight"
        return "silent_on_purpose" if row["decided"] else "not_decided_yet"
    if row["reason"] is not None:
        return str(row["reason"])
    return str(row["delivery"] or row["state"])


def _as_line(row: dict[str, Any]) -> str:
    said = row["template"] or "-"
    how = f"{row['state'] or ''} {row['why']}".strip() if row["why"] != row["state"] else row["why"]
    repeats = f" ({row['attempts']} attempts)" if (row["attempts"] or 0) > 1 else ""
    what = f"{row['what'] or row['about']} {row['page_state'] or ''}".strip()
    side = "  (a claimant's side)" if row["side"] == "claimant" else ""
    over = " ".join(filter(None, (row["channel"], row["provider"]))) or "-"
    refused = f": {words_on(row['error_code'])}" if words_on(row["error_code"]) else ""
    return f"{row['at']:%Y-%m-%d %H:%M}  {what:<34} {said:<18} {over:<17} {how}{refused}{repeats}{side}"
