"""SMS through an SMSC: a message is one submit_sm, or a chain of them; what becomes of it the bind brings by itself."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aiosmpplib.protocol import SubmitSm
from aiosmpplib.state import NPI, TON, PhoneNumber

from claims_core.errors import AmbiguousHandOver, Misconfigured, TemporaryChannelFailure
from notifier.channels.base import Accepted, AddressRefused, Channel, Content, WithoutList
from notifier.channels.smpp.alphabet import UCS_2, Encoded, encoded
from notifier.channels.smpp.link import FIRST_WAIT, Link
from notifier.channels.smpp.reading import Brought
from notifier.channels.smpp.session import TAKEN, Hear, Session, bound
from notifier.channels.smpp.words import PROVIDER, THROTTLED, capabilities_of, failure_of, lacks
from notifier.settings import NotifierSettings
from notifier.states import ChannelName

WITH_RECEIPT = 0x01  # SMPP 3.4, 5.2.17: report the end, whether good or bad
BETWEEN_PARTS = 1.0  # seconds until a part is tried again that came too fast behind the one before it


def open_ways(names: Sequence[ChannelName], settings: NotifierSettings) -> dict[ChannelName, Channel]:
    """The channel. Binds when somebody listens or the first message leaves. Must be called in a running loop."""
    return {name: SmppChannel(settings) for name in names}


async def probe(settings: NotifierSettings) -> str:
    """Bind as for a message, and unbind; none is sent."""
    session = await bound(settings, _nobody)
    await session.unbind()
    url = settings.smpp_url.get_secret_value() if settings.smpp_url else ""
    return f"takes our bind at {urlsplit(url).hostname}"


async def _nobody(brought: Brought) -> None:
    raise OSError("nobody here keeps it")  # the SMSC does, until somebody who does is bound


class SmppChannel(WithoutList):
    """Nobody can be asked whether a message was taken: an answer that got lost stays ambiguous until a receipt."""

    name = ChannelName.SMS
    provider = PROVIDER

    def __init__(self, settings: NotifierSettings, *, first_wait: float = FIRST_WAIT) -> None:
        if lacking := lacks(settings):
            raise Misconfigured(lacking)
        self.capabilities = capabilities_of(settings)
        self._sender = sender_of(settings)
        self._deadline = settings.notifier_call_deadline.total_seconds()
        self._window = asyncio.Semaphore(settings.smpp_window)
        self._references = itertools.cycle(range(256))
        self._hear: Hear = _nobody
        self._link = Link(settings, self._brought, first_wait=first_wait)

    def listen(self, hear: Hear) -> None:
        """Bind now, and tell `hear` what the SMSC brings: it is answered when `hear` returns, for it is safe then."""
        self._hear = hear
        self._link.start()

    async def _brought(self, brought: Brought) -> None:
        await self._hear(brought)

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
        """Hand over once; the SMSC drops the message by itself when `send_by` has passed."""
        if not (address.startswith("+") and address[1:].isdecimal() and len(address) <= 16):
            raise AddressRefused("no number that an SMSC could reach", code="address")
        ends_at = asyncio.get_running_loop().time() + self._deadline
        try:
            async with asyncio.timeout(self._deadline / 2):
                session = await self._link.session()
                await self._window.acquire()
        except TimeoutError as problem:
            raise TemporaryChannelFailure("no place in the window", code="window") from problem
        try:
            message = encoded(text, reference=next(self._references))
            pdus = self._pdus(address, message, left=max(timedelta(seconds=1), send_by - now))
            ref = await _in_turn(session, pdus, token=token, ends_at=ends_at)
        finally:
            self._window.release()
        # Some SMSCs give a message no name; then no receipt can name it either.
        return Accepted(provider_ref=ref or token, provider_status="accepted")

    def _pdus(self, address: str, message: Encoded, *, left: timedelta) -> list[SubmitSm]:
        """A receipt is asked for the last part alone: one message has one end."""
        to = PhoneNumber(address.removeprefix("+"), TON.INTERNATIONAL, NPI.ISDN)
        pdus = []
        for number, part in enumerate(message.parts, start=1):
            pdu = SubmitSm(
                short_message="-",  # what leaves are the bytes below
                source=self._sender,
                destination=to,
                esm_class=message.esm_class,
                validity_period=left,
                registered_delivery=WITH_RECEIPT if number == len(message.parts) else 0,
                encoding="ucs2" if message.coding == UCS_2 else None,
            )
            pdu.set_encoded_message(part)
            pdus.append(pdu)
        return pdus

    async def close(self) -> None:
        """Unbind."""
        await self._link.close()


async def _in_turn(session: Session, pdus: Sequence[SubmitSm], *, token: str, ends_at: float) -> str:
    """How the SMSC names the last part. A part is sent when the one before it was taken; once one was, a no to the next
    leaves half a message with the recipient, and is not "nothing was taken"."""
    loop, taken, ref = asyncio.get_running_loop(), 0, ""
    while taken < len(pdus):
        last, within = taken == len(pdus) - 1, max(0.1, ends_at - loop.time())
        status, ref = await session.submit(pdus[taken], token=token if last else None, within=within)
        if status == TAKEN:
            taken += 1
        elif not taken:
            raise failure_of(status)
        elif status in THROTTLED and loop.time() + BETWEEN_PARTS < ends_at:
            await asyncio.sleep(BETWEEN_PARTS)
        else:
            raise AmbiguousHandOver(f"{taken} of {len(pdus)} parts were taken", code="partly")
    return ref


def sender_of(settings: NotifierSettings) -> PhoneNumber:
    """The sender with its kind and plan (SMPP 3.4, 5.2.5 and 5.2.6): as set, else as it looks."""
    sender = settings.smpp_from or ""
    if sender.startswith("+"):
        ton, npi = TON.INTERNATIONAL, NPI.ISDN
    elif sender.isdecimal():
        ton, npi = TON.NETWORK_SPECIFIC, NPI.UNKNOWN
    else:
        ton, npi = TON.ALPHANUMERIC, NPI.UNKNOWN
    ton = ton if settings.smpp_from_ton is None else TON(settings.smpp_from_ton)
    npi = npi if settings.smpp_from_npi is None else NPI(settings.smpp_from_npi)
    return PhoneNumber(sender.removeprefix("+"), ton, npi)
