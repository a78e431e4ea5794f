"""A case into a claim snapshot, or the reason why not. Pure: no database, no clock, no network."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import available_timezones

from backoffice_adapter.mapping import emails, fields, formats, paths, phones
from backoffice_adapter.mapping.fields import FieldProblem, Taker, UnknownCode
from backoffice_adapter.mapping.rules import compile_when, first_match
from backoffice_adapter.mapping.table import MappingFile, Rule, Spec
from backoffice_adapter.source import Record
from claims_core.snapshot import (
    LONGEST_TEXT,
    ClaimSnapshot,
    DocumentSnapshot,
    DocumentState,
    PaymentSnapshot,
    PaymentState,
    PersonSnapshot,
    Value,
)
from claims_core.stages import LineOfBusiness

_ZONES = available_timezones()
_MOST_ITEMS = 500
_MAY_BE_LEFT_OUT, _UNREADABLE = {"email", "time_zone", "birth_date"}, ""
# The fields that may hold nothing but words of ours, wherever they come from.
WORDS: dict[tuple[str, str], type[StrEnum]] = {
    ("fields", "line_of_business"): LineOfBusiness,
    ("payments", "state"): PaymentState,
    ("documents", "state"): DocumentState,
}


@dataclass(frozen=True, slots=True)
class Rejected:
    """This case cannot be read; `reason` names the field."""

    record: Record
    reason: str


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

    def __init__(self, read: Callable[[Record, datetime], Translation], fired: Counter[str]) -> None:
        self._read, self._fired = read, fired

    def __call__(self, record: Record, now: datetime) -> Translation:
        """What becomes of one case."""
        try:
            return self._read(record, now)
        except UnknownCode as problem:
            return Unmapped(record, str(problem))
        except FieldProblem as problem:
            return Rejected(record, str(problem))

    def take_fired(self) -> dict[str, int]:
        """How often each rule, by its name, held since the last time this was asked."""
        fired = dict(self._fired)
        self._fired.clear()
        return fired


def translator(file: MappingFile, *, source: str, mapping_version: int) -> Translate:
    """The translation of one source's cases."""
    fired: Counter[str] = Counter()
    claim = _group(
        file, "fields", needed={"claim_number", "line_of_business", "product", "country", "currency", "reported_at"}
    )
    person, payments, documents = (
        _person(file, fired),
        _list(file, "payments", PaymentSnapshot),
        _list(file, "documents", DocumentSnapshot),
    )
    decision = _decision(file) if file.decision else None
    match, described = first_match(file.rule), [(path, paths.find_all(path)) for path in file.about.code]

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
        reasons = decision(body, now) if decision is not None and rule.outcome is not None else ()
        values |= _of_rule(rule, values, reasons)
        values |= {
            "source": source, "source_ref": record.ref, "source_version": record.version, "source_hash": record.hash,
            "mapping_version": mapping_version, "policyholder": person(body, now), "payments": payments(body, now),
            "documents": documents(body, now),
        }  # fmt: skip
        return ClaimSnapshot.of_checked(values)

    return Translate(read, fired)


def _of_rule(rule: Rule, values: dict[str, Any], reasons: tuple[dict[str, str], ...]) -> dict[str, Any]:
    return {
        "stage": rule.stage,
        "situation": rule.situation,
        "outcome": rule.outcome,
        "mover": rule.mover,
        "reason": rule.reason or values.get("reason"),
        "team": rule.team or values.get("team"),
        "decision_reasons": tuple(rule.decision_reasons) or reasons,
    }


def _group(file: MappingFile, part: str, *, needed: Iterable[str]) -> Callable[[Any, Any, datetime], dict[str, Any]]:
    """All values of a part of the file, with impossible dates refused."""
    specs = [(name, spec) for name, spec in getattr(file, part) if isinstance(spec, Spec)]
    takers = [
        (
            name,
            fields.taker(name, spec, file.about, file.tables, required=name in needed, words=WORDS.get((part, name))),
        )
        for name, spec in specs
    ]
    dated = [(name, name not in fields.PAST) for name, _ in takers if name in fields.MOMENTS | fields.DAYS]
    always = {name: taken(None, None) for name, taken in takers if getattr(file, part).__dict__[name].value is not None}
    takers = [(name, taken) for name, taken in takers if name not in always]

    def take(node: Any, top: Any, now: datetime) -> dict[str, Any]:
        values = always.copy()
        for name, taken in takers:
            values[name] = taken(node, top)
        for name, may_be_ahead in dated:
            value = values[name]
            if value is not None and (why := formats.in_bounds(value, now=now, may_be_ahead=may_be_ahead)):
                raise FieldProblem(f"{name}: {why}")
        return values

    return take


