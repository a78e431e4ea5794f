"""Who of the staff may do what. The routes name one of these; `tests/portal/test_desk_roles.py` holds the table.

An administrator sets the product up and reads no claim; an auditor reads and changes nothing.
"""

from claims_portal.auth import require_staff
from claims_portal.staff import StaffViewer as Staffed
from claims_portal.tables import Role
from notifier.states import Reason

READERS = require_staff(Role.HANDLER, Role.AGENT, Role.SUPERVISOR, Role.AUDITOR)
ANSWERERS = require_staff(Role.HANDLER, Role.AGENT, Role.SUPERVISOR)
CHANGERS = require_staff(Role.HANDLER, Role.SUPERVISOR)
# Who answers for what comes in from the back offices; nothing on their page names a policyholder.
KEEPERS = require_staff(Role.SUPERVISOR, Role.ADMINISTRATOR)
# Who may let the messages of a mass change go.
RELEASERS = require_staff(Role.SUPERVISOR)
# Who writes the texts of messages and puts them in force, two of them for each; and who may read them.
EDITOR_ROLES = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
EDITORS = require_staff(Role.SUPERVISOR, Role.ADMINISTRATOR)
TEXT_READERS = require_staff(Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR)
# Who plans a pilot, starts it, stops it, and reads what came of it.
PILOTS = require_staff(Role.SUPERVISOR, Role.ADMINISTRATOR)
# Who may read the trail; an administrator sees acts in it and no look at a claim (T25).
AUDIT_READERS = require_staff(Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR)
ANYBODY = require_staff()

__all__ = [
    "ANSWERERS",
    "ANYBODY",
    "AUDIT_READERS",
    "CHANGERS",
    "EDITORS",
    "EDITOR_ROLES",
    "KEEPERS",
    "PILOTS",
    "READERS",
    "RELEASERS",
    "TEXT_READERS",
    "Staffed",
]


def may_answer(viewer: Staffed) -> bool:
    """May they answer a question?"""
    return viewer.role in (Role.HANDLER, Role.AGENT, Role.SUPERVISOR)


def may_hand_over(viewer: Staffed, had: str | None) -> bool:
    """May they give the question that `had` has to somebody? Their own; the head of the team any, nobody's too."""
    return may_answer(viewer) and (viewer.role is Role.SUPERVISOR or had == viewer.actor)


def may_change(viewer: Staffed) -> bool:
    """May they ask for a change of a claim?"""
    return viewer.role in (Role.HANDLER, Role.SUPERVISOR)


def may_undo(viewer: Staffed, requested_by: str) -> bool:
    """May they take back what was asked for? Their own; the head of the team any."""
    return may_change(viewer) and (viewer.role is Role.SUPERVISOR or requested_by == viewer.actor)


def may_pass_limit(viewer: Staffed) -> bool:
    """May they set a date past the limit of law or contract?"""
    return viewer.role is Role.SUPERVISOR


def may_let_go(viewer: Staffed, reason: Reason) -> bool:
    """May they decide about a message that is held for `reason`? A held heartbeat is its handler's; what was held in
    bulk is for the head of the team."""
    return may_change(viewer) if reason is Reason.APPROVAL else viewer.role is Role.SUPERVISOR


def may_edit_texts(viewer: Staffed) -> bool:
    """May they propose the text of a message, and publish what another wrote?"""
    return viewer.role in EDITOR_ROLES


def may_read_claims(viewer: Staffed) -> bool:
    """May they see what is in a claim?"""
    return viewer.role is not Role.ADMINISTRATOR
