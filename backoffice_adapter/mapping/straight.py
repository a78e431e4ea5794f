"""The fields of a part of a mapping as one function, written out: a call for each field costs more than to read it.

What is usual is read where it stands; for all else the function asks the field's own taker, which also refuses.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from backoffice_adapter.mapping import formats
from backoffice_adapter.mapping.fields import MOMENTS, PAST, Field, FieldProblem

Take = Callable[[Any, Any, datetime], dict[str, Any]]


def straight(fields: Sequence[Field], *, usual: Mapping[str, Any], dated: Iterable[str] = ()) -> Take:
    """`(node, top, now) -> values`: a copy of `usual` with what is found put in; `dated` refuse impossible dates.

    With all names in `usual` no dictionary has to grow, which costs more than what is put in.
    """
    names: dict[str, Any] = {
        "usual": dict(usual),
        "nothing": lambda name: None,
        "Decimal": Decimal,
        "longest": formats.LONGEST_TEXT,
        "first_day": formats.EARLIEST,
        "first_moment": datetime.combine(formats.EARLIEST, time(), UTC),
        "check": _check,
    }
    lines = ["get, values, today = node.get if isinstance(node, dict) else nothing, usual.copy(), now.date()"]
    for place, field in enumerate(fields):
        names |= {f"take_{place}": field.take, f"known_{place}": field.short and field.short.known}
        lines += _reads(place, field)
    for name in dated:
        lines += _bounds(name)
    body = "".join(f"    {line}\n" for line in [*lines, "return values"])
    # The only words of a mapping in it are names, quoted.
    exec(compile(f"def read(node, top, now):\n{body}", "<a part of a mapping>", "exec"), names)  # noqa: S102
    read: Take = names["read"]
    return read


def _reads(place: int, field: Field) -> Iterator[str]:
    """The lines for one field."""
    put, long = f"values[{field.name!r}] =", f"(value := take_{place}(node, top)) is not None"
    if field.short is None:
        yield f"if {long}: {put} value"
        return
    first, *deeper = field.keys
    yield f"raw = get({first!r})"
    for key in deeper:
        yield f"raw = raw.get({key!r}) if isinstance(raw, dict) else None"
    test, value = (words.format(known=f"known_{place}") for words in (field.short.test, field.short.value))
    yield f"if type(raw) is str and {test}: {put} {value}"
    yield f"elif {'raw is not None and ' if field.may_lack else ''}{long}: {put} value"


def _bounds(name: str) -> Iterator[str]:
    """The lines that look at a date: nearly all are plainly possible, and of the others the check says why not."""
    first, last = ("first_moment", "now") if name in MOMENTS else ("first_day", "today")
    plain = f"{first} <= value <= {last}" if name in PAST else f"{first} <= value"
    yield f"if (value := values[{name!r}]) is not None and not {plain}: check({name!r}, value, now)"


def _check(name: str, value: Any, now: datetime) -> None:
    if why := formats.in_bounds(value, now=now, may_be_ahead=name not in PAST):
        raise FieldProblem(f"{name}: {why}")
