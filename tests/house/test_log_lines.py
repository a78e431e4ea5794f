"""A log line is an event with a fixed name and fields, and never says who somebody is."""

import ast
import re
from collections.abc import Iterator

from sqlmodel import SQLModel

from claims_core.db import Table
from tests.house.source import Module, modules
from tests.writers import HOMES

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
LOGGERS = {"log", "logger", "_log", "LOG"}
EVENT = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
ALWAYS_PERSONAL = {"phone", "email", "name", "given_name", "address", "text", "body", "code", "password", "token"}
# A claim number is allowed where there is no id yet, and only there (house style, 20).
NO_ID_YET = "backoffice_adapter"


def personal_columns() -> set[str]:
    tables = [mapper.class_ for mapper in SQLModel._sa_registry.mappers if issubclass(mapper.class_, Table)]
    assert len(tables) == len(HOMES) > 40
    return {column for table in tables for column in table.__pii__} | ALWAYS_PERSONAL


def log_calls(module: Module) -> Iterator[ast.Call]:
    for node in ast.walk(module.tree):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in LEVELS and ast.unparse(called.value) in LOGGERS:
            assert isinstance(node, ast.Call)
            yield node


def fields_of(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg == "extra" and isinstance(keyword.value, ast.Dict):
            for key in keyword.value.keys:
                yield key.value if isinstance(key, ast.Constant) else ast.unparse(key) if key else "**"


def test_the_message_of_a_log_line_is_the_name_of_an_event():
    wrong = [
        f"{module.place}:{call.lineno} {ast.unparse(call.args[0])}"
        for module in modules()
        for call in log_calls(module)
        if not (
            isinstance(call.args[0], ast.Constant) and EVENT.fullmatch(str(call.args[0].value)) and len(call.args) == 1
        )
    ]
    assert not wrong


def test_no_field_of_a_log_line_is_personal():
    personal = personal_columns()
    wrong = [
        f"{module.place}:{call.lineno} {field}"
        for module in modules()
        for call in log_calls(module)
        for field in fields_of(call)
        if field in personal - ({"claim_number"} if module.place.startswith(NO_ID_YET) else set())
    ]
    assert not wrong


def test_a_module_of_the_product_logs_by_its_own_name():
    wrong = [
        f"{module.place}: logging.getLogger(__name__), not print"
        for module in modules()
        if re.search(r"logging\.getLogger\((?!__name__)", module.text) and module.name != "claims_core.logs"
    ]
    assert not wrong
