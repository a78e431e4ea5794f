"""Who may use a route. Each route has exactly one guard; `create_app` refuses to start otherwise."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from fastapi import Request
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import Misconfigured, NotFound
from claims_portal.auth.cookies import DEVICE, GLANCE, SESSION, STAFF, read_cookie
from claims_portal.auth.devices import owner_of_device
from claims_portal.auth.links import find_link
from claims_portal.auth.sessions import Viewer, token_hash, viewer_for
from claims_portal.deps import network_of, now_of, portal_of
from claims_portal.errors import (
    AgreementNeeded,
    FreshCodeNeeded,
    SessionEnded,
    StaffMayNot,
    StaffSignInNeeded,
    TooManyTries,
)
from claims_portal.queries import ClaimRow, Represents, claims_of, glance_claim, led_to, own_claim, versions_of
from claims_portal.rates import Limit, bucket_of
from claims_portal.readings import Counted
from claims_portal.staff import StaffViewer, staff_for
from claims_portal.tables import Role

GUARDS: set[Callable[..., Any]] = set()
UNGUARDED = frozenset({"/static", "/healthz", "/readyz", "/api/openapi.json"})
# Signed-in reading is generous: it stops a program that copies pages, never a person (reliability.md T03, T22).
READING_WINDOW = timedelta(minutes=5)
# Contacts, uploads, downloads and bank details want a code entered so recently (`settled`, 23).
FRESH_FOR = timedelta(minutes=10)
# The header of what the script of a page asks for without its reader.
BY_ITSELF = "x-by-itself"
BY_SESSION, BY_NETWORK = "reading session", "reading network"
_Guard = TypeVar("_Guard", bound=Callable[..., Any])


def guard(function: _Guard) -> _Guard:
    """Marks a dependency as a guard."""
    GUARDS.add(function)
    return function


@guard
async def allow_anyone() -> None:
    """A page for everybody, said out loud."""


def _count_reading(request: Request, token: str) -> None:
    """Count one page for the session and for its network. Raises TooManyTries when either has had its share."""
    portal, now = portal_of(request), now_of(request)
    settings, network = portal.settings, network_of(request)
    shares = (
        (BY_SESSION, settings.portal_reads_per_session, token),
        (BY_NETWORK, settings.portal_reads_per_network, network),
    )
    for name, most, reader in shares:
        limit = Limit(name, most, READING_WINDOW)
        bucket = bucket_of(settings.portal_secret_key, limit, reader)
        until = portal.readings.note(Counted(bucket, most, READING_WINDOW), now)
        if until is not None:
            raise TooManyTries(until)


@guard
async def require_policyholder(request: Request) -> Viewer:
    """Somebody who entered a right code and was here in the last 15 minutes. Raises SessionEnded otherwise."""
    token = read_cookie(request, SESSION)
    if token is None:
        raise SessionEnded
    _count_reading(request, token)
    async with session_scope(portal_of(request).engine) as session:
        viewer = await viewer_for(session, token, now=now_of(request))
    if viewer is None:
        raise SessionEnded
    return viewer


@dataclass(frozen=True, slots=True)
class OwnersView:
    """A claim as its own policyholder sees it; `code_at` is when they entered the code of this session.

    With `represents` it is somebody else who reads it for them, and `policyholder_id` is that person.
    """

    policyholder_id: UUID
    claim: ClaimRow
    code_at: datetime
    represents: Represents | None = None


@guard
async def require_own_claim(request: Request, claim_id: UUID) -> OwnersView:
    """The signed-in owner of the claim in the address; session and claim are read in one trip.

    Raises SessionEnded without a session, NotFound for another's claim and for none: the same. It is NotFound for a
    representative too, who reads a claim only where a route says so.
    """
    view = await _reading(request, claim_id)
    if view.represents is not None:
        raise NotFound
    return view


async def _reading(request: Request, claim_id: UUID) -> OwnersView:
    """Whoever may read the claim, as its owner or for them."""
    token, portal, now = read_cookie(request, SESSION), portal_of(request), now_of(request)
    if token is None:
        raise SessionEnded
    _count_reading(request, token)
    async with portal.turns:
        found = await own_claim(portal.pool, token_hash(token), claim_id, now=now)
    if found is None:
        raise SessionEnded
    if found.claim is None:
        raise NotFound
    path, kind = request.scope["route"].path, "representative" if found.represents else "policyholder"
    # A page that fetches its own news is a look, and no sign that somebody still sits there.
    used = b"" if BY_ITSELF in request.headers else token_hash(token)
    portal.footprints.note(used, found.viewer_id, claim_id, path, now, kind=kind)
    return OwnersView(found.viewer_id, found.claim, found.code_at, found.represents)


@guard
async def require_representative(request: Request, claim_id: UUID) -> OwnersView:
    """Somebody who was named to read this claim, whether or not they have agreed yet; NotFound for all others."""
    view = await _reading(request, claim_id)
    if view.represents is None:
        raise NotFound
    return view


@guard
async def require_reader(request: Request, claim_id: UUID) -> OwnersView:
    """The owner, or a representative who has agreed; each look of a representative is in the audit.

    Raises AgreementNeeded for one who has not, and as `require_own_claim` else.
    """
    view, now = await _reading(request, claim_id), now_of(request)
    if view.represents is None:
        return view
    if not view.represents.has_agreed:
        raise AgreementNeeded(claim_id)
    who, detail = f"representative:{view.represents.id}", {"page": request.scope["route"].path}
    async with session_scope(portal_of(request).engine) as session:
        await ledger.audit(session, actor=who, action="claim_read", subject=f"claim:{claim_id}", detail=detail, now=now)
    return view


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody with a claim's page open: by which session, of which claim, and what the page shows by now."""

    token_hash: bytes
    claim_id: UUID
    version: int


