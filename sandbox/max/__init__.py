"""An emulator of MAX's bot API: takes messages, posts updates with the secret, and fails as the real one does."""

from sandbox.max.app import create_app
from sandbox.max.bot import Bot, Fault

__all__ = ["Bot", "Fault", "create_app"]
