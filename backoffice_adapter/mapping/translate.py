"""A case into a claim snapshot, or the reason why not. Pure: no database, no clock, no network."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backoffice_adapter.mapping import fields, formats, paths
from backoffice_adapter.mapping.claimants import claimants_reader
from backoffice_adapter.mapping.fields import FieldProblem, UnknownCode
from backoffice_adapter.mapping.groups import filled, group_reader, list_reader
from backoffice_adapter.mapping.persons import person_reader
from backoffice_adapter.mapping.rules import first_match
from backoffice_adapter.mapping.table import MappingFile, Rule
from backoffice_adapter.source import Record
from claims_core.snapshot import LONGEST_TEXT, ClaimSnapshot, DocumentSnapshot, PaymentSnapshot, Value, all_of


@dataclass(frozen=True, slots=True)
class Rejected:
    """This case cannot be read; `reason` names the field. `changed_at` where at least that can be read."""

    record: Record
    reason: str
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A code of theirs without a rule: the claim stays as it is, and somebody must look."""

    record: Record
    code: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A case that is not ours to show, by a rule that says so."""

    record: Record


Translation = ClaimSnapshot | Rejected | Unmapped | LeftOut


class Translate:
    """`(record, now) -> translation`, compiled once for many thousand cases; counts which rule held how often."""

    def __init__(
        self,
        read: Callable[[Record, datetime], Translation],
        dated: Callable[[Record, datetime], datetime | None],
        fired: Counter[str],
    ) -> None:
        self._read, self._dated, self._fired = read, dated, fired

    def __call__(self, record: Record, now: datetime) -> Translation:
        """What becomes of one case."""
        try:
            return self._read(record, now)
        except UnknownCode as problem:
            return Unmapped(record, str(problem))
        except FieldProblem as problem:
            return Rejected(record, str(problem), self._dated(record, now))

    def take_fired(self) -> dict[str, int]:
        """How often each rule, by its name, held since the last time this was asked."""
        fired = dict(self._fired)
        self._fired.clear()
        return fired


def translator(file: MappingFile, *, source: str, mapping_version: int) -> Translate:
    """The translation of one source's cases."""
    fired: Counter[str] = Counter()
    needed = {"claim_number", "line_of_business", "product", "country", "currency", "reported_at"}
    usual = {**all_of(ClaimSnapshot), "source": source, "mapping_version": mapping_version}
    claim = group_reader(file, "fields", needed=needed, usual=usual)
    person = person_reader(file, "policyholder", fired)
    shapes: dict[str, type[Value]] = {"payments": PaymentSnapshot, "documents": DocumentSnapshot}
    lists = [(name, list_reader(file, name, shape)) for name, shape in shapes.items() if getattr(file, name)]
    share_out = claimants_reader(file, fired) if file.claimant else None
    decision = _decision(file) if file.decision else None
    match, described = first_match(file.rule), [(path, paths.find_all(path)) for path in file.about.code]
    stands = {rule.name: _of_rule(rule) for rule in file.rule}

    def read(record: Record, now: datetime) -> Translation:
        body = record.body
        rule = match(body)
        if rule is None:
            return Unmapped(record, _code(body, described))
        fired[rule.name] += 1
        if rule.leave_out:
            return LeftOut(record)
        if len(record.ref) > LONGEST_TEXT or len(record.version or "") > LONGEST_TEXT:
            raise FieldProblem(f"source_ref: its key or version is longer than {LONGEST_TEXT}")
        values = claim(body, body, now)
        values |= stands[rule.name]
        if decision is not None and rule.outcome is not None:
            reasons = decision(body, now)
            values["decision_reasons"] = values["decision_reasons"] or reasons
        values["source_ref"], values["source_hash"], values["source_version"] = record.ref, record.hash, record.version
        values["policyholder"] = person(body, body, now)
        for name, items in lists:
            values[name] = items(body, now)
        if share_out is not None:
            values |= share_out(body, values, now)
        return ClaimSnapshot.of_checked(values)

    return Translate(read, _dated(file), fired)


def _dated(file: MappingFile) -> Callable[[Record, datetime], datetime | None]:
    """When a case says that it changed, whatever else of it cannot be read."""
    if file.fields.changed_at is None:
        return lambda record, now: None
    take = fields.taker("changed_at", file.fields.changed_at, file.about, file.tables, required=False)

    def read(record: Record, now: datetime) -> datetime | None:
        try:
            found = take(record.body, record.body)
        except (FieldProblem, UnknownCode):
            return None
        is_moment = isinstance(found, datetime) and formats.in_bounds(found, now=now, may_be_ahead=False) is None
        return found if is_moment else None

    return read


def _of_rule(rule: Rule) -> dict[str, Any]:
    """What the rule says; where it says nothing of the reason or the team, the case's own word holds."""
    own = {name: said for name in ("reason", "team") if (said := getattr(rule, name))}
    stands = {name: getattr(rule, name) for name in ("stage", "situation", "outcome", "mover")}
    return {**stands, **own, "decision_reasons": tuple(rule.decision_reasons)}


def _decision(file: MappingFile) -> Callable[[Any, datetime], tuple[dict[str, str], ...]]:
    take = group_reader(file, "decision", needed=())

    def reasons(body: Any, now: datetime) -> tuple[dict[str, str], ...]:
        said = filled(take(body, body, now))
        return (said,) if said else ()

    return reasons


def _code(body: Any, described: Iterable[tuple[str, Callable[[Any, Any], list[Any]]]]) -> str:
    """The codes of a case that no rule knows: paths and words, never a free text of more than a few letters."""
    said = []
    for path, find in described:
        words = dict.fromkeys(paths.as_word(value)[:40] for value in find(body, body)[:5])
        said.append(f"{path}={'|'.join(word for word in words if word)}")
    return "; ".join(said)[:300].replace("\x00", "�")
