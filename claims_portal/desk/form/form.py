"""What a handler typed into "Next stage", read into what is asked for, or into problems in words (pure)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from claims_core.i18n import marked as _
from claims_core.requested import (
    Approve,
    Asked,
    AskedDocument,
    ChangeAction,
    Close,
    Decline,
    Extend,
    ExtensionReason,
    RequestDocuments,
)
from claims_core.stages import Outcome
from claims_portal.desk.form.documents import DOCUMENTS

LONGEST_NOTE = 500
LONGEST_WORDS = 500
CLOSING_OUTCOMES = (Outcome.WITHDRAWN, Outcome.NO_RESPONSE, Outcome.DUPLICATE, Outcome.TRANSFERRED)
UNTOLD_REASONS = ("told_by_phone", "correction", "other")


@dataclass(frozen=True, slots=True)
class ChangeForm:
    """The fields as they were typed; they go back onto the page as they are."""

    action: str = ""
    amount: str = ""
    money_by: str = ""
    reason: str = ""
    clause: str = ""
    document: str = ""
    documents: tuple[str, ...] = ()
    other_document: str = ""
    due_date: str = ""
    extend_reason: str = ""
    new_date: str = ""
    outcome: str = ""
    note: str = ""
    untold_reason: str = ""
    untold_words: str = ""
    told: str = ""
    version: str = ""
    previewed: str = ""


FIELDS = frozenset(ChangeForm.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Problem:
    """A field that cannot be as it is, and the words that say why (an English msgid and its values)."""

    field: str
    text: str
    values: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What bounds the dates of a change; None where nobody set a bound.

    `limit` is the last day of law or contract for the decision, `money_limit` that for the money of one made now.
    `ours` is the day by which the client was told to hear of the decision; once it is made there is none to move.
    """

    today: date
    limit: date | None
    money_limit: date | None = None
    may_pass_limit: bool = False
    ours: date | None = None
    is_decided: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """Either what is asked for, or why it cannot be."""

    asked: Asked | None
    problems: tuple[Problem, ...] = ()


def change_form(fields: Sequence[tuple[str, str]]) -> ChangeForm | None:
    """The form from its pairs; None when a field came that the form does not have, or one came twice."""
    single: dict[str, str] = {}
    ticked: list[str] = []
    for name, typed in fields:
        if name == "documents":
            ticked.append(typed)
        elif name in FIELDS and name not in single:
            single[name] = typed.replace("\0", "").strip()[: 2 * LONGEST_WORDS]
        else:
            return None
    return ChangeForm(**single, documents=tuple(ticked[: len(DOCUMENTS)]))


def check(form: ChangeForm, bounds: Bounds) -> Checked:
    """Read the form. Every problem is found at once, each at its field."""
    if form.action not in _READERS:
        return Checked(None, (Problem("action", _("Choose the next stage")),))
    reading = _Reading(bounds)
    asked = _READERS[form.action](form, reading)
    if len(form.note) > LONGEST_NOTE:
        reading.refuse("note", _("The note has more than {most} characters"), most=LONGEST_NOTE)
    return Checked(None if reading.problems else asked, tuple(reading.problems))


def to_amount(typed: str) -> Decimal | None:
    """A sum as people type it: `174 300`, `174 300,50`, `174,300.50`. None when it is not a sum to pay."""
    bare = re.sub(r"[\s\u00a0\u202f₽$€£]", "", typed)
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d{1,2})?", bare):
        bare = bare.replace(",", "")
    bare = bare.replace(",", ".")
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,2})?", bare):
        return None
    try:
        amount = Decimal(bare)
    except InvalidOperation:
        return None
    return amount if amount > 0 else None


def to_date(typed: str) -> date | None:
    """A day as a date field sends it (`2026-06-09`) or as a person types it (`09.06.2026`)."""
    parts = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", typed, re.ASCII)
    iso = f"{parts[3]}-{parts[2]:0>2}-{parts[1]:0>2}" if parts else typed
    try:
        return date.fromisoformat(iso) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", iso, re.ASCII) else None
    except ValueError:
        return None


