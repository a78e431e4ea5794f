"""The health page says what is wrong, what to look at and what works, and names no client."""

import json
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.tables import RunState, SourceFreshness, SyncRun
from claims_core.db import session_scope
from claims_core.tables import JobSlot
from claims_portal.commands.health import as_json, as_line
from claims_portal.desk.health.judging import How, Part, judged
from claims_portal.desk.health.reading import Everything, Queue, Sender, Source, Waits, Way, read_everything
from claims_portal.desk.health.words import HOWS, PARTS, line_of, verdict
from claims_portal.desk.says import Says
from claims_portal.tables import Role
from tests.portal.desk import at_the_desk
from tests.portal.portal import NOON

MINUTE, MOSCOW = timedelta(minutes=1), ZoneInfo("Europe/Moscow")
WELL = Source("life", NOON, is_old=False, failed=False, rejected=0, held=0)
FINE = Queue(due=0, oldest=None, held=0, unknown=0)
HANDS_OVER = Sender("sms", None, None, None, None, None)
ARRIVES = Way("sms", "twilio", handed=100, arrived=97, failed=3)
NOBODY = Waits(changes=0, refused=0, late_questions=0, calls=0)
RAN = JobSlot(job="plan", slot=NOON - MINUTE, next_slot=NOON, started_at=NOON - MINUTE, finished_at=NOON, result=None)


def standing(**over: object) -> Everything:
    values: dict[str, object] = {
        "sources": (WELL,),
        "queue": FINE,
        "senders": (HANDS_OVER,),
        "ways": (ARRIVES,),
        "jobs": (RAN,),
        "waits": NOBODY,
        "spent": {"RUB": Decimal("12.50")},
        "unpriced": 0,
    }
    return Everything(**values | over)  # type: ignore[arg-type]


def job(**over: object) -> JobSlot:
    return JobSlot(**RAN.model_dump() | over)


TROUBLE = {
    "a source is old": ({"sources": (Source("life", NOON, True, False, 0, 0),)}, Part.SOURCE, How.WRONG),
    "a reading failed": ({"sources": (Source("life", NOON, False, True, 0, 0),)}, Part.SOURCE, How.WRONG),
    "a source is new": ({"sources": (Source("life", None, False, False, 0, 0),)}, Part.SOURCE, How.LOOK),
    "a case is unread": ({"sources": (Source("life", NOON, False, False, 1, 0),)}, Part.SOURCE, How.LOOK),
    "a run is held": ({"sources": (Source("life", NOON, False, False, 0, 1),)}, Part.SOURCE, How.LOOK),
    "nobody sends": ({"queue": Queue(3, NOON - 6 * MINUTE, 0, 0)}, Part.QUEUE, How.WRONG),
    "somebody is busy sending": ({"queue": Queue(3, NOON - 4 * MINUTE, 0, 0)}, Part.QUEUE, How.FINE),
    "a message is held": ({"queue": Queue(0, None, 1, 0)}, Part.QUEUE, How.LOOK),
    "a message is in doubt": ({"queue": Queue(0, None, 0, 1)}, Part.QUEUE, How.LOOK),
    "stopped": ({"senders": (Sender("*", None, None, "a drill", NOON, "Olga"),)}, Part.SENDER, How.LOOK),
    "paused": ({"senders": (Sender("sms", NOON + MINUTE, "503", None, None, None),)}, Part.SENDER, How.WRONG),
    "was paused": ({"senders": (Sender("sms", NOON - MINUTE, "503", None, None, None),)}, Part.SENDER, How.FINE),
    "one in five is lost": ({"ways": (Way("sms", "smpp", 10, 8, 2),)}, Part.WAY, How.WRONG),
    "of few nothing is said": ({"ways": (Way("sms", "smpp", 9, 0, 9),)}, Part.WAY, How.FINE),
    "a job failed": ({"jobs": (job(result="failed: OSError"),)}, Part.JOB, How.WRONG),
    "a job is overdue": ({"jobs": (job(slot=NOON - 9 * MINUTE, next_slot=NOON - 8 * MINUTE),)}, Part.JOB, How.WRONG),
    "no job ran": ({"jobs": ()}, Part.JOB, How.LOOK),
    "a change is not taken": ({"waits": Waits(1, 0, 0, 0)}, Part.CHANGES, How.WRONG),
    "a change was refused": ({"waits": Waits(0, 1, 0, 0)}, Part.CHANGES, How.LOOK),
    "a question is late": ({"waits": Waits(0, 0, 1, 0)}, Part.PEOPLE, How.WRONG),
    "somebody is to be called": ({"waits": Waits(0, 0, 0, 1)}, Part.PEOPLE, How.LOOK),
    "a price is missing": ({"unpriced": 2}, Part.MONEY, How.LOOK),
}