@guard
async def require_listener(request: Request, claim_id: UUID) -> Listener:
    """Whoever may read the claim page, to be told of its news: no look at the claim, and no use of the session.

    Raises SessionEnded and NotFound as `require_reader`; NotFound for a representative who has not agreed.
    """
    token, portal = read_cookie(request, SESSION), portal_of(request)
    if token is None:
        raise SessionEnded
    _count_reading(request, token)
    key = (token_hash(token), claim_id)
    found = await versions_of(portal.pool, [key], now=now_of(request))
    if key not in found:
        raise SessionEnded
    version = found[key]
    if version is None:
        raise NotFound
    return Listener(*key, version)


@guard
async def require_fresh_claim(request: Request, claim_id: UUID) -> OwnersView:
    """As `require_own_claim`, with a code of the last ten minutes; raises FreshCodeNeeded, whose page asks for one.

    The page leads back to this address by GET, so what it guards has a page there.
    """
    view = await require_own_claim(request, claim_id)
    if view.code_at + FRESH_FOR <= now_of(request):
        raise FreshCodeNeeded(claim_id)
    return view


@dataclass(frozen=True, slots=True)
class GlanceView:
    """A claim as a link of ours shows it: `claim` is turned into a page by `pages.glance`, which shows little of it."""

    policyholder_id: UUID
    claim: ClaimRow


@guard
async def require_glance(request: Request) -> GlanceView:
    """Somebody with a link of ours, or on a remembered device: the newest open claim. Raises SessionEnded otherwise."""
    portal, now = portal_of(request), now_of(request)
    token, device = read_cookie(request, GLANCE), read_cookie(request, DEVICE)
    claim_id = None
    async with session_scope(portal.engine) as session:
        if token is not None:
            link = await find_link(session, token, key=portal.settings.portal_secret_key, now=now)
            claim_id = link.claim_id if link else None
        if claim_id is None and device is not None:
            owner = await owner_of_device(session, device, now=now)
            claims = await claims_of(portal.pool, owner) if owner else []
            claim_id = claims[0].id if claims else None
    claim = await glance_claim(portal.pool, claim_id) if claim_id else None
    if claim is not None and claim["merged_into"] is not None:
        # Only where it goes on as their own.
        on = await led_to(portal.pool, claim["id"], viewer_id=claim["policyholder_id"])
        claim = await glance_claim(portal.pool, on) if on else claim
    if claim is None:
        raise SessionEnded
    return GlanceView(claim["policyholder_id"], claim)


@lru_cache
def require_staff(*roles: Role) -> Callable[[Request], Awaitable[StaffViewer]]:
    """Staff with one of `roles` (any role if none is named); raises StaffMayNot for another role."""

    @guard
    async def require_staff_with_role(request: Request) -> StaffViewer:
        token = read_cookie(request, STAFF)
        if token is None:
            raise StaffSignInNeeded
        async with session_scope(portal_of(request).engine) as session:
            used = BY_ITSELF not in request.headers
            viewer = await staff_for(session, token, now=now_of(request), is_used=used)
        if viewer is None:
            raise StaffSignInNeeded
        if roles and viewer.role not in roles:
            raise StaffMayNot(viewer.role)
        return viewer

    return require_staff_with_role


def refuse_unguarded(routes: Iterable[BaseRoute]) -> None:
    """Raise Misconfigured unless each route has exactly one guard; `UNGUARDED` are the listed exceptions."""
    for route in iter_route_contexts(list(routes)):
        if route.path in UNGUARDED:
            continue
        dependant = getattr(route, "dependant", None)
        guards = [need.call for need in dependant.dependencies if need.call in GUARDS] if dependant else []
        if len(guards) != 1:
            raise Misconfigured(f"The route {route.path} must have exactly one guard; it has {len(guards)}.")
