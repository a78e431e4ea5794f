"""The server itself, on aiosmtpd: every letter lies in its mailbox, and what its script plans comes over the wire."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from claims_core.clock import utc_now
from sandbox.mail.bounces import send_bounce
from sandbox.mail.faults import SAID, MailFault, Planned, Script
from sandbox.serving import HOST

HANG_SECONDS = 60.0
BOUNCES = {
    MailFault.HARD_BOUNCE: ("failed", "5.1.1"),
    MailFault.BOUNCED_TWICE: ("failed", "5.1.1"),
    MailFault.SOFT_BOUNCE: ("failed", "4.2.2"),
    MailFault.DELAYED: ("delayed", "4.4.1"),
}


@dataclass(frozen=True)
class Letter:
    """A letter in its mailbox."""

    place: int
    sender: str
    to: str
    at: datetime
    message: EmailMessage

    @property
    def subject(self) -> str:
        """Its subject, decoded."""
        return str(self.message["Subject"])

    @property
    def plain(self) -> str:
        """Its plain words."""
        body = self.message.get_body(("plain",))
        return str(body.get_content()) if body else ""

    @property
    def html(self) -> str:
        """Its HTML."""
        body = self.message.get_body(("html",))
        return str(body.get_content()) if body else ""


@dataclass
class PostOffice:
    """The mailboxes, the script, and what was said over the wire. `bounces_port` takes what comes back."""

    login: str | None = None
    password: str = ""
    bounces_port: int | None = None
    tls: ssl.SSLContext | None = None  # offers STARTTLS with it
    port: int = 0
    script: Script = field(default_factory=Script)
    letters: list[Letter] = field(default_factory=list)
    lines: int = 0  # connections that were opened
    _met: dict[str, Planned] = field(default_factory=dict)
    _errands: set[asyncio.Task[None]] = field(default_factory=set)

    def mailbox(self, address: str) -> list[Letter]:
        """What lies in a mailbox, oldest first."""
        return [letter for letter in self.letters if letter.to == address]

    def mailboxes(self) -> dict[str, int]:
        """Every address with a letter, and how many; the latest first."""
        counted: dict[str, int] = {}
        for letter in reversed(self.letters):
            counted[letter.to] = counted.get(letter.to, 0) + 1
        return counted

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The sender. A fault of the line strikes here, before anything can be taken."""
        first = self.script.planned[0] if self.script.planned else Planned()
        if first.fault is MailFault.SENDER_REFUSED:
            self.script.planned.popleft()
            return _said(first, 550)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The recipient."""
        planned = self.script.next_for(address)
        if planned.fault is MailFault.RECIPIENT_REFUSED:
            return _said(planned, 550)
        self._met[address] = planned
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The letter; what the caller gets to know of it is another matter."""
        planned = self._met.pop(envelope.rcpt_tos[0], Planned())
        match planned.fault:
            case MailFault.RESET_BEFORE_ACCEPT:
                _transport(server).abort()
                return "421 4.3.2 gone"
            case MailFault.LETTER_REFUSED:
                return _said(planned, 554)
            case MailFault.SLOW:
                await asyncio.sleep(planned.number or 1.0)
        self._take(envelope)
        match planned.fault:
            case MailFault.ACCEPT_THEN_TIMEOUT:
                await asyncio.sleep(planned.number or HANG_SECONDS)
            case MailFault.ACCEPT_THEN_RESET:
                _transport(server).abort()
            case MailFault.ACCEPT_THEN_GARBAGE:
                return "\x7f\x7f what was said is no answer"
        if planned.fault in BOUNCES and self.bounces_port is not None:
            times = 2 if planned.fault is MailFault.BOUNCED_TWICE else 1
            self._run(self._bounce(self.letters[-1], *BOUNCES[planned.fault], times=times))
        return f"250 2.0.0 queued as {len(self.letters)}"

    async def bounce(self, letter: Letter, action: str, code: str) -> None:
        """Send a letter back, as a server would that could not deliver it."""
        await self._bounce(letter, action, code, times=1)

    async def _bounce(self, letter: Letter, action: str, code: str, *, times: int) -> None:
        assert self.bounces_port is not None
        for _ in range(times):
            await send_bounce(
                self.bounces_port, to=letter.sender, about=letter.message, recipient=letter.to, action=action, code=code
            )

    def _take(self, envelope: Envelope) -> None:
        raw = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content or "").encode()
        for to in envelope.rcpt_tos:
            message = message_from_bytes(raw, policy=WIRE)
            assert isinstance(message, EmailMessage)
            self.letters.append(Letter(len(self.letters) + 1, envelope.mail_from or "", to, utc_now(), message))

    def _run(self, errand: Any) -> None:
        task = asyncio.ensure_future(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    def _admit(self, server: SMTP, session: Session, envelope: Envelope, how: str, told: Any) -> AuthResult:
        right = isinstance(told, LoginPassword) and (
            (told.login.decode(), told.password.decode()) == (self.login, self.password)
        )
        return AuthResult(success=right, handled=False)

    def protocol(self) -> SMTP:
        """A line that was opened."""
        self.lines += 1
        with warnings.catch_warnings(action="ignore"):  # signing in without TLS: on this machine alone
            return self._protocol()

    def _protocol(self) -> SMTP:
        return SMTP(
            self,
            hostname="mail.example",
            ident="sandbox",
            authenticator=self._admit if self.login else None,
            auth_required=self.login is not None,
            auth_require_tls=False,
            tls_context=self.tls,
            enable_SMTPUTF8=False,
        )


def _said(planned: Planned, otherwise: int) -> str:
    code = int(planned.number or otherwise)
    return f"{code} {SAID.get(code, 'no')}"


def _transport(server: SMTP) -> asyncio.Transport:
    transport = server.transport
    assert isinstance(transport, asyncio.Transport)
    return transport


@asynccontextmanager
async def served_mail(office: PostOffice, port: int = 0) -> AsyncIterator[PostOffice]:
    """Take letters on a port of this machine for the length of the block; `office.port` says which."""
    loop = asyncio.get_running_loop()
    made: Callable[[], SMTP] = office.protocol
    server = await loop.create_server(made, HOST, port)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        for errand in list(office._errands):
            errand.cancel()
