"""Pages from held templates: one compiled environment a language, one dataclass a page, nothing inline."""

import hashlib
from collections.abc import Hashable, Iterator
from functools import lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from claims_core.files import folder
from claims_core.i18n import LANGUAGES, translations
from claims_portal.deps import look_of, portal_of
from claims_portal.files import STATIC
from claims_portal.packing import packed_page, unpacks


class SaidOnce(Extension):
    """Says `{{ _("fixed words") }}` when the template is compiled, not each time the page is rendered."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Put translated data in the place of the six tokens of such a call; leave everything else alone."""
        held: list[Token] = []
        for token in stream:
            held.append(token)
            if not _may_become_fixed(held):
                yield from held[:-1] if token.type == "variable_begin" else held
                held = [token] if token.type == "variable_begin" else []
            elif len(held) == len(_CALL):
                said = translations(self.environment.language).gettext(held[3].value)  # type: ignore[attr-defined]
                yield Token(token.lineno, "data", str(escape(said)))
                held = []
        yield from held


_CALL = ("variable_begin", "name", "lparen", "string", "rparen", "variable_end")


def _may_become_fixed(held: list[Token]) -> bool:
    types_fit = all(token.type == kind for token, kind in zip(held, _CALL, strict=False))
    return types_fit and (len(held) < 2 or held[1].value == "_")


def _version(name: str) -> str:
    """An address that changes with the file's content, so that a browser may keep it for a year."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


@lru_cache
def environment(language: str) -> Environment:
    """The environment of a language: autoescape, strict about missing values, words from the catalogue."""
    made = Environment(
        loader=FileSystemLoader(folder("templates")),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", SaidOnce],
    )
    made.language = language  # type: ignore[attr-defined]
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    names = sorted(path.name for path in STATIC.iterdir() if path.is_file())
    icons = Markup((folder("templates") / "partials" / "_icons.html").read_text(encoding="utf-8"))  # noqa: S704
    made.globals.update(static={name: _version(name) for name in names}, languages=LANGUAGES, icons=icons)
    made.filters.update(lines=_lines, dialled=_dialled, bars=bars)
    return made


def _lines(text: str) -> Markup:
    """A person's text with its line ends kept, escaped."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())


@lru_cache(maxsize=8192)
def bars(cells: tuple[str, ...]) -> Markup:
    """The days of a strip, drawn: a loop over six thousand of them is most of what a page of the queue takes."""
    return Markup("").join(Markup('<i class="{}"></i>').format(cell) if cell else Markup("<i></i>") for cell in cells)


def _dialled(phone: str) -> str:
    """A telephone number as `tel:` wants it."""
    return "".join(sign for sign in phone if sign.isdigit() or sign == "+")


@lru_cache(maxsize=512)
def held(language: str, template: str) -> Template:
    """The compiled template; compiling one costs forty times a rendering."""
    return environment(language).get_template(template)


def dress_of(request: Request) -> Hashable:
    """What an answer to this request has beside its page's own facts: equal for two requests, they look the same."""
    return look_of(request), portal_of(request).copied.is_set(), unpacks(request.headers.get("accept-encoding", ""))


def page(request: Request, template: str, page: Any, *, status: int = 200) -> Response:
    """The page of `template` (a path below `templates/`) with `page`, the dataclass of all it may show."""
    look, portal = look_of(request), portal_of(request)
    html = held(look.language, template).render(
        page=page,
        look=look,
        language=look.language,
        brand=portal.brand.on[look.language],
        copied=portal.copied.is_set(),
    )
    body, headers = packed_page(html.encode(), request.headers.get("accept-encoding", ""))
    return HTMLResponse(body, status, headers)
