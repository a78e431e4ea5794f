"""What we hold about a person: shown by category, taken along whole, and nothing of anybody else's in it."""

import json
from datetime import timedelta
from io import BytesIO

from pypdf import PdfReader

from claims_core import ledger
from claims_core.db import session_scope
from claims_portal.personal.held import HELD, NOT_HELD
from tests.factories import a_person
from tests.portal.people import signed_in
from tests.portal.states import a_claim_in


async def two_people(engine, clock):
    """Each with a claim and a question of their own."""
    made = []
    async with session_scope(engine) as session:
        for name, phone in (("Ирина Канарейкина", "+79167770001"), ("Олег Соседов", "+79167770002")):
            person = a_person(name=name, phones=(phone,))
            claim = await a_claim_in(session, "payment_sent", now=clock.now, policyholder=person)
            await ledger.ask_question(
                session, claim_id=claim.id, policyholder_id=claim.policyholder_id, channel="page", text=f"Я {name}",
                now=clock.now, answer_due_at=clock.now,
            )  # fmt: skip
            made.append(claim)
    return made


async def test_the_copy_has_what_is_ones_own_and_nothing_of_anybody_elses(app, engine, clock):
    mine, theirs = await two_people(engine, clock)
    async with signed_in(app, mine) as browser:
        answer = await browser.get(f"/claim/{mine.id}/data/json")
        assert "attachment" in answer.headers["content-disposition"]
        copy = json.loads(answer.content)
        paper = await browser.get(f"/claim/{mine.id}/data/pdf")
    assert copy["format"] == "claims-status/person/1"
    assert copy["tables"].keys() == {held.table for held in HELD}
    assert copy["not_included"] == NOT_HELD
    rows = {name: table["rows"] for name, table in copy["tables"].items()}
    assert [row["name"] for row in rows["policyholder"]] == ["Ирина Канарейкина"]
    assert [row["claim_number"] for row in rows["claim"]] == [mine.claim_number]
    assert next(row["address"] for row in rows["contact_point"]) == "+79167770001"
    assert rows["question"][0]["text"] == "Я Ирина Канарейкина"
    assert all(rows[name] for name in ("payment", "case_event", "promise", "portal_session"))
    assert not {column for held in HELD for row in rows[held.table] for column in held.without if column in row}
    for foreign in ("Соседов", "7770002", str(theirs.id)):
        assert foreign not in answer.text
    words = " ".join(page.extract_text() for page in PdfReader(BytesIO(paper.content)).pages)
    assert ("Ирина Канарейкина" in words, "Соседов" in words, "+79167770001" in words) == (True, False, True)


async def test_the_page_counts_each_drawer_and_a_copy_wants_a_fresh_code(app, engine, clock):
    mine, _ = await two_people(engine, clock)
    async with signed_in(app, mine) as browser:
        assert f"/claim/{mine.id}/data" in (await browser.get(f"/claim/{mine.id}/messages")).text
        page = (await browser.get(f"/claim/{mine.id}/data")).text
        assert ("Что вы спросили и что мы ответили" in page, "1 запись" in page.replace("\u00a0", " ")) == (True, True)
        clock.now += timedelta(minutes=11)
        for kind in ("json", "pdf"):
            assert (await browser.get(f"/claim/{mine.id}/data/{kind}")).status_code == 403
        assert (await browser.post(f"/claim/{mine.id}/erasure", data={"agree": "yes"})).status_code == 403
        assert (await browser.get(f"/claim/{mine.id}/erasure")).status_code == 200
