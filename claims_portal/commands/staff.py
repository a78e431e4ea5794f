"""`claims staff`: who may sign in to the desk."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import embedded
from claims_core.clock import utc_now
from claims_core.db import make_engine, must_answer, session_scope
from claims_core.errors import BadInput
from claims_core.settings import CoreSettings, read_settings
from claims_portal.staff import NewStaff, add_staff, all_staff, change_role, disable_staff
from claims_portal.staff.passwords import hash_password
from claims_portal.staff.totp import new_secret, provisioning_uri
from claims_portal.tables import Role

Act = Callable[[AsyncSession], Awaitable[str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`add`, `role`, `disable`, `list`."""
    acts = parser.add_subparsers(dest="act", required=True)
    add = acts.add_parser("add", help="add a person; asks for a password (or reads one line from a pipe)")
    add.add_argument("login")
    add.add_argument("--name", required=True, help="as clients read it: first name and surname")
    add.add_argument("--role", choices=[role.value for role in Role], default=Role.HANDLER.value)
    add.add_argument("--team")
    add.add_argument("--issuer", default="Claims desk", help="what the authenticator calls us")
    add.add_argument("--language", choices=["ru", "en"], default="ru")
    role = acts.add_parser("role", help="give a person another role; their sessions end")
    role.add_argument("login")
    role.add_argument("role", choices=[role.value for role in Role])
    disable = acts.add_parser("disable", help="disable a person; their sessions end at once")
    disable.add_argument("login")
    acts.add_parser("list", help="everybody, with role and whether they are disabled")


def run(args: argparse.Namespace) -> int:
    """Do it and say what was done; what cannot be done raises a `ClaimsError` that says why."""
    settings = read_settings(CoreSettings)
    with embedded.database(settings) as url:
        print(asyncio.run(_run(args, url)))
    return 0


def read_password() -> str:
    """From the prompt, twice; from a pipe, its first line. It is never an argument: those are in the process list."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first, second = getpass.getpass("Password: "), getpass.getpass("Again: ")
    if first != second:
        raise BadInput("The two passwords differ.")
    return first


async def _run(args: argparse.Namespace, url: str) -> str:
    act = await _act(args)
    engine = make_engine(url, pool_size=1)
    try:
        await must_answer(engine)
        async with session_scope(engine) as session:
            return await act(session)
    finally:
        await engine.dispose()


async def _act(args: argparse.Namespace) -> Act:
    acts: dict[str, Callable[[argparse.Namespace], Act]] = {"role": _role, "disable": _disable, "list": _list}
    return await _add(args) if args.act == "add" else acts[args.act](args)


async def _add(args: argparse.Namespace) -> Act:
    # The password is asked for and hashed before the transaction opens.
    new = NewStaff(
        login=args.login,
        name=args.name,
        role=Role(args.role),
        team=args.team,
        language=args.language,
        password_hash=await hash_password(read_password()),
        totp_secret=new_secret(),
    )

    async def act(session: AsyncSession) -> str:
        person = await add_staff(session, new, now=utc_now())
        uri = provisioning_uri(new.totp_secret or "", login=person.login, issuer=args.issuer)
        return f"{person.login} is added as {person.role.value}. For the authenticator, shown once:\n{uri}"

    return act


def _role(args: argparse.Namespace) -> Act:
    async def act(session: AsyncSession) -> str:
        person = await change_role(session, args.login, Role(args.role))
        return f"{person.login} is {args.role} now and signs in again."

    return act


def _disable(args: argparse.Namespace) -> Act:
    async def act(session: AsyncSession) -> str:
        person = await disable_staff(session, args.login, now=utc_now())
        return f"{person.login} is disabled; their sessions ended."

    return act


def _list(_: argparse.Namespace) -> Act:
    async def act(session: AsyncSession) -> str:
        rows = [
            f"{person.login}\t{person.role.value}\t{person.name}\t"
            + (f"disabled {person.disabled_at:%Y-%m-%d}" if person.disabled_at else "active")
            for person in await all_staff(session)
        ]
        return "\n".join(rows) or "Nobody yet. Add somebody: claims staff add LOGIN --name NAME"

    return act
