"""Texts edited here: two people put one in force, every notifier says it, and a broken one harms none but its own."""

import asyncio
import logging

import asyncpg
import pytest
from sqlmodel import select

from claims_core.db import driver_connection, session_scope
from claims_core.errors import BadInput, Conflict, NotFound
from claims_core.tables import AuditEntry
from notifier.process import serve
from notifier.rendering import edited_in_force, put_in_force, render, source_of, text_for
from notifier.states import TextState
from notifier.tables import TemplateVersion
from notifier.versions.template_versions import (
    LOOK_EVERY,
    NotFit,
    SamePerson,
    propose,
    publish,
    refresh,
    retire,
    versions_of,
    watch,
)
from tests.factories import NOON
from tests.notifier.queue import a_desk
from tests.notifier.samples import longest_for
from tests.notifier.scenes import the_settings

PLACE = ("assessment", "sms", "ru")
TEXT = "Дело {{ ref4 }}: считаем ущерб.{% if date %} Решим до {{ date }}.{% endif %} {{ link }}"
ANOTHER = "Дело {{ ref4 }}: идёт расчёт.{% if date %} Решение до {{ date }}.{% endif %} {{ link }}"
ANNA, BORIS = "staff:anna", "staff:boris"


@pytest.fixture
async def desk(engine, database_url):
    async with a_desk(engine, database_url) as desk:
        yield desk


async def proposed(engine, source: str = TEXT, *, by: str = ANNA, place=PLACE) -> int:
    async with session_scope(engine) as session:
        row, _ = await propose(session, place, source, why="shorter", by=by, now=NOON)
        return row.version


async def published(engine, version: int, *, by: str = BORIS, place=PLACE) -> None:
    async with session_scope(engine) as session:
        await publish(session, place, version, by=by, now=NOON)


async def states(engine) -> dict[int, str]:
    async with session_scope(engine) as session:
        return {one.version: one.state.value for one in await versions_of(session, PLACE)}


async def looked(engine) -> bool:
    """What the loop of every notifier does every two seconds."""
    async with session_scope(engine) as session:
        return await refresh(await driver_connection(session))


async def test_one_person_writes_and_another_puts_it_in_force(engine):
    version = await proposed(engine)
    with pytest.raises(SamePerson, match="another person must publish it"):
        await published(engine, version, by=ANNA)
    assert await states(engine) == {1: "draft"}
    await published(engine, version)
    assert await states(engine) == {1: "published"}
    async with session_scope(engine) as session:
        entries = (await session.exec(select(AuditEntry).order_by(AuditEntry.seq))).all()
    assert [(one.actor, one.action, one.subject) for one in entries] == [
        (ANNA, "text_proposed", "text:assessment/sms.ru"),
        (BORIS, "text_published", "text:assessment/sms.ru"),
    ]
    assert entries[1].detail == {"version": 1, "written_by": ANNA}


async def test_a_published_text_is_said_from_the_next_look_on_and_what_is_not_new_stays_compiled(engine):
    shipped = render(*PLACE, longest_for("ru"))
    assert not await looked(engine)
    await published(engine, await proposed(engine))
    assert render(*PLACE, longest_for("ru")) == shipped
    assert await looked(engine)
    assert render(*PLACE, longest_for("ru")).startswith("Дело 7785: считаем ущерб.")
    before = text_for(*PLACE)
    assert not await looked(engine)
    place = ("assessment", "sms", "en")
    other = "Claim {{ ref4 }}: we count the damage. {{ link }}"
    await published(engine, await proposed(engine, other, place=place), place=place)
    assert await looked(engine)
    assert text_for(*PLACE) is before
    assert text_for(*place).version == 1
    # A chat reads what WhatsApp does, edited or not.
    assert text_for("assessment", "telegram", "ru").place == ("assessment", "whatsapp", "ru")


async def test_going_back_is_publishing_an_earlier_version_again_and_the_last_way_back_is_what_ships(engine):
    await published(engine, await proposed(engine))
    await published(engine, await proposed(engine, ANOTHER))
    assert await states(engine) == {1: "retired", 2: "published"}
    await published(engine, 1)
    assert await states(engine) == {1: "published", 2: "retired"}
    await looked(engine)
    assert text_for(*PLACE).version == 1
    async with session_scope(engine) as session:
        await retire(session, PLACE, 1, by=ANNA, now=NOON)
    await looked(engine)
    assert (text_for(*PLACE).version, text_for(*PLACE).source) == (0, source_of(*PLACE))


@pytest.mark.parametrize(
    ("source", "why", "problem", "says"),
    [
        ("Дело {{ ref4.x }}", "x", NotFit, "line 1, column 13: '.': a value has no parts here"),
        ("Дело {{ ref4 }}: скидка! {{ link }}", "x", NotFit, "promotion"),
        ("Дело {{ ref4 }}: " + "очень " * 9 + "{{ link }}", "x", NotFit, "SMS"),
        (TEXT, "  ", BadInput, "say in a sentence why"),
        (source_of(*PLACE), "x", Conflict, "says this already"),
    ],
)
async def test_what_may_not_be_said_is_not_even_kept(engine, source, why, problem, says):
    with pytest.raises(problem, match=says.replace("(", "\\(")):
        async with session_scope(engine) as session:
            await propose(session, PLACE, source, why=why, by=ANNA, now=NOON)
    assert await states(engine) == {}
    with pytest.raises(NotFound):
        async with session_scope(engine) as session:
            await propose(session, ("no_such", "sms", "ru"), TEXT, why="x", by=ANNA, now=NOON)


