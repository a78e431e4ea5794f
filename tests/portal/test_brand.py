"""An insurer's own look: on pages, papers and in letters; and a logo that is anything but a picture is refused."""

import io
import re
from contextlib import suppress
from pathlib import Path
from typing import cast

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from sqlalchemy.ext.asyncio import create_async_engine

from claims_core.db import session_scope
from claims_core.errors import Misconfigured
from claims_portal import probe as probes
from claims_portal.brand import read_logo, wear
from claims_portal.brand.logo import MOST_BYTES
from claims_portal.pdf import Paper, Part, to_pdf
from notifier.channels.email.channel import EmailChannel
from notifier.channels.email.letter import compose
from notifier.settings import NotifierSettings
from tests.core.test_brand import a_palette, in_toml
from tests.portal.people import signed_in
from tests.portal.portal import NOON, notifier_settings, portal_app, portal_settings, visiting
from tests.portal.states import a_claim_in

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:pad="http://pad.example" viewBox="0 0 60 20" pad:version="1">'
    '<title>Заря</title><metadata/><pad:view/><defs><linearGradient id="a"><stop offset="0" stop-color="#fff"/>'
    '</linearGradient></defs><path d="M2 2h16v16H2z" fill="url(#a)"/></svg>'
)
TEXTS = """
[texts.ru]
name = "Заря"
hours = "По будням с 9 до 18."
complaint = "Пожаловаться на нас можно и в Банк России."
footer = "АО «Заря», лицензия СИ № 0001."
[texts.en]
name = "Zarya Insurance"
hours = "On weekdays 9 to 18."
complaint = "The Bank of Russia hears complaints about us, too."
footer = "Zarya JSC, licence SI 0001."
"""
LIGHT = a_palette("light", brand="#7A1230", brand_hover="#5A0C22", brand_tint="#FBE9EE", hero="#5E0F28")
OWN = in_toml("light", LIGHT | {"on-hero-2": "#F3D5DD"}) + in_toml("dark", a_palette("dark")) + TEXTS


def a_brand(folder: Path, text: str = OWN, logo: str | bytes = SVG, name: str = "logo.svg") -> Path:
    """The file of a brand, with its logo beside it."""
    (folder / name).write_bytes(logo if isinstance(logo, bytes) else logo.encode())
    path = folder / "brand.toml"
    path.write_text(f'logo = "{name}"\n{text}', encoding="utf-8")
    return path


def a_png(size: tuple[int, int] = (300, 100), **saved: object) -> bytes:
    written = io.BytesIO()
    Image.new("RGBA", size, "#fff8").save(written, "PNG", **saved)
    return written.getvalue()


def refused(folder: Path, logo: str | bytes) -> str:
    path = folder / "logo"
    path.write_bytes(logo if isinstance(logo, bytes) else logo.encode())
    with pytest.raises(Misconfigured, match="PORTAL_BRAND_FILE: logo ") as told:
        read_logo(path)
    return str(told.value)


async def test_every_page_wears_the_brand_in_its_language(engine, pool, clock, tmp_path):
    app = portal_app(engine, pool, clock, portal_brand_file=a_brand(tmp_path))
    async with visiting(app) as browser:
        for language, own, ours in (
            ("ru", "лицензия СИ № 0001", "Ежедневно с 8 до 20"),
            ("en", "licence SI", "Every day"),
        ):
            browser.headers["Accept-Language"] = language
            page = (await browser.get(f"/{language}/")).text
            assert own in page
            assert ours not in page
        assert "<span>Zarya Insurance</span>" in page
        sheet, logo = re.findall(r'(?:href|src)="(/static/(?:app\.css|logo\.svg)[^"]+)"', page)[:2]
        css = await browser.get(sheet)
        assert css.headers["content-type"].startswith("text/css")
        assert "immutable" in css.headers["cache-control"]
        assert css.text.rindex("--hero:#5E0F28") > css.text.rindex("--hero:#0B4450")
        packed = await browser.get(sheet, headers={"Accept-Encoding": "gzip"})
        assert (packed.headers["content-encoding"], packed.text) == ("gzip", css.text)
        picture = await browser.get(logo)
        assert picture.headers["content-type"] == "image/svg+xml"
        assert "default-src 'self'" in picture.headers["content-security-policy"]
        desk = (await browser.get("/desk/sign-in")).text
        assert sheet in desk
        assert logo in desk


