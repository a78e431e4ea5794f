"""What may stand in a message, and how a value from outside is made harmless (pure)."""

import re
import unicodedata

# The variables of `ux` 4.1, and: `damage` (the line has one), `replies` (the sender can be answered),
# `state`, `day`, `total` (an answer to STATUS), `claimant` (who reads it has no policy of theirs in this),
# `sentence` (a handler's own).
NAMES = frozenset(
    {
        *("ref4", "ref", "date", "old_date", "limit_long", "date_long", "time", "amount", "n", "docs", "days"),
        *("agent", "name", "reason", "last_fact", "question_short", "answer", "last4", "code", "domain", "phone"),
        *("link", "arm_end", "damage", "replies", "state", "day", "total", "claimant", "sentence"),
    }
)
# Written by people, here or in the back office: a telephone number in them is not ours to spread.
WRITTEN_BY_PEOPLE = frozenset({"name", "agent", "reason", "last_fact", "question_short", "docs", "sentence"})
# Ours, never from the back office: an address in them is meant.
OURS = frozenset({"link", "domain", "phone", "code"})
MANY_LINES = frozenset({"docs", "answer"})
MAX_LENGTH = {"name": 60, "agent": 60, "reason": 200, "last_fact": 200, "question_short": 80, "docs": 600}
MAX_IN_SMS = {"agent": 12}  # the longest first name that leaves `answer_ready` in one SMS
DEFAULT_LENGTH = 600

_SCHEME = re.compile(r"(?i)\b[a-z][a-z0-9+.-]*://|\bwww\.")
# A phone makes a link of anything like `name.tld`; a blank after the dot ends that and still reads well.
_DOMAIN = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2})")
_PHONE = re.compile(r"\+?\d(?:[\s().-]?\d){9,}")


def clean(name: str, value: str, *, channel: str) -> str:
    """`value` as it may stand in a message: no control, bidi or invisible characters, no address but ours, bounded."""
    kept = value
    # `isprintable` is false for just the categories that `_harmless` is about; nearly every value is plain.
    if not value.isprintable():
        kept = "".join(_harmless(character, lines=name in MANY_LINES) for character in value)
    # Without a dot or a colon there is no address in it.
    if name not in OURS and ("." in kept or ":" in kept):
        kept = _DOMAIN.sub(". ", _SCHEME.sub("", kept))
    if name in WRITTEN_BY_PEOPLE:
        kept = _PHONE.sub("***", kept)
    limit = MAX_LENGTH.get(name, DEFAULT_LENGTH)
    if channel == "sms":
        limit = min(limit, MAX_IN_SMS.get(name, limit))
    return kept.strip()[:limit].strip()


def _harmless(character: str, *, lines: bool) -> str:
    if character == "\n" and lines:
        return character
    category = unicodedata.category(character)
    if category in ("Cf", "Cs", "Co", "Cn"):
        return ""
    # Line and paragraph separators, control characters and the odd blanks become one plain blank: in an SMS a
    # no-break space alone costs half of the length.
    return " " if category in ("Cc", "Zs", "Zl", "Zp") else character