@pytest.mark.parametrize(
    ("place", "source", "says"),
    [
        (("otp", "sms", "en"), "Sign in at @{{ domain }}", "for nothing without the value code"),
        (("otp", "sms", "en"), "{% if date %}{{ code }}{% endif %} is your code", "for nothing without the value code"),
        (
            ("assessment", "sms", "en"),
            "Claim {{ ref4 }}, {{ name }}: {{ amount }}",
            "stranger .*amount, name",
        ),
        (("registered", "sms", "ru"), "{{ code }} для дела {{ ref4 }}", "tell a stranger more"),
        (("registered", "email", "en"), "Claim {{ ref4 }} {{ link }}", "a letter begins with its subject"),
        (("registered", "email", "en"), "Claim\n\n" + "{{ link }} " * 300, "characters are too many"),
    ],
)
async def test_a_text_says_what_it_is_for_and_no_more_of_its_reader_than_what_ships(engine, place, source, says):
    with pytest.raises(NotFit, match=says):
        await proposed(engine, source, place=place)


async def test_what_was_let_in_once_and_may_not_be_said_now_is_not_published(engine):
    version = await proposed(engine)
    await broken(engine, "Дело {{ ref4 }}: скидка {{ link }}", state=TextState.DRAFT, version=2)
    with pytest.raises(NotFit, match="promotion"):
        await published(engine, 2)
    await published(engine, version)
    for again, problem in ((version, Conflict), (99, NotFound)):
        with pytest.raises(problem):
            await published(engine, again)


async def test_eight_people_who_publish_at_once_leave_one_version_in_force(engine):
    versions = [await proposed(engine, f"Дело {{{{ ref4 }}}}: текст {word}. {{{{ link }}}}") for word in "абвгдежз"]
    await asyncio.gather(*(published(engine, version) for version in versions))
    assert sorted((await states(engine)).values()) == ["published"] + ["retired"] * 7


async def broken(engine, source: str, *, state: TextState = TextState.PUBLISHED, version: int = 1) -> None:
    """A version that came into the table past the checks: by another release, or by hand."""
    template, channel, language = PLACE
    row = TemplateVersion(
        template=template,
        channel=channel,
        language=language,
        version=version,
        source=source,
        why="by hand",
        state=state,
        written_by=ANNA,
        written_at=NOON,
    )
    async with session_scope(engine) as session:
        session.add(row)


async def test_a_delivery_knows_the_version_that_made_its_text(desk, engine):
    await desk.queue(1)
    await desk.dispatch()
    await published(engine, await proposed(engine))
    await published(engine, await proposed(engine, ANOTHER))
    await refresh(desk.pool)
    await desk.queue(1)
    await desk.dispatch()
    assert sorted(row["text_version"] for row in await desk.deliveries()) == [0, 2]


@pytest.mark.parametrize("source", ["Дело {{ ref4.x }}", "Дело {{ ref4 }}: " + "ж" * 300])
async def test_a_text_that_cannot_be_said_fails_its_own_messages_and_raises_one_alarm(desk, engine, caplog, source):
    await broken(engine, source)
    await refresh(desk.pool)
    await desk.queue(5)
    await desk.code()
    with caplog.at_level(logging.WARNING):
        await desk.dispatch()
        await desk.queue(2)
        await desk.dispatch()
    fates = await desk.pool.fetch("select template, state, reason from notification")
    assert {tuple(row) for row in fates} == {("assessment", "failed", "render"), ("otp", "sent", None)}
    assert [row["text"][:6] for row in await desk.deliveries()] == ["••••••"]
    assert len([one for one in caplog.records if one.message == "text_broken"]) == 1
    [alarm] = await desk.pool.fetch("select * from text_alarm")
    assert (alarm["template"], alarm["version"]) == ("assessment", 1)


async def test_a_text_that_comes_into_force_between_two_looks_spoils_no_message_in_hand(desk, engine):
    """The values are worked out for one text, and that one is said."""
    await desk.queue(1)
    put_in_force({})
    sending = asyncio.create_task(desk.dispatch())
    await published(engine, await proposed(engine, "{% if agent %}{{ agent }}: {% endif %}дело {{ ref4 }}, {{ link }}"))
    for _ in range(200):
        await refresh(desk.pool)
        await asyncio.sleep(0)
    await sending
    assert [tuple(row) for row in await desk.pool.fetch("select state, reason from notification")] == [("sent", None)]


async def test_a_process_that_cannot_read_the_database_keeps_the_last_texts(engine):
    await published(engine, await proposed(engine))
    await looked(engine)
    held = dict(edited_in_force())

    class Away:
        async def fetch(self, *_: object) -> list[object]:
            raise asyncpg.CannotConnectNowError("away")

    watching = asyncio.create_task(watch(Away(), every=0.001))
    await asyncio.sleep(0.05)
    assert not watching.done()
    watching.cancel()
    assert dict(edited_in_force()) == held
    assert text_for(*PLACE).version == 1


@pytest.mark.soak
async def test_a_running_notifier_says_a_published_text_within_seconds_and_goes_back_as_soon(engine, database_url):
    stop = asyncio.Event()
    running = asyncio.create_task(serve(database_url, the_settings(), stop, console=True))
    await published(engine, await proposed(engine))
    async with asyncio.timeout(10):
        while text_for(*PLACE).version != 1:
            await asyncio.sleep(0.05)
    async with session_scope(engine) as session:
        await retire(session, PLACE, 1, by=ANNA, now=NOON)
    async with asyncio.timeout(2 * LOOK_EVERY + 1):
        while text_for(*PLACE).version != 0:
            await asyncio.sleep(0.05)
    stop.set()
    await running
