"""The insurer's people: who they are, how they sign in, how long a session lives."""

from claims_portal.staff.by_provider import let_in, sign_out_by_provider
from claims_portal.staff.roster import (
    NewStaff,
    add_staff,
    all_staff,
    change_factor,
    change_role,
    disable_staff,
    find_staff,
    link_staff,
    reseal_factors,
)
from claims_portal.staff.sessions import (
    StaffViewer,
    end_all_sessions,
    end_session,
    is_only_due,
    keep_text,
    kept_text,
    open_session,
    owner_of_session,
    staff_for,
)
from claims_portal.staff.sign_in import Doorkeeper, SignIn, Step

__all__ = [
    "Doorkeeper",
    "NewStaff",
    "SignIn",
    "StaffViewer",
    "Step",
    "add_staff",
    "all_staff",
    "change_factor",
    "change_role",
    "disable_staff",
    "end_all_sessions",
    "end_session",
    "find_staff",
    "is_only_due",
    "keep_text",
    "kept_text",
    "let_in",
    "link_staff",
    "open_session",
    "owner_of_session",
    "reseal_factors",
    "sign_out_by_provider",
    "staff_for",
]
