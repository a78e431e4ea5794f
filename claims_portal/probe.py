"""What `claims doctor` tries of the portal: its settings are fit for production, the insurer's own sign-in answers."""

from claims_core.brand import TEXTS
from claims_core.findings import Finding, finding
from claims_core.i18n import LANGUAGES
from claims_core.settings import read_settings
from claims_portal.brand import wear
from claims_portal.oidc import Provider
from claims_portal.settings import PortalSettings


async def probe() -> list[Finding]:
    """The addresses that links and signatures are made of, and the documents of the insurer's own sign-in.

    Raises `Misconfigured` for what must be mended.
    """
    settings = read_settings(PortalSettings)
    short = settings.portal_short_url or settings.portal_public_url
    found = [Finding("portal", True, f"is {settings.portal_public_url}, links in messages begin with {short}")]
    if settings.portal_brand_file:
        found.append(await finding("brand", _brand(settings)))
    if settings.oidc_issuer:
        found.append(await finding("sign-in", Provider(settings, settings.portal_public_url).try_out()))
    return found


async def _brand(settings: PortalSettings) -> str:
    worn = wear(settings)
    logo = f"a logo of {len(worn.logo.body)} bytes ({worn.logo.kind})" if worn.logo else "no logo"
    colours = "colours of its own that can be read" if worn.brand.colours else "our colours"
    texts = [name for name in TEXTS if worn.brand.text(name, LANGUAGES[0])]
    return f"{settings.portal_brand_file}: {colours}, {logo}, texts: {', '.join(texts) or 'ours'}"
