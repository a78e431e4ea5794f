"""The one button of a message in a chat: to the page that the text speaks of (pure)."""

from dataclasses import dataclass

from notifier.channels.base import Content

LABEL = {"en": "Open my claim", "ru": "Открыть дело"}


@dataclass(frozen=True, slots=True)
class Button:
    """What it says, and the address it opens."""

    label: str
    url: str


def button_of(content: Content | None) -> Button | None:
    """The button of a message with a link; None for one without."""
    link = content.values.get("link") if content else None
    if not content or not link:
        return None
    return Button(LABEL.get(content.language, LABEL["en"]), link if "://" in link else f"https://{link}")
