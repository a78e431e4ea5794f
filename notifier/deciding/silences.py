"""After how long a silence we write, by cadence, line of business and market; and what a law asks for (pure)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from claims_core.errors import BadInput
from claims_core.stages import LineOfBusiness
from notifier.deciding.rules import SHIPPED, tables_of
from notifier.states import Cadence

MOST_DAYS = 366
_KNOWN = frozenset({"market", "line", "cadence", "days", "by_law", "basis", "version"})


@dataclass(frozen=True, slots=True)
class Silence:
    """So many days without a word are the most. `by_law`: a notice with reasons until the decision, to everybody.

    `market` is a place as the installation or the claim's product names it (`us_ca`); what is None holds for all.
    """

    days: int
    market: str | None = None
    line: LineOfBusiness | None = None
    cadence: Cadence | None = None
    by_law: bool = False
    basis: str = ""
    version: int = 1

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """What may be there once."""
        return self.market or "", self.line or "", self.cadence or "", self.by_law


@cache
def shipped_silences() -> tuple[Silence, ...]:
    """The spans that come with the product."""
    return silences_from_text(SHIPPED.read_text(encoding="utf-8"))


def days_of_silence(
    silences: Iterable[Silence], cadence: Cadence, line: str | None = None, markets: Sequence[str] = ()
) -> int:
    """The span that holds for this claim: the market's beats the line's, and both beat any."""
    fitting = [
        each
        for each in silences
        if not each.by_law
        and each.cadence in (None, cadence)
        and each.line in (None, line)
        and (each.market is None or each.market in markets)
    ]
    narrowest = max(fitting, key=lambda each: (bool(each.market), bool(each.line), bool(each.cadence)), default=None)
    return narrowest.days if narrowest else MOST_DAYS


def silences_from_text(text: str) -> tuple[Silence, ...]:
    """The `[[silence]]` tables of a TOML file; raises `BadInput` that names the table and what is wrong with it."""
    rows = tables_of(text, "silence")
    silences = tuple(_silence(place, row) for place, row in enumerate(rows, start=1))
    keys = [each.key for each in silences]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise BadInput(f"two silences for the same: {', '.join(' × '.join(map(str, key)) for key in sorted(twice))}")
    if missing := [each for each in Cadence if rows and days_of_silence(silences, each) == MOST_DAYS]:
        raise BadInput(f"no silence for every claim of the cadence {', '.join(missing)}")
    return silences


def text_from_silences(silences: Sequence[Silence]) -> str:
    """The silences as TOML that `silences_from_text` reads back."""
    return "\n".join(_written(each) for each in sorted(silences, key=lambda each: each.key))


def _silence(place: int, row: dict[str, Any]) -> Silence:
    if unknown := sorted(set(row) - _KNOWN):
        raise BadInput(f"silence {place}: unknown entry {', '.join(unknown)}; known are {', '.join(sorted(_KNOWN))}")
    days, by_law = row.get("days"), row.get("by_law", False)
    if not isinstance(days, int) or isinstance(days, bool) or not 0 < days < MOST_DAYS:
        raise BadInput(f"silence {place}: days is a whole number from 1 to {MOST_DAYS - 1}")
    if not isinstance(by_law, bool) or (by_law and "cadence" in row):
        raise BadInput(f"silence {place}: by_law is true or false, and what a law asks for knows no cadence")
    try:
        return Silence(
            days=days,
            market=str(row["market"]) if "market" in row else None,
            line=LineOfBusiness(row["line"]) if "line" in row else None,
            cadence=Cadence(row["cadence"]) if "cadence" in row else None,
            by_law=by_law,
            basis=str(row.get("basis", "")),
            version=int(row.get("version", 1)),
        )
    except (ValueError, TypeError) as error:
        raise BadInput(f"silence {place}: {error}") from error


def _written(each: Silence) -> str:
    lines = ["[[silence]]"]
    lines += [f'{name} = "{value}"' for name in ("market", "line", "cadence") if (value := getattr(each, name))]
    lines += ["by_law = true"] if each.by_law else []
    lines += [f"days = {each.days}"]
    basis = each.basis.replace("\\", "\\\\").replace('"', '\\"')
    lines += [f'basis = "{basis}"'] if each.basis else []
    return "\n".join([*lines, f"version = {each.version}", ""])
