"""The newest change of a claim on its way into the claims system, as the page shows it (pure)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from claims_core.tables import ChangeRequest, ChangeState
from claims_portal.desk.access import Staffed, may_change, may_undo
from claims_portal.desk.facts.claim import ClaimFacts
from claims_portal.desk.form.view import asked_words
from claims_portal.desk.says import Says
from claims_portal.desk.words import STATUS_OF
from notifier.states import CauseKind, NotificationState

# A change that ended is shown at the top for so long; then it is history.
SHOWN_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The panel of a change: where it is, what was asked, and what can still be done."""

    tone: str
    icon: str
    title: str
    small: str
    asked: tuple[str, ...]
    theirs: tuple[str, ...]
    undo_id: UUID | None
    undo_seconds: int
    again_id: UUID | None
    moves: bool


@dataclass(frozen=True, slots=True)
class UnderWayPart:
    """desk/_under_way.html when it is sent alone."""

    id: UUID
    under_way: UnderWay | None


def under_way(facts: ClaimFacts, viewer: Staffed, says: Says) -> UnderWay | None:
    """The newest change, while it moves and for an hour after."""
    change = facts.changes[0] if facts.changes else None
    if change is None or (change.finished_at and says.now - change.finished_at > SHOWN_FOR):
        return None
    tone, icon, title, small = _words(change, facts, says)
    waits = change.state is ChangeState.WAITING and says.now < change.not_before
    mine = waits and may_undo(viewer, change.requested_by)
    refused = change.state is ChangeState.REFUSED
    return UnderWay(
        tone=tone,
        icon=icon,
        title=title,
        small=small,
        asked=asked_words(change, facts.claim.currency, says),
        theirs=_theirs(facts, says) if refused else (),
        undo_id=change.id if mine else None,
        undo_seconds=int((change.not_before - says.now).total_seconds()) if mine else 0,
        again_id=change.id if refused and may_change(viewer) else None,
        moves=change.state in (ChangeState.WAITING, ChangeState.APPLYING),
    )


def _words(change: ChangeRequest, facts: ClaimFacts, says: Says) -> tuple[str, str, str, str]:
    leaves = says.told("The text leaves once the claims system confirms.")
    small = leaves if change.told else says.told("The client was not texted.")
    if change.state is ChangeState.WAITING and says.now < change.not_before:
        until = change.not_before.astimezone(says.zone)
        return "info", "clock", says.told("Saved. You can undo it until {time}.", time=f"{until:%H:%M:%S}"), small
    if change.state in (ChangeState.WAITING, ChangeState.APPLYING):
        return "info", "hour", says.told("Being saved to the claims system"), small
    if change.state is ChangeState.REFUSED:
        title = says.told("The claims system did not take it. The client was told nothing.")
        return "no", "warn", title, change.problem or ""
    finished = says.time(change.finished_at) if change.finished_at else ""
    title = says.told("Saved in the claims system at {time}", time=finished)
    return "ok", "check", title, _sent(facts, change, says) if change.told else small


def _sent(facts: ClaimFacts, change: ChangeRequest, says: Says) -> str:
    """What became of the message about the change: sent at a time, waits, or why not."""
    done = change.finished_at or says.now
    about = [told for told in facts.told if told[0].cause_kind is CauseKind.CASE_EVENT and told[0].planned_at >= done]
    if not about:
        return says.told("The message is being decided.")
    row, delivery = about[0]
    if delivery and row.state in (NotificationState.SENT, NotificationState.SETTLED):
        return says.told("Sent at {time}. Delivery in the history.", time=says.time(delivery.started_at))
    if row.state is NotificationState.PLANNED:
        return says.told("Waits to be sent, not before {time}", time=says.by(row.not_before))
    return says.told("See the history for what became of the message.")


def _theirs(facts: ClaimFacts, says: Says) -> tuple[str, ...]:
    claim = facts.claim
    said = [says.told(STATUS_OF[claim.page_state][2])]
    if claim.approved is not None:
        said.append(says.sum(claim.approved, claim.currency))
    if facts.ours:
        said.append(says.told("Our date {date}.", date=facts.ours.due_date))
    since: datetime = claim.situation_since
    said.append(says.told("since {when}", when=says.by(since)))
    return tuple(said)
