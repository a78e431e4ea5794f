"""Calls of the emulator: taken, rung, answered or not, and what the person heard, also after a key."""

import asyncio
import json
import re
import xml.etree.ElementTree as Tree
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from secrets import token_hex
from typing import Any

import httpx
from twilio.request_validator import RequestValidator

from sandbox.twilio.exchange import Exchange
from sandbox.twilio.faults import ReceiptFault
from sandbox.twilio.rules import MAGIC_FROM, MAGIC_TO, Refusal

SCHEMA = """
create table if not exists call (
  place integer primary key, sid text unique, sender text, recipient text, status text, answered_by text, error_code
  integer, created_at text, callback text, heard text, action text, form text);
"""
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
LONGEST_TWIML = 4_000
ROADS: dict[str, tuple[str, ...]] = {
    ReceiptFault.BUSY: ("ringing", "busy"),
    ReceiptFault.NO_ANSWER: ("ringing", "no-answer"),
    ReceiptFault.FAILED: ("failed",),
}
ANSWERED = ("ringing", "in-progress", "completed")


def refusal_of(form: Mapping[str, str]) -> Refusal | None:
    """Why a call is refused; None if it is taken."""
    to, sender = form.get("To", ""), form.get("From", "")
    if not to:
        return Refusal(400, 21201, "No 'To' number is specified")
    if to in MAGIC_TO:
        return MAGIC_TO[to]
    if not NUMBER.fullmatch(to):
        return Refusal(400, 21211, f"The 'To' number {to} is not a valid phone number.")
    if sender in MAGIC_FROM:
        return MAGIC_FROM[sender]
    if not NUMBER.fullmatch(sender):
        return Refusal(400, 21212, f"The 'From' number {sender} is not a valid phone number.")
    twiml = form.get("Twiml", "")
    if not twiml and not form.get("Url"):
        return Refusal(400, 21205, "Url parameter is required.")
    return Refusal(400, 21218, "Twiml is too long") if len(twiml) > LONGEST_TWIML else None


