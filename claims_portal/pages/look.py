"""The theme of the pages, kept in a cookie by the server: light, dark, or as on the device."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from claims_portal.auth import allow_anyone
from claims_portal.deps import portal_of
from claims_portal.shield import THEMES, YEAR

router = APIRouter()

# Only a path of our own: one slash, no host, no backslash, nothing to parse.
_OUR_PATH = re.compile(r"/(?!/)[\w/-]*", re.ASCII)
LONGEST_PATH = 200


def our_path(path: str) -> str:
    """`path` if it can only be one of our own pages, else the first page."""
    fits = len(path) <= LONGEST_PATH and "//" not in path and _OUR_PATH.fullmatch(path)
    return path if fits else "/"


@router.post("/look", dependencies=[Depends(allow_anyone)], include_in_schema=False)
async def choose_look(
    request: Request, theme: Annotated[str, Form()] = "", back: Annotated[str, Form()] = "/"
) -> Response:
    """Keep the theme and go back to the page."""
    answer = RedirectResponse(our_path(back), 303)
    secure = portal_of(request).settings.is_secure
    if theme in THEMES:
        answer.set_cookie("theme", theme, max_age=YEAR, secure=secure, httponly=True, samesite="lax")
    else:
        answer.delete_cookie("theme", secure=secure, httponly=True, samesite="lax")
    return answer
