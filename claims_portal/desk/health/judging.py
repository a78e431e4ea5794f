"""What is fine, what somebody should look at, and what is wrong: plain values into rows, the worst first (pure)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from claims_core.i18n import marked as _
from claims_core.ticks import how as how_it_ran
from claims_portal.desk.health.reading import Everything, Sender, Source, Way

# A message that is due leaves within seconds; so long means that nobody sends.
QUEUE_PATIENCE = timedelta(minutes=5)
# A provider through whom one message in five does not arrive; of fewer messages nothing can be said.
FAILING, ENOUGH = 0.2, 10


class How(StrEnum):
    """How a thing stands, the worst first."""

    WRONG = "wrong"
    LOOK = "look"
    FINE = "fine"


class Part(StrEnum):
    """What is looked at, in the order of the page."""

    SOURCE = "source"
    QUEUE = "queue"
    SENDER = "sender"
    WAY = "way"
    JOB = "job"
    CHANGES = "changes"
    PEOPLE = "people"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing, how it stands, the words with their values, and the page where something can be done."""

    part: Part
    name: str
    how: How
    words: str
    values: dict[str, object] = field(default_factory=dict)
    address: str | None = None


def judged(found: Everything, now: datetime) -> tuple[Row, ...]:
    """A row for each thing; what is wrong stands on top, then what to look at."""
    rows = [
        *(_source(each) for each in found.sources),
        _queue(found, now),
        *(_sender(each, now) for each in found.senders),
        *(_way(each) for each in found.ways),
        *_jobs(found, now),
        *_changes(found),
        *_people(found),
        *_money(found),
    ]
    return tuple(sorted(rows, key=lambda row: list(How).index(row.how)))


def _source(one: Source) -> Row:
    def row(how: How, words: str, **values: object) -> Row:
        address = None if how is How.FINE else "/desk/sources"
        return Row(Part.SOURCE, one.source, how, words, values, address)

    if one.is_old:
        return row(How.WRONG, _("No new data since {at}. Clients see how old it is."), at=one.fresh_at)
    if one.failed:
        return row(How.WRONG, _("The last look came to nothing: `claims sync` and its log say why."))
    if one.fresh_at is None:
        return row(How.LOOK, _("Was never read whole."))
    if one.rejected or one.held:
        words = _("Data of {at}. Could not be read: {rejected}. Runs that wait for a decision: {held}.")
        return row(How.LOOK, words, at=one.fresh_at, rejected=one.rejected, held=one.held)
    return row(How.FINE, _("Data of {at}."), at=one.fresh_at)


def _queue(found: Everything, now: datetime) -> Row:
    queue = found.queue
    waited = now - queue.oldest if queue.oldest else timedelta(0)
    values: dict[str, object] = {"due": queue.due, "waited": waited, "held": queue.held, "unknown": queue.unknown}
    if waited > QUEUE_PATIENCE:
        words, how = _("Due and not sent: {due}, the oldest for {waited}. Is `claims notifier` running?"), How.WRONG
    elif queue.held or queue.unknown:
        words, how = _("Wait for a person: {held}. Handed over without an answer: {unknown}. Due: {due}."), How.LOOK
    else:
        words, how = _("Due at this moment: {due}. Nothing waits for a person."), How.FINE
    return Row(Part.QUEUE, "", how, words, values)


def _sender(one: Sender, now: datetime) -> Row:
    if one.stopped_at is not None:
        values: dict[str, object] = {"by": one.stopped_by, "at": one.stopped_at, "why": one.why}
        return Row(Part.SENDER, one.sender, How.LOOK, _("Stopped by {by}, {at}: {why}"), values)
    if one.paused_until is not None and one.paused_until > now:
        values = {"at": one.paused_until, "why": one.pause_reason}
        return Row(Part.SENDER, one.sender, How.WRONG, _("The provider does not answer: {why}. Next try {at}."), values)
    return Row(Part.SENDER, one.sender, How.FINE, _("Hands over."))


def _way(one: Way) -> Row:
    failing = one.handed >= ENOUGH and one.failed >= FAILING * one.handed
    words = _("In 24 hours handed over: {handed}, arrived: {arrived}, refused or not delivered: {failed}.")
    values: dict[str, object] = {"handed": one.handed, "arrived": one.arrived, "failed": one.failed}
    return Row(Part.WAY, f"{one.channel} {one.provider}", How.WRONG if failing else How.FINE, words, values)


def _jobs(found: Everything, now: datetime) -> Iterator[Row]:
    bad = {"failed": _("Failed at {at}."), "overdue": _("Has not run since {at}.")}
    ran = {job.job: how_it_ran(job, now) for job in found.jobs}
    for job in found.jobs:
        if ran[job.job] in bad:
            yield Row(Part.JOB, job.job, How.WRONG, bad[ran[job.job]], {"at": job.started_at})
    if not ran:
        yield Row(
            Part.JOB, "", How.LOOK, _("No job has run yet: they run in `claims notifier` and `claims sync --watch`.")
        )
    elif well := sum(how not in bad for how in ran.values()):
        yield Row(Part.JOB, "", How.FINE, _("Ran in time: {n}."), {"n": well})


def _changes(found: Everything) -> Iterator[Row]:
    waits = found.waits
    if waits.changes:
        words = _("Not taken by the claims system for over a quarter of an hour: {n}.")
        yield Row(Part.CHANGES, "", How.WRONG, words, {"n": waits.changes})
    if waits.refused:
        words = _("Refused by the claims system in 24 hours: {n}. Whoever asked reads why at the claim.")
        yield Row(Part.CHANGES, "", How.LOOK, words, {"n": waits.refused})
    if not waits.changes and not waits.refused:
        yield Row(Part.CHANGES, "", How.FINE, _("What handlers saved is in the claims system."))


def _people(found: Everything) -> Iterator[Row]:
    waits = found.waits
    if waits.calls:
        words = _("A message that must be known reached nobody: {n}. They are to be called.")
        yield Row(Part.PEOPLE, "", How.LOOK, words, {"n": waits.calls}, "/desk/calls")
    if waits.late_questions:
        words = _("Questions past their time: {n}.")
        yield Row(Part.PEOPLE, "", How.WRONG, words, {"n": waits.late_questions}, "/desk/questions?show=late")
    if not waits.calls and not waits.late_questions:
        yield Row(Part.PEOPLE, "", How.FINE, _("Nobody waits for an answer or a call past their time."))


def _money(found: Everything) -> Iterator[Row]:
    for currency, amount in sorted(found.spent.items()):
        yield Row(Part.MONEY, currency, How.FINE, _("Messages today: {amount}."), {"amount": amount})
    if found.unpriced:
        words = _("Messages today without a price: {n}. A price is a setting of the provider.")
        yield Row(Part.MONEY, "", How.LOOK, words, {"n": found.unpriced})
    if not found.spent and not found.unpriced:
        yield Row(Part.MONEY, "", How.FINE, _("No message has cost anything today."))
