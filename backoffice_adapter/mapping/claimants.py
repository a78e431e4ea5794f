"""Whoever else claims against the policy, and whose each payment and paper is. Compiled once for many cases."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from backoffice_adapter.mapping import fields, paths
from backoffice_adapter.mapping.fields import FieldProblem
from backoffice_adapter.mapping.groups import MOST_ITEMS, filled, group_reader
from backoffice_adapter.mapping.persons import OF_A_PERSON, person_reader
from backoffice_adapter.mapping.rules import compile_when, first_match
from backoffice_adapter.mapping.table import MappingFile, Rule
from claims_core.snapshot import ClaimantSnapshot
from claims_core.stages import ClaimStage, Outcome, is_decided

Values = dict[str, Any]
# What one exposure says of its claimant, and the rule that it meets.
_Exposure = tuple[Rule | None, Values]
_STANDS = ("stage", "situation", "outcome", "mover", "reason")
_SUMS = {"assessed", "approved"}
_ROAD = tuple(ClaimStage)
_GRANTED = {Outcome.APPROVED, Outcome.APPROVED_PARTLY}
_LESS = {Outcome.APPROVED_PARTLY, Outcome.REFUSED, Outcome.BELOW_DEDUCTIBLE}


def claimants_reader(file: MappingFile, fired: Counter[str]) -> Callable[[Any, Values, datetime], Values]:
    """`(case, values, now) -> values`: the claimants, and of the lists only what is the policyholder's.

    `values` are those of the claim so far. What belongs to somebody who is neither the policyholder nor a claimant is
    shown to nobody, and counted among the rules as `payments: of nobody we know`.
    """
    read = _claimant(file, fired)
    shared = [name for name in ("payments", "documents") if (part := getattr(file, name)) and part.claimant is not None]

    def share_out(body: Any, values: Values, now: datetime) -> Values:
        theirs = read(body, now)
        policyholder, kept = values["policyholder"].ref, Values()
        for name in shared:
            whose: dict[str, list[Any]] = {policyholder: [], **{ref: [] for ref in theirs}}
            for ref, item in values[name]:
                if (belongs := whose.get(ref or policyholder)) is None:
                    fired[f"{name}: of nobody we know"] += 1
                else:
                    belongs.append(item)
            kept[name] = tuple(whose[policyholder])
            for ref, claimant in theirs.items():
                claimant[name] = tuple(whose[ref])
        theirs.pop(policyholder, None)
        return {**kept, "claimants": tuple(map(ClaimantSnapshot.of_checked, theirs.values()))}

    return share_out


def _claimant(file: MappingFile, fired: Counter[str]) -> Callable[[Any, datetime], dict[str, Values]]:
    """`(case, now) -> values` of each claimant by their key."""
    section = file.claimant
    assert section is not None
    find, counts, match = paths.find_all(section.each), compile_when(section.when), first_match(section.rule)
    person = person_reader(file, "claimant", fired)
    key = fields.taker("ref", section.ref, file.about, file.tables, required=False)
    own = group_reader(file, "claimant", needed=(), without=OF_A_PERSON)

    def read(body: Any, now: datetime) -> dict[str, Values]:
        # Where nobody is named there is no claimant: an exposure without one, or empty columns of the case itself.
        nodes = [node for node in find(body, body) if counts(node) and key(node, body) is not None]
        if len(nodes) > MOST_ITEMS:
            raise FieldProblem(f"claimant: {len(nodes)} of them, more than {MOST_ITEMS}")
        said: dict[str, list[_Exposure]] = {}
        for node in nodes:
            rule = match(node)
            if rule is not None:
                fired[rule.name] += 1
            if rule is None or not rule.leave_out:
                who = person(node, body, now)
                said.setdefault(who.ref, []).append((rule, {"person": who, **filled(own(node, body, now))}))
        return {ref: _side(exposures) for ref, exposures in said.items()}

    return read


def _side(exposures: Sequence[_Exposure]) -> Values:
    """All exposures of one person: what they are owed is added up, and of what each says the last one's word holds."""
    side = Values()
    for _, own in exposures:
        sums = {name: side[name] + own[name] for name in _SUMS & side.keys() & own.keys()}
        side |= own | sums
    return side | _together([rule for rule, _ in exposures])


def _together(rules: Sequence[Rule | None]) -> Values:
    """Where a person stands of whose exposures these rules tell; with the claim, unless there is one for each.

    Where they differ it is the exposure that is least far. What one was granted is not taken back by what was refused
    for another: then they were granted a part.
    """
    known = [rule for rule in rules if rule is not None]
    if len(known) < len(rules):
        return {}
    still_open = [rule for rule in known if rule.stage and not is_decided(rule.stage)]
    granted = [rule for rule in known if rule.outcome in _GRANTED]
    stands = _of_rule(min(still_open or granted or known, key=_how_far))
    if granted and not still_open and any(rule.outcome in _LESS for rule in known):
        stands["outcome"] = Outcome.APPROVED_PARTLY
        stands["decision_reasons"] = tuple(reason for rule in known for reason in rule.decision_reasons)
    return stands


def _how_far(rule: Rule) -> int:
    return _ROAD.index(rule.stage) if rule.stage else len(_ROAD)


def _of_rule(rule: Rule) -> Values:
    """Where the rule says that the claimant stands; all of it, so that no word of another rule is left beside it."""
    return {**{name: getattr(rule, name) for name in _STANDS}, "decision_reasons": tuple(rule.decision_reasons)}
