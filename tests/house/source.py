"""Our own source as house tests read it: modules, their trees, and who may speak foreign words."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("claims_core", "backoffice_adapter", "notifier", "claims_figures", "claims_portal")


@dataclass(frozen=True)
class Module:
    """One file of ours: its dotted name, its text, its tree."""

    path: Path

    @property
    def place(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def name(self) -> str:
        return self.place.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.place)

    def imports(self) -> Iterator[str]:
        """The dotted names this module imports directly, `from a.b import c` as `a.b.c`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _module(path: Path) -> Module:
    """Read and parsed once, however many tests look at it."""
    return Module(path)


def modules(*roots: str) -> list[Module]:
    """Every module below these folders or files; the product's packages when none is named."""
    found = []
    for root in roots or PRODUCT:
        path = ROOT / root
        files = [path] if path.is_file() else sorted(path.rglob("*.py"))
        found += [_module(file) for file in files if "__pycache__" not in file.parts]
    assert found, f"no source in {roots}: a test would be vacuous"
    return found
