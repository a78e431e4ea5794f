"""Modules are small, say what they are for, and reach time and chance by one door each."""

import ast

import pytest

from tests.house.source import PRODUCT, Module, modules

LONGEST_MODULE, LONGEST_FUNCTION = 300, 35
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
CLOCK, IDS = "claims_core.clock", "claims_core.ids"
# `time.monotonic` measures and `time.sleep` waits; neither says what time it is.
TIME_OF_DAY = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
CHANCE = {"uuid.uuid1", "uuid.uuid4", "uuid4", "uuid1", "secrets", "random"}
OURS = [*PRODUCT, "claims_cli", "sandbox"]


def calls(module: Module) -> list[tuple[int, str]]:
    return [(node.lineno, ast.unparse(node.func)) for node in ast.walk(module.tree) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("module", modules(*OURS), ids=lambda module: module.place)
def test_a_module_is_read_in_one_sitting(module: Module):
    assert module.text.count("\n") <= LONGEST_MODULE, "make it a folder of the same name with the same face"
    assert ast.get_docstring(module.tree), "say in one line what it is for"


def own_lines(function: ast.AST) -> int:
    """The lines of a function without those of the functions inside it."""
    inner = [node for node in ast.walk(function) if isinstance(node, FUNCTION) and node is not function]
    covered = {line for node in inner for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    return len(set(range(function.lineno, (function.end_lineno or 0) + 1)) - covered)  # type: ignore[attr-defined]


def test_no_function_is_longer_than_a_screen():
    long = [
        f"{module.place}:{node.lineno} {node.name} has {own_lines(node)} lines"
        for module in modules(*OURS)
        for node in ast.walk(module.tree)
        if isinstance(node, FUNCTION) and own_lines(node) > LONGEST_FUNCTION
    ]
    assert not long


def test_the_time_comes_only_through_its_door():
    guilty = [
        f"{module.place}:{line} {call}"
        for module in modules()
        if module.name not in (CLOCK, IDS)
        for line, call in calls(module)
        if call in TIME_OF_DAY
        or call.removeprefix("datetime.") in TIME_OF_DAY
        or call.removeprefix("dt.") in TIME_OF_DAY
    ]
    assert not guilty


def test_ids_and_chance_come_only_through_their_door():
    guilty = [
        f"{module.place}:{line} {call}"
        for module in modules()
        if module.name != IDS
        for line, call in calls(module)
        if call in CHANCE or call.split(".")[0] in ("secrets", "random")
    ]
    assert not guilty


def test_a_public_function_says_what_it_promises():
    silent = [
        f"{module.place}:{node.lineno} {node.name}"
        for module in modules()
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not silent