async def test_where_else_one_may_complain_stands_where_one_disagrees(engine, pool, clock, tmp_path):
    app = portal_app(engine, pool, clock, portal_brand_file=a_brand(tmp_path))
    async with session_scope(engine) as session:
        claim = await a_claim_in(session, "declined", now=NOON)
    async with signed_in(app, claim) as browser:
        page = (await browser.get(f"/claim/{claim.id}")).text
    assert page.count("Пожаловаться на нас можно и в Банк России.") == 1
    assert "По будням с 9 до 18. Оператор видит всё" in page


def test_colours_that_cannot_be_read_stop_the_portal(tmp_path):
    unreadable = OWN.replace("#F3D5DD", "#8A3A50")
    engine = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    with pytest.raises(Misconfigured, match=r"light: on-hero-2 #8A3A50 on hero #5E0F28 has \d\.\d\d:1 and needs 4.5:1"):
        portal_app(engine, cast(asyncpg.Pool, None), portal_brand_file=a_brand(tmp_path, unreadable))


async def test_doctor_says_what_the_brand_has_and_what_is_wrong_with_it(tmp_path, monkeypatch):
    given = {"PORTAL_PUBLIC_URL": "https://c.example", "PORTAL_SECRET_KEY": "k" * 40, "PORTAL_BRAND_NAME": "Заря"}
    for name, value in {**given, "PORTAL_BRAND_PHONE": "1", "PORTAL_BRAND_FILE": str(a_brand(tmp_path))}.items():
        monkeypatch.setenv(name, value)
    [good] = [found for found in await probes.probe() if found.subject == "brand"]
    assert good.is_good
    assert "(svg), texts: name, hours, complaint, footer" in good.text
    a_brand(tmp_path, logo="<html/>")
    [bad] = [found for found in await probes.probe() if found.subject == "brand"]
    assert (bad.is_good, "is no SVG" in bad.text) == (False, True)


@pytest.mark.parametrize(("name", "logo"), [("logo.svg", SVG), ("logo.png", a_png())])
def test_a_paper_has_the_brand_at_its_head(tmp_path, name, logo):
    worn = wear(portal_settings(portal_brand_file=a_brand(tmp_path, logo=logo, name=name)))
    paper = Paper("Title", "en", NOON, (Part(texts=("Words",)),), "foot", "maker")
    with_head, without = to_pdf(paper, worn.head("en")), to_pdf(paper)
    assert with_head == to_pdf(paper, worn.head("en")), "the same words at the same moment are the same bytes"
    assert len(with_head) > len(without)
    assert wear(portal_settings()).head("en") is None


def test_a_letter_has_the_brand_in_its_language(tmp_path):
    surely = notifier_settings(portal_settings()).model_dump() | {
        "smtp_url": "smtp://mail.example:587",
        "smtp_from": "claims@zarya.example",
        "portal_brand_name": "Ours",
        "portal_brand_file": a_brand(tmp_path),
    }
    channel = EmailChannel(NotifierSettings(_env_file=None, **surely))
    sent = {"to": "i@mail.example", "key": "k", "stop": "https://c.example/stop/x", "now": NOON}
    _, letter = compose("Subject\n\nWords", language="en", frame=channel._frame, **sent)
    said = letter.decode()
    assert "From: Zarya Insurance <claims@zarya.example>" in said
    assert "background:#5E0F28" in said.replace("=\r\n", "")
    assert said.count("Zarya JSC, licence SI 0001.") == 2


