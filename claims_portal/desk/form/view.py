"""The form "Next stage" as it is printed: the choices, what was typed, what is wrong, and what the client will get."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from claims_core.i18n import currency_symbol
from claims_core.i18n import marked as _
from claims_core.requested import ChangeAction, ExtensionReason
from claims_core.tables import ChangeRequest
from claims_portal.desk.facts.claim import ClaimFacts
from claims_portal.desk.form.documents import offered
from claims_portal.desk.form.form import CLOSING_OUTCOMES, FIELDS, UNTOLD_REASONS, ChangeForm, Problem
from claims_portal.desk.form.preview import PreviewView
from claims_portal.desk.says import Says
from claims_portal.desk.words import ACTIONS, CLOSINGS, EXTENSION_REASONS, UNTOLD

DATES = {"money_by": _("by {day}"), "due_date": _("due {day}"), "new_date": _("new date {day}")}


@dataclass(frozen=True, slots=True)
class Option:
    """One choice; `why_not` says why it cannot be chosen."""

    key: str
    word: str
    chosen: bool
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """A field with the words of what is wrong with it."""

    field: str
    words: str


@dataclass(frozen=True, slots=True)
class FormView:
    """partials of desk/claim.html: the form with what was typed."""

    claim_id: UUID
    typed: ChangeForm
    version: str
    actions: tuple[Option, ...]
    documents: tuple[Option, ...]
    reasons: tuple[Option, ...]
    outcomes: tuple[Option, ...]
    untold: tuple[Option, ...]
    amount_label: str
    limit: str | None
    money_limit: str
    wrong: tuple[Wrong, ...]
    wrong_at: Mapping[str, str]
    preview: PreviewView | None
    nothing_possible: str | None


def form_view(
    facts: ClaimFacts,
    able: frozenset[str],
    form: ChangeForm,
    says: Says,
    *,
    problems: tuple[Problem, ...] = (),
    preview: PreviewView | None = None,
) -> FormView:
    """The form of a claim with what was typed so far."""
    wrong = tuple(Wrong(problem.field, says.told(problem.text, problem.values)) for problem in problems)
    return FormView(
        claim_id=facts.claim.id,
        typed=form,
        version=str(facts.claim.version),
        actions=tuple(_action(action, form, able, says) for action in ChangeAction),
        documents=_documents(facts, form, says),
        reasons=tuple(
            Option(key.value, says.told(word), key.value == form.extend_reason)
            for key, word in EXTENSION_REASONS.items()
        ),
        outcomes=tuple(
            Option(key.value, says.told(CLOSINGS[key]), key.value == form.outcome) for key in CLOSING_OUTCOMES
        ),
        untold=tuple(Option(key, says.told(UNTOLD[key]), key == form.untold_reason) for key in UNTOLD_REASONS),
        amount_label=says.told("To be paid, {currency}", currency=currency_symbol(facts.claim.currency)),
        limit=says.told("Not later than {limit}", limit=facts.bound.due_date) if facts.bound else None,
        money_limit=says.told("Not later than {limit}", limit=facts.money_limit(says.now)),
        wrong=wrong,
        wrong_at=dict.fromkeys(FIELDS, "") | {one.field: one.words for one in reversed(wrong)},
        preview=preview,
        nothing_possible=None if able else says.told("The claims system of this claim takes no changes from here."),
    )


def form_again(change: ChangeRequest) -> ChangeForm:
    """The form of a change that was refused, to be mended and asked again."""
    values: dict[str, Any] = change.values
    extends = change.action is ChangeAction.EXTEND
    titles = [str(asked.get("title_ru", "")) for asked in values.get("documents", [])]
    known = {asked.title_ru: key for key, asked in offered(None).items()}
    return ChangeForm(
        action=change.action.value,
        amount=str(values.get("amount", "")),
        money_by=str(values.get("money_by", "")),
        reason="" if extends else str(values.get("reason", "")),
        clause=str(values.get("clause", "")),
        document=str(values.get("document", "")),
        documents=tuple(known[title] for title in titles if title in known),
        other_document=next((title for title in titles if title not in known), ""),
        due_date=str(values.get("due_date", "")),
        extend_reason=str(values.get("reason", "")) if extends else "",
        new_date=str(values.get("new_date", "")),
        outcome=str(values.get("outcome") or ""),
        note=change.note or "",
    )


def asked_words(change: ChangeRequest, currency: str, says: Says) -> tuple[str, ...]:
    """What was asked for, value by value, in words."""
    values, said = change.values, [says.told(ACTIONS[change.action])]
    if values.get("amount"):
        said.append(says.sum(Decimal(str(values["amount"])), currency))
    for name, words in DATES.items():
        if values.get(name):
            said.append(says.told(words, day=date.fromisoformat(str(values[name]))))
    reason = values.get("reason")
    if change.action is ChangeAction.EXTEND and reason in EXTENSION_REASONS:
        said.append(says.told(EXTENSION_REASONS[ExtensionReason(reason)]))
    elif reason:
        said.append(str(reason))
    title = "title_ru" if says.language == "ru" else "title_en"
    said.extend(str(asked.get(title, "")) for asked in values.get("documents", []))
    said.extend(str(values[name]) for name in ("clause", "document") if values.get(name))
    return tuple(said)


def _documents(facts: ClaimFacts, form: ChangeForm, says: Says) -> tuple[Option, ...]:
    title = "title_ru" if says.language == "ru" else "title_en"
    fitting = offered(facts.claim.line_of_business)
    return tuple(Option(key, getattr(asked, title), key in form.documents) for key, asked in fitting.items())


def _action(action: ChangeAction, form: ChangeForm, able: frozenset[str], says: Says) -> Option:
    why_not = None if action.value in able else says.told("the claims system takes no such change from here")
    return Option(action.value, says.told(ACTIONS[action]), action.value == form.action, why_not)
