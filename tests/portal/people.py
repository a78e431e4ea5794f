"""People who sign in to a portal of the tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_core.tables import Claim
from claims_portal.auth.sessions import open_session
from claims_portal.deps import Portal
from tests.factories import a_claim
from tests.portal.portal import visiting


async def a_known_claim(engine: AsyncEngine, **overrides: Any) -> Claim:
    """A claim in the database, committed."""
    async with session_scope(engine) as session:
        return await a_claim(session, **overrides)


@asynccontextmanager
async def signed_in(app: FastAPI, claim: Claim, **manners: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The claim's policyholder, with a session of their own."""
    portal: Portal = app.state.portal
    async with session_scope(portal.engine) as session:
        token = await open_session(session, claim.policyholder_id, now=portal.clock())
    async with visiting(app, **manners) as browser:
        browser.cookies.set("__Host-session", token)
        yield browser
