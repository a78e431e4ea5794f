"""`claims pilot`: start and end a trial of cadences, and see people, messages and stops per arm."""

import argparse
import getpass
import json
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.clock import utc_now
from claims_core.commands.words import whole_number
from claims_core.errors import NotFound
from notifier.commands.with_session import with_session
from notifier.deciding.pilot import Plan, Weighed, often_or_rare
from notifier.people import pilots
from notifier.people.pilot_figures import FIGURES, per_arm
from notifier.states import Arm
from notifier.tables import Pilot
from notifier.wording.wordings import versions, wording_for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`start NAME`, `end NAME`, `show [NAME]`."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACTION")
    start = acts.add_parser("start", help="start a pilot; the claim page offers it from now on")
    start.add_argument("name")
    start.add_argument("--days", type=whole_number(1, 3_650), default=56, help="how long it lasts (56)")
    start.add_argument("--arms", nargs="+", choices=[each.value for each in Arm], default=["essential", "frequent"])
    start.add_argument("--wording", choices=versions(), help="what people agree to; the one that says these arms")
    end = acts.add_parser("end", help="end a pilot before its time; who takes part is told")
    end.add_argument("name")
    end.add_argument("--reason", required=True, help="why, for the trail and the report")
    show = acts.add_parser("show", help="people, messages, stops and complaints per arm")
    show.add_argument("name", nargs="?", help="the pilot; all if none is named")
    show.add_argument("--json", action="store_true", help="one object a line")


def run(args: argparse.Namespace) -> int:
    """Do it. Starting a second pilot while one runs raises `Conflict`, ending one that does not run `NotFound`."""
    now = utc_now()
    if args.act == "start":
        pilot = with_session(lambda session: start(session, args, now))
        print(f"{pilot.name} runs until {pilot.ends_at:%Y-%m-%d}")
        return 0
    if args.act == "end":
        with_session(lambda session: end(session, args.name, now, reason=args.reason))
        print(f"{args.name} is over; who takes part is told within ten minutes, or in their morning")
        return 0
    rows = with_session(lambda session: figures(session, args.name))
    for row in rows:
        print(json.dumps(row) if args.json else _as_line(row))
    if not rows and not args.json:
        print("there was no pilot yet: claims pilot start NAME")
    return 0


async def start(session: AsyncSession, args: argparse.Namespace, now: datetime) -> Pilot:
    """Start the pilot that was planned under this name, or plan the example with these arms and start it."""
    planned = (await session.exec(select(Pilot).where(Pilot.name == args.name))).first()
    if planned is None:
        planned = await pilots.make(session, plan_from(args), by=getpass.getuser(), now=now)
    return await pilots.start(session, planned.id, by=getpass.getuser(), now=now)


def plan_from(args: argparse.Namespace) -> Plan:
    """The plan of somebody who names no more than arms and days."""
    arms = tuple(Weighed(Arm(each)) for each in args.arms)
    example = often_or_rare(args.wording or wording_for([each.arm for each in arms]))
    return Plan(
        name=args.name,
        question=example.question,
        arms=arms,
        wording_version=example.wording_version,
        days=args.days,
    )


async def end(session: AsyncSession, name: str, now: datetime, *, reason: str) -> None:
    """End the pilot called `name` now. Raises `NotFound` unless it runs."""
    found = select(Pilot).where(Pilot.name == name, col(Pilot.ends_at) > now)
    pilot = (await session.exec(found)).first()
    if pilot is None:
        raise NotFound(f"there is no pilot {name} that runs")
    await pilots.stop(session, pilot.id, reason=reason, by=getpass.getuser(), now=now)


async def figures(session: AsyncSession, name: str | None) -> list[dict[str, Any]]:
    """A row for each arm of each pilot, or of the one called `name`. Raises `NotFound` without one."""
    all_there_are = select(Pilot).order_by(col(Pilot.starts_at), col(Pilot.name))
    rows: list[dict[str, Any]] = []
    for pilot in await session.exec(all_there_are if name is None else all_there_are.where(Pilot.name == name)):
        counted = await per_arm(session, pilot.id)
        for each in await pilots.arms_of(session, pilot.id):
            numbers = counted.get(each.arm, dict.fromkeys(FIGURES, 0))
            rows.append({"pilot": pilot.name, "arm": each.arm.value, **numbers, "stopped_for": each.stopped_for})
    if name is not None and not rows:
        raise NotFound(f"there is no pilot {name}")
    return rows


def _as_line(row: dict[str, Any]) -> str:
    words = ", ".join(f"{row[figure]} {figure}" for figure in FIGURES)
    stopped = f", stopped: {row['stopped_for']}" if row["stopped_for"] else ""
    return f"{row['pilot']:<16} {row['arm']:<11} {words}{stopped}"
