"""What changed between two moments of a claim that its policyholder can see (pure).

A transition yields at most one headline, the fact worth telling, and any number of silent side facts. What only
the back office can see (versions, hashes, its own key of the handler) yields nothing.
"""

import hashlib
from datetime import date
from functools import cache
from typing import Any

from claims_core.changes.headlines import HEADLINES, Headline
from claims_core.changes.sides import SAID_WITH, SIDES
from claims_core.changes.step import Detail, Step, open_documents
from claims_core.snapshot import CaseEventKind, Change, ClaimSnapshot
from claims_core.stages import ClaimStage, Outcome, Situation, is_expected_move

__all__ = ["HEADLINES", "SIDES", "changes_between", "first_facts", "open_documents"]

# PostgreSQL indexes at most 2,704 bytes of a key; a claim may be asked for a hundred papers at once.
LONGEST_KEY = 200


REGISTERED = Change(kind=CaseEventKind.REGISTERED, fact_key=CaseEventKind.REGISTERED.value)
# At first sight these are no news: they only say where it stands.
_WHERE_IT_STANDS = frozenset({CaseEventKind.STAGE_CHANGED, CaseEventKind.SITUATION_CHANGED})
# What a claim was before anything happened to it, as far as the comparisons look.
_BLANK: dict[str, Any] = {"stage": ClaimStage.REGISTERED, "currency": ""}
BLANK = ClaimSnapshot.model_construct(**_BLANK)


def changes_between(
    before: ClaimSnapshot, after: ClaimSnapshot, *, promised: date | None = None, moment: str | None = None
) -> tuple[Change, ...]:
    """The facts between two moments: one headline at most, first, then the silent side facts.

    `promised` is the decision date told so far; `moment` names the transition where the source's own version and
    date do not.
    An unexpected move between stages is believed and yields only a correction, which is told to nobody.
    """
    step = Step(before, after, promised, moment or _moment(after))
    headline = _corrected(step) or _headline(step)
    said = SAID_WITH.get(headline.kind, frozenset()) if headline else frozenset()
    found = ((kind, compare(step)) for kind, compare in SIDES if kind not in said)
    sides = [_change(kind, step.moment, detail) for kind, detail in found if detail is not None]
    return (headline, *sides) if headline else tuple(sides)


def first_facts(snapshot: ClaimSnapshot) -> tuple[Change, ...]:
    """The facts of a claim seen for the first time: that it is registered, and what else is already so."""
    dated = snapshot.payments or snapshot.documents or snapshot.inspection_at or snapshot.new_date
    asked = HEADLINES if dated else _headlines_of(snapshot.stage, snapshot.situation, snapshot.outcome)
    headline = _headline(Step(BLANK, snapshot, None, _moment(snapshot)), asked) if asked else None
    return (REGISTERED,) if headline is None or headline.kind in _WHERE_IT_STANDS else (REGISTERED, headline)


@cache
def _headlines_of(stage: ClaimStage, situation: Situation | None, outcome: Outcome | None) -> tuple[Headline, ...]:
    """The comparison that finds a fact beside the registration in a claim of which nothing else is known, if one does:
    a first load asks this of nearly all its claims.
    """
    after = BLANK.model_copy(update={"stage": stage, "situation": situation, "outcome": outcome})
    found = next((one for one in HEADLINES if one[1](Step(BLANK, after, None, "")) is not None), None)
    return () if found is None or found[0] in _WHERE_IT_STANDS else (found,)


def _moment(after: ClaimSnapshot) -> str:
    dated = after.changed_at.isoformat() if after.changed_at else after.source_version
    return dated or after.source_hash.hex()


def _change(kind: CaseEventKind, key: str, detail: Detail) -> Change:
    known = {name: value for name, value in detail.items() if value is not None}
    short = key if len(key) <= LONGEST_KEY else hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    return Change(kind=kind, fact_key=f"{kind.value}:{short}", detail=known)


def _corrected(step: Step) -> Change | None:
    if is_expected_move(step.before.stage, step.after.stage):
        return None
    detail: Detail = {"stage": step.after.stage.value, "old_stage": step.before.stage.value}
    return _change(CaseEventKind.STAGE_CORRECTED, step.moment, detail)


def _headline(step: Step, asked: tuple[Headline, ...] = HEADLINES) -> Change | None:
    for kind, find in asked:
        if (fact := find(step)) is not None:
            return _change(kind, *fact)
    return None
