"""What every back office behind HTTP needs: who we are, and calls with patience."""

from backoffice_adapter.sources.http.calls import Calls, Patience, Sleep, retry_after
from backoffice_adapter.sources.http.identity import Constant, Grant, Identity, Renewed, basic, bearer

__all__ = [
    "Calls",
    "Constant",
    "Grant",
    "Identity",
    "Patience",
    "Renewed",
    "Sleep",
    "basic",
    "bearer",
    "retry_after",
]
