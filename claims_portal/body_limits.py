"""How long the body of a request may be: a form is short, what carries a file of somebody's is not."""

import re

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

# A page's form is a few fields; the desk's longest answer is 4,000 letters.
LONGEST_FORM = 256 * 1024
# One piece of a file that is sent bit by bit, and the form without script: a film and some photos at once.
LONGEST_PIECE = 8 * 2**20
LONGEST_FILES = 260 * 2**20
_FILES, _PIECE = re.compile(r"/claim/[^/]+/files"), re.compile(r"/claim/[^/]+/files/[^/]+/bytes")


def longest_body(path: str) -> int:
    """The most bytes that a request to `path` (without its language) may carry."""
    if _PIECE.fullmatch(path):
        return LONGEST_PIECE
    return LONGEST_FILES if _FILES.fullmatch(path) else LONGEST_FORM


class BodyLimits:
    """Wraps the app. What says nothing of its length is stopped while it is read."""

    def __init__(self, app: ASGIApp) -> None:
        each = (LONGEST_FORM, LONGEST_PIECE, LONGEST_FILES)
        self.by_length = {most: RequestBodyLimitMiddleware(app, max_body_size=most) for most in each}
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on with the limit of its address."""
        limited = self.by_length[longest_body(scope["path"])] if scope["type"] == "http" else self.app
        await limited(scope, receive, send)
