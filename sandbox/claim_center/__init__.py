"""An emulator of the Guidewire ClaimCenter Cloud API, built from published facts; what nobody verified is a setting."""

from sandbox.claim_center.app import create_app
from sandbox.claim_center.records import Records
from sandbox.claim_center.setup import Setup

__all__ = ["Records", "Setup", "create_app"]
