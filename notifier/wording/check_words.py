"""The check word of a text: the eight signs that its link ends with, found in what somebody pastes or forwards (pure).

A word counts on an address of ours or alone: whoever copies a text of ours with a link to elsewhere has copied the
word, too.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

SHAPE = r"[0-9A-Za-z]{8}"
MOST_WORDS = 5
# What a telephone makes a link of: with a scheme, or a name with a dot and letters behind it.
_ADDRESS = re.compile(
    r"(?:https?://)?(?:[\w-]{1,63}\.){1,8}(?:[a-zA-Z]{2,24}|рф)(?::\d{1,5})?(?:/[^\s<>\"»”]*)?|https?://\S*"
)
_PATH = re.compile(rf"/(?:[cu]/)?({SHAPE})[.,;:!?)]*")
_ALONE = re.compile(rf"({SHAPE})[.,;:!?)]*")


@dataclass(frozen=True, slots=True)
class Words:
    """The words by which a text may be known, and whether it also leads to an address that is not ours."""

    found: frozenset[str]
    leads_elsewhere: bool


def words_in(text: str, hosts: Collection[str]) -> Words:
    """The words of links on `hosts` in a pasted text, or the one that was typed alone."""
    if alone := _ALONE.fullmatch(text.strip()):
        return Words(frozenset({alone[1]}), leads_elsewhere=False)
    found, elsewhere = set(), False
    for address in _ADDRESS.findall(text):
        parts = _parts(address)
        if parts is None or parts[0] not in hosts:
            elsewhere = True
        elif word := _PATH.fullmatch(parts[1]):
            found.add(word[1])
    return Words(frozenset(found), elsewhere)


def may_be_known(text: str) -> bool:
    """Is there anything in `text` by which it could be told whose it is: a word alone, or an address?"""
    return bool(_ALONE.fullmatch(text.strip()) or _ADDRESS.search(text))


def own_hosts(*addresses: str | None) -> frozenset[str]:
    """Where links of ours lead, from our public addresses."""
    return frozenset(urlsplit(each).netloc.casefold() for each in addresses if each)


def _parts(address: str) -> tuple[str, str] | None:
    """Host with port, and path; None for what is no address at all."""
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        return (parts.netloc.casefold(), parts.path) if parts.hostname else None
    except ValueError:
        return None
