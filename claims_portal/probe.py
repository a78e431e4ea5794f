"""What `claims doctor` tries of the portal: its settings are fit for production."""

from claims_core.findings import Finding
from claims_core.settings import read_settings
from claims_portal.settings import PortalSettings


async def probe() -> list[Finding]:
    """The addresses that links and signatures are made of. Raises `Misconfigured` for what must be mended."""
    settings = read_settings(PortalSettings)
    short = settings.portal_short_url or settings.portal_public_url
    return [Finding("portal", True, f"is {settings.portal_public_url}, links in messages begin with {short}")]
