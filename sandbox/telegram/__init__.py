"""An emulator of Telegram's Bot API: takes messages, posts updates with the secret, and fails as the real one does."""

from sandbox.telegram.app import create_app
from sandbox.telegram.bot import Bot, Fault

__all__ = ["Bot", "Fault", "create_app"]
