"""`claims notifications show` and `hold`: all there is to say of a message, and a person's word to put it aside."""

import argparse
import getpass
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.clock import utc_now
from claims_core.errors import BadInput, Conflict, NotFound
from claims_core.i18n import masked_phone
from claims_core.settings import read_settings
from notifier import held
from notifier.channels.ways import standing
from notifier.commands.with_session import with_session
from notifier.costs import COST, PRICE_THEN
from notifier.settings import NotifierSettings

CLAIMS = text("""
select id from claim where claim_number = :number
union select n.claim_id from claim_number n where n.number = :number
""")
_NOTIFICATIONS = text("""
select n.id, c.claim_number as claim, n.template, n.state, n.reason, n.importance, n.cause_kind as cause, n.step,
  n.channel, n.language, n.cadence, n.pilot_arm, n.rule_version, n.planned_at, n.not_before, n.send_by, n.finished_at
from notification n left join claim c on c.id = n.claim_id
where n.id = :id or n.claim_id = any(:claims) order by n.planned_at, n.id
""")
_DELIVERIES = text(f"""
select d.notification_id, d.id, d.attempt, d.channel, d.provider, d.address, d.text, d.text_version, d.segments,
  d.state, d.started_at, d.accepted_at, d.final_at, d.read_at, d.provider_ref, d.provider_status, d.error_code,
  d.resolution, d.conflict, {COST} as cost
from delivery d {PRICE_THEN} where d.notification_id = any(:ids) order by d.notification_id, d.attempt
""")  # noqa: S608
_RECEIPTS = text("""
select r.delivery_id, r.received_at, r.provider_status, r.error_code from receipt r
where r.delivery_id = any(:ids) order by r.received_at, r.id
""")
MOMENTS = ("started_at", "accepted_at", "final_at", "read_at")


def add_arguments(acts: Any) -> None:
    """`show ID|CLAIM [--json]`, `hold ID|CLAIM --why`."""
    show = acts.add_parser("show", help="a message, or all of a claim: deliveries, receipts, texts, cost, and why")
    show.add_argument("--json", action="store_true", help="one object a line")
    hold = acts.add_parser("hold", help="put a message that has not left aside, or all of a claim")
    hold.add_argument("--why", required=True, help="a sentence for those who come after you")
    for act in (show, hold):
        act.add_argument("what", metavar="ID|CLAIM", help="the id of a notification, or a claim number")


def run(args: argparse.Namespace) -> int:
    """Print it, or put it aside. Raises `NotFound`, and `Conflict` when there is nothing that could be put aside."""
    by, now = getpass.getuser(), utc_now()
    if args.act == "hold":
        count = with_session(lambda session: put_aside(session, args.what, why=args.why, by=by, now=now))
        print(f"{count} messages wait now; `claims notifications release ID` lets one go, `release by_hand` all")
        return 0
    settings = read_settings(NotifierSettings)
    for row in with_session(lambda session: shown(session, args.what, settings, by=by, now=now)):
        print(json.dumps(row, ensure_ascii=False, default=str) if args.json else "\n".join(_lines(row)))
    return 0


async def put_aside(session: AsyncSession, what: str, *, why: str, by: str, now: datetime) -> int:
    """Hold what has not been taken of one notification or of a claim; how many."""
    if not why.strip():
        raise BadInput("--why is empty: say in a sentence why it is put aside")
    notification_id, claims = await _meant(session, what)
    count = await held.hold(session, notification_id=notification_id, claim_ids=claims, why=why.strip(), by=by, now=now)
    if not count:
        raise Conflict(
            "there is nothing that waits to leave: it is taken, over or held already, or it is a code; "
            f"`claims notifications show {what}` says how it stands"
        )
    return count


