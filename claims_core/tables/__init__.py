"""The tables of the core. All are written by `claims_core.ledger` and by nothing else."""

from claims_core.deadlines import PromiseBasis, PromiseKind
from claims_core.requested import ChangeAction
from claims_core.tables.changes import (
    AuditCheck,
    AuditEntry,
    ChangeRequest,
    ChangeState,
    Installation,
    JobSlot,
    RetryRequest,
)
from claims_core.tables.claims import CaseEvent, Claim, ClaimNumber, DocumentRequest, Payment
from claims_core.tables.people import (
    Contact,
    ContactKind,
    ContactPoint,
    Erasure,
    FormalComplaint,
    PersonJoin,
    Policyholder,
    Question,
    QuestionCategory,
    Representative,
)
from claims_core.tables.promises import Pause, Promise
from claims_core.tables.sentences import TrueSentence

__all__ = [
    "AuditCheck",
    "AuditEntry",
    "CaseEvent",
    "ChangeAction",
    "ChangeRequest",
    "ChangeState",
    "Claim",
    "ClaimNumber",
    "Contact",
    "ContactKind",
    "ContactPoint",
    "DocumentRequest",
    "Erasure",
    "FormalComplaint",
    "Installation",
    "JobSlot",
    "Pause",
    "Payment",
    "PersonJoin",
    "Policyholder",
    "Promise",
    "PromiseBasis",
    "PromiseKind",
    "Question",
    "QuestionCategory",
    "Representative",
    "RetryRequest",
    "TrueSentence",
]
