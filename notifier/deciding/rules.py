"""Which fact is told with which message, to whom, and until when it is news (pure; the rows are seeded from here)."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from claims_core.errors import BadInput
from claims_core.snapshot import CaseEventKind
from claims_core.stages import LineOfBusiness, PageState
from notifier.states import ALL_CHANNELS, Cadence, ChannelName, Importance

# A handler looks at a correction first; the others change what a page says and are nothing to write about.
SILENT_EVENTS = frozenset(
    {
        CaseEventKind.STAGE_CORRECTED,
        CaseEventKind.HANDLER_CHANGED,
        CaseEventKind.MONEY_CHANGED,
        CaseEventKind.FACTS_CHANGED,
    }
)
FRESH_HOURS = {Importance.REQUIRED: 168}  # a decision is worth telling for a week
FRESH_HOURS_ELSE = 48
HOURS_OF_A_YEAR, MOST_VERSIONS = 8784, 1_000_000
SHIPPED = Path(__file__).with_name("rules.toml")


@dataclass(frozen=True, slots=True)
class Rule:
    """This fact, on this page state and line (None: any), is told with this template."""

    event: CaseEventKind
    page_state: PageState | None
    line: LineOfBusiness | None
    template: str
    importance: Importance
    cadences: tuple[Cadence, ...]
    channels: tuple[ChannelName, ...]
    fresh_hours: int
    version: int = 1
    must_be_known: bool = False  # followed until it is: another channel, a letter, a call

    @property
    def key(self) -> tuple[str, str, str]:
        """What may be there once."""
        return self.event, self.page_state or "", self.line or ""


def rule_for(rules: Iterable[Rule], event: str, page_state: str, line: str | None) -> Rule | None:
    """The narrowest rule for a fact: its own page state beats its own line, and both beat any. None: not told."""
    fitting = [
        rule
        for rule in rules
        if rule.event == event and rule.page_state in (None, page_state) and rule.line in (None, line)
    ]
    return max(fitting, key=lambda rule: (rule.page_state is not None, rule.line is not None), default=None)


@cache
def shipped_rules() -> tuple[Rule, ...]:
    """The rules that come with the product."""
    return rules_from_text(SHIPPED.read_text(encoding="utf-8"))


def rules_from_text(text: str) -> tuple[Rule, ...]:
    """The rules in a TOML file; raises `BadInput` that names the rule and what is wrong with it."""
    rules = tuple(_rule(place, row) for place, row in enumerate(tables_of(text, "rule"), start=1))
    twice = {rule.key for rule in rules if [other.key for other in rules].count(rule.key) > 1}
    if twice:
        raise BadInput(f"two rules for the same fact: {', '.join(' × '.join(filter(None, key)) for key in twice)}")
    return rules


def tables_of(text: str, name: str) -> list[dict[str, Any]]:
    """The `[[name]]` tables of a TOML file, none if there are none; raises `BadInput` for anything else."""
    try:
        rows = tomllib.loads(text.removeprefix("\ufeff")).get(name, [])
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"the file is not TOML: {error}") from error
    except RecursionError:
        raise BadInput("the file is not TOML of ours: its lists stand in each other too deep") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadInput(f"{name} is no list of tables: each begins with [[{name}]] on a line of its own")
    return rows


def text_from_rules(rules: Sequence[Rule]) -> str:
    """The rules as TOML that `rules_from_text` reads back."""
    return "\n".join(_written(rule) for rule in sorted(rules, key=lambda rule: rule.key))


def _rule(place: int, row: dict[str, Any]) -> Rule:
    known = {"event", "page_state", "line", "template", "importance", "cadences", "channels", "fresh_hours", "version"}
    known |= {"must_be_known"}
    if unknown := sorted(set(row) - known):
        raise BadInput(f"rule {place}: unknown entry {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    try:
        importance = Importance(row["importance"])
        return Rule(
            event=CaseEventKind(row["event"]),
            page_state=PageState(row["page_state"]) if "page_state" in row else None,
            line=LineOfBusiness(row["line"]) if "line" in row else None,
            template=str(row["template"]),
            importance=importance,
            cadences=tuple(Cadence(each) for each in row.get("cadences", list(Cadence))),
            channels=tuple(ChannelName(each) for each in row.get("channels", ALL_CHANNELS)),
            fresh_hours=_whole(row, "fresh_hours", FRESH_HOURS.get(importance, FRESH_HOURS_ELSE), most=HOURS_OF_A_YEAR),
            version=_whole(row, "version", 1, most=MOST_VERSIONS),
            must_be_known=_followed(row, importance),
        )
    except KeyError as error:
        raise BadInput(f"rule {place}: {error.args[0]} is missing") from error
    except (ValueError, TypeError) as error:
        raise BadInput(f"rule {place}: {error}") from error


def _whole(row: dict[str, Any], name: str, default: int, *, most: int) -> int:
    number = row.get(name, default)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number <= most:
        raise ValueError(f"{name} is a whole number from 1 to {most}")
    return number


def _followed(row: dict[str, Any], importance: Importance) -> bool:
    followed = row.get("must_be_known", False)
    if not isinstance(followed, bool):
        raise ValueError("must_be_known is true or false")
    if followed and importance is not Importance.REQUIRED:
        raise ValueError("what must be known is of the importance required")
    return followed


def _written(rule: Rule) -> str:
    lines = ["[[rule]]", f'event = "{rule.event}"']
    lines += [f'page_state = "{rule.page_state}"'] if rule.page_state else []
    lines += [f'line = "{rule.line}"'] if rule.line else []
    known = ["must_be_known = true"] if rule.must_be_known else []
    lists = [f"cadences = {_list(rule.cadences)}", f"channels = {_list(rule.channels)}"]
    lines += [f'template = "{rule.template}"', f'importance = "{rule.importance}"', *lists, *known]
    return "\n".join([*lines, f"fresh_hours = {rule.fresh_hours}", f"version = {rule.version}", ""])


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{each}"' for each in values) + "]"
