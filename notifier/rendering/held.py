"""The texts in force, compiled once: what was edited here before what ships. One look-up for each message."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from jinja2 import Template, TemplateError

from claims_core.errors import ClaimsError, NotFound
from notifier.rendering.shipped import Place, as_read, heard, is_read_out, named, source_of
from notifier.rendering.syntax import MAX_SOURCE, compiled, problems_of
from notifier.wording.message import sms_parts
from notifier.wording.values import clean

# What the providers take; of a call, what TwiML has room for.
MAX_TEXT = {"sms": 1_600, "whatsapp": 1_024, "email": 4_000, "telegram": 4_096, "max": 3_999, "voice": 1_500}
MAX_SEGMENTS = 4  # a handler's whole answer by SMS is the longest text we ever send (`ux`, 4.2)


class RenderingFailed(ClaimsError):
    """A text could not be made; the notification fails with reason `render`, the others go on."""

    def __init__(self, place: Place, version: int, why: str) -> None:
        super().__init__(f"{named(place)}: {why}")
        self.place, self.version, self.why = place, version, why


@dataclass(frozen=True, slots=True)
class MessageText:
    """The text at one place: what it names, and which version of it this is; 0 is the one that ships.

    With a `fault` it cannot be said: a version that came into the database past the checks, or none at all.
    """

    place: Place
    version: int
    source: str = ""
    names: frozenset[str] = frozenset()
    fault: str = ""
    _template: Template | None = field(default=None, repr=False)

    @classmethod
    def of(cls, place: Place, source: str, *, version: int = 0) -> "MessageText":
        """The text with this source, checked and compiled; with its fault when it may not be used."""
        if problems := problems_of(source):
            return cls(place, version, source, fault="; ".join(problems))
        template, names = compiled(source)
        return cls(place, version, source, names, "", template)

    def say(self, channel: str, values: Mapping[str, str]) -> str:
        """The finished text. Values are cleaned by name; a missing one or a text too long raises `RenderingFailed`."""
        if self._template is None:
            raise RenderingFailed(self.place, self.version, self.fault)
        # Only what the text names is cleaned: most values of a claim are for other texts.
        said = {name: clean(name, values[name], channel=channel) for name in self.names if name in values}
        try:
            text = self._template.render(said).strip()
        except TemplateError as error:
            raise RenderingFailed(self.place, self.version, str(error)) from error
        if problem := _too_much(channel, text):
            raise RenderingFailed(self.place, self.version, problem)
        return text


_in_force: dict[Place, MessageText] = {}  # by the place that was asked for, filled as they are asked for
_edited: dict[UUID, MessageText] = {}  # by their rows


def text_for(template: str, channel: str, language: str) -> MessageText:
    """The text in force: the edited one, else the one that ships. Where there is none, one that cannot be said."""
    place = (template, channel, language)
    text = _in_force.get(place)
    if text is None:
        text = _in_force[place] = _found(place)
    return text


def put_in_force(edited: Mapping[UUID, MessageText]) -> None:
    """From the next look-up on these texts are said in the place of those that ship, and no other edited ones."""
    _edited.clear()
    _edited.update(edited)
    _in_force.clear()
    _in_force.update({text.place: text for text in edited.values()})


def edited_in_force() -> Mapping[UUID, MessageText]:
    """The edited texts that are said now, by their rows."""
    return _edited


def render(template: str, channel: str, language: str, values: Mapping[str, str]) -> str:
    """The finished text in force. Raises `RenderingFailed` as `MessageText.say` does."""
    return text_for(template, channel, language).say(channel, values)


def names_in(template: str, channel: str, language: str) -> frozenset[str]:
    """The values that the text in force names."""
    return text_for(template, channel, language).names


def _found(place: Place) -> MessageText:
    read = as_read(place)
    aloud, text = read != place and is_read_out(place), _in_force.get(read)
    if text is not None:
        reads_out = aloud and not text.fault
        return MessageText.of(read, heard(text.source), version=text.version) if reads_out else text
    try:
        source = source_of(*place)
        return MessageText.of(read, heard(source) if aloud else source)
    except NotFound:
        return MessageText(place, 0, fault="there is no such text")


def _too_much(channel: str, text: str) -> str | None:
    if len(text) > MAX_TEXT.get(channel, MAX_SOURCE):
        return f"{len(text)} characters are too many"
    if channel == "sms" and sms_parts(text).segments > MAX_SEGMENTS:
        return f"more than {MAX_SEGMENTS} SMS"
    return None