def test_an_svg_is_written_anew_out_of_what_we_know(tmp_path):
    (tmp_path / "logo").write_text(SVG, encoding="utf-8")
    made = read_logo(tmp_path / "logo")
    assert (made.kind, made.aspect) == ("svg", 3)
    text = made.body.decode()
    assert "url(#a)" in text
    assert not [word for word in ("pad", "title", "metadata", "Заря") if word in text]
    (tmp_path / "logo").write_bytes(made.body)
    assert read_logo(tmp_path / "logo") == made


def test_a_png_is_painted_anew_small_and_without_what_was_beside_it(tmp_path):
    about = PngImagePlugin.PngInfo()
    about.add_text("Author", "somebody of the agency")
    (tmp_path / "logo").write_bytes(a_png((900, 300), pnginfo=about))
    made = read_logo(tmp_path / "logo")
    assert (made.kind, made.aspect) == ("png", 3)
    assert len(made.body) <= MOST_BYTES
    assert b"agency" not in made.body
    with Image.open(io.BytesIO(made.body)) as picture:
        assert picture.size == (360, 120)


def svg(inside: str, more: str = "") -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" {more}>{inside}</svg>'


@pytest.mark.parametrize(
    ("logo", "says"),
    [
        (svg("<script>alert(1)</script>"), "holds <script>"),
        (svg('<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>'), "holds <foreignObject>"),
        (svg('<image href="https://evil.example/x.png"/>'), "holds <image>"),
        (svg("<text>Заря</text>"), "holds <text>"),
        (svg("<style>*{}</style>"), "holds <style>"),
        (svg("<animate/>"), "holds <animate>"),
        (svg("<use href='#a'/>"), "holds <use>"),
        (svg("<path onclick='x()'/>"), "has onclick"),
        (svg("<g/>", 'onload="x()"'), "has onload"),
        (svg('<linearGradient xmlns:x="http://www.w3.org/1999/xlink" x:href="http://e.example"/>'), "has href"),
        (svg("<path style='fill:url(http://e.example)'/>"), "has a style"),
        (svg("<path fill='url(http://e.example/#a)'/>"), "may point to its own parts alone"),
        (svg("<path fill='URL( //e.example )'/>"), "may point to its own parts alone"),
        ('<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + svg("&a;"), "without a document type"),
        (svg("<g>" * 30_000 + "</g>" * 30_000), "without end"),
        (svg("<path d='" + "M1 1" * 3000 + "'/>"), "bytes after all"),
        (svg("").replace("0 0 9 9", "0 0 900 9"), "100.00 times as wide as high"),
        (svg("").replace('viewBox="0 0 9 9"', ""), "says no size"),
        (svg("").replace("0 0 9 9", "0 0 0 9"), "says no size"),
        ("<html/>", "is no SVG"),
        ("GIF89a", "is neither a PNG nor an SVG"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "is a broken PNG"),
        (a_png()[:90], "is a broken PNG"),
        (a_png((3000, 3000)), "has 3000 times 3000 pixels"),
        (b"", "is neither a PNG nor an SVG"),
        (b"x" * (256 * 1024 + 1), "has more than 256 KB"),
    ],
)
def test_a_logo_that_is_more_or_less_than_a_picture_is_refused(tmp_path, logo, says):
    assert says in refused(tmp_path, logo)


@settings(max_examples=50)
@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=100).map(svg), st.sampled_from([a_png()[:n] for n in range(9, 99)])
    )
)
def test_nonsense_is_no_logo_and_never_breaks(tmp_path_factory, nonsense):
    path = tmp_path_factory.getbasetemp() / "nonsense"
    path.write_bytes(nonsense if isinstance(nonsense, bytes) else nonsense.encode("utf-8", "surrogatepass"))
    with suppress(Misconfigured):
        assert read_logo(path).kind == "svg"
