"""`claims people`: who is held for one human, and why; join two, undo a join. It needs the ledger and the sessions."""

import argparse
import asyncio
import getpass
import json
import sys
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_cli.places import with_database
from claims_core import ledger
from claims_core.clock import utc_now
from claims_core.db import session_scope
from claims_core.errors import NotFound, Refused
from claims_core.same_person import rows_of_person
from claims_core.tables import Claim, ContactKind, ContactPoint, PersonJoin, Policyholder
from claims_portal.auth.sessions import end_sessions_of

JOIN = "From now on each of the two sees the claims of both, and what one chose holds for both. Type `join`: "
UNDO = "From now on each sees their own claims only, and all who are signed in must sign in again. Type `undo`: "


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`show CLAIM_NUMBER|PERSON`, `join PERSON PERSON [--yes]`, `undo JOIN [--yes]`."""
    parts = parser.add_subparsers(dest="part", required=True)
    show = parts.add_parser("show", help="the rows of one human in all back offices, and every join there ever was")
    show.add_argument("who", help="a claim number, or the id of a person")
    show.add_argument("--json", action="store_true", help="one object a line, for programs")
    join = parts.add_parser("join", help="hold two people for one human")
    join.add_argument("one", type=UUID)
    join.add_argument("other", type=UUID)
    undo = parts.add_parser("undo", help="split what a join held together; the facts alone never join it again")
    undo.add_argument("join", type=UUID)
    for part in (join, undo):
        part.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    """0 done, 1 not there, or nobody confirmed."""
    act = {"show": _show, "join": _join, "undo": _undo}[args.part]
    return with_database(lambda engine: act(engine, args))


async def _show(engine: AsyncEngine, args: argparse.Namespace) -> int:
    async with session_scope(engine) as session:
        humans = {frozenset(await rows_of_person(session, each)) for each in await _named(session, args.who)}
        for rows in humans:
            said = [await _person(session, each) for each in sorted(rows)]
            said += [_join_said(join) for join in await ledger.joins_of(session, rows)]
            for one in said:
                print(json.dumps(one, ensure_ascii=False, default=str) if args.json else _line(one))
    return 0


async def _named(session: AsyncSession, who: str) -> list[UUID]:
    """The people behind an id or a claim number. Raises `NotFound`."""
    try:
        wanted = Policyholder.id == UUID(who)
        found = list(await session.exec(select(Policyholder.id).where(wanted)))
    except ValueError:
        found = list(await session.exec(select(Claim.policyholder_id).where(Claim.claim_number == who).distinct()))
    if not found:
        raise NotFound("there is no such person, and no claim with this number")
    return found


async def _person(session: AsyncSession, policyholder_id: UUID) -> dict[str, Any]:
    """A row of a back office without its personal data."""
    person = await session.get_one(Policyholder, policyholder_id)
    claims = await session.exec(
        select(Claim.claim_number, Claim.part_of).where(Claim.policyholder_id == policyholder_id)
    )
    points = select(ContactPoint).where(ContactPoint.policyholder_id == policyholder_id, col(ContactPoint.on_file))
    phones = [point for point in await session.exec(points) if point.kind is ContactKind.PHONE]
    return {
        "person": person.id,
        "source": person.source,
        "source_ref": person.source_ref,
        "has_birth_date": person.birth_date is not None,
        "phones": [
            f"…{point.address[-4:]}" + (" proved" if point.verified_at or person.phones_verified else "")
            + (" shared" if point.shared else "")
            for point in phones
        ],
        "claims": [number + (" as a claimant" if part_of else "") for number, part_of in claims],
    }  # fmt: skip


def _join_said(join: PersonJoin) -> dict[str, Any]:
    names = ("one_id", "other_id", "basis", "made_by", "made_at", "undone_by", "undone_at")
    return {"join": join.id} | {name: getattr(join, name) for name in names}


def _line(said: dict[str, Any]) -> str:
    if "join" not in said:
        phones, claims = ", ".join(said["phones"]) or "no telephone", ", ".join(said["claims"]) or "no claim"
        return f"person {said['person']}  {said['source']} {said['source_ref']}: {phones}; {claims}"
    undone = f", undone {said['undone_at']:%Y-%m-%d %H:%M} UTC by {said['undone_by']}" if said["undone_at"] else ""
    made = f"{said['basis']}, {said['made_at']:%Y-%m-%d %H:%M} UTC by {said['made_by']}"
    return f"join {said['join']}  {said['one_id']} and {said['other_id']}: {made}{undone}"


async def _join(engine: AsyncEngine, args: argparse.Namespace) -> int:
    if not args.yes:
        await asyncio.to_thread(_confirm, JOIN, "join")
    async with session_scope(engine) as session:
        join_id = await ledger.join_by_hand(session, args.one, args.other, by=getpass.getuser(), now=utc_now())
    print(f"joined; to take it back: claims people undo {join_id}")
    return 0


async def _undo(engine: AsyncEngine, args: argparse.Namespace) -> int:
    if not args.yes:
        await asyncio.to_thread(_confirm, UNDO, "undo")
    async with session_scope(engine) as session:
        print(f"split; sessions ended: {await split(session, args.join, by=getpass.getuser())}")
    return 0


async def split(session: AsyncSession, join_id: UUID, *, by: str) -> int:
    """Undo a join and end the sessions of all whom it held together, in one transaction; how many sessions."""
    return await end_sessions_of(session, await ledger.undo_join(session, join_id, by=by, now=utc_now()))


def _confirm(question: str, word: str) -> None:
    if not sys.stdin.isatty():
        raise Refused(f"nobody is there to confirm: say `claims people {word} … --yes`")
    if input(question).strip() != word:
        raise Refused("nothing was changed")
