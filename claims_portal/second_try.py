"""A form that the database gave up for somebody else's sake is answered anew, once: nobody is told of a deadlock."""

import logging

import asyncpg
from sqlalchemy.exc import DBAPIError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from claims_core.db import given_up
from claims_portal.body_limits import LONGEST_FORM, longest_body
from claims_portal.shield import SAFE_METHODS

log = logging.getLogger(__name__)


class SecondTry:
    """Wraps the app. What a form was undone for is gone when it is answered again from its first byte.

    A form may be taken twice by its route, and what the first try had committed before it was given up (a look into a
    session, a try that is counted) is then there twice: each form writes what matters in its last unit of work.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on; once more, as it came, when it was given up before anything was answered."""
        # What is sent is kept for the second try: forms are short, and files go past.
        is_short = scope["type"] == "http" and longest_body(scope["path"]) == LONGEST_FORM
        if not is_short or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return
        as_it_came, heard, answered = dict(scope), list[Message](), False

        async def hear() -> Message:
            heard.append(await receive())
            return heard[-1]

        async def answer(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, hear, answer)
        except (asyncpg.PostgresError, DBAPIError) as problem:
            why = given_up(problem)
            if why is None or answered:
                raise
            log.warning("form_answered_anew", extra={"sqlstate": why})
        else:
            return
        again = iter(heard)

        async def hear_again() -> Message:
            return next(again, None) or await receive()

        await self.app(as_it_came, hear_again, send)
