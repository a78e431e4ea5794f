"""Where a claim stands: the first rule whose conditions all hold."""

from collections.abc import Callable, Sequence
from typing import Any

from backoffice_adapter.mapping import paths
from backoffice_adapter.mapping.table import Rule, Test, When

Holds = Callable[[Any], bool]
Match = Callable[[Any], Rule | None]
_PLAIN, _MOST_KNOWN = frozenset({str, type(None)}), 4096


def first_match(rules: Sequence[Rule]) -> Match:
    """`case -> rule`: in order of priority, then of the file; None when no rule knows this case."""
    tried = [(compile_when(rule.when), rule) for rule in sorted(rules, key=lambda rule: rule.priority)]

    def match(case: Any) -> Rule | None:
        for holds, rule in tried:
            if holds(case):
                return rule
        return None

    asked = sorted({path for rule in rules for path in rule.when})
    if not all(map(paths.plain_keys, asked)):
        return match
    return _remembering(match, [paths.find_first(path) for path in asked])


def _remembering(match: Match, finds: Sequence[paths.First]) -> Match:
    """The same, with the rule for each combination of codes kept: where all conditions ask for plain codes, a million
    cases have a few dozen.
    """
    known: dict[tuple[str | None, ...], Rule | None] = {}

    def look_up(case: Any) -> Rule | None:
        said = tuple([find(case, case) for find in finds])
        if not _PLAIN.issuperset(map(type, said)):
            return match(case)
        if said not in known:
            if len(known) == _MOST_KNOWN:
                known.clear()
            known[said] = match(case)
        return known[said]

    return look_up


def compile_when(when: When) -> Holds:
    """`case -> bool`: do all conditions hold?"""
    tests = [_condition(path, expected) for path, expected in when.items()]
    if len(tests) == 1:
        return tests[0]
    return lambda case: all(test(case) for test in tests)


def _condition(path: str, expected: Any) -> Holds:
    if isinstance(expected, Test):
        return _test(path, expected)
    words = frozenset(paths.as_word(value) for value in (expected if isinstance(expected, list) else [expected]))
    if "[" not in path:
        return _plain(paths.find_first(path), words)
    find_many = paths.find_all(path)
    return lambda case: any(paths.as_word(value) in words for value in find_many(case, case))


def _plain(find: paths.First, words: frozenset[str]) -> Holds:
    def holds(case: Any) -> bool:
        value = find(case, case)
        return (value if type(value) is str else paths.as_word(value)) in words

    return holds


def _test(path: str, test: Test) -> Holds:
    find = paths.find_all(path)
    if test.exists is not None:
        return lambda case: any(value not in (None, "", [], {}) for value in find(case, case)) is test.exists
    words = frozenset(paths.as_word(value) for value in test.not_in or ())
    return lambda case: not any(paths.as_word(value) in words for value in find(case, case))
