"""The architecture holds: layers and floors as pyproject.toml says, doors between packages, pure decisions."""

import logging

import pytest
from importlinter.cli import lint_imports

from tests.house.source import PRODUCT, ROOT, modules

# `states` is the vocabulary in which the tables are written; `settings` are passed on; `wordings` are agreed to.
DOORS = (
    "costs",
    "direct",
    "deciding.response_clock",
    "deciding.pilot",
    "deciding.guardrails",
    "people.enrolments",
    "people.erasing",
    "people.pilots",
    "people.reading_out",
    "four_eyes",
    "held",
    "held_words",
    "incoming.call_keys",
    "incoming.chat_updates",
    "incoming.inbound",
    "people.chats",
    "people.claim_stops",
    "people.one_tap",
    "people.ours",
    "people.preferences",
    "people.preferred",
    "people.surveys",
    "planning.calls",
    "planning.replay",
    "planning.sentences",
    "refusals",
    "reports.receipts",
    "reports.receiving",
    "settings",
    "states",
    "switch",
    "tables",
    "versions.editing",
    "versions.rule_drafts",
    "wording.chat_words",
    "wording.check_words",
    "wording.wordings",
)
ENTERED_BY_NOBODY = ("sandbox", "benchmarks", "claims_cli", "tests")


def test_every_module_lives_on_a_floor_and_imports_only_downwards(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(ROOT)
    failed = lint_imports(config_filename="pyproject.toml", no_cache=True, is_debug_mode=False)
    # The linter sets up logging of its own and silences every logger that was there before.
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False
    assert not failed, capsys.readouterr().out


def test_no_product_package_imports_the_sandbox_the_benchmarks_or_the_command():
    guilty = [
        f"{module.place} imports {name}"
        for module in modules()
        for name in module.imports()
        if name.split(".")[0] in ENTERED_BY_NOBODY
    ]
    assert not guilty


def is_a_door(name: str) -> bool:
    return any(f"{name}.".startswith(f"{door}.") for door in DOORS)


def test_the_portal_enters_the_notifier_only_by_its_doors():
    guilty = [
        f"{module.place} imports {name}"
        for module in modules("claims_portal")
        for name in module.imports()
        if name.startswith("notifier.") and not is_a_door(name.removeprefix("notifier."))
    ]
    assert not guilty


def test_the_portal_enters_the_adapter_only_by_the_door_for_notices():
    guilty = [
        f"{module.place} imports {name}"
        for module in modules("claims_portal")
        for name in module.imports()
        if name.split(".")[0] == "backoffice_adapter" and name.split(".")[1] not in ("notices", "settings")
    ]
    assert not guilty


def test_a_package_is_entered_by_its_face_from_outside_where_it_has_one():
    """A folder with a face exports what others may use; its inner modules are its own affair."""
    with_face = {
        module.name
        for package in PRODUCT
        for module in modules(package)
        if module.path.name == "__init__.py" and "__all__" in module.text
    }
    guilty = []
    for module in modules():
        for name in module.imports():
            for face in with_face:
                inside = name.startswith(f"{face}.") and (ROOT / name.replace(".", "/")).with_suffix(".py").exists()
                if inside and not module.name.startswith(face):
                    guilty.append(f"{module.place} imports {name}, not {face}")
    assert not guilty