class _Reading:
    """The problems found so far in one form."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.problems: list[Problem] = []

    def refuse(self, field: str, text: str, **values: object) -> None:
        self.problems.append(Problem(field, text, values or None))

    def words(self, field: str, typed: str, missing: str) -> str:
        """The words of a field; a problem when there are none or too many."""
        if not typed:
            self.refuse(field, missing)
        elif len(typed) > LONGEST_WORDS:
            self.refuse(field, _("Use at most {most} characters"), most=LONGEST_WORDS)
        return typed

    def day(self, field: str, typed: str, missing: str, *, limit: date | None) -> date:
        """The day of a field: not past, and not behind its limit."""
        day = to_date(typed)
        if day is None:
            self.refuse(field, missing)
        elif day < self.bounds.today:
            self.refuse(field, _("The date is in the past"))
        elif limit is not None and day > limit and not self.bounds.may_pass_limit:
            self.refuse(field, _("The date is past the limit {limit}. Ask the head of the team"), limit=limit)
        return day or self.bounds.today


def _approve(form: ChangeForm, reading: _Reading) -> Asked | None:
    amount = to_amount(form.amount)
    if amount is None:
        reading.refuse("amount", _("Enter the sum to be paid"))
    missing = _("Enter the date the money arrives")
    money_by = reading.day("money_by", form.money_by, missing, limit=reading.bounds.money_limit)
    return Approve(amount=amount, money_by=money_by) if amount else None


def _decline(form: ChangeForm, reading: _Reading) -> Asked | None:
    reason = reading.words("reason", form.reason, _("Say the reason in plain words"))
    missing = _("Add a policy clause and a document for the refusal")
    clause = reading.words("clause", form.clause, missing)
    document = reading.words("document", form.document, missing)
    return None if reading.problems else Decline(reason=reason, clause=clause, document=document)


def _request_documents(form: ChangeForm, reading: _Reading) -> Asked | None:
    if any(key not in DOCUMENTS for key in form.documents):
        reading.refuse("documents", _("Choose documents from the list"))
        return None
    asked = [DOCUMENTS[key] for key in dict.fromkeys(form.documents)]
    if form.other_document:
        title = reading.words("other_document", form.other_document, "")
        asked.append(AskedDocument(title_ru=title[:LONGEST_WORDS], title_en=title[:LONGEST_WORDS]))
    if not asked:
        reading.refuse("documents", _("Choose at least one document"))
    missing = _("Enter the date we need them by")
    due_date = reading.day("due_date", form.due_date, missing, limit=reading.bounds.limit)
    return None if reading.problems else RequestDocuments(documents=tuple(asked), due_date=due_date)


def _extend(form: ChangeForm, reading: _Reading) -> Asked | None:
    missing = _("Choose a reason and a new date: the client will see both")
    if form.extend_reason not in set(ExtensionReason):
        reading.refuse("extend_reason", missing)
    new_date = reading.day("new_date", form.new_date, missing, limit=reading.bounds.limit)
    ours = reading.bounds.ours
    if reading.bounds.is_decided:
        reading.refuse("action", _("The claim is decided: there is no date to move"))
    elif not reading.problems and ours is not None and new_date <= ours:
        reading.refuse("new_date", _("Our date is {date} already. More time means a later one"), date=ours)
    if reading.problems:
        return None
    return Extend(reason=ExtensionReason(form.extend_reason), new_date=new_date)


def _close(form: ChangeForm, reading: _Reading) -> Asked | None:
    if form.outcome and form.outcome not in CLOSING_OUTCOMES:
        reading.refuse("outcome", _("Choose how the claim ends"))
        return None
    return Close(outcome=Outcome(form.outcome) if form.outcome else None)


_READERS: dict[str, Callable[[ChangeForm, _Reading], Asked | None]] = {
    ChangeAction.APPROVE: _approve,
    ChangeAction.DECLINE: _decline,
    ChangeAction.REQUEST_DOCUMENTS: _request_documents,
    ChangeAction.EXTEND: _extend,
    ChangeAction.CLOSE: _close,
}
