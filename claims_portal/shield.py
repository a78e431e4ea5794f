"""The one ASGI layer around every page: who is calling, in which language, may this form be sent, which headers leave.

Plain ASGI on purpose: three `@app.middleware` functions cost three quarters of a page's speed.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from claims_core.i18n import LANGUAGES
from claims_portal.deps import Look
from claims_portal.settings import PortalSettings

log = logging.getLogger(__name__)

OnBug = Callable[[Request, Exception], Awaitable[Response]]
OnTooLong = Callable[[Request], Awaitable[Response]]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PROVIDERS = "/webhooks/"
THEMES = ("light", "dark")
MOST_HEADER_BYTES = 32_768
YEAR = 365 * 24 * 3600
# Providers, telephone systems, mailboxes and the insurer's sign-in post here from their own servers; a signature, a
# token in a header, or the letter's own mark in the address, takes the place of the origin.
FROM_ANYWHERE = ("/webhooks/", "/api/v1/calls", "/stop/", "/desk/oidc/signed-out")

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
HSTS = f"max-age={YEAR}; includeSubDomains"


def split_language(path: str) -> tuple[str | None, str]:
    """The language prefix of a path, if it has one, and the path without it: `/en/code` is `en` and `/code`."""
    head, _, rest = path[1:].partition("/")
    return (head, f"/{rest}") if head in LANGUAGES else (None, path)


def may_send_form(headers: dict[bytes, bytes], ours: Iterable[str]) -> bool:
    """Does an unsafe request come from a page of ours?

    A browser says so in Sec-Fetch-Site; an old one says its Origin. `Origin: null` is what our own pages send
    under `Referrer-Policy: no-referrer`, so it neither allows nor forbids.
    """
    site = headers.get(b"sec-fetch-site", b"").decode("latin-1")
    origin = headers.get(b"origin", b"null").decode("latin-1")
    if site:
        return site in ("same-origin", "none") and (origin == "null" or origin in ours)
    return origin in ours


class Shield:
    """Wraps the app. Everything it decides, it decides from the headers; it never touches the database."""

    def __init__(
        self,
        app: ASGIApp,
        settings: PortalSettings,
        on_bug: OnBug,
        *,
        longest: Callable[[str], int],
        on_too_long: OnTooLong,
    ) -> None:
        self.app = app
        self.settings = settings
        self.on_bug = on_bug
        self.longest = longest
        self.on_too_long = on_too_long
        fixed = SECURITY | ({"Strict-Transport-Security": HSTS} if settings.is_secure else {})
        self.fixed = [(name.lower().encode(), value.encode()) for name, value in fixed.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand the request on with `client`, `look` and the bare path set."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        raw = scope["headers"]
        headers = dict(raw)
        scope["client"] = self._caller(scope, headers)
        prefix = self._set_look(scope, headers)

        started = False

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._dress(message, prefix)
            await send(message)

        if sum(len(name) + len(value) for name, value in raw) > MOST_HEADER_BYTES:
            await PlainTextResponse("Too many headers.", 431)(scope, receive, dressed)
        elif self._is_foreign(scope, headers):
            log.warning("foreign_form_refused", extra={"path": scope["path"][:100]})
            await PlainTextResponse("This form was not sent from our page.", 403)(scope, receive, dressed)
        elif self._is_too_long(scope, headers):
            await (await self.on_too_long(Request(scope, receive)))(scope, receive, dressed)
        else:
            try:
                await self.app(scope, receive, dressed)
            except Exception as error:  # an entry point: a bug is logged, answered, and the process goes on
                if started:
                    raise
                await (await self.on_bug(Request(scope, receive), error))(scope, receive, dressed)

    def _is_foreign(self, scope: Scope, headers: dict[bytes, bytes]) -> bool:
        if scope["method"] in SAFE_METHODS or scope["path"].startswith(FROM_ANYWHERE):
            return False
        ours = {self.settings.origin}
        if self.settings.portal_demo:
            # The demo is reached as localhost and as 127.0.0.1, whatever the address that was printed.
            ours.add(f"{scope['scheme']}://{headers.get(b'host', b'').decode('latin-1')}")
        return not may_send_form(headers, ours)

    def _is_too_long(self, scope: Scope, headers: dict[bytes, bytes]) -> bool:
        """Does the request say that it is longer than any form? What says nothing is stopped while it is read."""
        said = headers.get(b"content-length", b"")
        return (
            said.isdigit() and int(said[:20]) > self.longest(scope["path"]) and not scope["path"].startswith(PROVIDERS)
        )

    def _caller(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[str, int] | None:
        """The caller: the peer, or what the nearest untrusted hop of X-Forwarded-For was when the peer is a proxy."""
        peer: tuple[str, int] | None = scope.get("client")
        if peer is None or not self._is_proxy(peer[0]):
            return peer
        for hop in reversed(headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")):
            address = hop.strip()
            if not _is_address(address):
                break
            if not self._is_proxy(address):
                return (address, 0)
        return peer

    def _is_proxy(self, host: str) -> bool:
        if not self.settings.proxies or not _is_address(host):
            return False
        return any(ip_address(host) in network for network in self.settings.proxies)

    def _set_look(self, scope: Scope, headers: dict[bytes, bytes]) -> str | None:
        """Language: the path's prefix, else the cookie, else the browser's, else Russian. Theme: the cookie."""
        prefix, path = split_language(scope["path"])
        cookies = _cookies(headers.get(b"cookie", b"").decode("latin-1"))
        language = prefix or cookies.get("language")
        if language not in LANGUAGES:
            wanted = headers.get(b"accept-language", b"").decode("latin-1")[:2].lower()
            language = wanted if wanted in LANGUAGES else "ru"
        theme = cookies.get("theme")
        scope["look"] = Look(language=language, theme=theme if theme in THEMES else None, path=path)
        if prefix:
            scope["path"] = path
            scope["raw_path"] = path.encode("utf-8", "replace")
        return prefix

    def _dress(self, message: Message, prefix: str | None) -> None:
        message["headers"] = [*message.get("headers", ()), *self.fixed]
        headers = MutableHeaders(raw=message["headers"])
        if "cache-control" not in headers:
            headers["Cache-Control"] = "no-store"
        if prefix:
            secure = "; Secure" if self.settings.is_secure else ""
            headers.append("Set-Cookie", f"language={prefix}; Path=/; Max-Age={YEAR}; HttpOnly; SameSite=Lax{secure}")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {name: value for name, _, value in pairs if name}
