"""What `claims doctor` tries of the portal: its settings are fit for production, the insurer's own sign-in answers."""

from claims_core.findings import Finding, finding
from claims_core.settings import read_settings
from claims_portal.oidc import Provider
from claims_portal.settings import PortalSettings


async def probe() -> list[Finding]:
    """The addresses that links and signatures are made of, and the documents of the insurer's own sign-in.

    Raises `Misconfigured` for what must be mended.
    """
    settings = read_settings(PortalSettings)
    short = settings.portal_short_url or settings.portal_public_url
    found = [Finding("portal", True, f"is {settings.portal_public_url}, links in messages begin with {short}")]
    if settings.oidc_issuer:
        found.append(await finding("sign-in", Provider(settings, settings.portal_public_url).try_out()))
    return found
