"""Documents name only commands, targets and settings that are there: at night people type what is printed."""

import argparse
import importlib
import re
from collections.abc import Iterator
from functools import cache

import pytest

import bootstrap
import claims_cli
from tests.house.source import ROOT

DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / ".env.example",
    *sorted((ROOT / "docs").rglob("*.md")),
]
BLOCK = re.compile(r"```[^\n]*\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"^(?:\$ )?(?:\S+/)?claims ([a-z]+)(?: ([a-z|]+))?")
TARGET = re.compile(r"^(?:\$ )?(?:make|python3? bootstrap\.py) ([a-z]+)")
SETTING = re.compile(r"\b(?:PORTAL|NOTIFIER|TWILIO|CLAIMS|INSURER|BACKOFFICE)_[A-Z_]*[A-Z]\b")
# Of tests, and what a reader of the record finds there is no more.
NO_SETTINGS = {"CLAIMS_TEST_DATABASE_URL", "CLAIMS_POSTGRES_BIN"}


def typed() -> Iterator[tuple[str, str]]:
    """Each line that a document shows as something to type, or names as such."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for block in BLOCK.findall(text):
            yield from ((document.name, line.strip()) for line in block.splitlines())
        yield from ((document.name, words) for words in INLINE.findall(BLOCK.sub("", text)))


@cache
def parts_of(command: str) -> frozenset[str]:
    """What may follow `claims COMMAND`; nothing where it takes no such word."""
    parser = argparse.ArgumentParser()
    importlib.import_module(claims_cli.COMMANDS[command][0]).add_arguments(parser)
    nested = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return frozenset(part for action in nested for part in action.choices)


def is_there(name: str, part: str | None) -> bool:
    if name not in claims_cli.COMMANDS:
        return False
    return not parts_of(name) or part is None or set(part.split("|")) <= parts_of(name)


def test_every_command_that_a_document_prints_is_there():
    found = [(document, line, COMMAND.match(line)) for document, line in typed()]
    named = [(document, line, match) for document, line, match in found if match]
    assert len(named) > 50
    assert not [f"{document}: {line}" for document, line, match in named if not is_there(match[1], match[2])]


def test_a_command_to_be_typed_as_it_stands_is_complete():
    """In a table of what to do, `claims notifications` alone would only say how it is used."""
    bare = {f"claims {name}" for name in claims_cli.COMMANDS if parts_of(name)}
    shown = INLINE.findall((ROOT / "docs" / "operations.md").read_text(encoding="utf-8"))
    assert not bare & set(shown)


def test_every_target_that_a_document_names_is_there():
    named = [(document, match[1]) for document, line in typed() if (match := TARGET.match(line))]
    assert named
    assert {target for _, target in named} <= {"help", *bootstrap.TARGETS}


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if path.suffix == ".md"], ids=lambda path: path.name)
def test_every_setting_that_a_document_names_is_in_the_example(document):
    known = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(SETTING.findall(document.read_text(encoding="utf-8"))) - known - NO_SETTINGS == set()
