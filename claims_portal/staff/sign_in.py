"""Signing in to the desk: a password, then a code from an authenticator; limits that lock nobody else out."""

import hashlib
import hmac
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import session_scope
from claims_core.sealing import SealBroken
from claims_portal.rates import Limit, count_try
from claims_portal.staff import totp
from claims_portal.staff.passwords import is_password_right
from claims_portal.staff.roster import find_staff
from claims_portal.staff.sessions import open_session
from claims_portal.staff.trail import record_failure, record_lock, record_sign_in
from claims_portal.tables import Staff

log = logging.getLogger(__name__)

# Counted per network, so that a stranger who knows a login cannot lock its owner out (reliability.md T31).
PASSWORD_TRIES = Limit("desk password", 8, timedelta(minutes=15))
NETWORK_TRIES = Limit("desk network", 40, timedelta(minutes=15))
# Counted per person, over all networks: whoever tries codes knows the password already.
CODE_TRIES = Limit("desk code", 8, timedelta(minutes=15))
TICKET_FOR = timedelta(minutes=5)


class SignIn(StrEnum):
    """How a step of a sign-in went."""

    DONE = "done"
    CODE_NEEDED = "code_needed"
    WRONG = "wrong"
    TOO_OFTEN = "too_often"
    START_AGAIN = "start_again"
    FACTOR_LOST = "factor_lost"
    NO_ROLE = "no_role"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Step:
    """The outcome of a step, with the new session's id or the ticket to the second step."""

    outcome: SignIn
    token: str | None = None
    ticket: str | None = None
    staff_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """What every step of a sign-in needs: the database, the server's keys (today's first), whether it is a demo.

    `passwords` are the logins that may use one where the insurer has its own sign-in; None where it has none: all.
    """

    engine: AsyncEngine
    keys: tuple[SecretStr, ...]
    demo: bool
    passwords: frozenset[str] | None = None

    @property
    def key(self) -> SecretStr:
        """Today's key: what is counted and signed is counted and signed with it."""
        return self.keys[0]

    async def check_password(self, *, login: str, password: str, network: str, now: datetime) -> Step:
        """The first step. A wrong password, an unknown login and a disabled person get the same answer and work."""
        async with session_scope(self.engine) as session:
            person = await find_staff(session, login)
            if not await self._may_try_password(session, person, login[:200].lower(), network, now):
                return Step(SignIn.TOO_OFTEN)
        may = person is not None and self._may_use_password(person)
        known_hash = person.password_hash if person is not None and may else None
        right = await is_password_right(password, known_hash)
        if right and person is not None and person.totp_sealed is not None:
            return Step(SignIn.CODE_NEEDED, ticket=self._ticket(person, now + TICKET_FOR), staff_id=person.id)
        async with session_scope(self.engine) as session:
            if not right or person is None:
                await record_failure(session, person, step="password", now=now)
                return Step(SignIn.WRONG)
            return await _let_in(session, person, step="password", now=now)

    async def check_code(self, *, ticket: str, code: str, now: datetime) -> Step:
        """The second step, with the ticket of the first; each code is good once."""
        login = self._login_in(ticket, now)
        if login is None:
            return Step(SignIn.START_AGAIN)
        async with session_scope(self.engine) as session:
            person = await find_staff(session, login)
            if not await count_try(session, CODE_TRIES, login, key=self.key, now=now):
                await record_lock(session, person, CODE_TRIES, login, key=self.key, now=now)
                return Step(SignIn.TOO_OFTEN)
            if person is None or person.totp_sealed is None or not self._may_use_password(person):
                return Step(SignIn.START_AGAIN)
            try:
                secret = totp.opened_secret(person.totp_sealed, *self.keys)
            except SealBroken:
                log.error("staff_factor_unreadable", extra={"staff_id": str(person.id)})
                return Step(SignIn.FACTOR_LOST)
            step = totp.accepted_step(secret, code, now=now, last_used=person.totp_last_used)
            if step is None or not await totp.use_step(session, person.id, step):
                await record_failure(session, person, step="code", now=now)
                return Step(SignIn.WRONG, ticket=ticket)
            return await _let_in(session, person, step="code", now=now)

    def _may_use_password(self, person: Staff) -> bool:
        named = self.passwords is None or person.login in self.passwords
        return named and person.disabled_at is None and (self.demo or person.totp_sealed is not None)

    async def _may_try_password(
        self, session: AsyncSession, person: Staff | None, login: str, network: str, now: datetime
    ) -> bool:
        """Both limits are counted, whichever is used up; the first try past one of them is written down."""
        allowed = True
        for limit, parts in ((NETWORK_TRIES, (network,)), (PASSWORD_TRIES, (login, network))):
            if not await count_try(session, limit, *parts, key=self.key, now=now):
                await record_lock(session, person, limit, *parts, key=self.key, now=now)
                allowed = False
        return allowed

    def _ticket(self, person: Staff, until: datetime) -> str:
        text = f"{person.login}:{int(until.timestamp())}"
        return f"{text}:{self._signature(text)}"

    def _login_in(self, ticket: str, now: datetime) -> str | None:
        text, _, signature = ticket.rpartition(":")
        login, _, until = text.rpartition(":")
        genuine = hmac.compare_digest(self._signature(text).encode(), signature.encode("utf-8", "surrogatepass"))
        if not genuine or now > datetime.fromtimestamp(int(until), UTC):
            return None
        return login

    def _signature(self, text: str) -> str:
        message = f"desk ticket {text}".encode("utf-8", "surrogatepass")
        return hmac.new(self.key.get_secret_value().encode(), message, hashlib.sha256).hexdigest()


async def _let_in(session: AsyncSession, person: Staff, *, step: str, now: datetime) -> Step:
    await record_sign_in(session, person, step=step, now=now)
    return Step(SignIn.DONE, token=await open_session(session, person.id, now=now), staff_id=person.id)
