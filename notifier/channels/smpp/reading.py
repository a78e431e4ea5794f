"""What an SMSC brings us (deliver_sm), read as far as it can be trusted: a report, or a part of a message (pure).

aiosmpplib reads it too, and refuses whole what real SMSCs send: reports without a text, optional parameters that are no
ASCII, alphabets without a name. Whoever refuses a deliver_sm is sent it again and again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

import phonenumbers

from notifier.channels.base import Report
from notifier.channels.smpp.alphabet import HAS_HEADER, InChain, without_header
from notifier.channels.smpp.words import STATE_OF, WORD_OF, verdict_on

_RECEIPT, _UNDER_WAY, _KIND = 0x04, 0x20, 0x3C  # esm_class (5.2.12): a final report, one before the end
_INTERNATIONAL, _ALPHANUMERIC = 1, 5  # 5.2.5, addr_ton
# Optional parameters (5.3.2).
_PAYLOAD, _RECEIPTED_ID, _STATE, _NETWORK_ERROR = 0x0424, 0x001E, 0x0427, 0x0423
_CHAIN_REFERENCE, _CHAIN_TOTAL, _CHAIN_NUMBER = 0x020C, 0x020E, 0x020F
_GSM_NETWORK = 3
_AFTER_ADDRESSES, _LAST = Struct("!BBB"), Struct("!BBBBB")
_OPTION = Struct("!HH")
LONGEST_ID = 64
# `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…` (appendix B); order and case vary.
_ID, _STAT = re.compile(r"\bid:(\S+)", re.I), re.compile(r"\bstat:(\w+)", re.I)
_ERR, _TEXT = re.compile(r"\berr:(\S+)", re.I), re.compile(r"\btext:(.*)", re.I | re.S)


@dataclass(frozen=True, slots=True)
class Reported:
    """A report on a message of ours. `ids` are the ways in which its name may have been given to us."""

    addresses: tuple[str, ...]
    ids: tuple[str, ...]
    word: str
    code: str | None
    begins: str  # how its text began, as far as the SMSC repeats it

    def as_report(self, provider_ref: str) -> Report:
        """In our words, for the message of this name. `raw` keeps what it takes to find an owner later."""
        raw = {"ids": " ".join(self.ids), "to": " ".join(self.addresses), "stat": self.word, "err": self.code or ""}
        verdict = verdict_on(self.code)
        return Report(provider_ref, self.word, self.code, STATE_OF.get(self.word), verdict, raw)


@dataclass(frozen=True, slots=True)
class Part:
    """A message to us, or a part of one: bytes until all of its chain are there."""

    address: str
    to: str
    raw: bytes
    coding: int
    chain: InChain


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """The SMSC's yes to a message for whose answer we no longer waited."""

    token: str
    provider_ref: str


Brought = Reported | Part | LateAnswer


def read(body: bytes, *, country: str) -> Reported | Part:
    """What the body of a deliver_sm says. `ValueError` for one that is none. `country` is that of short numbers."""
    at = body.index(0) + 1
    source, at = _address(body, at, country)
    to, at = _address(body, at, country)
    esm_class, _, _ = _AFTER_ADDRESSES.unpack_from(body, at)
    at = body.index(0, body.index(0, at + _AFTER_ADDRESSES.size) + 1) + 1  # two moments, of no use to us
    _, _, coding, _, length = _LAST.unpack_from(body, at)
    at += _LAST.size
    options = dict(_options(body, at + length))
    raw = options.get(_PAYLOAD) or body[at : at + length]
    if esm_class & _KIND in (_RECEIPT, _UNDER_WAY) or _RECEIPTED_ID in options:
        return _reported(raw, options, (source, to))
    chain = InChain(0, 1, 1)
    if esm_class & HAS_HEADER:
        raw, place = without_header(raw)
        chain = place or chain
    elif {_CHAIN_REFERENCE, _CHAIN_TOTAL, _CHAIN_NUMBER} <= options.keys():
        numbers = (options[each] for each in (_CHAIN_REFERENCE, _CHAIN_TOTAL, _CHAIN_NUMBER))
        chain = InChain(*(int.from_bytes(number, "big") for number in numbers))
    if not 1 <= chain.number <= chain.total:
        chain = InChain(0, 1, 1)
    return Part(source, to, raw, coding, chain)


def _address(body: bytes, at: int, country: str) -> tuple[str, int]:
    end = body.index(0, at + 2)
    return _as_ours(body[at + 2 : end].decode("latin-1"), body[at], country), end + 1


def _as_ours(address: str, kind: int, country: str) -> str:
    """A number with its plus, as we keep them; a sender of letters as it is."""
    if kind == _ALPHANUMERIC or not address.lstrip("+").isdigit():
        return address
    if kind == _INTERNATIONAL or address.startswith("+"):
        return "+" + address.lstrip("+")
    for words, region in ((address, country.upper()), ("+" + address, None)):
        try:
            number = phonenumbers.parse(words, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number) and phonenumbers.is_valid_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return address


def _options(body: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + _OPTION.size <= len(body):
        tag, length = _OPTION.unpack_from(body, at)
        at += _OPTION.size + length
        yield tag, body[at - length : at]


def _reported(raw: bytes, options: dict[int, bytes], addresses: tuple[str, str]) -> Reported:
    text = raw.decode("latin-1")
    named = options.get(_RECEIPTED_ID, b"").rstrip(b"\0").decode("latin-1")
    found = {name: pattern.search(text) for name, pattern in (("id", _ID), ("stat", _STAT), ("err", _ERR))}
    said = {name: match[1] for name, match in found.items() if match}
    ids = ids_of(named or said.get("id", ""), said.get("id", ""))
    if not ids:
        raise ValueError("a report that names no message")
    word = said.get("stat", "").upper() or WORD_OF.get(int.from_bytes(options.get(_STATE, b"\x07"), "big"), "UNKNOWN")
    begins = _TEXT.search(text)
    return Reported(addresses, ids, word[:20], _code(options, said), begins[1].strip() if begins else "")


def _code(options: dict[int, bytes], said: dict[str, str]) -> str | None:
    error = options.get(_NETWORK_ERROR, b"")
    if len(error) == 3 and error[0] == _GSM_NETWORK and any(error[1:]):
        return f"gsm:{int.from_bytes(error[1:], 'big')}"
    err = said.get("err", "").strip("0")
    return said["err"][:20] if err else None


def ids_of(*names: str) -> tuple[str, ...]:
    """Every way in which a message may have been named when it was taken: some SMSCs answer in hexadecimal and report
    in decimal, or the other way round, or with other letters and zeros. As it came first."""
    ids: dict[str, None] = {}
    for name in filter(None, names):
        plain = name[:LONGEST_ID]
        ids |= dict.fromkeys((plain, plain.lower(), plain.upper(), plain.lstrip("0") or plain))
        numbers = [int(plain)] if plain.isdecimal() and len(plain) < 20 else []
        numbers += [int(plain, 16)] if re.fullmatch(r"[0-9A-Fa-f]{1,16}", plain) else []
        for number in numbers:
            ids |= dict.fromkeys((str(number), f"{number:x}", f"{number:X}", f"{number:08x}", f"{number:08X}"))
            ids[f"{number:010}"] = None
    return tuple(ids)
