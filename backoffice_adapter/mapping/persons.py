"""Whoever a case is about: the policyholder, or a claimant. Compiled once for many cases."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from backoffice_adapter.mapping import emails, formats, paths, phones
from backoffice_adapter.mapping.fields import FieldProblem, Taker, field_of
from backoffice_adapter.mapping.straight import straight
from backoffice_adapter.mapping.table import MappingFile, Person, Spec
from claims_core.settings import is_zone
from claims_core.snapshot import PersonSnapshot, all_of

OF_A_PERSON = frozenset(Person.model_fields)
_MAY_BE_LEFT_OUT, _UNREADABLE = {"email", "time_zone", "birth_date"}, ""


def person_reader(file: MappingFile, part: str, fired: Counter[str]) -> Callable[[Any, Any, datetime], PersonSnapshot]:
    """`(node, top, now) -> person`. What cannot be read of how to reach or know them is left out and counted: the claim
    is not. It is counted among the rules, as `policyholder.email: left out`.
    """
    section: Person = getattr(file, part)
    own = [
        field_of(name, spec, file.about, file.tables, required=name in ("ref", "name"))
        for name, spec in section
        if isinstance(spec, Spec) and name in OF_A_PERSON
    ]
    lenient = [field.name for field in own if field.name in _MAY_BE_LEFT_OUT]
    found = [field._replace(take=_leniently(field.take)) if field.name in lenient else field for field in own]
    read = straight(found, usual=all_of(PersonSnapshot))
    numbers = [paths.find_all(path) for path in section.phones]
    read_phone = phones.phone_reader(file.about.phone_countries)

    def take(node: Any, top: Any, now: datetime) -> PersonSnapshot:
        values = read(node, top, now)
        for name in lenient:
            if (value := values[name]) is None:
                continue
            values[name] = good = _good(name, value, now)
            if good is None:
                fired[f"{part}.{name}: left out"] += 1
        came = [value for find in numbers for value in find(node, top) if value]
        said = [number for value in came if (number := read_phone(value))]
        if len(said) < len(came):
            fired[f"{part}.phones: left out"] += len(came) - len(said)
        values["phones"] = tuple(said if len(said) < 2 else dict.fromkeys(said))
        return PersonSnapshot.of_checked(values)

    return take


def _good(name: str, value: Any, now: datetime) -> Any:
    if name == "email":
        return emails.read_email(value)
    if name == "time_zone":
        return value if is_zone(value) else None
    return value if isinstance(value, date) and formats.is_birth_date(value, now=now) else None


def _leniently(taken: Taker) -> Taker:
    """The same, with a value that says it could not be read in the place of the refusal."""

    def take(node: Any, top: Any) -> Any:
        try:
            return taken(node, top)
        except FieldProblem:
            return _UNREADABLE

    return take
