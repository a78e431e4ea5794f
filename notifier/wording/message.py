"""How a text becomes SMS: encoding, units, parts (pure). One count for the preview, the sending and the bill."""

from dataclasses import dataclass
from functools import lru_cache

# GSM 03.38: the alphabet in which an SMS holds 160 characters. ESC is left out: no text of ours needs it.
GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENSION = frozenset("^{}\\[~]|€\f")  # cost two septets each
_IN_GSM = GSM7 | GSM7_EXTENSION
_FIRST_ASTRAL = 0x10000  # from here on a character is two UTF-16 units


@dataclass(frozen=True, slots=True)
class SmsParts:
    """What a text costs: `units` of `limit` in one SMS, and the text of each part.

    `blockers` are the characters that force the 70-character alphabet, named only once they cost a second SMS.
    """

    encoding: str
    units: int
    limit: int
    parts: tuple[str, ...]
    blockers: tuple[str, ...]

    @property
    def segments(self) -> int:
        """How many SMS are billed."""
        return len(self.parts)


@lru_cache(maxsize=1024)  # a text is counted when it is made, and once more when it is written down
def sms_parts(text: str) -> SmsParts:
    """Count `text` as a network does: 160 septets or 70 UTF-16 units alone, 153 or 67 in a chain."""
    used = frozenset(text)
    gsm = used <= _IN_GSM
    encoding, one, many = ("GSM-7", 160, 153) if gsm else ("UCS-2", 70, 67)
    # Each text is counted when it leaves: by its few different characters, not one by one.
    double = used & GSM7_EXTENSION if gsm else {each for each in used if ord(each) >= _FIRST_ASTRAL}
    units = len(text) + sum(text.count(each) for each in double)
    if units <= one:
        return SmsParts(encoding, units, one, (text,), ())
    blockers = () if gsm else tuple(sorted({each for each in text if each not in _IN_GSM}))
    return SmsParts(encoding, units, one, tuple(_split(text, many, gsm=gsm)), blockers)


def _cost(character: str, *, gsm: bool) -> int:
    if gsm:
        return 2 if character in GSM7_EXTENSION else 1
    return 2 if ord(character) >= _FIRST_ASTRAL else 1


def _split(text: str, many: int, *, gsm: bool) -> list[str]:
    """Greedy, and never through an escape pair or an emoji: networks show half of either as rubbish."""
    parts, current, used = [], "", 0
    for character in text:
        cost = _cost(character, gsm=gsm)
        if used + cost > many:
            parts.append(current)
            current, used = "", 0
        current += character
        used += cost
    return [*parts, current]
