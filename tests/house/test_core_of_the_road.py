"""The core of the road, as `docs/architecture.md` lists it, stays short; documents name only what is there."""

import re

from tests.house.source import ROOT

MOST_FILES, MOST_LINES = 15, 1500
PLACES = "claims_core|notifier|backoffice_adapter|claims_portal|sandbox|benchmarks|tests|templates|docs"
OURS = re.compile(rf"`((?:{PLACES})/[\w/.-]+)`")


def listed() -> list[str]:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = re.search(r"^## The core of the road$(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    assert section
    return re.findall(r"^- `(\S+)`$", section.group(1), re.MULTILINE)


def test_the_core_of_the_road_is_short():
    files = listed()
    assert 0 < len(files) <= MOST_FILES
    lines = {file: sum(1 for line in (ROOT / file).read_text().splitlines() if line.strip()) for file in files}
    assert sum(lines.values()) <= MOST_LINES, lines


def test_the_core_of_the_road_goes_all_the_way():
    steps = ("claims_core/ledger", "notifier/planning/planner", "notifier/dispatch", "notifier/reports/receipts")
    assert all(any(file.startswith(step) for file in listed()) for step in steps)


def test_every_file_that_a_document_names_is_there():
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    missing = []
    for document in documents:
        text = document.read_text(encoding="utf-8")
        missing += [f"{document.name}: {name}" for name in OURS.findall(text) if not (ROOT / name).exists()]
        for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
            if not (document.parent / link).exists():
                missing.append(f"{document.name}: {link}")
    assert not missing
