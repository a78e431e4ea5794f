"""Mistakes in a mapping that no single key can know: tables that are not there, words that are not ours."""

from collections.abc import Iterator
from typing import Any

from backoffice_adapter.mapping.table import MappingFile, Person, Rule, Spec
from backoffice_adapter.toml_text import Key
from claims_core.snapshot import DocumentState, PaymentState
from claims_core.stages import LineOfBusiness

# What a table or a constant may say where our own word is meant.
OUR_WORDS: dict[tuple[str, str], frozenset[str]] = {
    ("fields", "line_of_business"): frozenset(LineOfBusiness),
    ("policyholder", "language"): frozenset({"ru", "en"}),
    ("claimant", "language"): frozenset({"ru", "en"}),
    ("payments", "state"): frozenset(PaymentState),
    ("documents", "state"): frozenset(DocumentState),
}


def mistakes(file: MappingFile) -> Iterator[tuple[tuple[Key, ...], str]]:
    """The place (by its keys) and the text of each mistake."""
    for part_name in ("fields", "policyholder", "claimant", "payments", "documents", "decision"):
        part = getattr(file, part_name)
        for key, spec in part or ():
            while isinstance(spec, Spec):
                yield from _spec_mistakes(file, part_name, key, spec)
                spec = spec.otherwise
    for list_name in ("payments", "documents"):
        items = getattr(file, list_name)
        if items is not None and items.claimant is not None and file.claimant is None:
            yield (list_name, "claimant"), "there is no [claimant] whose they could be"
    yield from _half_said(file)
    names: set[str] = set()
    rules: list[tuple[tuple[Key, ...], Rule]] = [(("rule", number), rule) for number, rule in enumerate(file.rule)]
    theirs = file.claimant.rule if file.claimant else ()
    rules += [(("claimant", "rule", number), rule) for number, rule in enumerate(theirs)]
    for place, rule in rules:
        if rule.name in names:
            yield (*place, "name"), f"there is a rule '{rule.name}' already"
        names.add(rule.name)
    for action, entry in file.write_back.items():
        for table in _tables_of(entry.set):
            if table not in file.tables:
                yield ("write_back", action, "set"), f"there is no table [tables.{table}]"


def _half_said(file: MappingFile) -> Iterator[tuple[tuple[Key, ...], str]]:
    """What one section says of a person and the other does not: whoever is policyholder here and claimant there has
    one row, which would lose it, and somebody who must not be contacted might be.
    """
    sections: tuple[tuple[str, Person | None], ...] = (("policyholder", file.policyholder), ("claimant", file.claimant))
    for (said_in, said), (place, section) in (sections, reversed(sections)):
        if said is not None and section is not None:
            for key in Person.model_fields:
                if getattr(said, key) and key not in section.model_fields_set:
                    yield (place,), f"{key} is missing: [{said_in}] has it, and one person may be in both"


def _tables_of(template: Any) -> Iterator[str]:
    if isinstance(template, list):
        for part in template:
            yield from _tables_of(part)
    elif isinstance(template, dict):
        if "from" in template and "table" in template:
            yield str(template["table"])
        for part in template.values():
            yield from _tables_of(part)


def _spec_mistakes(file: MappingFile, part: str, key: str, spec: Spec) -> Iterator[tuple[tuple[Key, ...], str]]:
    words = OUR_WORDS.get((part, key))
    if spec.table is not None and spec.table not in file.tables:
        yield (part, key, "table"), f"there is no table [tables.{spec.table}]"
        return
    if words is None:
        return
    said = [("tables", spec.table, theirs, ours) for theirs, ours in file.tables.get(spec.table or "", {}).items()]
    said += [(part, key, origin, value) for origin in ("value", "default") if (value := getattr(spec, origin))]
    for *place, word in said:
        if word not in words:
            known = ", ".join(sorted(words))
            yield tuple(str(name) for name in place), f"'{word}' is not one of {known}"
