"""`claims doctor` says of each text in force whether it can be sent, and how to mend one that cannot."""

from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from notifier.direct.fitness import Fitness, fitness_of_texts
from notifier.planning.rulebook import replace_rules, rules_in_force
from notifier.rendering import named, put_in_force
from notifier.states import TextState
from notifier.tables import TemplateVersion
from tests.factories import NOON
from tests.notifier.scenes import the_settings

DESK = "https://claims.example/desk/texts"
BY_HAND = {
    "version": 3,
    "state": TextState.PUBLISHED,
    "why": "by hand",
    "written_by": "x",
    "written_at": NOON,
    "published_by": "y",
    "published_at": NOON,
}


@pytest.fixture(autouse=True)
def as_shipped_afterwards():
    yield
    put_in_force({})


async def fitness(engine: AsyncEngine) -> Fitness:
    async with session_scope(engine) as session:
        return await fitness_of_texts(session, settings=the_settings())


# What came into the database past the desk and its checks, and what is said of it.
SPOILED = {
    ("registered", "sms", "en"): (
        "Claim {{ ref4 }}: {{ secret }} {{ link }}",
        "line 1, column 22: 'secret'",
    ),
    ("registered", "sms", "ru"): ("Дело {{ ref4 }}: {{ link }} " + "х" * 80, "2 SMS; take"),
    ("paid", "sms", "en"): ("Claim {{ ref4 }} {% if %}", "line 1, column 1: this cannot be read"),
    ("declined", "sms", "en"): ("Claim {{ ref4 }} {{ link }} {{ amount }}", "more than the text that ships: amount"),
}


async def test_all_that_ships_can_be_sent_and_what_cannot_is_named_with_its_remedy(engine: AsyncEngine):
    found = await fitness(engine)
    assert found.faults == ()
    assert found.looked_at > 200
    async with session_scope(engine) as session:
        for place, (source, _why) in SPOILED.items():
            names = dict(zip(("template", "channel", "language"), place, strict=True))
            session.add(TemplateVersion(**names, source=source, **BY_HAND))
        first, *others = await rules_in_force(session)
        await replace_rules(session, [replace(first, template="hello"), *others])
    faults = {fault.partition(": ")[0]: fault for fault in (await fitness(engine)).faults}
    for place, (_source, why) in SPOILED.items():
        name = named(place)
        fault = faults.pop(name)
        assert why in fault
        assert fault.endswith(f"take version 3 back at the desk, {DESK}/{name}, or publish a better one")
    assert {"hello/sms.en", "hello/sms.ru"} <= set(faults)
    assert all("there is no such text; write hello/" in fault for fault in faults.values()), faults