@pytest.mark.parametrize(("over", "part", "how"), TROUBLE.values(), ids=TROUBLE)
def test_each_trouble_is_called_what_it_is_and_said_in_both_languages(over, part, how):
    rows = judged(standing(**over), NOON)
    assert how in {row.how for row in rows if row.part is part}
    for language in ("en", "ru"):
        says = Says(language, MOSCOW, NOON)
        for row in rows:
            line = line_of(row, says, reads_claims=True)
            assert line.words
            assert "{" not in line.words


def test_when_all_is_well_every_row_and_the_sentence_on_top_say_so():
    rows = judged(standing(), NOON)
    assert {row.how for row in rows} == {How.FINE}
    assert {row.part for row in rows} == set(Part) == set(PARTS)
    assert set(HOWS) == set(How)
    assert verdict(rows, Says("en", MOSCOW, NOON)) == ("ok", "check", "Everything works")


@given(some=st.lists(st.sampled_from([over for over, _, _ in TROUBLE.values()]), max_size=4))
def test_what_is_wrong_stands_above_what_to_look_at_above_what_works(some):
    over: dict[str, object] = {}
    for one in some:
        over |= one
    order = [list(How).index(row.how) for row in judged(standing(**over), NOON)]
    assert order == sorted(order)


def test_a_monitor_reads_figures_and_a_person_a_line():
    rows = {row.part: row for row in judged(standing(queue=Queue(3, NOON - 6 * MINUTE, 0, 0)), NOON)}
    said = json.loads(json.dumps(as_json(rows[Part.QUEUE]), default=str))
    assert said == {
        "part": "queue", "name": "", "how": "wrong", "due": 3, "waited_seconds": 360.0, "held": 0, "unknown": 0,
    }  # fmt: skip
    line = as_line(rows[Part.QUEUE], Says("en", MOSCOW, NOON))
    assert line == "wrong  Messages to send: Due and not sent: 3, the oldest for 6 min. Is `claims notifier` running?"


async def test_the_page_reads_how_it_stands_and_the_worst_is_on_top(engine: AsyncEngine, app: FastAPI):
    async with session_scope(engine) as session:
        session.add(SourceFreshness(source="motor", fresh_at=NOON - 2 * MINUTE, old_after_seconds=600))
        session.add(SourceFreshness(source="life", fresh_at=NOON - 40 * MINUTE, old_after_seconds=600))
        session.add(SyncRun(source="never whole", started_at=NOON, state=RunState.FAILED))
        session.add(job())
        await session.flush()
        found = await read_everything(session, now=NOON, zone=MOSCOW)
    assert [(one.source, one.is_old) for one in found.sources] == [
        ("life", True), ("motor", False), ("never whole", False),
    ]  # fmt: skip
    assert found.sources[2].failed
    async with at_the_desk(app, engine, Role.ADMINISTRATOR) as browser:
        page = (await browser.get("/desk/health")).text
    assert "2 things are wrong" in page
    assert page.index("No new data since") < page.index("No message has cost anything today.")
    assert 'href="/desk/sources">Open' in page
    assert "/desk/calls" not in page, "an administrator reads no claim"
