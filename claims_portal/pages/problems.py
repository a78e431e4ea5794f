"""The pages for what went wrong: plain words, no blame, the telephone; never a stack trace, never a 500 for input."""

import logging
from dataclasses import dataclass

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from claims_core.errors import ClaimsError
from claims_core.i18n import format_time, marked, translations
from claims_core.ids import new_id
from claims_portal.auth.sessions import IDLE_AFTER
from claims_portal.deps import look_of, portal_of
from claims_portal.errors import DeadLink, LinkDead, SessionEnded, TooManyTries, status_of
from claims_portal.rendering import page

log = logging.getLogger(__name__)

AWAY_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    OperationalError,
    InterfaceError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
)
LONGEST_KEPT = 8000
FOR_PROGRAMS = ("/api/", "/webhooks/", "/healthz", "/readyz")


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """pages/problem.html: what went wrong, in words, and what to do."""

    title: str
    text: str
    call: str | None = None
    action: str | None = None
    action_at: str = "/"
    typed: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one problem; `{…}` are filled in when they are said."""

    title: str
    text: str
    call: str | None = None
    action: str | None = None


NOT_FOUND = Words(
    marked("There is no such page"),
    marked("Check the address, or open your claim again."),
    action=marked("Open my claim"),
)
SAFE = marked("Your claim is safe, and its dates have not changed. Try in a few minutes or call {phone}.")
BROKEN = Words(marked("The page does not load"), SAFE)
AWAY = Words(marked("The page does not load right now"), SAFE)
LOCKED = Words(
    marked("Too many tries. Please wait until {time}"),
    marked("This protects claims from strangers. Nothing has happened to your claim, and its dates have not changed."),
    call=marked("If it is urgent, call {phone}."),
)
ENDED = Words(
    marked("We closed the page for your safety"),
    marked("You were away for {minutes} minutes or have not signed in on this device."),
    action=marked("Get a code"),
)
EXPIRED = Words(
    marked("This link has ended"),
    marked("This link is more than 14 days old. Get a new one in a minute."),
    action=marked("Get a new link"),
)
REPLACED = Words(
    marked("This link has ended"),
    marked("A newer message has replaced this link. Get a new one in a minute."),
    action=marked("Get a new link"),
)
CHANGED = Words(
    marked("Somebody changed this meanwhile"),
    marked("Nothing was saved. Open the page again and look at the change first."),
)
REFUSED = Words(marked("This is not possible now"), marked("Open the page again and try once more, or call {phone}."))
UNREADABLE = Words(
    marked("We cannot read what was sent"),
    marked("Nothing was saved. Go back, check what you entered and send it again, or call {phone}."),
)
TOO_BIG = Words(
    marked("This is too long for us"), marked("Nothing was saved. Go back, make it shorter and send it again.")
)
BY_STATUS = {
    401: ENDED,
    403: REFUSED,
    404: NOT_FOUND,
    405: NOT_FOUND,
    409: CHANGED,
    410: EXPIRED,
    413: TOO_BIG,
    422: UNREADABLE,
    429: LOCKED,
    500: BROKEN,
    503: AWAY,
}


# The same for the people of the desk: no claim is theirs, and they can tell whoever runs the service.
AT_THE_DESK = "/desk"
FOR_STAFF = {
    NOT_FOUND: Words(
        marked("There is no such page"),
        marked("Check the address, or open the claim from the list."),
        action=marked("To the list of claims"),
    ),
    BROKEN: Words(
        marked("The page does not load"),
        marked("Try in a few minutes. If it stays so, tell whoever runs the service."),
        action=marked("To the list of claims"),
    ),
    AWAY: Words(
        marked("The page does not load right now"),
        marked("The database does not answer. Nothing was saved; try in a few minutes."),
        action=marked("To the list of claims"),
    ),
}


def words_for(status: int) -> Words:
    """The words of an HTTP status; an unknown 4xx is something we could not read."""
    return BY_STATUS.get(status, BROKEN if status >= 500 else UNREADABLE)


def problem(
    request: Request, status: int, words: Words, *, typed: str | None = None, reference: str | None = None, **said: str
) -> Response:
    """The answer to a problem: a page for people, JSON for programs."""
    if request.url.path.startswith(FOR_PROGRAMS):
        return JSONResponse({"problem": words.title.format_map(_Kept(said)), "reference": reference}, status)
    told = translations(look_of(request).language).gettext
    at_the_desk = request.url.path.startswith(AT_THE_DESK)
    words = FOR_STAFF.get(words, words) if at_the_desk else words
    said = {"phone": portal_of(request).settings.portal_brand_phone, **said}
    made = ProblemPage(
        title=told(words.title).format(**said),
        text=told(words.text).format(**said),
        call=told(words.call).format(**said) if words.call else None,
        action=told(words.action) if words.action else None,
        action_at=AT_THE_DESK if at_the_desk else "/",
        typed=typed,
        reference=reference,
    )
    return page(request, "pages/problem.html", made, status=status)


class _Kept(dict[str, str]):
    """Leaves a name that has no value as it is."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


