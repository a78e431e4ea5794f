"""What the portal asks for by name: a code, an answer, and what a change would make its readers read."""

from notifier.direct.previews import (
    Guard,
    Preview,
    ProposedChange,
    preview,
    previews_beside,
    sample_text,
)
from notifier.direct.telling import (
    CODE_LIVES,
    HEARD_A_DAY,
    send_code,
    tell_answer,
    tell_new_device,
    tell_question_heard,
)

__all__ = [
    "CODE_LIVES",
    "HEARD_A_DAY",
    "Guard",
    "Preview",
    "ProposedChange",
    "preview",
    "previews_beside",
    "sample_text",
    "send_code",
    "tell_answer",
    "tell_new_device",
    "tell_question_heard",
]
