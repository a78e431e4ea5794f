"""A letter out of one rendered text: subject, plain words and HTML, and every header by which it is known (pure).

The first line of the text is the subject, the rest are paragraphs with an empty line between them; `Words: address`
with an address of ours becomes a link with these words.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined, Template

from claims_core.brand import Brand
from claims_core.i18n import format_date, format_time

_LINK = re.compile(r"(?P<words>[^\n]+): (?P<address>https?://[^\s<>\"]+)")
_WORDS = {
    "en": {
        "why": "You receive this letter because you have a claim with us.",
        "phone": "Questions: {phone}",
        "as_of": "So it stands on {date} at {time}.",
        "stop": "Turn these letters off",
    },
    "ru": {
        "why": "Вы получили это письмо, потому что у вас есть дело у нас.",
        "phone": "Вопросы: {phone}",
        "as_of": "Так обстоит дело на {date}, {time}.",
        "stop": "Отключить такие письма",
    },
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every letter of an installation. `links` is how the addresses of our own links begin."""

    sender: str
    name: str
    phone: str
    links: tuple[str, ...]
    zone: ZoneInfo
    brand: Brand = field(default_factory=Brand)


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph: its lines, or the words and the address of a link."""

    lines: tuple[str, ...] = ()
    words: str = ""
    address: str = ""


def compose(
    text: str, *, to: str, key: str, stop: str, language: str, frame: Frame, now: datetime
) -> tuple[str, bytes]:
    """The letter's Message-ID and its bytes. `to` is an address that was looked at.

    The same `key` gives the same Message-ID, so that a reader's mailbox can tell a repeat. `stop` is where one tap
    turns letters off (RFC 8058).
    """
    subject, body = _split(text)
    words = _WORDS[language]
    foot = _foot(words, frame, language, now)
    message = EmailMessage(policy=SMTP)
    name = frame.brand.text("name", language, frame.name)
    message["From"] = Address(name, addr_spec=frame.sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join([body, "\n".join([*foot, f"{words['stop']}: {stop}"])]) + "\n")
    html = _page().render(
        {"language": language, "subject": subject, "name": name, "parts": _parts(body, frame.links)}
        | {"colours": frame.brand.colours.get("light")}
        | {"foot": foot, "stop": stop, "stop_words": words["stop"]}
    )
    message.add_alternative(html, subtype="html")
    message["Content-Language"] = language  # not before: it would be one of the first part's alone
    message_id = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{frame.sender.rpartition('@')[2]}>"
    # Of letters and digits of ours alone. The library would encode an address longer than a line, and break it so.
    ours = {
        "Message-ID": message_id,
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in ours.items())
    return message_id, head.encode("ascii") + message.as_bytes()


def _split(text: str) -> tuple[str, str]:
    """Subject and body. Whatever breaks a line ends the subject, so that nothing of it can become another header."""
    lines = text.strip().splitlines() or [""]
    subject = "".join(each for each in lines[0] if each.isprintable()).strip()
    return subject, "\n".join(lines[1:]).strip()


def _parts(body: str, links: tuple[str, ...]) -> list[Part]:
    return [_part(each, links) for each in body.split("\n\n") if each.strip()]


def _part(text: str, links: tuple[str, ...]) -> Part:
    found = _LINK.fullmatch(text.strip())
    if found and found["address"].startswith(links):
        return Part(words=found["words"], address=found["address"])
    return Part(lines=tuple(text.splitlines()))


def _foot(words: dict[str, str], frame: Frame, language: str, now: datetime) -> list[str]:
    """Why it came, whom to call, and of which moment it speaks: a letter that comes twice is read as the same."""
    local = now.astimezone(frame.zone)
    day = format_date(local.date(), language, today=local.date(), plain=True)
    lines = [words["why"], words["as_of"].format(date=day, time=format_time(now, frame.zone))]
    if frame.phone:
        lines.append(words["phone"].format(phone=frame.phone))
    return [*lines, *filter(None, [frame.brand.text("footer", language)])]


@cache
def _page() -> Template:
    source = Path(__file__).with_name("letter.html").read_text(encoding="utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(source)
