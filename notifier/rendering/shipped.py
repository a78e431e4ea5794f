"""The texts that ship: files by template, channel and language."""

from functools import cache
from pathlib import Path

from claims_core.errors import NotFound
from claims_core.files import folder
from notifier.states import CHATS, READ_AS_SMS, ChannelName

LANGUAGES = ("en", "ru")
Place = tuple[str, str, str]  # template, channel, language


def named(place: Place) -> str:
    """How a text is called by people: `registered/sms.ru`."""
    template, channel, language = place
    return f"{template}/{channel}.{language}"


def place_of(name: str) -> Place:
    """The place of `registered/sms.ru`; raises `NotFound` unless a text ships there."""
    template, _, rest = name.strip().partition("/")
    channel, _, language = rest.partition(".")
    place = (template, channel, language)
    if place not in message_files():
        raise NotFound(f"there is no text {name}; `claims texts list` names those there are")
    return place


@cache
def message_files() -> tuple[Place, ...]:
    """(template, channel, language) of every file that ships, in order."""
    found = sorted((folder("templates") / "messages").glob("*/*.*"))
    return tuple((path.parent.name, *_channel_and_language(path)) for path in found)


@cache
def templates_for(channel: str) -> list[str]:
    """The templates with a text for this channel that ship."""
    return sorted({template for template, named, _ in message_files() if named == channel})


def has_message(template: str, channel: str) -> bool:
    """Is there a text of this template for this channel, in every language?"""
    return all(file_of((template, channel, language)).is_file() for language in LANGUAGES)


def source_of(template: str, channel: str, language: str) -> str:
    """The text of the file; raises `NotFound` if there is none."""
    try:
        return file_of((template, channel, language)).read_text(encoding="utf-8").rstrip("\n")
    except OSError as error:
        raise NotFound(f"there is no {named((template, channel, language))}") from error


# Whose text is read where there is none of its own, the first that there is: a linked chat reads what WhatsApp would
# (`ux` 4.4: the same for both), else an SMS; a call reads a letter out.
_READS: dict[str, tuple[ChannelName, ...]] = {
    **dict.fromkeys(READ_AS_SMS, (ChannelName.SMS,)),
    **dict.fromkeys(CHATS, (ChannelName.WHATSAPP, ChannelName.SMS)),
    ChannelName.VOICE: (ChannelName.EMAIL,),
}


def as_read(place: Place) -> Place:
    """Whose text is read at `place`, unless there is a text of its own for it."""
    template, channel, language = place
    others = [(template, other.value, language) for other in _READS.get(channel, ())]
    return next((each for each in (place, *others) if _file(each).is_file()), others[-1] if others else place)


def is_read_out(place: Place) -> bool:
    """Is what is read at `place` said aloud?"""
    return place[1] == ChannelName.VOICE


def heard(letter: str) -> str:
    """What of a letter's source is said on a call: all but its subject and its link, the first and last paragraph."""
    return "\n\n".join(letter.strip().split("\n\n")[1:-1])


def file_of(place: Place) -> Path:
    """The file that is read at `place`, be there one or not."""
    return _file(as_read(place))


def _file(place: Place) -> Path:
    template, channel, language = place
    return folder("templates") / "messages" / template / f"{channel}.{language}"


def _channel_and_language(path: Path) -> tuple[str, str]:
    channel, _, language = path.name.partition(".")
    return channel, language