class Switchboard:
    """Carries calls: rings, reads TwiML out, posts states and keys with Twilio's signature."""

    def __init__(self, exchange: Exchange, http: httpx.AsyncClient) -> None:
        self._exchange, self._http = exchange, http
        self._file = exchange.file
        self._file.executescript(SCHEMA)
        self._calls: set[asyncio.Task[None]] = set()

    def take(self, form: Mapping[str, str], events: list[str]) -> dict[str, Any]:
        """Take a call, and begin to ring."""
        sid, now = "CA" + token_hex(16), datetime.now(UTC).isoformat()
        kept = json.dumps({**form, "events": events})
        self._file.execute(
            "insert into call (sid, sender, recipient, status, created_at, callback, heard, form)"
            " values (?, ?, ?, 'queued', ?, ?, '', ?)",
            (sid, form["From"], form["To"], now, form.get("StatusCallback"), kept),
        )
        task = asyncio.get_running_loop().create_task(self._ring(sid))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return self.call(sid) or {}

    def call(self, sid: str) -> dict[str, Any] | None:
        """One call as it is kept; None if there is none."""
        row = self._file.execute("select * from call where sid = ?", (sid,)).fetchone()
        return dict(row) if row else None

    def listed(self, *, to: str | None) -> list[dict[str, Any]]:
        """All calls, or those to a number, the newest first; what is younger than the listing lag is not there yet."""
        rows = self._file.execute(
            "select * from call where ? is null or recipient = ? order by place desc", (to, to)
        ).fetchall()
        visible = datetime.now(UTC) - self._exchange.setup.listing_lag
        return [dict(row) for row in rows if datetime.fromisoformat(row["created_at"]) <= visible]

    async def press(self, sid: str, digits: str) -> str:
        """The person presses a key; what they hear then."""
        call = self.call(sid)
        if call is None or not call["action"]:
            return ""
        form = self._form(call, "in-progress") | {"Digits": digits, "msg": "Gather End"}
        answer = await self._post(call["action"], form)
        heard, action = read_out(answer.text) if answer is not None and answer.status_code == 200 else ("", "")
        self._keep(sid, heard=f"{call['heard']}\n{heard}", action=action)
        return heard

    async def _ring(self, sid: str) -> None:
        call = self.call(sid)
        assert call is not None
        fault = self._exchange.script.next_receipt(call["recipient"]).fault
        road = ROADS.get(fault, ANSWERED)
        for status in road:
            await asyncio.sleep(self._exchange.script.delivery_seconds / len(road))
            changes: dict[str, Any] = {"status": status}
            if status == "in-progress":
                changes["heard"], changes["action"] = read_out(json.loads(call["form"]).get("Twiml", ""))
                if "MachineDetection" in json.loads(call["form"]):
                    changes["answered_by"] = "machine_end_beep" if fault == ReceiptFault.MACHINE else "human"
            self._keep(sid, **changes)
            if fault != ReceiptFault.NONE:
                await self._report(sid, status, fault)

    async def _report(self, sid: str, status: str, fault: str) -> None:
        call = self.call(sid)
        assert call is not None
        events = json.loads(call["form"])["events"] or ["completed"]
        named = {"in-progress": "answered", "ringing": "ringing"}.get(status, "completed")
        if not call["callback"] or named not in events:
            return
        form = self._form(call, status)
        if call["answered_by"] and named == "completed":
            form["AnsweredBy"] = call["answered_by"]
        for _ in range(2 if fault == ReceiptFault.TWICE else 1):
            await self._post(call["callback"], form, fault)

    def _form(self, call: Mapping[str, Any], status: str) -> dict[str, str]:
        return {
            "AccountSid": self._exchange.setup.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": call["sid"],
            "CallStatus": status,
            "Direction": "outbound-api",
            "From": call["sender"],
            "To": call["recipient"],
        }

    async def _post(self, url: str, form: dict[str, str], fault: str = ReceiptFault.OK) -> httpx.Response | None:
        signature = RequestValidator(self._exchange.setup.auth_token).compute_signature(url, form)
        signature = signature[::-1] if fault == ReceiptFault.BAD_SIGNATURE else signature
        try:
            answer = await self._http.post(url, data=form, headers={"X-Twilio-Signature": signature}, timeout=15)
        except httpx.HTTPError:
            answer = None
        said, answered = form["CallStatus"], answer.status_code if answer is not None else 0
        self._exchange.note("callback", sid=form["CallSid"], said=said, fault=fault, answered=answered)
        return answer

    def _keep(self, sid: str, **changes: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in changes)
        self._file.execute(f"update call set {names} where sid = ?", (*changes.values(), sid))  # noqa: S608 (ours)

    async def close(self) -> None:
        """Hang up."""
        for task in tuple(self._calls):
            task.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)


def read_out(twiml: str) -> tuple[str, str]:
    """What TwiML says up to its first key, and where that key is posted; without a key all of it and nothing."""
    if not twiml:
        return "", ""
    root = Tree.fromstring(twiml)  # noqa: S314 (our own answer, on this machine)
    gather = root.find("Gather")
    spoken = [each.text or "" for each in (gather if gather is not None else root).iter("Say")]
    return " ".join(spoken), gather.get("action", "") if gather is not None else ""


def as_resource(call: Mapping[str, Any], account_sid: str) -> dict[str, Any]:
    """A call as Twilio's JSON shows it."""
    at = format_datetime(datetime.fromisoformat(call["created_at"]).replace(microsecond=0))
    ended = call["status"] not in ("queued", "ringing", "in-progress")
    uri = f"/2010-04-01/Accounts/{account_sid}/Calls/{call['sid']}"
    return {
        "account_sid": account_sid,
        "annotation": None,
        "answered_by": call["answered_by"],
        "api_version": "2010-04-01",
        "caller_name": None,
        "date_created": at,
        "date_updated": at,
        "direction": "outbound-api",
        "duration": "12" if ended else None,
        "end_time": at if ended else None,
        "forwarded_from": None,
        "from": call["sender"],
        "group_sid": None,
        "parent_call_sid": None,
        "phone_number_sid": None,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": call["sid"],
        "start_time": at,
        "status": call["status"],
        "subresource_uris": {},
        "to": call["recipient"],
        "trunk_sid": None,
        "uri": f"{uri}.json",
    }
