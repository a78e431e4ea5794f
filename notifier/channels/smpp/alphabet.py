"""A text as the bytes of one SMS or of a chain, by the same count as the bill, and bytes as text again (pure)."""

from dataclasses import dataclass
from typing import NamedTuple

from notifier.wording.message import sms_parts

# GSM 03.38, each character at its place; after ESC come those of the extension. An SMSC packs the septets itself.
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]"}
_EXTENSION |= {0x40: "|", 0x65: "€"}
_ESC = 0x1B
_BYTES = {character: bytes([place]) for place, character in enumerate(_BASIC)}
_BYTES |= {character: bytes([_ESC, place]) for place, character in _EXTENSION.items()}

DEFAULT, ASCII, LATIN_1, UCS_2 = 0x00, 0x01, 0x03, 0x08  # SMPP 3.4, 5.2.19, data_coding
HAS_HEADER = 0x40  # esm_class: the message begins with a user data header
_CHAIN, _CHAIN_LONG = 0x00, 0x08  # 3GPP TS 23.040, 9.2.3.24: this is a part, with a reference of one byte, or of two


@dataclass(frozen=True, slots=True)
class Encoded:
    """What leaves: the bytes of each part, how they are to be read, and whether they begin with a header."""

    parts: tuple[bytes, ...]
    coding: int
    esm_class: int


class InChain(NamedTuple):
    """The place of a part in its chain."""

    reference: int
    total: int
    number: int


def encoded(text: str, *, reference: int) -> Encoded:
    """`text` as it leaves; `reference` (one byte) binds the parts of a chain together on the handset."""
    counted = sms_parts(text)
    gsm = counted.encoding == "GSM-7"
    parts = [_gsm(part) if gsm else part.encode("utf-16-be") for part in counted.parts]
    coding = DEFAULT if gsm else UCS_2
    if len(parts) == 1:
        return Encoded(tuple(parts), coding, 0)
    header = bytes([5, _CHAIN, 3, reference & 0xFF, len(parts)])
    chain = (header + bytes([number]) + part for number, part in enumerate(parts, start=1))
    return Encoded(tuple(chain), coding, HAS_HEADER)


def _gsm(text: str) -> bytes:
    return b"".join(_BYTES[character] for character in text)


def without_header(raw: bytes) -> tuple[bytes, InChain | None]:
    """What follows the user data header, and the place in a chain if it names one. `ValueError` if it is cut."""
    length = raw[0] + 1 if raw else 1
    if len(raw) < length:
        raise ValueError("the header is longer than the message")
    elements, place = raw[1:length], None
    while len(elements) >= 2 and len(elements) >= 2 + elements[1]:
        kind, value, elements = elements[0], elements[2 : 2 + elements[1]], elements[2 + elements[1] :]
        if (kind, len(value)) in ((_CHAIN, 3), (_CHAIN_LONG, 4)):
            place = InChain(int.from_bytes(value[:-2], "big"), value[-2], value[-1])
    return raw[length:], place


def decoded(raw: bytes, coding: int) -> str | None:
    """The text of a message to us; None for what is no text."""
    # 3GPP TS 23.038, 4: the general groups say the alphabet in two bits, the last group in one.
    if coding & 0xC0 == 0 and coding & 0x30:
        coding = {0x00: DEFAULT, 0x08: UCS_2}.get(coding & 0x0C, 0x04)
    elif coding & 0xF0 == 0xF0:
        coding = 0x04 if coding & 0x04 else DEFAULT
    if coding == UCS_2:
        return raw.decode("utf-16-be", "replace")
    if coding in (ASCII, LATIN_1):
        return raw.decode("latin-1")
    return _from_gsm(raw) if coding == DEFAULT else None


def _from_gsm(raw: bytes) -> str:
    said, escaped = [], False
    for byte in raw:
        if escaped:
            # A character that we do not know reads as the one below it (GSM 03.38, 6.2.1.1).
            said.append(_EXTENSION.get(byte, _BASIC[byte & 0x7F]))
            escaped = False
        elif byte == _ESC:
            escaped = True
        else:
            said.append(_BASIC[byte] if byte < 0x80 else chr(byte))  # what is no septet is Latin-1 in practice
    return "".join(said)
