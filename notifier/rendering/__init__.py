"""Messages from their templates: what ships and what was edited, held compiled; what is not on the list is refused."""

from notifier.rendering.faults import Fault
from notifier.rendering.held import MAX_TEXT, MessageText, RenderingFailed, names_in, put_in_force, render, text_for
from notifier.rendering.shipped import (
    LANGUAGES,
    Place,
    has_message,
    message_files,
    named,
    place_of,
    source_of,
    templates_for,
)
from notifier.rendering.syntax import MAX_SOURCE, faults_of, problems_of, wordings

__all__ = [
    "LANGUAGES",
    "MAX_SOURCE",
    "MAX_TEXT",
    "Fault",
    "MessageText",
    "Place",
    "RenderingFailed",
    "faults_of",
    "has_message",
    "message_files",
    "named",
    "names_in",
    "place_of",
    "problems_of",
    "put_in_force",
    "render",
    "source_of",
    "templates_for",
    "text_for",
    "wordings",
]
