"""What of a brand is on every page: the address of the stylesheet and of the logo, the name, the texts around."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from claims_core.brand import THEMES, Brand, hero_line, read_brand
from claims_core.i18n import LANGUAGES
from claims_portal.brand.logo import Logo, read_logo
from claims_portal.files import STATIC
from claims_portal.pdf import Head
from claims_portal.settings import PortalSettings

_STYLESHEET = "app.css"
# The selectors of the themes in the stylesheet: what comes later under the same one holds.
_SELECTORS = {
    "light": (":root{%s}",),
    "dark": ('@media (prefers-color-scheme:dark){:root:not([data-theme="light"]){%s}}', '[data-theme="dark"]{%s}'),
}


@dataclass(frozen=True, slots=True)
class Served:
    """A file of the brand as it leaves us, plain and packed."""

    body: bytes
    media_type: str
    packed: bytes | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the layouts print in one language; empty where the insurer has no words of its own."""

    name: str
    phone: str
    hours: str
    complaint: str
    footer: str
    stylesheet: str
    icon: str
    logo: str
    logo_width: int
    says_name: bool


@dataclass(frozen=True, slots=True)
class Worn:
    """A brand as the portal wears it: what pages print by language, and the files it adds to ours."""

    brand: Brand
    on: Mapping[str, Shown]
    logo: Logo | None = None
    files: Mapping[str, Served] = field(default_factory=dict)

    def name(self, language: str) -> str:
        """The insurer as it signs in this language."""
        return self.on[language].name

    def head(self, language: str) -> Head | None:
        """What stands at the top of a paper; nothing where the brand has no colours to lay a logo on."""
        if not self.brand.colours:
            return None
        name = "" if self.logo and self.brand.logo_says_name else self.name(language)
        light = self.brand.colours["light"]
        logo = (self.logo.body, self.logo.aspect) if self.logo else (None, 1)
        return Head(name, light["hero"], light["on-hero"], *logo)


def wear(settings: PortalSettings) -> Worn:
    """The brand of PORTAL_BRAND_FILE, looked at whole; ours without one. Raises `Misconfigured`."""
    brand = read_brand(settings.portal_brand_file)
    logo = read_logo(brand.logo) if brand.logo else None
    files: dict[str, Served] = {}
    if brand.colours:
        css = (STATIC / _STYLESHEET).read_bytes() + overrides(brand.colours).encode()
        files[_STYLESHEET] = Served(css, "text/css; charset=utf-8", gzip.compress(css, 9, mtime=0))
    if logo:
        packed = gzip.compress(logo.body, 9, mtime=0) if logo.kind == "svg" else None
        files[f"logo.{logo.kind}"] = Served(logo.body, logo.media_type, packed)
    return Worn(
        brand, {language: _shown(brand, logo, files, settings, language) for language in LANGUAGES}, logo, files
    )


def overrides(colours: Mapping[str, Mapping[str, str]]) -> str:
    """The rules that come after our own stylesheet and put the brand's colours in place of ours."""
    rules = []
    for theme in THEMES:
        all_of = {**colours[theme], "hero-line": hero_line(colours[theme])}
        said = "".join(f"--{token}:{colour};" for token, colour in all_of.items())
        rules += [selector % said for selector in _SELECTORS[theme]]
    return "\n" + "\n".join(rules) + "\n"


def _shown(
    brand: Brand, logo: Logo | None, files: Mapping[str, Served], settings: PortalSettings, language: str
) -> Shown:
    address = _address(f"logo.{logo.kind}", files) if logo else ""
    return Shown(
        name=brand.text("name", language, settings.portal_brand_name),
        phone=settings.portal_brand_phone,
        hours=brand.text("hours", language),
        complaint=brand.text("complaint", language),
        footer=brand.text("footer", language),
        stylesheet=_address(_STYLESHEET, files),
        icon=address or _address("icon.svg", files),
        logo=address,
        logo_width=round(26 * logo.aspect) if logo else 0,
        says_name=brand.logo_says_name,
    )


def _address(name: str, files: Mapping[str, Served]) -> str:
    """An address that changes with the content, so that a browser may keep it for a year."""
    body = files[name].body if name in files else (STATIC / Path(name)).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(body).hexdigest()[:12]}"
