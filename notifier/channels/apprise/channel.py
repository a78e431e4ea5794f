"""Messages through Apprise, each in a thread of its own: its services block, and wait for as long as they like."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import urlsplit

from apprise import Apprise, AppriseResultStatus, NotifyFormat

from claims_core.errors import AmbiguousHandOver, Misconfigured, PermanentChannelFailure, TemporaryChannelFailure
from notifier.channels.apprise.words import CAPABILITIES, PROVIDER, lacks, url_to
from notifier.channels.base import Accepted, Channel, Content, SenderStopped, WithoutList
from notifier.settings import NotifierSettings
from notifier.states import CODE_TEMPLATES, ChannelName

AT_ONCE = 4  # threads; one that hangs is counted until it ends, not until we stop waiting for it
SOMEBODY = "+70000000000"  # to see whether an address can be read


def open_ways(names: Sequence[ChannelName], settings: NotifierSettings) -> dict[ChannelName, Channel]:
    """The channel. `Misconfigured` without an address, and for one that Apprise cannot read."""
    return {name: AppriseChannel(settings) for name in names}


async def probe(settings: NotifierSettings) -> str:
    """Which service the address is of. It cannot be asked anything without sending."""
    service = _service(_template(settings), SOMEBODY)
    if service is None:
        raise SenderStopped("Apprise cannot read APPRISE_URL", code="url")
    name = getattr(service[0], "service_name", "a service")
    return f"APPRISE_URL is read as {name}; nothing can be asked of it without sending"


def _template(settings: NotifierSettings) -> str:
    if settings.apprise_url is None:
        raise Misconfigured(lacks(settings) or "")
    return settings.apprise_url.get_secret_value()


def _service(template: str, address: str) -> Apprise | None:
    service = Apprise()
    return service if service.add(url_to(template, address)) else None


class AppriseChannel(WithoutList):
    """One address with the recipient in it. What it could not send may have been sent: that is held, never repeated
    at once."""

    name = ChannelName.APPRISE
    provider = PROVIDER
    capabilities = CAPABILITIES

    def __init__(self, settings: NotifierSettings) -> None:
        self._template = _template(settings)
        if _service(self._template, SOMEBODY) is None:
            scheme = urlsplit(self._template).scheme
            raise Misconfigured(f"APPRISE_URL cannot be read by Apprise ({scheme}://…)")
        self._deadline = settings.notifier_call_deadline.total_seconds()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="apprise")
        self._free = asyncio.Semaphore(AT_ONCE)

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
        """Hand over once, within the deadline. A code never leaves this way: nobody knows who reads along."""
        if content is not None and content.template in CODE_TEMPLATES:
            raise PermanentChannelFailure("codes do not leave over Apprise", code="code")
        service = _service(self._template, address)
        if service is None:
            raise PermanentChannelFailure("an address that Apprise cannot read", code="url")
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._deadline
        try:
            async with asyncio.timeout_at(ends_at - self._deadline / 2):
                await self._free.acquire()
        except TimeoutError as problem:
            raise TemporaryChannelFailure("every thread is taken", code="threads") from problem
        sending = loop.run_in_executor(self._threads, _send, service, text, self._deadline)
        sending.add_done_callback(lambda _: self._free.release())
        try:
            async with asyncio.timeout_at(ends_at):
                sent = await asyncio.shield(sending)
        except TimeoutError as problem:
            raise AmbiguousHandOver("no answer within the deadline", code="deadline") from problem
        if not sent:
            raise AmbiguousHandOver("the service says that it was not sent", code="not_sent")
        return Accepted(provider_ref=token, provider_status="sent")

    async def close(self) -> None:
        """Let the threads end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _send(service: Apprise, text: str, deadline: float) -> bool:
    """In a thread. Whatever goes wrong there, it may have left."""
    try:
        result = service.notify(body=text, body_format=NotifyFormat.TEXT, timeout=deadline)
    except Exception:
        return False
    return bool(result.status == AppriseResultStatus.SUCCESS)
