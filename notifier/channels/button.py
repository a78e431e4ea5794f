"""A message in a chat as text and one button: the line of a text that is only a link becomes its button (pure)."""

from dataclasses import dataclass

from notifier.channels.base import Content

LABEL = {"en": "Open my claim", "ru": "Открыть дело"}


@dataclass(frozen=True, slots=True)
class Button:
    """What it says, and the address it opens."""

    label: str
    url: str


def parted(text: str, content: Content | None) -> tuple[str, Button | None]:
    """The words and the button: a last line `What it opens: link` is the button's own, else it opens the claim."""
    link = content.values.get("link") if content else None
    if not content or not link:
        return text, None
    url = link if "://" in link else f"https://{link}"
    words, _, last = text.rpartition("\n")
    label = last.removesuffix(f": {link}")
    if words and label != last:
        return words.rstrip(), Button(label, url)
    return text, Button(LABEL.get(content.language, LABEL["en"]), url)
