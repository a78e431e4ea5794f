"""`claims staff`: who may sign in to the desk."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import embedded, shape
from claims_core.clock import utc_now
from claims_core.db import make_engine, session_scope
from claims_core.errors import BadInput, Misconfigured
from claims_core.settings import read_settings
from claims_portal.settings import PortalSettings
from claims_portal.staff import (
    NewStaff,
    add_staff,
    all_staff,
    change_factor,
    change_role,
    disable_staff,
    link_staff,
    reseal_factors,
)
from claims_portal.staff.passwords import hash_password
from claims_portal.staff.totp import new_secret, provisioning_uri, sealed_secret
from claims_portal.tables import Role


@dataclass(frozen=True, slots=True)
class Order:
    """One run of the command: what is asked for, with which keys (today's first), by whom, when."""

    args: argparse.Namespace
    keys: tuple[SecretStr, ...]
    password_hash: str
    issuer: str | None
    by: str
    now: datetime


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`add`, `role`, `factor`, `link`, `disable`, `reseal`, `list`."""
    acts = parser.add_subparsers(dest="act", required=True)
    add = acts.add_parser("add", help="add a person; asks for a password (or reads one line from a pipe)")
    add.add_argument("login")
    add.add_argument("--name", required=True, help="as clients read it: first name and surname")
    add.add_argument("--role", choices=[role.value for role in Role], default=Role.HANDLER.value)
    add.add_argument("--team")
    add.add_argument("--language", choices=["ru", "en"], default="ru")
    role = acts.add_parser("role", help="give a person another role; their sessions end")
    role.add_argument("login")
    role.add_argument("role", choices=[role.value for role in Role])
    disable = acts.add_parser("disable", help="disable a person; their sessions end at once")
    disable.add_argument("login")
    factor = acts.add_parser("factor", help="give a person a new second factor (an authenticator was lost)")
    factor.add_argument("login")
    for named in (add, factor):
        named.add_argument("--issuer", default="Claims desk", help="what the authenticator calls us")
    link = acts.add_parser("link", help="let a person come in by the insurer's own sign-in (OIDC), as who they are")
    link.add_argument("login")
    link.add_argument("subject", help="what the provider calls them for ever: the claim `sub` of its tokens")
    acts.add_parser("reseal", help="seal all second factors with today's PORTAL_SECRET_KEY")
    acts.add_parser("list", help="everybody, with role and whether they are disabled")


def run(args: argparse.Namespace) -> int:
    """Do it and say what was done; what cannot be done raises a `ClaimsError` that says why."""
    settings = read_settings(PortalSettings)
    with embedded.database(settings) as url:
        password, issuer = read_password() if args.act == "add" else "", settings.oidc_issuer
        who = getpass.getuser()
        print(asyncio.run(perform(args, url, settings.opening_keys, password=password, issuer=issuer, by=who)))
    return 0


def read_password() -> str:
    """From the prompt, twice; from a pipe, its first line. It is never an argument: those are in the process list."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first, second = getpass.getpass("Password: "), getpass.getpass("Again: ")
    if first != second:
        raise BadInput("The two passwords differ.")
    return first


async def perform(
    args: argparse.Namespace,
    url: str,
    keys: tuple[SecretStr, ...],
    *,
    password: str = "",
    issuer: str | None = None,
    by: str,
) -> str:
    """The act in one transaction with its audit row, in the name of the account `by`; returns its words."""
    hashed = await hash_password(password) if args.act == "add" else ""
    order = Order(args, keys, hashed, issuer, by=by, now=utc_now())
    engine = make_engine(url, pool_size=1)
    try:
        await shape.must_fit(engine)
        async with session_scope(engine) as session:
            return await _ACTS[args.act](session, order)
    finally:
        await engine.dispose()


async def _add(session: AsyncSession, order: Order) -> str:
    args, secret = order.args, new_secret()
    new = NewStaff(
        login=args.login,
        name=args.name,
        role=Role(args.role),
        team=args.team,
        language=args.language,
        password_hash=order.password_hash,
        totp_sealed=sealed_secret(secret, order.keys[0]),
    )
    person = await add_staff(session, new, by=order.by, now=order.now)
    return f"{person.login} is added as {person.role.value}. {_once(secret, person.login, args.issuer)}"


async def _factor(session: AsyncSession, order: Order) -> str:
    args, secret = order.args, new_secret()
    sealed = sealed_secret(secret, order.keys[0])
    person = await change_factor(session, args.login, sealed, by=order.by, now=order.now)
    return f"{person.login} has a new second factor and signs in again. {_once(secret, person.login, args.issuer)}"


async def _link(session: AsyncSession, order: Order) -> str:
    if order.issuer is None:
        raise Misconfigured("OIDC_ISSUER is not set")
    login, subject = order.args.login, order.args.subject
    person = await link_staff(session, login, issuer=order.issuer, subject=subject, by=order.by, now=order.now)
    return f"{person.login} comes in by {order.issuer} from now on, and signs in again."


async def _role(session: AsyncSession, order: Order) -> str:
    args = order.args
    person = await change_role(session, args.login, Role(args.role), by=order.by, now=order.now)
    return f"{person.login} is {args.role} now and signs in again."


async def _disable(session: AsyncSession, order: Order) -> str:
    person = await disable_staff(session, order.args.login, by=order.by, now=order.now)
    return f"{person.login} is disabled; their sessions ended."


async def _reseal(session: AsyncSession, order: Order) -> str:
    resealed = await reseal_factors(session, order.keys, by=order.by, now=order.now)
    said = f"{resealed.done} second factors are sealed with today's key."
    if resealed.lost:
        said += f" No key opens those of {', '.join(resealed.lost)}: claims staff factor LOGIN gives each a new one."
    return said


async def _list(session: AsyncSession, order: Order) -> str:
    rows = [
        f"{person.login}\t{person.role.value}\t{person.name}\t"
        + (f"disabled {person.disabled_at:%Y-%m-%d}" if person.disabled_at else "active")
        for person in await all_staff(session)
    ]
    return "\n".join(rows) or "Nobody yet. Add somebody: claims staff add LOGIN --name NAME"


def _once(secret: str, login: str, issuer: str) -> str:
    return f"For the authenticator, shown once:\n{provisioning_uri(secret, login=login, issuer=issuer)}"


_ACTS: dict[str, Callable[[AsyncSession, Order], Awaitable[str]]] = {
    "add": _add,
    "role": _role,
    "factor": _factor,
    "link": _link,
    "disable": _disable,
    "reseal": _reseal,
    "list": _list,
}
