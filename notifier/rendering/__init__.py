"""Messages from their templates: what ships and what was edited, held compiled; what is not on the list is refused."""

from notifier.rendering.faults import Fault
from notifier.rendering.held import (
    MAX_TEXT,
    MessageText,
    RenderingFailed,
    edited_in_force,
    names_in,
    put_in_force,
    render,
    text_for,
)
from notifier.rendering.review import Review, longest_sms, reviewed
from notifier.rendering.samples import ALWAYS_IN, Values, sample_values
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
    "ALWAYS_IN",
    "LANGUAGES",
    "MAX_SOURCE",
    "MAX_TEXT",
    "Fault",
    "MessageText",
    "Place",
    "RenderingFailed",
    "Review",
    "Values",
    "edited_in_force",
    "faults_of",
    "has_message",
    "longest_sms",
    "message_files",
    "named",
    "names_in",
    "place_of",
    "problems_of",
    "put_in_force",
    "render",
    "reviewed",
    "sample_values",
    "source_of",
    "templates_for",
    "text_for",
    "wordings",
]
