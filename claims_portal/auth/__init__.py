"""Getting in: guards, sessions, cookies, codes."""

from claims_portal.auth.guards import (
    GUARDS,
    GlanceView,
    Listener,
    OwnersView,
    allow_anyone,
    guard,
    refuse_unguarded,
    require_fresh_claim,
    require_glance,
    require_listener,
    require_own_claim,
    require_policyholder,
    require_reader,
    require_representative,
    require_staff,
)
from claims_portal.auth.sessions import Viewer

__all__ = [
    "GUARDS",
    "GlanceView",
    "Listener",
    "OwnersView",
    "Viewer",
    "allow_anyone",
    "guard",
    "refuse_unguarded",
    "require_fresh_claim",
    "require_glance",
    "require_listener",
    "require_own_claim",
    "require_policyholder",
    "require_reader",
    "require_representative",
    "require_staff",
]
