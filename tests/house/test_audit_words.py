"""Each act that is written down anywhere has its words on the page of the trail."""

import ast

from claims_portal.desk.audit.words import ACTS
from tests.house.source import PRODUCT, Module, modules


def acts_in(module: Module) -> set[str]:
    """The names of acts: `action="…"`, and what a module hands to a helper of its own."""
    found = set()
    for node in (node for node in ast.walk(module.tree) if isinstance(node, ast.Call)):
        if getattr(node.func, "id", getattr(node.func, "attr", "")) in ("audit", "_audit"):
            named = [word.value for word in node.keywords if word.arg == "action"] + node.args
            found |= {each.value for part in named for each in ast.walk(part) if isinstance(each, ast.Constant)}
    return {name for name in found if isinstance(name, str) and "_" in name}


def test_each_act_that_is_written_down_has_its_words():
    writers = [one for one in modules(*PRODUCT, "claims_cli") if "audit(" in one.text]
    written = set().union(*map(acts_in, writers))
    assert len(written) > 25
    assert written - set(ACTS) == set()
