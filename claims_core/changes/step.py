"""One transition of a claim, as the comparisons look at it (pure)."""

from datetime import date
from typing import NamedTuple

from claims_core.snapshot import OPEN_DOCUMENTS, ClaimSnapshot, DocumentSnapshot
from claims_core.stages import Situation

Detail = dict[str, str | int | None]
Fact = tuple[str, Detail]


class Step(NamedTuple):
    """One transition: two moments, the date that was promised before it, and the moment that names it."""

    before: ClaimSnapshot
    after: ClaimSnapshot
    promised: date | None
    moment: str

    def enters(self, situation: Situation) -> bool:
        """Is the claim in `situation` now, and was it not before?"""
        return self.after.situation is situation and self.before.situation is not situation


def open_documents(snapshot: ClaimSnapshot) -> list[DocumentSnapshot]:
    """The documents that we still wait for."""
    return [document for document in snapshot.documents if document.state in OPEN_DOCUMENTS]
