"""People whom the insurer's own sign-in presents: a row at first sight, its role from their group, in or out."""

import hashlib
from datetime import datetime, timedelta

from pydantic import SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.errors import Conflict
from claims_portal.oidc import Presented, SignedOut
from claims_portal.oidc_settings import GroupRole
from claims_portal.rates import Limit, count_try
from claims_portal.staff.roster import (
    BY_PROVIDER,
    NewStaff,
    add_staff,
    follow_provider,
    staff_of_provider,
    to_login,
)
from claims_portal.staff.sessions import ByProvider, end_all_sessions, end_provider_sessions, open_session
from claims_portal.staff.sign_in import SignIn, Step
from claims_portal.staff.trail import UNKNOWN, record_failure, record_sign_in, subject_of
from claims_portal.tables import Role, Staff

_STEP = "oidc"
# A sign-out is good once. It is counted at the moment it was said, which a copy says too: one window for all copies.
_ONCE = Limit("desk sign-out said", 1, timedelta(hours=1))


async def let_in(session: AsyncSession, known: Presented, *, lives: timedelta, now: datetime) -> Step:
    """Open a session of `lives` for a person whom the provider vouches for; their row is made at the first time.

    NO_ROLE when no group of theirs is in the table, DISABLED when we closed the door ourselves: either ends what
    sessions they have.
    """
    person = await staff_of_provider(session, known.issuer, known.subject)
    is_disabled = person is not None and person.disabled_at is not None
    if known.granted is None or is_disabled:
        if person is not None:
            await end_all_sessions(session, person.id)
        await record_failure(session, person, step=_STEP, now=now)
        return Step(SignIn.DISABLED if is_disabled else SignIn.NO_ROLE)
    if person is None:
        person = await _first_time(session, known, known.granted, now=now)
    else:
        await follow_provider(session, person, _values(known, known.granted), now=now)
    await record_sign_in(session, person, step=_STEP, now=now)
    token = await open_session(session, person.id, now=now, by_provider=ByProvider(lives, known.sid))
    return Step(SignIn.DONE, token=token, staff_id=person.id)


async def sign_out_by_provider(
    session: AsyncSession, said: SignedOut, issuer: str, *, key: SecretStr, now: datetime
) -> bool:
    """End the sessions of whom the provider signed out; False when this very sign-out was heard before."""
    if not await count_try(session, _ONCE, issuer, said.jti, key=key, now=said.said_at):
        return False
    person = await staff_of_provider(session, issuer, said.subject) if said.subject else None
    if said.subject and person is None:
        return True  # never was here
    ended = await end_provider_sessions(session, person.id if person else None, said.sid)
    subject = subject_of(person) if person else UNKNOWN
    detail = {"sessions": ended}
    await ledger.audit(session, actor=BY_PROVIDER, action="signed_out", subject=subject, detail=detail, now=now)
    return True


def _values(known: Presented, granted: GroupRole) -> dict[str, object]:
    """What of a row follows the provider. A team is kept where the table names none."""
    values: dict[str, object] = {"name": known.name, "email": known.email, "role": Role(granted.role)}
    return values | ({"team": granted.team} if granted.team else {})


async def _first_time(session: AsyncSession, known: Presented, granted: GroupRole, *, now: datetime) -> Staff:
    """Their row. A login that is taken is never taken over: it may be another's, who has a password."""
    made_up = "oidc-" + hashlib.sha256(f"{known.issuer} {known.subject}".encode()).hexdigest()[:16]
    for login in (to_login(known.login), made_up):
        if login is None:
            continue
        new = NewStaff(
            login=login,
            name=known.name,
            role=Role(granted.role),
            password_hash=None,
            totp_sealed=None,
            team=granted.team,
            email=known.email,
            oidc_issuer=known.issuer,
            oidc_subject=known.subject,
        )
        try:
            return await add_staff(session, new, by=BY_PROVIDER, now=now)
        except Conflict:
            # Another's login, or they themselves a moment ago in another tab.
            person = await staff_of_provider(session, known.issuer, known.subject)
            if person is not None:
                return person
    raise Conflict("Nobody can be added under this name.")
