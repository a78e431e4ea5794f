"""Whoever else claims against the policy, and whose each payment and paper is. Compiled once for many cases."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from backoffice_adapter.mapping import fields, paths
from backoffice_adapter.mapping.fields import FieldProblem
from backoffice_adapter.mapping.groups import MOST_ITEMS, filled, group_reader
from backoffice_adapter.mapping.persons import OF_A_PERSON, person_reader
from backoffice_adapter.mapping.rules import compile_when, first_match
from backoffice_adapter.mapping.table import MappingFile, Rule
from claims_core.snapshot import ClaimantSnapshot

Values = dict[str, Any]
_STANDS = ("stage", "situation", "outcome", "mover", "reason")


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
        found: dict[str, Values] = {}
        for node in nodes:
            rule = match(node)
            if rule is not None:
                fired[rule.name] += 1
            if rule is None or not rule.leave_out:
                who = person(node, body, now)
                # Two exposures of one person are one side of the claim; of what both say, the later one holds.
                said = {"person": who, **filled(own(node, body, now)), **(_of_rule(rule) if rule else {})}
                found[who.ref] = found.get(who.ref, {}) | said
        return found

    return read


def _of_rule(rule: Rule) -> Values:
    """Where the rule says that the claimant stands; all of it, so that no word of another rule is left beside it."""
    return {**{name: getattr(rule, name) for name in _STANDS}, "decision_reasons": tuple(rule.decision_reasons)}
