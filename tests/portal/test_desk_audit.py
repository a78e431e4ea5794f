"""The trail at the desk: who saw and did what, found by person, claim, kind and day; and reading it is on record."""

import csv
import io
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.tables import AuditCheck, AuditEntry, Claim
from claims_portal.desk.audit.filters import Step, step_from
from claims_portal.desk.audit.sheet import cell
from claims_portal.tables import AccessLog, Role
from tests.factories import a_claim
from tests.portal.desk import a_staff, at_the_desk
from tests.portal.portal import NOON


async def act(engine, who: str, action: str, subject: str, **ago: int) -> None:
    async with session_scope(engine) as session:
        at = NOON - timedelta(**ago)
        await ledger.audit(session, actor=who, action=action, subject=subject, detail={}, now=at)


@pytest.fixture
async def claim(engine) -> Claim:
    """A claim at which Olga looked from the queue, and of which she asked a change; somebody else was elsewhere."""
    async with session_scope(engine) as session:
        claim, other = await a_claim(session), await a_claim(session)
    olga = await a_staff(engine, login="olga", name="=Ольга Ким")
    async with session_scope(engine) as session:
        for minutes, where, viewer, kind in ((5, claim, olga.id, "staff"), (4, other, uuid4(), "policyholder")):
            look = AccessLog(
                at=NOON - timedelta(minutes=minutes), claim_id=where.id, viewer_kind=kind, viewer_id=viewer
            )
            look.page, look.why = "claim", "queue" if kind == "staff" else None
            session.add(look)
    await act(engine, f"staff:{olga.id}", "change_requested", f"claim:{claim.id}", minutes=3)
    await act(engine, "root", "sending_stopped", "sender:*", days=3)
    return claim


def rows(page: str) -> list[str]:
    return page.split("<tbody>")[1].split("<tr>")[1:] if "<tbody>" in page else []


async def test_who_saw_and_did_what_is_found_by_person_claim_kind_and_day(engine, app, claim):
    async with at_the_desk(app, engine, Role.AUDITOR) as auditor:

        async def shown(**asked: str) -> list[str]:
            return rows((await auditor.get("/desk/audit", params=asked)).text)

        everything = await shown()
        assert len(await shown(part="looks")) == 2
        changed, looked = await shown(claim=claim.claim_number)
        assert "asked for a change of the claim" in changed
        assert "from the queue" in looked
        assert all(f"/desk/{claim.id}" in row and "=Ольга Ким" in row for row in (changed, looked))
        assert len(await shown(person="olga")) == len(await shown(person="=Ольга Ким")) == 2
        assert len(await shown(person="olga", part="acts")) == 1
        assert len(await shown(act="sending_stopped")) == len(await shown(person="root")) == 1
        assert len(await shown(until=str((NOON - timedelta(days=2)).date()))) == 1
        assert len(await shown(since=str(NOON.date()), part="looks")) == 2
        assert await shown(claim="nothing") == []
        assert len(everything) == 6  # with who was added to the desk


async def test_opening_the_trail_is_on_record_with_which_claims_were_asked_for(engine, app, claim):
    async with at_the_desk(app, engine, Role.AUDITOR) as auditor:
        await auditor.get("/desk/audit", params={"claim": claim.claim_number})
        await auditor.get("/desk/audit/sheet")
    async with session_scope(engine) as session:
        read = select(AuditEntry.detail).where(AuditEntry.action == "audit_read").order_by(col(AuditEntry.seq))
        one, two = await session.exec(read)
    assert (one["how"], one["claims"], two["how"]) == ("page", [str(claim.id)], "sheet")


async def test_a_page_goes_on_after_the_last_row_of_the_one_before_while_acts_are_added(engine, app):
    for number in range(120):
        await act(engine, "root", "retried", f"run:{number}", seconds=number // 3)
    async with at_the_desk(app, engine, Role.SUPERVISOR) as head:
        found, address = [], "/desk/audit?act=retried"
        while address:
            page = (await head.get(address)).text
            found += [row.split('class="ref">')[1].split("<")[0] for row in rows(page)]
            address = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
            await act(engine, "root", "retried", "run:new")
    assert sorted(found, key=lambda one: int(one[4:])) == [f"run:{number}" for number in range(120)]


async def test_the_file_has_the_same_rows_and_no_cell_is_a_formula(engine, app, claim):
    async with at_the_desk(app, engine, Role.AUDITOR) as auditor:
        answer = await auditor.get("/desk/audit/sheet", params={"person": "olga"})
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    act_row, look = csv.DictReader(io.StringIO(answer.text))
    assert (act_row["action"], act_row["name"], look["why"]) == ("change_requested", "'=Ольга Ким", "queue")


@pytest.mark.parametrize("typed", ["=1+1", "+7", "-1", "@x", "\tx", "\rx", "\0x", "\uff1d1"])
def test_a_cell_that_would_be_a_formula_is_led_by_an_apostrophe(typed):
    assert cell(typed) == f"'{typed}"
    assert cell(f"a{typed}") == f"a{typed}"


async def test_an_administrator_sees_acts_without_claims(engine, app, claim):
    async with at_the_desk(app, engine, Role.ADMINISTRATOR) as admin:
        page = (await admin.get("/desk/audit", params={"part": "looks", "claim": claim.claim_number})).text
        sheet = (await admin.get("/desk/audit/sheet")).text
    assert "looked at the claim" not in page
    assert f"/desk/{claim.id}" not in page
    assert claim.claim_number not in page.split("<tbody>")[1]
    assert '"look"' not in sheet


async def test_the_page_says_how_the_last_walk_along_the_chain_went(engine, app):
    walks = (None, {}, {"missing": 3}, {"broken_at": 7})
    said = ("Nobody has looked yet", "The record is whole: 9", "3 entries that were sealed", "entry 7 does not follow")
    async with at_the_desk(app, engine, Role.AUDITOR) as auditor:
        for walk, words in zip(walks, said, strict=True):
            if walk is not None:
                async with session_scope(engine) as session:
                    session.add(AuditCheck(at=NOON, by="job", sealed=9, waiting=0, head=b"", **walk))
            assert words in (await auditor.get("/desk/audit")).text


@pytest.mark.parametrize(
    "asked",
    [
        "after=x",
        "after=9999999999999999_1_1",
        "after=1_1_999999999999999999",
        "since=0001-01-01&until=9999-12-31",
        "part=none&act=none&since=x",
        "person=%00%F0%9F%92%A9",
        "claim=%27%25_",
        f"claim={UUID(int=0)}",
    ],
)
async def test_nonsense_in_the_address_is_no_error(engine, app, asked):
    async with at_the_desk(app, engine, Role.AUDITOR) as auditor:
        assert (await auditor.get(f"/desk/audit?{asked}")).status_code == 200


def test_a_place_in_the_address_is_read_as_it_was_written():
    step = Step(NOON, 1, 17)
    assert step_from(step.word) == step
