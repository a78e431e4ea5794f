"""What a handler may ask for, action by action: the values of a change request, typed on both of its ends.

The desk writes them with `to_values`, and whoever applies a change (the ledger, the adapter, the preview) reads them
back with `asked_for`: one spelling of the keys. Dates travel as ISO days and sums as decimal text.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from claims_core.snapshot import Value
from claims_core.stages import Outcome


class ChangeAction(StrEnum):
    """What a handler may do to a claim on the desk."""

    APPROVE = "approve"
    DECLINE = "decline"
    REQUEST_DOCUMENTS = "request_documents"
    EXTEND = "extend"
    CLOSE = "close"


class ExtensionReason(StrEnum):
    """Why a claim takes longer: the only reasons a policyholder may be given (`ux.md` 3.3.5, lawyers' list)."""

    POLICE_PAPERS = "police_papers"
    OTHER_INSURER = "other_insurer"
    WORKSHOP_INVOICE = "workshop_invoice"
    SECOND_EXPERT = "second_expert"
    MEDICAL_PAPERS = "medical_papers"
    CIRCUMSTANCES = "circumstances"


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Approve(Value):
    """Pay `amount` in the claim's currency; the money is on the account by `money_by`."""

    amount: Decimal = Field(gt=0, max_digits=14, decimal_places=2)
    money_by: date


class Decline(Value):
    """Refuse, with the reason in plain words, the clause of the policy, and the document it rests on."""

    reason: Words
    clause: Words
    document: Words


class AskedDocument(Value):
    """A document to ask for, as the policyholder reads it in either language."""

    title_ru: Words
    title_en: Words


class RequestDocuments(Value):
    """Ask for these documents until `due_date`."""

    documents: tuple[AskedDocument, ...] = Field(min_length=1, max_length=12)
    due_date: date


class Extend(Value):
    """Take longer, until `new_date`, for a reason of the list."""

    reason: ExtensionReason
    new_date: date


class Close(Value):
    """Close the claim; `outcome` says how where nothing was decided (withdrawn, no_response, …)."""

    outcome: Outcome | None = None


Asked = Approve | Decline | RequestDocuments | Extend | Close

ASKED_BY: dict[ChangeAction, type[Asked]] = {
    ChangeAction.APPROVE: Approve,
    ChangeAction.DECLINE: Decline,
    ChangeAction.REQUEST_DOCUMENTS: RequestDocuments,
    ChangeAction.EXTEND: Extend,
    ChangeAction.CLOSE: Close,
}


def to_values(asked: Asked) -> dict[str, Any]:
    """As it is stored in `change_request.values`."""
    return asked.model_dump(mode="json")


def asked_for(action: ChangeAction, values: dict[str, Any]) -> Asked:
    """Back from `change_request.values`. Raises pydantic's ValidationError when the values are not of this action."""
    return ASKED_BY[action].model_validate(values)
