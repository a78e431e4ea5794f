"""Settings are small, frozen, read once, and written down for the operator."""

import ast
import importlib
import re
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from claims_core.settings import Surroundings, forget_surroundings
from tests.house.source import PRODUCT, ROOT, modules

EXAMPLE = ROOT / ".env.example"
ASSIGNED = re.compile(r"^#?([A-Z][A-Z0-9_]+)=", re.MULTILINE)
# Read without a settings class: before settings are read, or by tests only.
WITHOUT_CLASS = {"CLAIMS_ENV_FILE", "CLAIMS_LOG_JSON", "FAILPOINTS"}
NOT_FOR_OPERATORS = {"FAILPOINTS"}
SECRET = re.compile(r"token|secret|password|database_url")


def below(kind: type[Surroundings]) -> Iterator[type[Surroundings]]:
    for child in kind.__subclasses__():
        yield child
        yield from below(child)


def kinds() -> list[type[Surroundings]]:
    for package in sorted(set(PRODUCT) - {"claims_figures"}):  # the core's settings are all it needs
        importlib.import_module(f"{package}.settings")
    return [kind for kind in below(Surroundings) if kind.__module__.split(".")[0] in PRODUCT]


def test_the_example_names_every_setting_and_no_other():
    known = {name.upper() for kind in kinds() for name in kind.model_fields} | (WITHOUT_CLASS - NOT_FOR_OPERATORS)
    assert set(ASSIGNED.findall(EXAMPLE.read_text())) == known


def test_what_must_be_set_stands_in_the_example_without_a_comment_sign():
    needed = {name.upper() for kind in kinds() for name, field in kind.model_fields.items() if field.is_required()}
    assert needed
    assert needed <= set(re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE))


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_a_settings_class_is_frozen_and_hides_its_secrets(kind: type[Surroundings]):
    assert kind.model_config.get("frozen")
    bare = [
        name
        for name, field in kind.model_fields.items()
        if SECRET.search(name) and "SecretStr" not in str(field.annotation) and field.annotation is not SecretStr
    ]
    assert not bare


def test_every_setting_is_forgotten_by_a_demo():
    environ = {name.upper(): "x" for kind in kinds() for name in kind.model_fields} | dict.fromkeys(WITHOUT_CLASS, "x")
    forget_surroundings(environ)
    assert environ == {"CLAIMS_ENV_FILE": ""}


def test_nobody_reads_the_environment_beside_the_settings():
    """Exceptions: the two doors named above, the embedded server's own child, and secrets named by a source's TOML."""
    allowed = {"claims_core.settings", "claims_core.failpoints", "claims_core.logs", "claims_core.embedded.standing"}
    allowed |= {"backoffice_adapter.settings"}
    readers = {
        module.name
        for module in modules()
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and ast.unparse(node) == "os.environ" and isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.Call) and ast.unparse(node.func) == "os.getenv")
    }
    hands_on = {"claims_portal.commands.portal"}  # gives the database's address to its worker processes
    assert readers - allowed - hands_on == set()
