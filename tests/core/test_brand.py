"""The brand of an insurer: colours that cannot be read are refused, and so is a file of anything else."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claims_core.brand import PAIRS, TEXTS, THEMES, TOKENS, Brand, Texts, faults, hero_line, ratio, read_brand
from claims_core.brand.colours import OURS
from claims_core.errors import Misconfigured
from claims_core.i18n import LANGUAGES

ROOT = Path(__file__).parents[2]
CSS = (ROOT / "claims_portal" / "static" / "app.css").read_text(encoding="utf-8")
# Of one theme of our stylesheet: what must be told apart beside the brand's own pairs (`ux` 1.2).
ON_GROUNDS = [
    (ink, ground, 4.5) for ink in ("ink", "ink-2", "ink-3", "link") for ground in ("surface", "paper", "sunken")
]
STATES = ("info", "act", "ok", "no", "hold", "off")
OF_STATES = [pair for s in STATES for pair in ((s, f"{s}-bg", 4.5), (s, "surface", 4.5), (f"{s}-line", "paper", 3.0))]
MARKS = [
    ("control", "surface", 3.0),
    ("control", "paper", 3.0),
    ("chart-a", "surface", 3.0),
    ("chart-b", "surface", 3.0),
]
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06X}")
PALETTES = st.fixed_dictionaries(dict.fromkeys(TOKENS, COLOURS))


def tokens_of(theme: str) -> dict[str, str]:
    """The colours of a theme as our stylesheet has them."""
    start = CSS.index(":root {" if theme == "light" else '[data-theme="dark"] {')
    return dict(re.findall(r"--([\w-]+):(#[0-9A-F]{6})", CSS[start : CSS.index("}", start)]))


def a_palette(theme: str, **over: str) -> dict[str, str]:
    """Our own colours, some of them changed."""
    ours = tokens_of(theme)
    return {token: over.get(token.replace("-", "_"), ours[token]) for token in TOKENS}


def a_file(folder: Path, text: str | bytes) -> Path:
    path = folder / "brand.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def in_toml(theme: str, palette: dict[str, str]) -> str:
    return f"[{theme}]\n" + "".join(f'{token} = "{colour}"\n' for token, colour in palette.items())


def refused(path: Path) -> str:
    with pytest.raises(Misconfigured) as told:
        read_brand(path)
    assert str(told.value).startswith(f"PORTAL_BRAND_FILE {path}: ")
    return str(told.value)


@pytest.mark.parametrize("theme", THEMES)
def test_our_own_colours_can_be_read(theme: str):
    ours = tokens_of(theme)
    assert list(faults(theme, a_palette(theme))) == []
    assert {name: ours[name] for name in OURS[theme]} == OURS[theme], "the stylesheet has moved on"
    weak = [(a, b) for a, b, needed in (*ON_GROUNDS, *OF_STATES, *MARKS) if ratio(ours[a], ours[b]) < needed]
    assert weak == []


def test_ratios_are_those_of_wcag():
    assert ratio("#000000", "#FFFFFF") == pytest.approx(21)
    assert ratio("#777777", "#FFFFFF") == pytest.approx(4.478, abs=0.001)
    assert ratio("#0B4450", "#FFFFFF") == pytest.approx(10.73, abs=0.01)


@settings(max_examples=100)
@given(PALETTES, st.sampled_from(THEMES))
@example(dict.fromkeys(TOKENS, "#808080"), "light")
def test_a_brand_is_refused_just_when_a_pair_is_too_near_and_each_such_pair_is_named(palette, theme):
    said = list(faults(theme, palette))
    colours = OURS[theme] | palette
    near = [pair for pair in PAIRS if ratio(colours[pair.front], colours[pair.back]) < pair.needed]
    assert len(said) == len(near)
    for pair, words in zip(near, said, strict=True):
        assert f"{theme}: {pair.front} {colours[pair.front]} on {pair.back} {colours[pair.back]}" in words
        # What it says is below what it needs, also where a rounded figure would not be.
        found = re.search(r"has (\d+\.\d\d):1 and needs (\d\.\d):1", words)
        assert found, words
        assert float(found[1]) < float(found[2])


@given(COLOURS, COLOURS)
def test_a_ratio_knows_no_order_and_lies_between_1_and_21(one, other):
    assert ratio(one, other) == ratio(other, one)
    assert 1 <= ratio(one, other) <= 21.0001
    assert re.fullmatch(r"#[0-9A-F]{6}", hero_line({"hero": one, "on-hero": other}))


def test_a_whole_brand_is_read(tmp_path: Path):
    text = 'logo = "logo.svg"\nlogo_says_name = true\n'
    text += "".join(in_toml(theme, a_palette(theme, brand="#0B4F5D")) for theme in ("light",))
    text += in_toml("dark", a_palette("dark"))
    text += "".join(f'[texts.{language}]\nname = "Заря\u00a0{language}"\n' for language in LANGUAGES)
    brand = read_brand(a_file(tmp_path, text))
    assert brand.colours["light"]["brand"] == "#0B4F5D"
    assert brand.logo == tmp_path / "logo.svg"
    assert (brand.text("name", "en"), brand.text("footer", "en", "ours")) == ("Заря\u00a0en", "ours")
    assert set(brand.texts) == set(LANGUAGES)
    assert set(Texts.model_fields) == set(TEXTS)


def test_the_brand_of_the_documentation_is_one_and_its_refusal_is_what_is_said(tmp_path: Path):
    page = (ROOT / "docs" / "brand.md").read_text(encoding="utf-8")
    [example] = re.findall(r"(?s)```toml\n(.*?)```", page)
    brand = read_brand(a_file(tmp_path, example))
    assert set(brand.colours) == set(THEMES)
    assert all(brand.text(name, language) for name in TEXTS for language in LANGUAGES)
    [refusal] = re.findall(r"light: on-hero-2 (#\w{6}) on hero #5E0F28 has [^\n]*", page)
    assert refused(a_file(tmp_path, example.replace("#F3D5DD", refusal, 1))).partition(": ")[2] in page


def test_without_a_file_everything_is_ours(tmp_path: Path):
    assert read_brand(None) == Brand()
    empty = read_brand(a_file(tmp_path, ""))
    assert (empty.colours, empty.logo, empty.text("name", "ru", "ours")) == ({}, None, "ours")


def test_a_brand_that_cannot_be_read_says_which_pair_and_what_ratio(tmp_path: Path):
    light = in_toml("light", a_palette("light", on_brand="#6F8286", accent="#0B4450"))
    said = refused(a_file(tmp_path, light + in_toml("dark", a_palette("dark"))))
    assert "light: on-brand #6F8286 on brand #0B4F5C has 2.27:1 and needs 4.5:1 (the words of a button)" in said
    assert "light: accent #0B4450 on hero #0B4450 has 1.00:1 and needs 3.0:1" in said
    assert "dark" not in said


BOTH = in_toml("light", a_palette("light")) + in_toml("dark", a_palette("dark"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (in_toml("light", a_palette("light")), "one theme alone"),
        (BOTH.replace('accent = "#F6B73C"\n', "", 1), "look at accent"),
        (BOTH.replace("hero =", "heroo =", 1), "hero, heroo"),
        (BOTH.replace("#0B4450", "teal", 1), "light.hero: "),
        (BOTH.replace("#0B4450", "#0B4450\\n", 1), "light.hero: "),
        (BOTH.replace('"#0B4450"', "738384", 1), "light.hero: "),
        ('[texts.ru]\nname = "Заря"\n', "name is there in one language alone"),
        ('[texts.de]\nname = "Zarja"\n', "texts.de: "),
        ('[texts.ru]\nslogan = "Мы лучшие"\n', "texts.ru.slogan: "),
        ('[texts.ru]\nfooter = "<a href=x>"\n', "may not hold '<'"),
        ('[texts.ru]\nfooter = "{{ brand }}"\n', "may not hold '{'"),
        ('[texts.ru]\nfooter = "a\\u202Eb"\n', "may not hold "),
        ('[texts.ru]\nname = "  "\n', "is empty"),
        (f'[texts.ru]\nname = "{"я" * 61}"\n', "texts.ru.name: "),
        ("logo = 5", "logo: "),
        ("stylesheet = 'x.css'", "stylesheet: "),
        ("not toml at all", "is no TOML"),
        (b"\xff\xfe\x00", "is no TOML"),
        ("x = " + "[" * 5000, "is no TOML"),
        ("#" * (64 * 1024 + 1), "is longer than"),
    ],
)
def test_a_file_of_anything_else_is_refused_in_one_sentence(tmp_path: Path, text: str | bytes, says: str):
    said = refused(a_file(tmp_path, text))
    assert says in said
    assert "\n" not in said.removeprefix(f"PORTAL_BRAND_FILE {tmp_path}") or "\\n" in said


@settings(max_examples=50)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_nonsense_is_refused_or_is_no_brand_and_never_breaks(tmp_path_factory, nonsense):
    with suppress(Misconfigured):
        brand = read_brand(a_file(tmp_path_factory.getbasetemp(), nonsense))
        assert (brand.colours, brand.logo) == ({}, None)


def test_a_file_that_is_not_there_or_no_file_is_said(tmp_path: Path):
    assert "cannot be read" in refused(tmp_path / "nowhere.toml")
    assert "cannot be read" in refused(tmp_path)
