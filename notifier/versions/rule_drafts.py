"""Rules edited at the desk: proposed by one person with what the last thirty days would have been, put in force by
another; each act is in the audit. An operator's `claims rules import` needs no second person, and is in it too.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import advisory_key
from claims_core.errors import BadInput, Conflict, NotFound
from notifier.deciding.rules import Rule, rules_from_text, shipped_rules, text_from_rules
from notifier.deciding.silences import Silence, shipped_silences, silences_from_text, text_from_silences
from notifier.planning.replay import Replayed
from notifier.planning.rulebook import replace_rules, replace_silences, rules_in_force, silences_in_force
from notifier.states import TEXT_MOVES, Cadence, Importance, TextState
from notifier.tables import RuleDraft
from notifier.versions.template_versions import LONGEST_WHY, SamePerson

__all__ = [
    "Rule",
    "Rulebook",
    "SamePerson",
    "Silence",
    "book_in",
    "changed_in",
    "drafts",
    "edited",
    "key_of",
    "propose",
    "publish",
    "rulebook",
    "source_of",
    "waiting",
    "withdraw",
]

Rulebook = tuple[tuple[Rule, ...], tuple[Silence, ...]]


async def rulebook(session: AsyncSession) -> Rulebook:
    """The rules and the silences in force, in the order of those that ship: a table has none."""
    rules = {rule.key: place for place, rule in enumerate(shipped_rules())}
    spans = {one.key: place for place, one in enumerate(shipped_silences())}
    return (
        tuple(sorted(await rules_in_force(session), key=lambda rule: (rules.get(rule.key, len(rules)), rule.key))),
        tuple(sorted(await silences_in_force(session), key=lambda one: (spans.get(one.key, len(spans)), one.key))),
    )


def edited(book: Rulebook, told: Collection[tuple[str, str]], days: Mapping[str, int]) -> Rulebook:
    """The book with who is told of what, and after how many days without a word (pure).

    `told` are pairs of the place of a rule among the rules and a cadence; `days` go by the place of a silence. What is
    required goes to everybody whatever is said, and what a law asks for stays.
    """
    rules, silences = book
    return (
        tuple(_told(rule, {cadence for key, cadence in told if key == key_of(rule)}) for rule in rules),
        tuple(each if each.by_law else replace(each, days=days.get(key_of(each), each.days)) for each in silences),
    )


def _by_key(book: Rulebook) -> dict[str, Rule | Silence]:
    everything: list[Rule | Silence] = [*book[0], *book[1]]
    return {key_of(one): one for one in everything}


def key_of(one: Rule | Silence) -> str:
    """A name for it in a form: what may be there once."""
    return "|".join(str(part) for part in one.key)


def _told(rule: Rule, cadences: set[str]) -> Rule:
    if rule.importance is Importance.REQUIRED:
        return rule
    return replace(rule, cadences=tuple(each for each in Cadence if each in cadences))


def source_of(book: Rulebook) -> str:
    """The book in the words of `claims rules export`."""
    return text_from_rules(book[0]) + "\n" + text_from_silences(book[1])


def book_in(source: str) -> Rulebook:
    """The book in a draft. Raises `BadInput` where it says what cannot be, with the table."""
    return rules_from_text(source), silences_from_text(source)


def changed_in(before: Rulebook, after: Rulebook) -> list[tuple[Rule | Silence, Rule | Silence]]:
    """What another book says otherwise, as pairs of before and after; what is new or gone is not edited here."""
    then, now = _by_key(before), _by_key(after)
    return [(then[key], one) for key, one in now.items() if key in then and then[key] != one]


async def drafts(session: AsyncSession, *, most: int = 20) -> Sequence[RuleDraft]:
    """What was proposed, the newest first."""
    return (await session.exec(select(RuleDraft).order_by(col(RuleDraft.number).desc()).limit(most))).all()


async def waiting(session: AsyncSession) -> int:
    """How many drafts wait for another person."""
    rows = await session.exec(select(RuleDraft.id).where(RuleDraft.state == TextState.DRAFT))
    return len(rows.all())


async def propose(
    session: AsyncSession, book: Rulebook, *, why: str, replays: Mapping[str, Replayed], by: str, now: datetime
) -> RuleDraft:
    """Keep this book as the next draft, with the `replays` of what is in force and of itself.

    Raises `BadInput` without a reason or for what cannot be, `Conflict` when nothing is changed.
    """
    why = why.strip()[:LONGEST_WHY]
    if not why:
        raise BadInput("say in a sentence why the rules are changed")
    await _alone(session)
    before = await rulebook(session)
    book_in(source_of(book))
    if not changed_in(before, book):
        raise Conflict("this is in force already")
    last = (await session.exec(select(RuleDraft.number).order_by(col(RuleDraft.number).desc()).limit(1))).first()
    row = RuleDraft(
        number=(last or 0) + 1,
        source=source_of(book),
        base=_fingerprint(before),
        why=why,
        replayed={name: one.as_dict() for name, one in replays.items()},
        written_by=by,
        written_at=now,
    )
    session.add(row)
    await session.flush()
    await _audit(session, "rules_proposed", row, by=by, now=now)
    return row


async def publish(session: AsyncSession, number: int, *, by: str, now: datetime) -> RuleDraft:
    """Put a draft in force; it holds for every fact that is not decided yet. Its writer may not.

    Raises `SamePerson`, `NotFound`, `Conflict` when it was decided on, or when the rules have changed since.
    """
    await _alone(session)
    row = await _draft(session, number)
    if row.written_by == by:
        raise SamePerson(f"you wrote draft {number}: another person must put it in force")
    if row.base != _fingerprint(await rulebook(session)):
        raise Conflict(f"the rules have changed since draft {number} was written: write it again")
    rules, silences = book_in(row.source)
    await replace_rules(session, rules)
    await replace_silences(session, silences)
    return await _decide(session, row, TextState.PUBLISHED, "rules_published", by=by, now=now)


async def withdraw(session: AsyncSession, number: int, *, by: str, now: datetime) -> RuleDraft:
    """Put a draft aside. Raises `NotFound`, `Conflict` when it was decided on."""
    await _alone(session)
    return await _decide(session, await _draft(session, number), TextState.RETIRED, "rules_withdrawn", by=by, now=now)


async def _decide(
    session: AsyncSession, row: RuleDraft, state: TextState, action: str, *, by: str, now: datetime
) -> RuleDraft:
    assert state in TEXT_MOVES[row.state]
    row.state, row.decided_by, row.decided_at = state, by, now
    await session.flush()
    await _audit(session, action, row, by=by, now=now)
    return row


async def _draft(session: AsyncSession, number: int) -> RuleDraft:
    row = (await session.exec(select(RuleDraft).where(RuleDraft.number == number))).first()
    if row is None:
        raise NotFound(f"there is no draft {number}")
    if row.state is not TextState.DRAFT:
        raise Conflict(f"draft {number} was decided on already")
    return row


async def _alone(session: AsyncSession) -> None:
    """One act about the rules at a time: the next sees what this one has done."""
    key = advisory_key("claims rules")
    await (await session.connection()).execute(text("select pg_advisory_xact_lock(:key)"), {"key": key})


async def _audit(session: AsyncSession, action: str, row: RuleDraft, *, by: str, now: datetime) -> None:
    detail: dict[str, Any] = {"draft": row.number, "written_by": row.written_by}
    await ledger.audit(session, actor=by, action=action, subject="rules", detail=detail, now=now)


def _fingerprint(book: Rulebook) -> str:
    return sha256(source_of(book).encode()).hexdigest()
