"""The card that asks for one true sentence before a silence ends, as the page of the claim shows it (pure)."""

from dataclasses import dataclass
from uuid import UUID

from claims_core.i18n import marked as _
from claims_portal.desk.access import Staffed, may_change
from claims_portal.desk.says import Says
from claims_portal.desk.words import CHANNEL_WORDS
from notifier.planning.sentences import LONGEST, Asked, Look

ASKED = _("The client has heard nothing since {date}. One true sentence until {time}: what happens now.")
WITHOUT = _("Without one we write that there is no news yet, and when the decision comes.")
WRITTEN = _("{name} wrote: “{text}” It leaves {time}. Another one takes its place.")
LANGUAGES = {"ru": _("The client reads Russian."), "en": _("The client reads English.")}
SAYS_ALSO = _("{name}: “{text}”")
MAY_NOT = _("“{words}”: {why}")


@dataclass(frozen=True, slots=True)
class Wrote:
    """What somebody typed, and what the client would read of it; `instead_of` a held message, or before it is due."""

    typed: str
    said: str
    look: Look
    instead_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class SentenceField:
    """Where a sentence is typed: in whose language, what was typed so far, why it may not be said, how it reads."""

    language: str
    text_language: str
    typed: str
    problems: tuple[str, ...]
    message: str | None
    channel: str
    on_page: str
    most: int


@dataclass(frozen=True, slots=True)
class SentenceCard:
    """What is asked and until when, and what was written; a form only for who may write."""

    asked: str
    left: str
    hint: str
    field: SentenceField
    may_write: bool


def sentence_card(asked: Asked | None, viewer: Staffed, says: Says, wrote: Wrote | None) -> SentenceCard | None:
    """The card in words; None while nothing is asked."""
    if asked is None:
        return None
    if wrote is not None and wrote.instead_of is not None:
        wrote = None
    return SentenceCard(
        asked=says.told(ASKED, date=says.local(asked.since), time=says.when(asked.until)),
        left=says.told("{time} left", time=says.span(asked.until - says.now)),
        hint=_hint(asked, says),
        field=sentence_field(wrote, asked.language, viewer, says),
        may_write=may_change(viewer),
    )


def sentence_field(wrote: Wrote | None, language: str, viewer: Staffed, says: Says) -> SentenceField:
    """The field in words, for a client who reads `language`."""
    look = wrote.look if wrote else None
    problems = _problems(look, says) if look else ()
    shown = look if look and not problems else None
    return SentenceField(
        language=says.told(LANGUAGES[language]),
        text_language=language,
        typed=wrote.typed if wrote else "",
        problems=problems,
        message=shown.message if shown else None,
        channel=says.told(CHANNEL_WORDS[shown.channel]) if shown else "",
        on_page=says.told(SAYS_ALSO, name=viewer.name, text=wrote.said) if wrote and shown else "",
        most=LONGEST,
    )


def _hint(asked: Asked, says: Says) -> str:
    if asked.sentence is None:
        return says.told(WITHOUT)
    return says.told(WRITTEN, name=asked.written_by or "", text=asked.sentence, time=says.when(asked.until))


def _problems(look: Look, says: Says) -> tuple[str, ...]:
    return tuple(
        says.told(MAY_NOT, words=words, why=says.told(why)) if words else says.told(why, most=LONGEST)
        for words, why in look.problems
    )
