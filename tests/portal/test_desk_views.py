"""Filters of the queue with a name: one's own, and a supervisor's for the team."""

import re

from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from claims_core.db import session_scope
from claims_portal.desk.filters import QueueFilters
from claims_portal.desk.queue.views import MOST, kept, read_view
from claims_portal.tables import Role, SavedView, Staff
from tests.portal.desk import a_staff, at_the_desk

LATE = {"name": "Late motor", "filters": "line=motor&term=missed"}


def views_in(page: str) -> list[tuple[str, str]]:
    """Address and name of each saved view on the page."""
    part = re.search(r'aria-label="Saved views">(.*?)</nav>', page)
    found = re.findall(r'href="([^"]+)"[^>]*>([^<]+)</a>', part[1] if part else "")
    return [(address.replace("&amp;", "&"), name) for address, name in found]


async def test_a_view_is_kept_opens_its_filters_is_changed_under_its_name_and_forgotten(engine, app):
    async with at_the_desk(app, engine) as browser:
        page = (await browser.get("/desk?line=motor&term=missed&q=Petrov")).text
        assert 'name="filters" value="line=motor&amp;term=missed"' in page, "a search is of one person: no view has it"
        assert (await browser.post("/desk/views", data=LATE)).headers["location"] == "/desk?line=motor&term=missed"
        page = (await browser.get("/desk?line=motor&term=missed")).text
        assert views_in(page) == [("/desk?line=motor&term=missed", "Late motor")]
        assert "Forget this view" in page
        assert "Keep these filters" not in page
        await browser.post("/desk/views", data=LATE | {"filters": "silent=1&q=Petrov&after=x"})
        assert views_in((await browser.get("/desk")).text) == [("/desk?silent=1", "Late motor")]
        async with session_scope(engine) as session:
            [view] = (await session.exec(select(SavedView))).all()
        await browser.post(f"/desk/views/{view.id}/drop")
        assert views_in((await browser.get("/desk")).text) == []
        assert (await browser.post(f"/desk/views/{view.id}/drop")).status_code == 404


async def test_a_supervisor_shares_with_the_own_team_and_nobody_else_does(engine, app):
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        assert "For the whole team" in (await browser.get("/desk?silent=1")).text
        await browser.post("/desk/views", data={"name": "Silence", "filters": "silent=1", "share": "yes"})
        await browser.post("/desk/views", data={"name": "Own", "filters": "limit=1"})
    async with at_the_desk(app, engine) as browser:
        page = (await browser.get("/desk?silent=1")).text
        assert views_in(page) == [("/desk?silent=1", "Silence")]
        assert "Forget this view" not in page
        assert "For the whole team" not in page
        await browser.post("/desk/views", data={"name": "Mine", "filters": "whose=mine", "share": "yes"})
        assert len(views_in((await browser.get("/desk")).text)) == 1, "a handler shares nothing"
        async with session_scope(engine) as session:
            shared = (await session.exec(select(SavedView).where(SavedView.is_shared))).one()
        assert (await browser.post(f"/desk/views/{shared.id}/drop")).status_code == 404
    await a_staff(engine, login="elsewhere", team="another team")
    async with at_the_desk(app, engine, login="elsewhere") as browser:
        assert views_in((await browser.get("/desk")).text) == []
    async with session_scope(engine) as session:
        (await session.exec(select(Staff).where(Staff.login == "supervisor"))).one().role = Role.HANDLER
    async with at_the_desk(app, engine) as browser:
        assert views_in((await browser.get("/desk")).text) == [], "who is no supervisor any more shares nothing"


async def test_what_is_no_view_is_not_kept_and_a_person_has_only_so_many(engine, app):
    async with at_the_desk(app, engine) as browser:
        for wrong in ({"name": " "}, {"filters": ""}, {"filters": "q=Petrov"}, {"name": "\0"}):
            assert (await browser.post("/desk/views", data=LATE | wrong)).status_code == 303
        assert views_in((await browser.get("/desk")).text) == []
        for n in range(MOST + 2):
            await browser.post("/desk/views", data=LATE | {"name": f"View {n}"})
        assert len(views_in((await browser.get("/desk")).text)) == MOST
        await browser.post("/desk/views", data=LATE | {"name": "View 0", "filters": "silent=1"})
        assert ("/desk?silent=1", "View 0") in views_in((await browser.get("/desk")).text)


async def test_an_auditor_reads_the_queue_and_keeps_nothing(engine, app):
    async with at_the_desk(app, engine, Role.AUDITOR) as browser:
        assert "Keep these filters" not in (await browser.get("/desk?silent=1")).text


@given(words=st.text())
def test_anything_kept_is_read_as_filters(words):
    assert read_view(words) == kept(read_view(words))
    assert read_view(words).search == ""
    assert read_view("") == QueueFilters()
