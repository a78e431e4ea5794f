"""Status callbacks and inbound messages, signed as Twilio signs them, in the order that the script asks for."""

import asyncio
import json
from typing import Any

import httpx
from twilio.request_validator import RequestValidator

from claims_core.clock import utc_now
from sandbox.twilio.exchange import Exchange
from sandbox.twilio.faults import ReceiptFault
from sandbox.twilio.rules import send_at

ROAD = ("sending", "sent", "delivered")
ROADS: dict[str, tuple[tuple[str, int | None], ...]] = {
    ReceiptFault.OK: tuple((status, None) for status in ROAD),
    ReceiptFault.NONE: tuple((status, None) for status in ROAD),
    ReceiptFault.TWICE: tuple((status, None) for status in ROAD for _ in range(2)),
    ReceiptFault.REORDERED: tuple((status, None) for status in reversed(ROAD)),
    ReceiptFault.UNDELIVERED: (("sending", None), ("sent", None), ("undelivered", 30003)),
    ReceiptFault.UNDELIVERED_THEN_DELIVERED: (("sent", None), ("undelivered", 30008), ("delivered", None)),
}
LATE_SECONDS = 5.0
GIVE_UP_SECONDS = 15.0  # as Twilio does


class Postman:
    """Carries a message to its telephone and tells the sender about it."""

    def __init__(self, exchange: Exchange, http: httpx.AsyncClient) -> None:
        self._exchange, self._http = exchange, http
        self._rounds: set[asyncio.Task[None]] = set()

    def carry(self, message: dict[str, Any]) -> None:
        """Begin the message's way; returns at once."""
        planned = self._exchange.script.next_receipt(message["recipient"])
        self._start(self._way(message, planned.fault, planned.number))

    async def before_response(self, message: dict[str, Any]) -> None:
        """Report before the create call is answered, as happens on a bad day."""
        await self._report(message, "sent", None, ReceiptFault.OK)

    def _start(self, way: Any) -> None:
        task = asyncio.get_running_loop().create_task(way)
        self._rounds.add(task)
        task.add_done_callback(self._rounds.discard)

    async def _way(self, message: dict[str, Any], fault: str, error: int | None) -> None:
        if message["status"] == "scheduled" and not await self._is_let_go(message):
            return
        pause = LATE_SECONDS if fault == ReceiptFault.LATE else self._exchange.script.delivery_seconds
        road = ROADS.get(fault, ROADS[ReceiptFault.OK])
        for status, code in road:
            await asyncio.sleep(pause / len(road))
            self._exchange.move(message["sid"], status, (error or code) if code else None)
            if fault != ReceiptFault.NONE:
                await self._report(message, status, (error or code) if code else None, fault)
        # Callbacks may be out of order; what the list shows in the end is the truth.
        final, code = ("delivered", None) if ("delivered", None) in road else road[-1]
        self._exchange.move(message["sid"], final, (error or code) if code else None)

    async def _is_let_go(self, message: dict[str, Any]) -> bool:
        """Wait for the moment it was scheduled for; False if it was canceled meanwhile."""
        moment = send_at(json.loads(message["form"]))
        assert moment is not None, "a schedule that cannot be read is refused"
        await asyncio.sleep(max(0.0, (moment - utc_now()).total_seconds()))
        row = self._exchange.message(message["sid"])
        return row is not None and row["status"] == "scheduled"

    async def _report(self, message: dict[str, Any], status: str, code: int | None, fault: str) -> None:
        if not message["callback"]:
            return
        sid = "SM" + "0" * 32 if fault == ReceiptFault.WRONG_SID else message["sid"]
        form = {
            "AccountSid": self._exchange.setup.account_sid,
            "ApiVersion": "2010-04-01",
            "From": message["sender"],
            "MessageSid": sid,
            "MessageStatus": status,
            "SmsSid": sid,
            "SmsStatus": status,
            "To": message["recipient"],
        }
        if code:
            form["ErrorCode"] = str(code)
        if status == "delivered":
            form["RawDlrDoneDate"] = "2611221200"
        await self.post(message["callback"], form, fault)

    async def hear(self, number: str, body: str, *, to: str) -> int:
        """A telephone writes: post it to the inbound webhook; returns what the webhook answered (0: nobody there)."""
        message = self._exchange.hear(number, to, body)
        if self._exchange.setup.inbound_url is None:
            return 0
        form = {
            "AccountSid": self._exchange.setup.account_sid,
            "ApiVersion": "2010-04-01",
            "Body": body,
            "From": number,
            "MessageSid": message["sid"],
            "NumMedia": "0",
            "NumSegments": str(message["segments"]),
            "SmsMessageSid": message["sid"],
            "SmsSid": message["sid"],
            "SmsStatus": "received",
            "To": to,
        }
        return await self.post(self._exchange.setup.inbound_url, form)

    async def post(self, url: str, form: dict[str, str], fault: str = ReceiptFault.OK) -> int:
        """Post a signed form; the answer's status, or 0 when nobody answered in time."""
        signature = RequestValidator(self._exchange.setup.auth_token).compute_signature(url, form)
        headers = {"X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": form["MessageSid"]}
        if fault == ReceiptFault.BAD_SIGNATURE:
            headers["X-Twilio-Signature"] = signature[::-1]
        if fault == ReceiptFault.UNSIGNED:
            del headers["X-Twilio-Signature"]
        try:
            answer = await self._http.post(url, data=form, headers=headers, timeout=GIVE_UP_SECONDS)
            status = answer.status_code
        except httpx.HTTPError:
            status = 0
        said = form.get("MessageStatus", "inbound")
        self._exchange.note("callback", sid=form["MessageSid"], said=said, fault=fault, answered=status)
        return status

    async def close(self) -> None:
        """Stop what is still on its way."""
        for task in tuple(self._rounds):
            task.cancel()
        await asyncio.gather(*self._rounds, return_exceptions=True)
        await self._http.aclose()
