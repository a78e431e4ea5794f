"""The cookies: `__Host-` and Secure where pages are served over https, plain names on the demo's http://localhost."""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from claims_portal.deps import portal_of
from claims_portal.settings import PortalSettings

SESSION = "session"
CHALLENGE = "challenge"
GLANCE = "glance"
DEVICE = "device"
SEEN = "seen"
STAFF = "staff"
DAY = 24 * 3600


def cookie_name(name: str, settings: PortalSettings) -> str:
    """`__Host-…` binds a cookie to this very host and to https; a browser refuses it on plain http."""
    return f"__Host-{name}" if settings.is_secure else name


def read_cookie(request: HTTPConnection, name: str) -> str | None:
    """The cookie's value, or None."""
    return request.cookies.get(cookie_name(name, portal_of(request).settings)) or None


def set_cookie(
    response: Response, name: str, value: str, settings: PortalSettings, *, seconds: int | None = None
) -> None:
    """Set a cookie that no script reads and no foreign form sends. Without `seconds` it ends with the browser."""
    response.set_cookie(
        cookie_name(name, settings),
        value,
        max_age=seconds,
        path="/",
        secure=settings.is_secure,
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, name: str, settings: PortalSettings) -> None:
    """Take a cookie back."""
    response.delete_cookie(
        cookie_name(name, settings), path="/", secure=settings.is_secure, httponly=True, samesite="lax"
    )
