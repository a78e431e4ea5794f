"""The exchange: every message taken, every callback posted, kept in one file that outlives a kill."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from notifier.wording.message import sms_parts
from sandbox.twilio.faults import Script

SCHEMA = """
create table if not exists message (
  place integer primary key, sid text unique, direction text, sender text, recipient text, body text, status text,
  error_code integer, segments integer, created_at text, updated_at text, callback text, form text);
create index if not exists by_recipient on message (recipient, place);
create table if not exists journal (place integer primary key, at text, what text, detail text);
create table if not exists opted_out (number text primary key);
"""


@dataclass(frozen=True)
class Setup:
    """Whose account this is, and where its messages from telephones go."""

    account_sid: str
    auth_token: str
    inbound_url: str | None = None
    store: Path | None = None
    # How late the list shows what was taken.
    listing_lag: timedelta = timedelta(0)


@dataclass
class Exchange:
    """State of the emulator. One writer, so plain SQLite does."""

    setup: Setup
    script: Script = field(default_factory=Script)

    def __post_init__(self) -> None:
        self.file = sqlite3.connect(self.setup.store or ":memory:", isolation_level=None, check_same_thread=False)
        self.file.row_factory = sqlite3.Row
        self.file.execute("pragma journal_mode=wal")
        self.file.execute("pragma synchronous=off")  # outlives our kill, not a power cut: enough for a sandbox
        self.file.executescript(SCHEMA)

    def take(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Take a message: from now on it is on its way to the telephone."""
        status = "accepted" if form.get("MessagingServiceSid") else "queued"
        status = "scheduled" if form.get("SendAt") else status
        return self._add("outbound-api", form.get("From") or "sandbox", form["To"], form.get("Body", ""), status, form)

    def hear(self, sender: str, recipient: str, body: str) -> dict[str, Any]:
        """A telephone wrote to us."""
        return self._add("inbound", sender, recipient, body, "received", {})

    def _add(
        self, direction: str, sender: str, recipient: str, body: str, status: str, form: Mapping[str, str]
    ) -> dict[str, Any]:
        now, sid = datetime.now(UTC).isoformat(), "SM" + token_hex(16)
        segments, callback = max(1, sms_parts(body).segments), form.get("StatusCallback")
        self.file.execute(
            "insert into message (sid, direction, sender, recipient, body, status, segments, created_at, updated_at,"
            " callback, form) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (sid, direction, sender, recipient, body, status, segments, now, now, callback, json.dumps(dict(form))),
        )
        return self.message(sid) or {}

    def message(self, sid: str) -> dict[str, Any] | None:
        """One message as it is kept; None if there is none."""
        row = self.file.execute("select * from message where sid = ?", (sid,)).fetchone()
        return dict(row) if row else None

    def move(self, sid: str, status: str, error_code: int | None = None) -> None:
        """The message goes on."""
        self.file.execute(
            "update message set status = ?, error_code = ?, updated_at = ? where sid = ?",
            (status, error_code, datetime.now(UTC).isoformat(), sid),
        )

    def redact(self, sid: str) -> None:
        """Take the text out, as a POST with an empty Body does."""
        self.file.execute("update message set body = '' where sid = ?", (sid,))

    def listed(self, *, to: str | None, sender: str | None, since: datetime | None) -> list[dict[str, Any]]:
        """What the list shows, of both directions, newest first; what is younger than the listing lag is not there."""
        visible = datetime.now(UTC) - self.setup.listing_lag
        rows = self.file.execute(
            "select * from message where (? is null or recipient = ?) order by place desc", (to, to)
        )
        return [
            dict(row)
            for row in rows
            if datetime.fromisoformat(row["created_at"]) <= visible
            and (sender is None or row["sender"] == sender)
            and (since is None or datetime.fromisoformat(row["created_at"]) >= since)
        ]

    def messages(self, *, to: str | None = None, after: int = 0) -> list[dict[str, Any]]:
        """Outbound messages in the order they were taken, after a place in the log."""
        rows = self.file.execute(
            "select * from message where direction = 'outbound-api' and place > ? and (? is null or recipient = ?)"
            " order by place",
            (after, to, to),
        )
        return [dict(row) for row in rows]

    def conversation(self, number: str) -> list[dict[str, Any]]:
        """Everything a telephone got and wrote, oldest first."""
        rows = self.file.execute(
            "select * from message where recipient = ? or sender = ? order by place", (number, number)
        )
        return [dict(row) for row in rows]

    def numbers(self) -> list[tuple[str, int]]:
        """The telephones that got a message, the latest first, with how many."""
        rows = self.file.execute(
            "select case direction when 'inbound' then sender else recipient end as number,"
            " sum(direction <> 'inbound') as got from message group by 1 order by max(place) desc"
        )
        return [(row["number"], row["got"]) for row in rows]

    def pulse(self) -> str:
        """Changes whenever a message is added or goes on."""
        row = self.file.execute("select max(place) as place, max(updated_at) as at from message").fetchone()
        return f"{row['place'] or 0} {row['at'] or ''}"

    def opt_out(self, number: str, *, standing: bool) -> None:
        """Block a number as a carrier does after STOP, or open it again after START."""
        verb = "insert or ignore into opted_out values (?)" if standing else "delete from opted_out where number = ?"
        self.file.execute(verb, (number,))

    def is_opted_out(self, number: str) -> bool:
        """Does the carrier refuse this number?"""
        return self.file.execute("select 1 from opted_out where number = ?", (number,)).fetchone() is not None

    def note(self, what: str, **detail: Any) -> None:
        """Write a line of the journal: calls, refusals, callbacks and their answers."""
        self.file.execute(
            "insert into journal (at, what, detail) values (?, ?, ?)",
            (datetime.now(UTC).isoformat(), what, json.dumps(detail, default=str)),
        )

    def journal(self, *, after: int = 0) -> Iterable[dict[str, Any]]:
        """The journal after a place."""
        for row in self.file.execute("select * from journal where place > ? order by place", (after,)):
            yield {**dict(row), "detail": json.loads(row["detail"])}

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()


def as_resource(row: Mapping[str, Any], account_sid: str) -> dict[str, Any]:
    """A message as Twilio's JSON shows it: numbers as text, dates as RFC 2822, price unknown at first."""
    sent = row["status"] in ("sent", "delivered", "undelivered", "read", "received")
    uri = f"/2010-04-01/Accounts/{account_sid}/Messages/{row['sid']}"
    form = json.loads(row["form"] or "{}")
    return {
        "account_sid": account_sid,
        "api_version": "2010-04-01",
        "body": row["body"],
        "date_created": _rfc2822(row["created_at"]),
        "date_sent": _rfc2822(row["updated_at"]) if sent else None,
        "date_updated": _rfc2822(row["updated_at"]),
        "direction": row["direction"],
        "error_code": row["error_code"],
        "error_message": None,
        "from": None if form.get("MessagingServiceSid") else row["sender"],
        "messaging_service_sid": form.get("MessagingServiceSid"),
        "num_media": "0",
        "num_segments": str(row["segments"]),
        "price": None,
        "price_unit": "USD",
        "sid": row["sid"],
        "status": row["status"],
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": row["recipient"],
        "uri": f"{uri}.json",
    }


def _rfc2822(moment: str) -> str:
    return format_datetime(datetime.fromisoformat(moment).replace(microsecond=0))
