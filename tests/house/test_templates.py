"""Templates: escaped, complete in both languages, and every sentence translated."""

import re
import tomllib
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po

from claims_portal.desk.words import template_words
from tests.house.source import ROOT

MESSAGES = ROOT / "templates" / "messages"
PAGES = sorted(path for part in ("pages", "desk", "partials") for path in (ROOT / "templates" / part).glob("*.html"))
LANGUAGES = ("ru", "en")
NEVER_A_LETTER = {"otp", "call_code", "free_text", "optout", "optout_claim", "optin_often", "optin_rare"}
UNESCAPED = re.compile(r"\|\s*safe\b|autoescape\s+false|Markup\(")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "marked": None, "N_": None}
FIELDS = re.compile(r"%\((\w+)\)|\{(\w+)\}")


def folders() -> list[Path]:
    found = sorted(path for path in MESSAGES.iterdir() if path.is_dir() and not path.name.startswith("_"))
    assert found
    return found


def test_no_template_lets_markup_through():
    assert PAGES
    wrong = [str(path.relative_to(ROOT)) for path in PAGES if UNESCAPED.search(path.read_text(encoding="utf-8"))]
    assert not wrong


def test_what_a_script_looks_for_is_on_a_page():
    markup = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    scripts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "claims_portal" / "static").glob("*.js"))
    wanted = set(re.findall(r'getElementById\("([\w-]+)"\)', scripts)) | set(re.findall(r"\}#([\w-]+)`", scripts))
    assert len(wanted) > 5
    assert [name for name in sorted(wanted) if f'id="{name}"' not in markup] == []


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_a_message_is_complete_in_both_languages(folder: Path):
    """Every message can go as SMS; each further channel has both languages or neither; no file is empty or odd."""
    files = {path.name: path.read_text(encoding="utf-8").strip() for path in folder.iterdir()}
    channels = {name.rsplit(".", 1)[0] for name in files}
    assert "sms" in channels
    assert files.keys() == {f"{channel}.{language}" for channel in channels for language in LANGUAGES}
    assert all(files.values())


def test_whatever_may_be_a_letter_has_its_letter():
    """Codes, answers to what came from a number, and words about texts to it are no letters."""
    without = {folder.name for folder in folders() if not (folder / "email.ru").is_file()}
    assert without == {folder.name for folder in folders() if folder.name.startswith("kw_")} | NEVER_A_LETTER


def test_a_letter_begins_with_a_short_subject_and_ends_with_its_link():
    for path in MESSAGES.glob("*/email.*"):
        subject, empty, *body = path.read_text(encoding="utf-8").rstrip().splitlines()
        assert 0 < len(re.sub(r"{[%{].*?[%}]}", "", subject)) <= 120, path
        assert empty == "", path
        assert body[-1].endswith(": {{ link }}"), path


def test_the_frame_of_letters_lets_no_markup_through_and_fetches_nothing():
    frame = (ROOT / "notifier" / "channels" / "email" / "letter.html").read_text(encoding="utf-8")
    assert not UNESCAPED.search(frame)
    assert not re.search(r"https?:|src=|url\(|<link|<script|<img", frame)


def test_every_rule_tells_with_a_message_that_exists():
    rules = tomllib.loads((ROOT / "notifier" / "deciding" / "rules.toml").read_text(encoding="utf-8"))
    named = {rule["template"] for rule in rules["rule"]}
    assert named
    assert named <= {folder.name for folder in folders()}


def catalogue() -> Catalog:
    merged = Catalog(locale="ru")
    files = sorted((ROOT / "locale" / "ru" / "LC_MESSAGES").glob("*.po"))
    assert files
    for file in files:
        with file.open("rb") as opened:
            for message in read_po(opened, locale="ru"):
                if message.id:
                    merged.add(message.id, message.string, flags=message.flags)
    return merged


def first(message: str | tuple[str, ...]) -> str:
    return message[0] if isinstance(message, tuple) else message


def wanted() -> dict[str, str]:
    """Every sentence of code and templates that a person reads, and where it stands."""
    found: dict[str, str] = {}
    options = {"extensions": "jinja2.ext.i18n,jinja2.ext.do", "trimmed": "true", "silent": "false"}
    for name in ("claims_portal", "notifier", "claims_core"):
        method = [("**.py", "python")]
        for path, line, message, _, _ in extract_from_dir(ROOT / name, method_map=method, keywords=KEYWORDS):
            found.setdefault(first(message), f"{name}/{path}:{line}")
    for page in PAGES:
        texts = extract_from_file("jinja2.ext:babel_extract", page, keywords=KEYWORDS, options=options)
        for line, message, _, _ in texts:
            found.setdefault(first(message), f"{page.relative_to(ROOT)}:{line}")
    assert found
    return found


def test_every_sentence_is_translated():
    have = catalogue()
    missing = []
    for sentence, place in wanted().items():
        entry = have.get(sentence)
        strings = [] if entry is None else entry.string if isinstance(entry.string, tuple) else [entry.string]
        if not strings or not all(strings) or (entry and entry.fuzzy):
            missing.append(f"{place}: {sentence}")
    assert not missing


def test_a_translation_has_the_fields_of_its_original():
    wrong = []
    for message in catalogue():
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        allowed = {name for text in ids for pair in FIELDS.findall(text) for name in pair if name}
        used = {name for text in strings for pair in FIELDS.findall(text) for name in pair if name}
        if not used <= allowed:
            wrong.append(f"{ids[0]}: {used - allowed}")
    assert not wrong


def test_every_message_that_ships_has_a_name_of_its_own_at_the_desk():
    """A handler reads what was sent in words, and two texts of one name cannot be told apart in a list."""
    names = [template_words(folder.name) for folder in folders()]
    assert {folder.name for folder in folders()} & set(names) == set()
    assert len(names) == len(set(names)), sorted(names)
