"""One new date for several claims, as it is printed: the form, what each client receives, and what was saved (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from claims_core.i18n import marked as _
from claims_core.tables import ChangeRequest, ChangeState
from claims_portal.desk.access import Staffed, may_undo
from claims_portal.desk.acts.dates_form import DatesForm
from claims_portal.desk.claim.page import Notice
from claims_portal.desk.facts.claim import ClaimFacts
from claims_portal.desk.facts.received import Received
from claims_portal.desk.form.form import FIELDS, ChangeForm, Checked, Problem
from claims_portal.desk.form.preview import PreviewView, preview_view
from claims_portal.desk.form.view import Option, Wrong, asked_words
from claims_portal.desk.says import Says
from claims_portal.desk.waiting.rail import Rail
from claims_portal.desk.words import EXTENSION_REASONS, STATUS_OF
from notifier.direct import Preview
from notifier.settings import NotifierSettings

STATES = {
    ChangeState.WAITING: ("info", "clock", _("Saved")),
    ChangeState.APPLYING: ("info", "hour", _("Being saved to the claims system")),
    ChangeState.APPLIED: ("ok", "check", _("Saved in the claims system")),
    ChangeState.REFUSED: ("no", "warn", _("The claims system did not take it. The client was told nothing.")),
}


@dataclass(frozen=True, slots=True)
class DatedClaim:
    """A chosen claim, what stands in its way, and what would be received (None until there is a change)."""

    facts: ClaimFacts
    problem: Problem | None
    received: Received | None


@dataclass(frozen=True, slots=True)
class DatedLine:
    """One claim of the list."""

    id: UUID
    chosen: str
    number: str
    name: str
    status: tuple[str, str, str]
    due: str
    limit: str
    problem: str | None
    look: PreviewView | None


@dataclass(frozen=True, slots=True)
class DatesPage:
    """desk/dates.html: everything the page may show, and nothing it may not."""

    rail: Rail
    title: str
    typed: ChangeForm
    reasons: tuple[Option, ...]
    wrong: tuple[Wrong, ...]
    wrong_at: Mapping[str, str]
    rows: tuple[DatedLine, ...]
    totals: tuple[str, ...]
    save: str
    digest: str
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class SavedLine:
    """One claim that got the date, and how far it is."""

    id: UUID
    number: str
    name: str
    state: tuple[str, str, str]
    problem: str


@dataclass(frozen=True, slots=True)
class SavedPage:
    """desk/dates_saved.html."""

    rail: Rail
    batch_id: UUID
    title: str
    asked: str
    until: str
    seconds: int
    rows: tuple[SavedLine, ...]
    notice: Notice | None


def dates_page(
    form: DatesForm,
    checked: Checked,
    claims: Sequence[DatedClaim],
    digest: str,
    rail: Rail,
    notice: Notice | None,
    settings: NotifierSettings,
    says: Says,
) -> DatesPage:
    """The form with its claims, in words."""
    wrong = tuple(Wrong(one.field, says.told(one.text, one.values)) for one in checked.problems)
    reason = form.change.extend_reason
    count = sum(one.received is not None for one in claims)
    return DatesPage(
        rail=rail,
        title=says.counted("A new date for {n} claim", "A new date for {n} claims", len(claims)),
        typed=form.change,
        reasons=tuple(Option(key.value, says.told(word), key == reason) for key, word in EXTENSION_REASONS.items()),
        wrong=wrong,
        wrong_at=dict.fromkeys(FIELDS, "") | {one.field: one.words for one in reversed(wrong)},
        rows=tuple(_line(one, settings, says) for one in claims),
        totals=_totals(claims, says) if checked.asked else (),
        save=says.counted("Save and send for {n} claim", "Save and send for {n} claims", count) if digest else "",
        digest=digest,
        notice=notice,
    )


def saved_page(
    batch_id: UUID,
    changes: Sequence[tuple[ChangeRequest, ClaimFacts]],
    viewer: Staffed,
    rail: Rail,
    notice: Notice | None,
    says: Says,
) -> SavedPage:
    """What became of each claim; the undo while its minute runs, for who asked and for the head of the team."""
    waiting = [change for change, _facts in changes if change.state is ChangeState.WAITING]
    first = waiting[0] if waiting else None
    left = int((first.not_before - says.now).total_seconds()) if first else 0
    may = first is not None and may_undo(viewer, first.requested_by)
    until = f"{first.not_before.astimezone(says.zone):%H:%M:%S}" if first and left > 0 else ""
    return SavedPage(
        rail=rail,
        batch_id=batch_id,
        title=says.counted("A new date for {n} claim", "A new date for {n} claims", len(changes)),
        asked=", ".join(asked_words(changes[0][0], "", says)) if changes else "",
        until=says.told("Saved. You can undo it until {time}.", time=until) if until else "",
        seconds=left if may and left > 0 else 0,
        rows=tuple(_saved(change, facts, says) for change, facts in changes),
        notice=notice,
    )


def _saved(change: ChangeRequest, facts: ClaimFacts, says: Says) -> SavedLine:
    tone, icon, words = STATES[change.state]
    claim = facts.claim
    return SavedLine(
        claim.id, claim.claim_number, facts.person.name, (tone, icon, says.told(words)), change.problem or ""
    )


def _line(one: DatedClaim, settings: NotifierSettings, says: Says) -> DatedLine:
    facts, claim = one.facts, one.facts.claim
    tone, icon, words = STATUS_OF[claim.page_state]
    return DatedLine(
        id=claim.id,
        chosen=f"{claim.id}_{claim.version}",
        number=claim.claim_number,
        name=facts.person.name,
        status=(tone, icon, says.told(words)),
        due=says.day(facts.ours.due_date) if facts.ours else says.told("no date"),
        limit=says.told("Not later than {limit}", limit=facts.bound.due_date) if facts.bound else "",
        problem=says.told(one.problem.text, one.problem.values) if one.problem else None,
        look=_look(one.received, settings, says) if one.received else None,
    )


def _look(received: Received, settings: NotifierSettings, says: Says) -> PreviewView:
    return preview_view(received.preview, settings, "", says, claimants=received.claimants)


def _totals(claims: Sequence[DatedClaim], says: Says) -> tuple[str, ...]:
    """How many people get a message, how many texts at what cost, how many get none, and which claims stay.

    Somebody with several of the claims is one client, in however many back offices.
    """
    read = [one.received for one in claims if one.received is not None]
    looks = [(human, look) for one in read for human, look in one.by_human]
    clients = {human for human, _look in looks}
    heard = {human for human, look in looks if _is_told(look)}
    told = [look for _human, look in looks if _is_told(look)]
    costs: dict[str, Decimal] = {}
    for look in told:
        costs[look.currency] = costs.get(look.currency, Decimal(0)) + look.cost
    said = [says.counted("{n} client gets a message", "{n} clients get a message", len(heard))]
    if told:
        money = " + ".join(says.sum(cost, currency) for currency, cost in sorted(costs.items()))
        said.append(says.told("{k} SMS, {cost}", k=sum(look.segments for look in told), cost=money))
    if n := len(clients - heard):
        said.append(says.counted("{n} client is told on the page alone", "{n} clients are told on the page alone", n))
    if len(claims) > len(read):
        said.append(says.counted("{n} claim keeps its date", "{n} claims keep their date", len(claims) - len(read)))
    return tuple(said)


def _is_told(look: Preview) -> bool:
    return look.text is not None and look.why_not is None
