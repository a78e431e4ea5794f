"""A paper of ours as a PDF: headings, paragraphs and rows on A4; the same words at the same moment are the same bytes.

The font lies beside this module, whole and unchanged (PT Sans, SIL Open Font License 1.1): a paper looks the same on
every machine, and a person's name has its Cyrillic letters on one that knows none.
"""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from fpdf import FPDF, XPos, YPos
from fpdf.fonts import TTFFont

_FONTS = Path(__file__).resolve().parent / "fonts"
_REGULAR, _BOLD = _FONTS / "PT_Sans-Web-Regular.ttf", _FONTS / "PT_Sans-Web-Bold.ttf"
_FAMILY, _MARGIN, _LINE, _LABEL, _BAND = "PT Sans", 22, 5.4, 52, 16
_INK, _FAINT = (31, 35, 40), (96, 103, 112)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a paper: a heading, paragraphs, and rows of a name with its value; each may be missing."""

    heading: str = ""
    texts: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """What is printed: `foot` stands at the end of each page, `made_at` in the file's own particulars."""

    title: str
    language: str
    made_at: datetime
    parts: tuple[Part, ...]
    foot: str
    maker: str


@dataclass(frozen=True, slots=True)
class Head:
    """The insurer's band at the top of a paper: its colours (`#RRGGBB`), its name, its logo and how wide that is."""

    name: str
    ground: str
    words: str
    logo: bytes | None = None
    aspect: float = 1


class _Sheet(FPDF):
    foot = ""

    def footer(self) -> None:
        """The line at the end of each page, with its number."""
        self.set_y(-16)
        self.set_font(_FAMILY, size=8)
        self.set_text_color(*_FAINT)
        self.cell(self.epw - 20, 4, self.foot)
        self.cell(20, 4, f"{self.page_no()} / {{nb}}", align="R")


def to_pdf(paper: Paper, head: Head | None = None) -> bytes:
    """The paper as a file. A letter that the font does not have is printed as `?`. Takes tens of milliseconds."""
    sheet = _Sheet(format="A4")
    sheet.set_creation_date(paper.made_at)
    sheet.set_title(paper.title)
    sheet.set_author(paper.maker)
    sheet.set_lang(paper.language)
    sheet.set_margins(_MARGIN, _MARGIN, _MARGIN)
    sheet.set_auto_page_break(True, margin=_MARGIN)
    sheet.add_font(_FAMILY, fname=_REGULAR)
    sheet.add_font(_FAMILY, "B", fname=_BOLD)
    sheet.foot = _printable(sheet, paper.foot)
    sheet.add_page()
    if head:
        _print_head(sheet, head)
    _say(sheet, paper.title, size=17, bold=True, after=3)
    for part in paper.parts:
        _print(sheet, part)
    return bytes(sheet.output())


def _print_head(sheet: FPDF, head: Head) -> None:
    sheet.set_fill_color(head.ground)
    sheet.rect(0, 0, sheet.w, _BAND, style="F")
    if head.logo:
        sheet.image(BytesIO(head.logo), x=_MARGIN, y=_BAND / 4, h=_BAND / 2)
    sheet.set_xy(_MARGIN + (head.aspect * _BAND / 2 + 3 if head.logo else 0), 0)
    sheet.set_font(_FAMILY, "B", 11)
    sheet.set_text_color(head.words)
    sheet.cell(0, _BAND, _printable(sheet, head.name))
    sheet.set_xy(_MARGIN, _BAND + 8)


def _print(sheet: FPDF, part: Part) -> None:
    if part.heading:
        sheet.ln(2)
        _say(sheet, part.heading, size=12, bold=True, after=1)
    for text in part.texts:
        _say(sheet, text, after=2)
    for name, value in part.rows:
        _row(sheet, name, value)


def _say(sheet: FPDF, text: str, *, size: float = 10.5, bold: bool = False, after: float = 0) -> None:
    sheet.set_font(_FAMILY, "B" if bold else "", size)
    sheet.set_text_color(*_INK)
    words = _printable(sheet, text)
    sheet.multi_cell(0, size * _LINE / 10.5, words, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(after)


def _row(sheet: FPDF, name: str, value: str) -> None:
    if sheet.will_page_break(2 * _LINE):
        sheet.add_page()
    sheet.set_font(_FAMILY, size=9.5)
    sheet.set_text_color(*_FAINT)
    top, page = sheet.get_y(), sheet.page
    sheet.multi_cell(_LABEL - 4, _LINE, _printable(sheet, name), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    below = sheet.get_y()
    sheet.set_xy(_MARGIN + _LABEL, top)
    sheet.set_text_color(*_INK)
    sheet.multi_cell(0, _LINE, _printable(sheet, value) or "—", align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    if sheet.page == page:
        sheet.set_y(max(below, sheet.get_y()))


def _printable(sheet: FPDF, text: str) -> str:
    """The text in letters that both cuts of the font have; line ends stay."""
    cuts = [font.cmap.keys() for font in sheet.fonts.values() if isinstance(font, TTFFont)]
    return "".join(sign if sign == "\n" or all(ord(sign) in cut for cut in cuts) else "?" for sign in text)
