"""Messages from their templates: one held, sandboxed environment; what is not on the list is refused at load."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from claims_core.errors import ClaimsError
from claims_core.files import folder
from notifier.message import sms_parts
from notifier.states import CHATS, ChannelName
from notifier.tone import faults_in
from notifier.values import NAMES, clean

LANGUAGES = ("en", "ru")
MAX_SOURCE = 4_000
MAX_TEXT = {"sms": 1_600, "whatsapp": 1_024, "email": 4_000, "telegram": 4_096}  # what the providers take
MAX_SEGMENTS = 4  # a handler's whole answer by SMS is the longest text we ever send (`ux`, 4.2)
SAFE_FILTERS = frozenset({"lower", "upper", "trim"})
# Names, constants and `if`: a text needs no more, and nothing of this can reach an attribute, a call or a loop.
SAFE_NODES = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.Filter)

# The texts are plain: escaping would put `&amp;` into an SMS.
_environment = ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined)
_environment.globals.clear()  # no text may call anything, and to lay them under each text takes as long as the text


class RenderingFailed(ClaimsError):
    """A text could not be made; the notification fails with reason `render`, the others go on."""


def render(template: str, channel: str, language: str, values: Mapping[str, str]) -> str:
    """The finished text. Values are cleaned by name; a missing value or a text too long raises `RenderingFailed`."""
    try:
        text: str = _held(template, channel, language).render(
            # Only what the text names is cleaned: most values of a claim are for other texts.
            {
                name: clean(name, values[name], channel=channel)
                for name in names_in(template, channel, language)
                if name in values
            }
        )
    except TemplateError as error:
        raise RenderingFailed(f"{template}/{channel}.{language}: {error}") from error
    text = text.strip()
    if len(text) > MAX_TEXT.get(channel, MAX_SOURCE):
        raise RenderingFailed(f"{template}/{channel}.{language}: {len(text)} characters are too many")
    if channel == "sms" and sms_parts(text).segments > MAX_SEGMENTS:
        raise RenderingFailed(f"{template}/{channel}.{language}: more than {MAX_SEGMENTS} SMS")
    return text


def message_files() -> list[tuple[str, str, str]]:
    """(template, channel, language) of every file that ships, in order."""
    found = sorted((folder("templates") / "messages").glob("*/*.*"))
    return [(path.parent.name, *_channel_and_language(path)) for path in found]


@cache
def templates_for(channel: str) -> list[str]:
    """The templates with a text for this channel that ship."""
    return sorted({template for template, named, _ in message_files() if named == channel})


def has_message(template: str, channel: str) -> bool:
    """Is there a text of this template for this channel, in every language?"""
    return all(_path(template, channel, language).is_file() for language in LANGUAGES)


def problems_of(source: str) -> list[str]:
    """What is wrong with the source of a message, in words for its author; empty means it may be used."""
    if len(source) > MAX_SOURCE:
        return [f"{len(source)} characters; at most {MAX_SOURCE}"]
    try:
        tree = _environment.parse(source)
    except TemplateError as error:
        return [str(error)]
    problems = [
        f"{type(node).__name__} is not allowed; only names, constants, `if` and the filters {sorted(SAFE_FILTERS)}"
        for node in tree.find_all(nodes.Node)
        if not isinstance(node, SAFE_NODES) or (isinstance(node, nodes.Filter) and node.name not in SAFE_FILTERS)
    ]
    problems += faults_in("".join(node.data for node in tree.find_all(nodes.TemplateData)))
    return problems or [f"unknown value {name}" for name in sorted(find_undeclared_variables(tree) - NAMES)]


def source_of(template: str, channel: str, language: str) -> str:
    """The text of the file; raises `RenderingFailed` if there is none."""
    try:
        return _path(template, channel, language).read_text(encoding="utf-8").rstrip("\n")
    except OSError as error:
        raise RenderingFailed(f"there is no {template}/{channel}.{language}") from error


@cache
def names_in(template: str, channel: str, language: str) -> frozenset[str]:
    """The values that this message names."""
    return frozenset(find_undeclared_variables(_environment.parse(source_of(template, channel, language))))


@cache
def _held(template: str, channel: str, language: str):  # type: ignore[no-untyped-def]  # a compiled template
    source = source_of(template, channel, language)
    if problems := problems_of(source):
        raise RenderingFailed(f"{template}/{channel}.{language}: {'; '.join(problems)}")
    return _environment.from_string(source)


def _path(template: str, channel: str, language: str) -> Path:
    """A linked chat reads what an SMS says, unless there is a text of its own for it."""
    place = folder("templates") / "messages" / template
    own = place / f"{channel}.{language}"
    return place / f"{ChannelName.SMS}.{language}" if channel in CHATS and not own.is_file() else own


def _channel_and_language(path: Path) -> tuple[str, str]:
    channel, _, language = path.name.partition(".")
    return channel, language
