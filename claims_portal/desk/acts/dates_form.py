"""One new date for several claims: the form as it was typed, and what stands in the way of each claim (pure)."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from claims_core.i18n import marked as _
from claims_core.requested import Asked, ChangeAction, to_values
from claims_core.stages import ClaimStage
from claims_portal.desk.facts.claim import ClaimFacts
from claims_portal.desk.form.form import Bounds, ChangeForm, Checked, Problem, check

AT_MOST = 50
_CHOSEN = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:_(\d{1,9}))?", re.ASCII)
_FIELDS = ("extend_reason", "new_date", "note", "previewed")

CLOSED = Problem("claim", _("The claim is closed."))
UNDER_WAY = Problem("claim", _("Another change of this claim is being saved."))
NOT_ABLE = Problem("claim", _("The claims system of this claim takes no such change from here."))
GOES_ALONG = Problem("claim", _("It goes with its claim, which is chosen too."))
CHANGED = Problem("claim", _("The claim has changed since you chose it. Look at it, then preview again."))


_EXTEND = ChangeForm(action=ChangeAction.EXTEND.value)


@dataclass(frozen=True, slots=True)
class DatesForm:
    """The chosen claims, each with the version that was looked at (None before the first look), and the change."""

    chosen: dict[UUID, int | None] = field(default_factory=dict)
    change: ChangeForm = _EXTEND
    previewed: str = ""


def dates_form(fields: Sequence[tuple[str, str]]) -> DatesForm | None:
    """The form from its pairs; None when a field came that it does not have, one came twice, or too many claims."""
    chosen: dict[UUID, int | None] = {}
    single: dict[str, str] = {}
    for name, typed in fields:
        found = _CHOSEN.fullmatch(typed) if name == "claim" else None
        if found:
            chosen[UUID(found[1])] = int(found[2]) if found[2] else None
        elif name in _FIELDS and name not in single:
            single[name] = typed.replace("\0", "").strip()[:1000]
        else:
            return None
    if len(chosen) > AT_MOST:
        return None
    reason, new_date, note, previewed = (single.get(name, "") for name in _FIELDS)
    return DatesForm(chosen, replace(_EXTEND, extend_reason=reason, new_date=new_date, note=note), previewed)


def of_all(form: DatesForm, bounds: Bounds) -> Checked:
    """What is asked for of every claim, or what is wrong with the form itself; each claim has its own limit."""
    return check(form.change, replace(bounds, limit=None))


def in_the_way(form: DatesForm, facts: ClaimFacts, able: frozenset[str], bounds: Bounds) -> Problem | None:
    """Why this claim keeps its date, or None. The form itself is sound."""
    version = form.chosen[facts.claim.id]
    if facts.claim.stage is ClaimStage.CLOSED:
        return CLOSED
    if facts.claim.part_of in form.chosen:
        return GOES_ALONG
    if facts.change_under_way is not None:
        return UNDER_WAY
    if ChangeAction.EXTEND.value not in able:
        return NOT_ABLE
    if version is not None and version != facts.claim.version:
        return CHANGED
    return next(iter(check(form.change, bounds).problems), None)


def digest_of(versions: dict[UUID, int], asked: Asked, note: str) -> str:
    """What a save must match: the claims that change, as they were looked at, and the change."""
    said = [sorted((str(claim_id), version) for claim_id, version in versions.items()), to_values(asked), note]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24]
