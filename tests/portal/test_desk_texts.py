"""Texts at the desk: one person proposes, another publishes; who may only read gets no form."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from claims_core.db import session_scope
from claims_core.tables import AuditEntry
from claims_portal.tables import AccessLog, Role
from notifier.rendering import source_of
from notifier.tables import TextAlarm
from notifier.versions.template_versions import propose, publish, versions_of
from tests.factories import a_claim
from tests.notifier.test_rendering import ESCAPES
from tests.portal.desk import a_staff, at_the_desk
from tests.portal.portal import NOON
from tests.portal.test_desk_kept import sign_in
from tests.portal.test_doors import NASTY

PLACE = ("assessment", "sms", "en")
HERE = "/desk/texts/assessment/sms.en"
TEXT = "Claim {{ ref4 }}: we count the damage.{% if date %} Answer by {{ date }}.{% endif %} {{ link }}"
FORM = {"source": TEXT, "why": "shorter"}


async def some_texts(engine) -> None:
    """A text that was edited twice and is proposed a third time, by people of the desk."""
    writer, other = await a_staff(engine, login="writer"), await a_staff(engine, login="other", name="Олег Ким")
    place = ("assessment", "sms", "ru")
    async with session_scope(engine) as session:
        for version, words in enumerate(("считаем ущерб", "идёт расчёт ущерба"), 1):
            source = (
                f"Дело {{{{ ref4 }}}}: {words}.{{% if date %}} Решим до {{{{ date }}}}.{{% endif %}} {{{{ link }}}}"
            )
            why = "Короче, и без слова «оценка»"
            await propose(session, place, source, why=why, by=f"staff:{writer.id}", now=NOON)
            await publish(session, place, version, by=f"staff:{other.id}", now=NOON)
        source = "Дело {{ ref4 }}: считаем.{% if date %} Решим до {{ date }}.{% endif %} {{ link }}"
        await propose(session, place, source, why="Ещё короче", by=f"staff:{other.id}", now=NOON)


async def states(engine) -> dict[int, str]:
    async with session_scope(engine) as session:
        return {one.version: one.state.value for one in await versions_of(session, PLACE)}


async def test_the_list_names_every_message_and_what_waits(engine, app):
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        page = (await browser.get("/desk/texts")).text
        assert "Texts of messages" in page
        assert f'href="{HERE}"' in page
        assert "Waiting for somebody" not in page
        await browser.post(f"{HERE}/propose", data=FORM)
        page = (await browser.get("/desk/texts")).text
        assert "Waiting for somebody" in page
        assert "In assessment, SMS, English" in page


async def test_one_person_proposes_and_another_publishes(engine, app):
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        answer = await browser.post(f"{HERE}/propose", data=FORM)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}?done=proposed#versions")
        page = (await browser.get(HERE)).text
        assert "You wrote it: another person publishes it." in page
        assert f'action="{HERE}/publish"' not in page
        answer = await browser.post(f"{HERE}/publish", data={"version": "1"})
        assert "another person must publish it" in (await browser.get(answer.headers["location"])).text
    assert await states(engine) == {1: "draft"}
    async with at_the_desk(app, engine, Role.ADMINISTRATOR) as browser:
        page = (await browser.get(HERE)).text
        assert f'action="{HERE}/publish"' in page
        answer = await browser.post(f"{HERE}/publish", data={"version": "1"})
        page = (await browser.get(answer.headers["location"])).text
        assert "Every message that has not left yet says it, within seconds." in page
        assert "Published by" in page
        again = await browser.post(f"{HERE}/publish", data={"version": "1"})
        assert again.headers["location"].endswith("done=meanwhile")
        back = await browser.post(f"{HERE}/retire", data={"version": "1"})
        assert back.headers["location"].endswith("done=retired")
        assert "Publish again" in (await browser.get(HERE)).text
    assert await states(engine) == {1: "retired"}
    async with session_scope(engine) as session:
        acts = (
            await session.exec(
                select(AuditEntry).order_by(col(AuditEntry.seq)).where(AuditEntry.subject == "text:assessment/sms.en")
            )
        ).all()
    assert [one.action for one in sorted(acts, key=lambda one: one.seq)] == [
        "text_proposed",
        "text_published",
        "text_retired",
    ]
    assert all(one.actor.startswith("staff:") for one in acts)


async def test_what_is_wrong_is_shown_where_it_is_and_nothing_typed_is_lost(engine, app):
    typed = {"source": "Claim {{ ref4 }}: <b>discount</b> {{ link }}", "why": "because"}
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        answer = await browser.post(f"{HERE}/propose", data=typed)
        assert answer.status_code == 422
        assert "line 1, column 22" in answer.text
        assert "promotion has no place in a service text" in answer.text
        assert "&lt;b&gt;discount&lt;/b&gt;" in answer.text
        assert "<b>discount" not in answer.text
        assert 'value="because"' in answer.text
        answer = await browser.post(f"{HERE}/propose", data={"source": TEXT})
        assert answer.status_code == 422
        assert "Say in a sentence why the text is changed." in answer.text
        answer = await browser.post(f"{HERE}/propose", data={"source": source_of(*PLACE), "why": "x"})
        assert answer.status_code == 409
    async with at_the_desk(app, engine, Role.ADMINISTRATOR, language="ru") as browser:
        answer = await browser.post(f"{HERE}/propose", data=typed)
        assert "строка 1, колонка 22" in answer.text
        assert "рекламе не место в служебном сообщении" in answer.text
    assert await states(engine) == {}


async def test_a_preview_shows_every_reading_with_its_cost_and_keeps_nothing(engine, app):
    longer = TEXT.replace("Answer", "Answer " + "very " * 24)
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        page = (await browser.post(f"{HERE}/preview", data={"source": TEXT})).text
        for words in ("with usual values", "with the longest values", "with nothing optional known", "1 SMS", "4.20"):
            assert words in page
        assert "Claim 7785: we count the damage. Answer by 4 Jun." in page
        assert "In every page state" in page
        assert "the text in the other language stays as it is" in page
        page = (await browser.post(f"{HERE}/preview", data={"source": longer})).text
        assert "2 SMS" in page
        assert "take" in page
    assert await states(engine) == {}


async def test_only_who_may_read_claims_sees_a_text_with_a_claims_values_and_the_look_is_kept(engine, app):
    async with session_scope(engine) as session:
        claim = await a_claim(session)
    form = {"source": "Claim {{ ref }}, {{ name }}: {{ link }}", "claim": claim.claim_number}
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        page = (await browser.post(f"{HERE}/preview", data=form)).text
        assert f"Claim {claim.claim_number}, " in page
        page = (await browser.post(f"{HERE}/preview", data=form | {"claim": "no-such"})).text
        assert "There is no claim with this number." in page
    async with at_the_desk(app, engine, Role.ADMINISTRATOR) as browser:
        page = (await browser.post(f"{HERE}/preview", data=form)).text
        assert f"Claim {claim.claim_number}, " not in page
        assert 'name="claim"' not in page
    async with session_scope(engine) as session:
        looks = (
            await session.exec(
                select(AccessLog).order_by(col(AccessLog.at), col(AccessLog.id)).where(AccessLog.claim_id == claim.id)
            )
        ).all()
    assert [(one.viewer_kind, one.page, one.why) for one in looks] == [("staff", "desk_text", "preview")]


async def test_an_auditor_reads_the_texts_and_changes_none(engine, app):
    async with at_the_desk(app, engine, Role.AUDITOR) as browser:
        page = (await browser.get(HERE)).text
        assert "Text in force" in page
        assert "<textarea" not in page
        assert (await browser.post(f"{HERE}/propose", data=FORM)).status_code == 403


@pytest.mark.parametrize("address", ["/desk/texts/no_such/sms.en", "/desk/texts/assessment/fax.en", "/desk/texts/a/b"])
async def test_a_text_that_there_is_not_is_not_there(engine, app, address):
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        assert (await browser.get(address)).status_code == 404


async def test_what_was_typed_comes_back_after_signing_in_again(engine, app, clock):
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        clock.now += timedelta(minutes=31)
        refused = await browser.post(f"{HERE}/propose", data=FORM)
        assert (refused.status_code, "what you typed is kept" in refused.text) == (401, True)
        entered = await sign_in(browser, refused, clock, "supervisor")
        assert entered.headers["location"] == f"{HERE}?kept=1"
        page = (await browser.get(entered.headers["location"])).text
        assert "we count the damage" in page
        assert 'value="shorter"' in page
    assert await states(engine) == {}


async def test_no_hostile_text_brings_a_500_or_markup_or_is_kept(engine, app):
    hostile = [*NASTY[::2], *ESCAPES[::90], "<script>alert(1)</script> {{ ref4 }}", "x" * 8001, "{{ answer }}" * 300]
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        for at, source in enumerate(hostile):
            typed = {"source": source, "why": source[:400], "claim": source}
            answer = await browser.post(f"{HERE}/{('preview', 'propose')[at % 2]}", data=typed)
            assert answer.status_code < 500, source
            assert "<script>alert" not in answer.text
        for version in ("0", "-1", "x", "9" * 30, "99999"):
            for act in ("publish", "retire"):
                answer = await browser.post(f"{HERE}/{act}", data={"version": version})
                assert answer.status_code in (404, 422), (act, version)
    assert set((await states(engine)).values()) <= {"draft"}


async def test_a_text_that_cannot_be_said_is_on_top_until_another_version_is_in_force(engine, app):
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        await browser.post(f"{HERE}/propose", data=FORM)
    async with session_scope(engine) as session:
        # What ships has failed at sending.
        template, channel, language = PLACE
        place = {"template": template, "channel": channel, "language": language}
        session.add(TextAlarm(**place, version=0, why="'date' is undefined", raised_at=NOON))
    async with at_the_desk(app, engine, Role.ADMINISTRATOR) as browser:
        page = (await browser.get("/desk/texts")).text
        assert "cannot be said" in page
        assert '<span class="cnt hot">2</span>' in page
        page = (await browser.get(HERE)).text
        assert "The text in force cannot be said, and its messages fail." in page
        await browser.post(f"{HERE}/publish", data={"version": "1"})
        assert "cannot be said" not in (await browser.get(HERE)).text
        assert "cannot be said" not in (await browser.get("/desk/texts")).text
