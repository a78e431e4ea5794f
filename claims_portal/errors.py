"""The portal's own errors, and which answer each error of the tree becomes.

ClaimsError
├── NotFound
│   └── LinkDead           a link of a message that opens nothing any more; says why
└── Refused
    ├── TooManyTries       wait until a moment; the same whatever exists
    ├── SessionEnded       sign in again
    ├── FreshCodeNeeded    signed in, and this wants a code of the last ten minutes
    ├── AgreementNeeded    a representative who has not agreed yet
    ├── StaffSignInNeeded  the desk, and nobody is signed in
    ├── StaffMayNot        signed in, and this page is another role's
    └── ForeignOrigin      a form of ours sent from somebody else's page
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from claims_core.errors import BadInput, ClaimsError, Conflict, NotFound, Refused


class DeadLink(StrEnum):
    """Why a link opens nothing."""

    EXPIRED = "expired"
    REPLACED = "replaced"


class LinkDead(NotFound):
    """A link of ours that has expired or was replaced by a newer message."""

    def __init__(self, why: DeadLink) -> None:
        super().__init__(why)
        self.why = why


class TooManyTries(Refused):
    """Somebody tried too often; `until` is when the window ends."""

    def __init__(self, until: datetime) -> None:
        super().__init__("too many tries")
        self.until = until


class SessionEnded(Refused):
    """Nobody is signed in here, or was away for too long."""


class FreshCodeNeeded(Refused):
    """Signed in, but the code was entered too long ago for what is asked; `claim_id` is the claim it is about."""

    def __init__(self, claim_id: UUID) -> None:
        super().__init__("a fresh code is needed")
        self.claim_id = claim_id


class AgreementNeeded(Refused):
    """Somebody was named to read a claim and has not said yes themselves."""

    def __init__(self, claim_id: UUID) -> None:
        super().__init__("they have to agree first")
        self.claim_id = claim_id


class StaffSignInNeeded(Refused):
    """A page of the desk, and nobody of the staff is signed in."""


class StaffMayNot(Refused):
    """Somebody of the staff whose role has no business on this page; `role` is theirs."""

    def __init__(self, role: str) -> None:
        super().__init__("another role")
        self.role = role


class ForeignOrigin(Refused):
    """The form was sent from a page that is not ours."""


STATUS_OF: tuple[tuple[type[ClaimsError], int], ...] = (
    (LinkDead, 410),
    (NotFound, 404),
    (BadInput, 422),
    (Conflict, 409),
    (TooManyTries, 429),
    (SessionEnded, 401),
    (StaffSignInNeeded, 401),
    (Refused, 403),
    (ClaimsError, 503),
)


def status_of(error: ClaimsError) -> int:
    """The HTTP status of an error of the tree; the first that fits."""
    return next(status for kind, status in STATUS_OF if isinstance(error, kind))
