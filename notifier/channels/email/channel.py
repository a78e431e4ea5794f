"""Letters over a mail server: a few connections, each used again, and every answer as one of our outcomes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from functools import partial
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from aiosmtplib import SMTP, SMTPException, SMTPResponseException
from email_validator import EmailNotValidError, validate_email

from claims_core.brand import read_brand
from claims_core.errors import AmbiguousHandOver, ChannelError, Misconfigured, TemporaryChannelFailure
from notifier.channels.base import Accepted, AddressRefused, Channel, Content, SenderStopped, WithoutList
from notifier.channels.email.letter import Frame, compose
from notifier.channels.email.words import PROVIDER, At, capabilities_of, failure_of, lacks, return_path, tag_of
from notifier.settings import NotifierSettings
from notifier.states import ChannelName

AT_ONCE = 4  # connections at most; at rest one is enough, and servers limit a sender
BROKEN = (SMTPException, OSError, ValueError, UnicodeError)


def open_ways(names: Sequence[ChannelName], settings: NotifierSettings) -> dict[ChannelName, Channel]:
    """The channel. Connects when the first letter leaves. `Misconfigured` without a server."""
    return {name: EmailChannel(settings) for name in names}


async def probe(settings: NotifierSettings) -> str:
    """Connect, secure the line and sign in, as for a letter; none is sent."""
    async with asyncio.timeout(settings.notifier_call_deadline.total_seconds()):
        smtp = await connect(settings)
        with suppress(*BROKEN):
            await smtp.quit()
    return f"takes our credentials at {urlsplit(_server(settings)).hostname}"


def must_be_address(address: str) -> str:
    """The address as it stands in a command and in a header. Raises `AddressRefused` for what is none."""
    try:
        read = validate_email(address, check_deliverability=False, test_environment=True).ascii_email
    except EmailNotValidError as problem:
        raise AddressRefused("no address that a letter can be sent to", code="address") from problem
    if read is None:
        raise AddressRefused("not every server takes an address beyond ASCII", code="address")
    return read


async def connect(settings: NotifierSettings) -> SMTP:
    """A line to the server, secured and signed in. Outside of the demo nothing is said before it is secured."""
    server = urlsplit(_server(settings))
    implicit = server.scheme == "smtps"
    port = server.port or (465 if implicit else 587)
    smtp = SMTP(hostname=server.hostname, port=port, use_tls=implicit, start_tls=False, timeout=None)
    try:
        with _as(At.GREETING):
            await smtp.connect()
        if not implicit and not settings.portal_demo:
            await _secure(smtp)
        if server.username:
            with _as(At.SIGN_IN):
                await smtp.login(unquote(server.username), unquote(server.password or ""))
    except BaseException:
        smtp.close()
        raise
    return smtp


async def _secure(smtp: SMTP) -> None:
    """A server that cannot, or whose certificate does not fit, gets not a word more: an operator must act."""
    try:
        with _as(At.GREETING):
            await smtp.starttls()
    except SMTPException as problem:
        raise SenderStopped("the server does not secure the line (STARTTLS)", code="tls") from problem


@contextmanager
def _as(at: At) -> Iterator[None]:
    """What goes wrong in the block, as our failure: what the server says, and a certificate that does not fit."""
    try:
        yield
    except SMTPResponseException as problem:
        raise failure_of(problem.code, problem.message, at) from problem
    except (SMTPException, OSError) as problem:
        if isinstance(problem, ssl.SSLError) or isinstance(problem.__cause__, ssl.SSLError):
            raise SenderStopped("the server's certificate does not fit", code="tls") from problem
        raise


def _server(settings: NotifierSettings) -> str:
    if settings.smtp_url is None:
        raise Misconfigured(lacks(settings) or "")
    return settings.smtp_url.get_secret_value()


class EmailChannel(WithoutList):
    """Nobody can be asked whether a letter was taken: an answer lost after its last line stays ambiguous."""

    name = ChannelName.EMAIL
    provider = PROVIDER

    def __init__(self, settings: NotifierSettings) -> None:
        if lacking := lacks(settings):
            raise Misconfigured(lacking)
        self.capabilities = capabilities_of(settings)
        self._deadline = settings.notifier_call_deadline.total_seconds()
        self._portal = settings.portal_public_url.rstrip("/")
        self._sender = settings.smtp_from or ""
        self._bounces_to = settings.smtp_bounces_to
        self._frame = Frame(
            sender=self._sender,
            name=settings.portal_brand_name,
            phone=settings.portal_brand_phone,
            links=(f"{settings.short_url}/", f"{self._portal}/"),
            zone=ZoneInfo(settings.insurer_timezone),
            brand=read_brand(settings.portal_brand_file),
        )
        self._lines = Lines(partial(connect, settings))

    async def send(
        self,
        address: str,
        text: str,
        *,
        token: str,
        send_by: datetime,
        now: datetime,
        callback_url: str,
        content: Content | None = None,
        key: str | None = None,
    ) -> Accepted:
        """Hand over once, within the deadline. How long the server then tries is its own; no letter can say it."""
        stop, language = f"{self._portal}/stop/{tag_of(token)}", content.language if content else "en"
        to = must_be_address(address)
        message_id, letter = compose(
            text, to=to, key=key or token, stop=stop, language=language, frame=self._frame, now=now
        )
        sender = return_path(self._bounces_to, token) if self._bounces_to else self._sender
        answer = await self._hand_over(sender, to, letter)
        return Accepted(provider_ref=message_id, provider_status=answer)

    async def _hand_over(self, sender: str, to: str, letter: bytes) -> str:
        """The server's word for it. Until the letter itself leaves, a lost line has taken nothing."""
        leaving = False
        try:
            async with asyncio.timeout(self._deadline), self._lines.one() as line:
                with _as(At.SENDER):
                    await line.mail(sender)
                with _as(At.RECIPIENT):
                    await line.rcpt(to)
                leaving = True
                with _as(At.LETTER):
                    answer = await line.data(letter)
        except ChannelError:
            raise
        except (TimeoutError, *BROKEN) as problem:
            code = "deadline" if isinstance(problem, TimeoutError) else "no_answer"
            if leaving:
                raise AmbiguousHandOver(f"no answer: {type(problem).__name__}", code=code) from problem
            raise TemporaryChannelFailure(f"no line: {type(problem).__name__}", code="unreachable") from problem
        return str(answer.code)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._lines.close()


class Lines:
    """A few connections. The one used last is used first; one that fell or brought an error is not used again."""

    def __init__(self, connect: Callable[[], Awaitable[SMTP]]) -> None:
        self._connect = connect
        self._idle: list[SMTP] = []
        self._free = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[SMTP]:
        """A line for one letter."""
        async with self._free:
            line = await self._open_one()
            try:
                yield line
            except BaseException:
                line.close()
                raise
            self._idle.append(line)

    async def _open_one(self) -> SMTP:
        while self._idle:
            line = self._idle.pop()
            if line.is_connected:
                return line
        return await self._connect()

    async def close(self) -> None:
        """Say goodbye on every line at rest."""
        while self._idle:
            with suppress(*BROKEN):
                await self._idle.pop().quit()
