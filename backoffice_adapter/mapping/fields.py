"""One value of a case: found, translated by a table, converted; compiled once, called for every case."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from backoffice_adapter.mapping import formats, paths
from backoffice_adapter.mapping.table import About, Spec

Taker = Callable[[Any, Any], Any]

MOMENTS = frozenset({"reported_at", "documents_complete_at", "changed_at", "inspection_at"})
DAYS = frozenset({"loss_date", "new_date", "sent_date", "expected_date", "due_date", "birth_date"})
MONEY = frozenset({"assessed", "deductible", "approved", "amount"})
FLAGS = frozenset({"contact_prohibited", "phones_verified"})
# These tell of the past: a date that lies ahead is a mistake of the back office.
PAST = frozenset({"reported_at", "documents_complete_at", "changed_at", "loss_date", "birth_date"})


class FieldProblem(ValueError):
    """This case cannot be read; the text names our field and says why, without personal data."""


class UnknownCode(ValueError):
    """A code of theirs that the mapping has no word for; the text is `path=code`."""


def taker(
    name: str,
    spec: Spec,
    about: About,
    tables: Mapping[str, Mapping[str, str]],
    *,
    required: bool,
    words: type[StrEnum] | None = None,
) -> Taker:
    """`(node, top) -> value` of our type, or None where nothing is there and nothing is required.

    `words` are those that this field may hold.
    """
    find, convert = _finder(spec), _converter(name, spec, about, words)
    otherwise = taker(name, spec.otherwise, about, tables, required=False, words=words) if spec.otherwise else None
    default = None if spec.default is None else convert(spec.default)
    if spec.table is not None:
        find = _through_table(spec, tables[spec.table], find, keep=default is not None)

    def take(node: Any, top: Any) -> Any:
        raw = find(node, top)
        if type(raw) is dict:
            raw = raw.get("code")
        if raw is None or raw == "":
            value = default
        else:
            try:
                value = convert(raw)
            except ValueError as problem:
                raise FieldProblem(f"{name}: {problem}") from problem
            value = default if value == "" else value
        if value is None and otherwise is not None:
            value = otherwise(node, top)
        if value is None and required:
            raise FieldProblem(f"{name}: is missing")
        return value

    if spec.table is not None:
        return _by_word(_finder(spec), _ready(tables[spec.table], convert), take)
    return _by_text(find, take) if convert is formats.text else take


def _by_word(find: Taker, ready: Mapping[str, Any], take: Taker) -> Taker:
    """The short way for a code that the table knows; all else goes the long one."""

    def look_up(node: Any, top: Any) -> Any:
        raw = find(node, top)
        return ready[raw] if type(raw) is str and raw in ready else take(node, top)

    return look_up


def _ready(table: Mapping[str, str], convert: formats.Convert) -> dict[str, Any]:
    """What each code comes to; one whose word is empty or wrong goes the long way, which says so."""
    ready = {}
    for theirs, ours in table.items():
        with suppress(ValueError):
            if (value := convert(ours)) != "":
                ready[theirs] = value
    return ready


def _by_text(find: Taker, take: Taker) -> Taker:
    """The short way for a text without anything to look at twice; all else goes the long one."""

    def read(node: Any, top: Any) -> Any:
        raw = find(node, top)
        if type(raw) is str and len(raw) <= formats.LONGEST_TEXT and raw.isprintable() and (said := raw.strip()):
            return said
        return take(node, top)

    return read


def _finder(spec: Spec) -> Taker:
    if spec.value is not None:
        return lambda node, top: spec.value
    if spec.join is not None:
        finds = [paths.find_first(path) for path in spec.join]
        return lambda node, top: spec.by.join(str(part) for find in finds if (part := find(node, top)))
    finds = [paths.find_first(path) for path in spec.path or ()]
    if len(finds) == 1:
        return finds[0]
    return lambda node, top: next((value for find in finds if (value := find(node, top)) not in (None, "")), None)


def _through_table(spec: Spec, table: Mapping[str, str], find: Taker, *, keep: bool) -> Taker:
    origin = (spec.path or spec.join or ["value"])[0]

    def look_up(node: Any, top: Any) -> Any:
        word = paths.as_word(find(node, top))
        if not word or word in table:
            return table.get(word)
        if keep:
            return None
        raise UnknownCode(f"{origin}={word[:60]}")

    return look_up


def _converter(name: str, spec: Spec, about: About, words: type[StrEnum] | None) -> formats.Convert:
    if words is not None:
        return formats.word(words)
    zone = ZoneInfo(spec.time_zone or about.time_zone)
    forms = spec.format or about.date_formats
    if name in MOMENTS:
        return formats.moment(forms, zone)
    if name in DAYS:
        return formats.day(forms, zone)
    if name in MONEY:
        return formats.money(spec.decimal)
    if name in FLAGS:
        return formats.flag
    if spec.last is not None:
        kept = spec.last
        return lambda value: formats.text(value)[-kept:]
    return formats.text
