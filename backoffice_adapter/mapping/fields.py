"""One value of a case: found, translated by a table, converted; compiled once for all cases."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Any, NamedTuple
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
_MOST_KNOWN = 4096


class FieldProblem(ValueError):
    """This case cannot be read; the text names our field and says why, without personal data."""


class UnknownCode(ValueError):
    """A code of theirs that the mapping has no word for; the text is `path=code`."""


class Short(NamedTuple):
    """A quick way for a text `raw` that needs no second look: a test and a value, as Python; both may use `known`."""

    test: str
    value: str
    known: Any = None


class Field(NamedTuple):
    """One value of ours. `take` is good for whatever there is; what lies at the end of the plain `keys` may be read by
    `short` instead. Where it `may_lack`, nothing there is None.
    """

    name: str
    take: Taker
    keys: tuple[str, ...]
    short: Short | None
    may_lack: bool


_TEXT = Short("raw.isprintable() and len(raw) <= longest and (said := raw.strip())", "said")


def field_of(
    name: str,
    spec: Spec,
    about: About,
    tables: Mapping[str, Mapping[str, str]],
    *,
    required: bool,
    words: type[StrEnum] | None = None,
) -> Field:
    """The field as `straight` reads it."""
    take = taker(name, spec, about, tables, required=required, words=words)
    convert, keys = _converter(name, spec, about, words), paths.plain_keys(*spec.path or ())
    short = None
    if keys and (words is not None or spec.table is not None):
        codes = tables[spec.table] if spec.table is not None else {word.value: word.value for word in words or ()}
        short = _word(_ready(codes, convert))
    elif keys and name in DAYS:
        # A file of a million claims has a few thousand days.
        known: dict[str, Any] = {}
        short, take = _word(known), _remembering(take, _finder(spec), known)
    elif keys:
        short = _short(name, spec, about, convert)
    may_lack = not required and spec.default is None and spec.otherwise is None and spec.table is None
    return Field(name, take, keys, short, may_lack)


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

    return take


def _word(known: Mapping[str, Any]) -> Short:
    return Short("raw in {known}", "{known}[raw]", known)


def _short(name: str, spec: Spec, about: About, convert: formats.Convert) -> Short | None:
    if convert is formats.text:
        return _TEXT
    if name in MOMENTS and (spec.format or about.date_formats)[0] == "iso":
        return Short("(said := {known}(raw))", "said", formats.quick_moment)
    if name in MONEY and spec.decimal == ".":
        return Short("{known}(raw)", "Decimal(raw)", formats.USUAL_MONEY.fullmatch)
    return None


def _ready(table: Mapping[str, str], convert: formats.Convert) -> dict[str, Any]:
    """What each code comes to; one whose word is empty or wrong goes the long way, which says so."""
    ready = {}
    for theirs, ours in table.items():
        with suppress(ValueError):
            if (value := convert(ours)) != "":
                ready[theirs] = value
    return ready


def _remembering(take: Taker, find: Taker, known: dict[str, Any]) -> Taker:
    """The same, with what became of each text kept in `known`."""

    def keep(node: Any, top: Any) -> Any:
        value, raw = take(node, top), find(node, top)
        if type(raw) is str and raw and len(known) < _MOST_KNOWN:
            known[raw] = value
        return value

    return keep


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