async def on_claims_error(request: Request, error: Exception) -> Response:
    """An error of our own tree: its class says the answer."""
    assert isinstance(error, ClaimsError)
    status = status_of(error)
    if isinstance(error, TooManyTries):
        until = format_time(error.until, portal_of(request).settings.zone)
        return problem(request, status, LOCKED, time=until)
    if isinstance(error, SessionEnded):
        minutes = str(int(IDLE_AFTER.total_seconds()) // 60)
        return problem(request, status, ENDED, typed=await _typed(request), minutes=minutes)
    if isinstance(error, LinkDead):
        return problem(request, status, REPLACED if error.why is DeadLink.REPLACED else EXPIRED)
    if status >= 500:
        log.error("foreseen_failure", extra={"error": type(error).__name__})
    return problem(request, status, words_for(status))


async def _typed(request: Request) -> str | None:
    """What a form carried to a session that has ended: nobody should have to write it twice."""
    # Only of plain forms: nobody makes us read a file whom we do not know.
    kind = request.headers.get("content-type", "").partition(";")[0]
    if request.method != "POST" or kind != "application/x-www-form-urlencoded":
        return None
    text = (await request.form()).get("question")
    return text[:LONGEST_KEPT] if isinstance(text, str) else None


async def on_http_error(request: Request, error: Exception) -> Response:
    """What the framework refused: an unknown path, a method, a body too long, a form too wide."""
    assert isinstance(error, HTTPException)
    answer = problem(request, error.status_code, words_for(error.status_code), time="", minutes="15")
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


async def on_too_long(request: Request) -> Response:
    """More than any form of ours holds; nobody has read it."""
    return problem(request, 413, TOO_BIG)


async def on_bad_request(request: Request, error: Exception) -> Response:
    """A part of the request has the wrong shape: in the path it is no page of ours, elsewhere we cannot read it."""
    assert isinstance(error, RequestValidationError)
    in_path = any(problem_["loc"][:1] == ("path",) for problem_ in error.errors())
    return problem(request, 404 if in_path else 422, NOT_FOUND if in_path else UNREADABLE)


async def on_data_error(request: Request, error: Exception) -> Response:
    """A value that the database cannot hold got past our own checks: refused, and somebody must look."""
    log.error("data_error", extra={"error": type(error).__name__})
    return problem(request, 422, UNREADABLE)


async def on_database_away(request: Request, error: Exception) -> Response:
    """The database does not answer: not the reader's doing, and worth another try."""
    log.error("database_away", extra={"error": type(error).__name__})
    answer = problem(request, 503, AWAY)
    answer.headers["Retry-After"] = "30"
    return answer


async def on_bug(request: Request, error: Exception) -> Response:
    """A bug of ours. The reference leads to the log; the page says nothing of the inside."""
    reference = new_id().hex[-12:]
    log.error("unforeseen_failure", extra={"reference": reference, "error": type(error).__name__}, exc_info=error)
    return problem(request, 500, BROKEN, reference=reference)


def answer_problems(app: FastAPI) -> None:
    """Give the app its answers to everything that can go wrong."""
    app.add_exception_handler(ClaimsError, on_claims_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_bad_request)
    app.add_exception_handler(DataError, on_data_error)
    for away in AWAY_ERRORS:
        app.add_exception_handler(away, on_database_away)
