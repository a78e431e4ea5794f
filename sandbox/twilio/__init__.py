"""An emulator of Twilio's Messages API that keeps state, signs its callbacks, and fails as the real one does."""

from sandbox.twilio.app import create_app
from sandbox.twilio.exchange import Exchange, Setup

__all__ = ["Exchange", "Setup", "create_app"]
