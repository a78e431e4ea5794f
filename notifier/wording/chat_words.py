"""What is said about linking a chat: the wordings people agree to, and what a chat that is nobody's reads (pure)."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from claims_core.errors import NotFound


@dataclass(frozen=True, slots=True)
class ChatWording:
    """One wording in one language: what follows from connecting the messenger."""

    version: str
    name: str
    text: str


@cache
def _words() -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    return tomllib.loads(Path(__file__).with_name("chat_words.toml").read_text(encoding="utf-8"))


def newest_wording(channel: str) -> str:
    """The version that whoever links this messenger today agrees to."""
    return list(_words()["wording"][channel])[-1]


def chat_wording(channel: str, version: str, language: str) -> ChatWording:
    """The wording `version` in `language`; raises `NotFound` if it was never shown."""
    try:
        entry: dict[str, dict[str, str]] = _words()["wording"][channel][version]  # type: ignore[assignment]
        return ChatWording(version=version, **entry[language])
    except KeyError as error:
        raise NotFound(f"there is no wording {version} of {channel} in {language}") from error


def answer_to_chat(word: str, language: str) -> str:
    """What a chat reads at once, not through the queue: that it is not linked yet, why a link is dead, that we stop."""
    return str(_words()["answer"][word][language])