async def shown(
    session: AsyncSession, what: str, settings: NotifierSettings, *, by: str, now: datetime
) -> list[dict[str, Any]]:
    """Every notification that is meant, with all its deliveries and receipts; that somebody looked is in the audit."""
    notification_id, claims = await _meant(session, what)
    connection = await session.connection()
    asked = {"id": notification_id, "claims": claims}
    rows = [dict(row._mapping) for row in await connection.execute(_NOTIFICATIONS, asked)]
    if notification_id is not None and not rows:
        raise NotFound(f"there is no notification {what}")
    deliveries = await _deliveries(session, [row["id"] for row in rows], settings)
    for row in rows:
        row["deliveries"] = deliveries[row["id"]]
        row["cost"] = sum((each["cost"] for each in row["deliveries"]), Decimal(0))
        row["why"] = str(row["reason"] or (row["deliveries"][-1]["state"] if row["deliveries"] else row["state"]))
    subject = f"notification:{notification_id}" if notification_id else f"claim:{','.join(map(str, claims))}"
    detail = {"messages": len(rows)}
    await ledger.audit(session, actor=by, action="notifications_shown", subject=subject, detail=detail, now=now)
    return rows


async def _meant(session: AsyncSession, what: str) -> tuple[UUID | None, list[UUID]]:
    """The id of a notification, or the claims with this number, now or once. Raises `NotFound`."""
    try:
        return UUID(what), []
    except ValueError:
        connection = await session.connection()
        claims = list((await connection.execute(CLAIMS, {"number": what.strip()})).scalars())
    if not claims:
        raise NotFound(f"there is no claim {what}, and it is no notification's id")
    return None, claims


async def _deliveries(
    session: AsyncSession, ids: Sequence[UUID], settings: NotifierSettings
) -> dict[UUID, list[dict[str, Any]]]:
    connection = await session.connection()
    rows = [dict(row._mapping) for row in await connection.execute(_DELIVERIES, {"ids": list(ids)})]
    receipts: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for receipt in await connection.execute(_RECEIPTS, {"ids": [row["id"] for row in rows]}):
        said = dict(receipt._mapping)
        receipts[said.pop("delivery_id")].append(said)
    prices = {(one.way.name, one.way.provider): one.way.capabilities(settings).cost for one in standing(settings)}
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        row["address"] = masked(row["address"])
        if row["cost"] is None:
            row["cost"] = row["segments"] * prices.get((row["channel"], row["provider"]), Decimal(0))
        row["receipts"] = receipts[row["id"]]
        found[row.pop("notification_id")].append(row)
    return found


def masked(address: str) -> str:
    """An address of which enough is left to tell it from another one."""
    name, at, domain = address.partition("@")
    if at:
        return f"{name[:1]}***@{domain}"
    return masked_phone(address) if address.startswith("+") else f"***{address[-4:]}"


def _lines(row: dict[str, Any]) -> Iterator[str]:
    about = f"{row['template']} about {row['claim'] or 'no claim'}, {row['importance']}, because of {row['cause']}"
    yield f"{row['id']}  {row['state']}: {row['why']}"
    yield f"  {about}, to be said in {row['language']} by {row['channel']}"
    planned, not_before, by = (_when(row[name]) for name in ("planned_at", "not_before", "send_by"))
    moments = (f"planned {planned}", f"not before {not_before}", f"by {by}")
    chosen = {"cadence": row["cadence"], "arm": row["pilot_arm"], "rule version": row["rule_version"]}
    yield "  " + ", ".join([*moments, *(f"{name} {value}" for name, value in chosen.items() if value is not None)])
    for each in row["deliveries"]:
        yield from _delivery_lines(each)
    if row["deliveries"]:
        yield f"  cost {row['cost']}"


def _delivery_lines(row: dict[str, Any]) -> Iterator[str]:
    moments = ", ".join(f"{name.removesuffix('_at')} {_when(row[name])}" for name in MOMENTS if row[name])
    said = " ".join(str(row[name]) for name in ("provider_status", "error_code", "resolution") if row[name])
    conflict = ", receipts contradict each other" if row["conflict"] else ""
    how = f"by {row['channel']} ({row['provider']})"
    yield f"  attempt {row['attempt']} to {row['address']} {how}: {row['state']} {said}".rstrip() + conflict
    yield f"    {moments}; {row['segments']} parts, {row['cost']}; text version {row['text_version']}"
    yield from (f"    | {line}" for line in row["text"].splitlines())
    for receipt in row["receipts"]:
        error = f" {receipt['error_code']}" if receipt["error_code"] else ""
        yield f"    receipt {_when(receipt['received_at'])}: {receipt['provider_status']}{error}"


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