def _person(file: MappingFile, fired: Counter[str]) -> Callable[[Any, datetime], PersonSnapshot]:
    """Whoever it is about. What cannot be read of how to reach or know them is left out and counted: the claim is not.

    It is counted among the rules, as `policyholder.email: left out`.
    """
    specs = [(name, spec) for name, spec in file.policyholder if isinstance(spec, Spec)]
    takers: list[tuple[str, Taker]] = [
        (name, fields.taker(name, spec, file.about, file.tables, required=name in ("ref", "name")))
        for name, spec in specs
    ]
    takers = [(name, _leniently(taken) if name in _MAY_BE_LEFT_OUT else taken) for name, taken in takers]
    numbers = [paths.find_all(path) for path in file.policyholder.phones]
    read_phone = phones.phone_reader(file.about.phone_countries)

    def take(body: Any, now: datetime) -> PersonSnapshot:
        values = {name: value for name, taken in takers if (value := taken(body, body)) is not None}
        for name in _MAY_BE_LEFT_OUT & values.keys():
            if (good := _good(name, values.pop(name), now)) is None:
                fired[f"policyholder.{name}: left out"] += 1
            else:
                values[name] = good
        came = [value for find in numbers for value in find(body, body) if value]
        said = [number for value in came if (number := read_phone(value))]
        if len(said) < len(came):
            fired["policyholder.phones: left out"] += len(came) - len(said)
        values["phones"] = tuple(said if len(said) < 2 else dict.fromkeys(said))
        return PersonSnapshot.of_checked(values)

    return take


def _good(name: str, value: Any, now: datetime) -> Any:
    if name == "email":
        return emails.read_email(value)
    if name == "time_zone":
        return value if value in _ZONES else None
    return value if isinstance(value, date) and formats.is_birth_date(value, now=now) else None


def _leniently(taken: Taker) -> Taker:
    """The same, with a value that says it could not be read in the place of the refusal."""

    def take(node: Any, top: Any) -> Any:
        try:
            return taken(node, top)
        except FieldProblem:
            return _UNREADABLE

    return take


def _list(file: MappingFile, part: str, shape: type[Value]) -> Callable[[Any, datetime], tuple[Any, ...]]:
    section = getattr(file, part)
    if section is None:
        return lambda body, now: ()
    find = paths.find_all(section.each)
    needed = {name for name, field in shape.model_fields.items() if field.is_required()}
    take, counts = _group(file, part, needed=needed), compile_when(section.when)

    def items(body: Any, now: datetime) -> tuple[Any, ...]:
        nodes = [node for node in find(body, body) if counts(node)]
        if len(nodes) > _MOST_ITEMS:
            raise FieldProblem(f"{part}: {len(nodes)} of them, more than {_MOST_ITEMS}")
        # A list read page by page may give an item twice: the later one holds.
        taken = {value["ref"]: value for node in nodes if (value := _filled(take(node, body, now)))}
        return tuple(shape.of_checked(values) for values in taken.values())

    return items


def _decision(file: MappingFile) -> Callable[[Any, datetime], tuple[dict[str, str], ...]]:
    take = _group(file, "decision", needed=())

    def reasons(body: Any, now: datetime) -> tuple[dict[str, str], ...]:
        said = _filled(take(body, body, now))
        return (said,) if said else ()

    return reasons


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _code(body: Any, described: Iterable[tuple[str, Callable[[Any, Any], list[Any]]]]) -> str:
    """The codes of a case that no rule knows: paths and words, never a free text of more than a few letters."""
    said = []
    for path, find in described:
        words = dict.fromkeys(paths.as_word(value)[:40] for value in find(body, body)[:5])
        said.append(f"{path}={'|'.join(word for word in words if word)}")
    return "; ".join(said)[:300].replace("\x00", "�")
