"""`claims pilot`: start and end a trial of cadences, and see people, messages and stops per arm."""

import argparse
import getpass
import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.clock import utc_now
from claims_core.commands.words import whole_number
from claims_core.errors import Conflict, NotFound
from claims_core.same_person import rows_of
from notifier.commands.with_session import with_session
from notifier.people.preferences import running_pilot
from notifier.states import Cadence
from notifier.tables import Pilot
from notifier.wording.wordings import versions

# Everybody stays in the arm that was drawn for them, also who crossed over or left: else the arms are not alike.
_PER_ARM = text(f"""
select e.arm, count(*) as people, count(e.crossed_at) as crossed, count(e.left_at) as gone,
    coalesce(sum(told.n), 0) as messages, coalesce(sum(told.parts), 0) as parts,
    count(*) filter (where stopped.at is not null) as stops
from pilot_enrolment e join policyholder p on p.id = e.policyholder_id
cross join lateral (select {rows_of("p")} as ids offset 0) kin
left join lateral (select count(distinct n.id) as n, sum(d.segments) as parts from notification n
    join delivery d on d.notification_id = n.id and d.state in ('accepted', 'on_its_way', 'delivered', 'undelivered')
    where n.recipient_id = any(kin.ids) and n.planned_at >= e.consented_at
    and n.importance in ('required', 'progress', 'heartbeat') and n.cause_kind <> 'enrolment') told on true
left join lateral (select min(o.at) as at from opt_out o join contact_point i on i.address = o.address
    where i.policyholder_id = any(kin.ids) and o.at >= e.consented_at) stopped on true
where e.pilot_id = :pilot_id group by e.arm order by e.arm
""")  # noqa: S608  (pieces of our own)
FIGURES = ("people", "messages", "parts", "stops", "crossed", "gone")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`start NAME`, `end NAME`, `show [NAME]`."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACTION")
    start = acts.add_parser("start", help="start a pilot; the claim page offers it from now on")
    start.add_argument("name")
    start.add_argument("--days", type=whole_number(1, 3_650), default=90, help="how long it lasts (90)")
    start.add_argument("--arms", nargs="+", choices=[each.value for each in Cadence], default=["essential", "frequent"])
    start.add_argument("--wording", choices=versions(), default=versions()[-1], help="what people agree to")
    end = acts.add_parser("end", help="end a pilot before its time; who takes part is told")
    end.add_argument("name")
    show = acts.add_parser("show", help="people, messages and stops per arm")
    show.add_argument("name", nargs="?", help="the pilot; all if none is named")
    show.add_argument("--json", action="store_true", help="one object a line")


def run(args: argparse.Namespace) -> int:
    """Do it. Starting a second pilot while one runs raises `Conflict`, ending one that does not run `NotFound`."""
    now = utc_now()
    if args.act == "start":
        pilot = with_session(lambda session: start(session, args, now))
        print(f"{pilot.name} runs until {pilot.ends_at:%Y-%m-%d}, arms: {', '.join(pilot.arms)}")
        return 0
    if args.act == "end":
        with_session(lambda session: end(session, args.name, now))
        print(f"{args.name} is over; who takes part is told within ten minutes, or in their morning")
        return 0
    rows = with_session(lambda session: figures(session, args.name))
    for row in rows:
        print(json.dumps(row) if args.json else _as_line(row))
    if not rows and not args.json:
        print("there was no pilot yet: claims pilot start NAME")
    return 0


async def start(session: AsyncSession, args: argparse.Namespace, now: datetime) -> Pilot:
    """Write the pilot and the act. One at a time: two would share people and tell nothing."""
    running = await running_pilot(session, now)
    if running is not None:
        raise Conflict(f"the pilot {running.name} runs until {running.ends_at:%Y-%m-%d}")
    if (await session.exec(select(Pilot).where(Pilot.name == args.name))).first():
        raise Conflict(f"there was a pilot called {args.name} already")
    ends_at = now + timedelta(days=args.days)
    pilot = Pilot(name=args.name, arms=args.arms, wording_version=args.wording, starts_at=now, ends_at=ends_at)
    session.add(pilot)
    detail = {"arms": args.arms, "ends_at": ends_at.isoformat(), "wording": args.wording}
    actor = getpass.getuser()
    subject = f"pilot:{args.name}"
    await ledger.audit(session, actor=actor, action="pilot_started", subject=subject, detail=detail, now=now)
    return pilot


async def end(session: AsyncSession, name: str, now: datetime) -> None:
    """End the pilot called `name` now, and write the act. Raises `NotFound` unless it runs."""
    pilot = (await session.exec(select(Pilot).where(Pilot.name == name, col(Pilot.ends_at) > now))).first()
    if pilot is None:
        raise NotFound(f"there is no pilot {name} that runs")
    detail = {"would_end_at": pilot.ends_at.isoformat()}
    pilot.ends_at = now
    actor, subject = getpass.getuser(), f"pilot:{name}"
    await ledger.audit(session, actor=actor, action="pilot_ended", subject=subject, detail=detail, now=now)


async def figures(session: AsyncSession, name: str | None) -> list[dict[str, Any]]:
    """A row for each arm of each pilot, or of the one called `name`. Raises `NotFound` without one."""
    pilots = select(Pilot).order_by(col(Pilot.starts_at)) if name is None else select(Pilot).where(Pilot.name == name)
    rows: list[dict[str, Any]] = []
    for pilot in await session.exec(pilots):
        found = await (await session.connection()).execute(_PER_ARM, {"pilot_id": pilot.id})
        counted = {each.arm: each for each in found}
        for arm in pilot.arms:
            numbers = {figure: int(getattr(counted[arm], figure)) if arm in counted else 0 for figure in FIGURES}
            rows.append({"pilot": pilot.name, "arm": arm, **numbers})
    if name is not None and not rows:
        raise NotFound(f"there is no pilot {name}")
    return rows


def _as_line(row: dict[str, Any]) -> str:
    words = ", ".join(f"{row[figure]} {figure}" for figure in FIGURES)
    return f"{row['pilot']:<16} {row['arm']:<10} {words}"
