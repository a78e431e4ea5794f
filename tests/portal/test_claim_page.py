"""The claim page: every state in both languages, through its owner and nobody else, with nothing it may not show."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.stages import MOVER_OF, ClaimStage, Outcome, PageState, Situation
from claims_core.tables import Claim
from claims_portal.pages.claim import coming, headline, ledes, words
from claims_portal.pages.claim.questions import answer_due
from notifier.states import CauseKind
from notifier.tables import Notification
from tests.factories import a_person, a_question, a_snapshot, claim_of, later
from tests.portal.links import a_link
from tests.portal.people import a_known_claim, signed_in
from tests.portal.portal import Clock, portal_settings, visiting
from tests.portal.states import LIFE, NAMES, a_claim_in, states_on

# What people and the back office wrote stays as they wrote it.
OTHERS_WORDS = re.compile(
    "Марина Орлова|Отдел выплат|Тест Страхование|Рус<|текст размыт|счёт закрыт|Лесная, 12|Банк|А123ВС77|Проверим VIN"
    "|новые документы|Полис не покрывает[^<]*|акт осмотра[^<.]*"
)
FOREIGN = re.compile(r"""(?:src|href|action)="(?!/|#|tel:)[^"]*\"""")


async def claim_in(engine: AsyncEngine, clock: Clock, name: str, **overrides: object) -> Claim:
    async with session_scope(engine) as session:
        return await a_claim_in(session, name, now=clock.now, **overrides)


async def read(app: FastAPI, claim: Claim, language: str = "ru") -> httpx.Response:
    async with signed_in(app, claim) as browser:
        return await browser.get(f"/{language}/claim/{claim.id}")


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("name", [*NAMES, "life"])
async def test_every_state_has_its_page(app: FastAPI, engine: AsyncEngine, clock: Clock, name: str, language: str):
    overrides = LIFE if name == "life" else {}
    claim = await claim_in(engine, clock, "assessment" if name == "life" else name, **overrides)
    answer = await read(app, claim, language)
    page = answer.text
    assert answer.status_code == 200
    assert page.count("<h1>") == 1
    assert len(answer.content) <= 30_000
    assert not FOREIGN.search(page)
    assert not re.search(r"<script(?! src=./static/news\.js)|style=|onclick|\{\w+\}|None", page)
    assert f'<html lang="{language}"' in page
    words_ = re.sub(r"(?s)<svg.*?</svg>", "", page)
    if language == "en":
        assert not re.search(r"[а-яё]", OTHERS_WORDS.sub("", words_), re.IGNORECASE)
    if name == "life":
        assert not re.search(r"маш[иы]н|автосервис|осмотр|ущерб|\bcar\b|damage|garage", words_)


def test_every_page_state_has_words_for_everything_it_says():
    for state in PageState:
        assert state in words.MARK
        assert state in words.HEADING or state in words.SUM_HEADING
        assert state in ledes._LEDE
    assert set(coming._ROWS) | {PageState.PAID, PageState.DECLINED, PageState.WITHDRAWN, PageState.CLOSED_OTHER} == set(
        PageState
    )
    assert set(PageState) >= headline.OWN_HEADING


async def test_every_stage_situation_and_outcome_renders(app: FastAPI, engine: AsyncEngine, clock: Clock):
    """Whatever combination a back office sends, the page comes; none is too odd."""
    claim = await a_known_claim(engine)
    async with signed_in(app, claim) as browser:
        for stage in ClaimStage:
            for place, situation in enumerate([None, *Situation]):
                outcome = [None, *Outcome][(place + list(ClaimStage).index(stage)) % 9]
                values = {"stage": stage, "situation": situation, "outcome": outcome, "claim": claim.id}
                mover = MOVER_OF[situation] if situation else "us"
                async with engine.begin() as connection:
                    await connection.execute(
                        text(
                            "update claim set stage = :stage, situation = :situation, outcome = :outcome, "
                            "mover = :mover where id = :claim"
                        ),
                        {**values, "mover": mover},
                    )
                answer = await browser.get(f"/claim/{claim.id}")
                assert answer.status_code == 200, (stage, situation, outcome)


async def test_another_persons_claim_is_the_same_404_as_none(app: FastAPI, engine: AsyncEngine, clock: Clock):
    mine, theirs = await claim_in(engine, clock, "registered"), await claim_in(engine, clock, "paid")
    async with signed_in(app, mine) as browser:
        pages = [await browser.get(f"/claim/{each}") for each in (theirs.id, uuid4())]
        posts = [
            await browser.post(f"/claim/{each}/questions", data={"question": "?"}) for each in (theirs.id, uuid4())
        ]
    bodies = {re.sub(r"[0-9a-f-]{36}", "ID", answer.text) for answer in (*pages, *posts)}
    assert {answer.status_code for answer in (*pages, *posts)} == {404}
    assert len({re.sub(r"/claim/ID(/questions)?", "", body) for body in bodies}) == 1


async def test_our_date_stands_in_large_figures_beside_the_last_day_of_the_law(
    app: FastAPI, engine: AsyncEngine, clock: Clock
):
    page = (await read(app, await claim_in(engine, clock, "awaiting"), "en")).text
    # OSAGO, begun on 20 May: 14 days without holidays to our date, 20 to the law's.
    assert re.search(r"<b><time datetime=\"2026-06-03\">3.June</time></b>", page)
    assert "No later than 9\u00a0June by law." in page
    assert page.count('<i class="promise"></i>') == 1
    assert page.count('<i class="today"></i>') == 1
    assert "What we promised" not in page, "the only one is the date in large figures"


async def test_a_date_we_did_not_keep_is_said_first_and_stays_on_the_strip(
    app: FastAPI, engine: AsyncEngine, clock: Clock
):
    page = (await read(app, await claim_in(engine, clock, "late"))).text
    assert page.index("Мы не успели к 17\u00a0мая") < page.index("Что будет дальше")
    assert 'class="missed"' in page
    assert "Срок прошёл" in page
    assert "<dt>Решение до 17\u00a0мая</dt><dd>не успели</dd>" in page


async def test_a_claim_first_seen_past_its_term_is_promised_nothing_and_is_not_late(
    app: FastAPI, engine: AsyncEngine, clock: Clock
):
    old = clock.now - timedelta(days=60)
    claim = await a_known_claim(engine, reported_at=old, documents_complete_at=old, stage=ClaimStage.ASSESSING)
    page = (await read(app, claim)).text
    assert "Назвать срок пока не можем" in page
    assert "Мы не успели" not in page


async def test_days_that_waited_for_the_policyholder_are_hatched_and_counted_as_theirs(
    app: FastAPI, engine: AsyncEngine, clock: Clock
):
    page = (await read(app, await claim_in(engine, clock, "paused_once"))).text
    assert 'class="paused"' in page
    assert re.search(r"<dt>У вас</dt><dd>8.дней</dd>", page)


async def test_an_extended_review_names_a_reason_from_the_list_and_never_the_sources_own_words(
    app: FastAPI, engine: AsyncEngine, clock: Clock
):
    claim = await claim_in(engine, clock, "extended")
    async with engine.begin() as connection:
        await connection.execute(text("update claim set reason = 'SIU referral', situation = 'extended_check'"))
    page = (await read(app, claim)).text
    assert "SIU" not in page
    assert "уточняем обстоятельства" in page
    assert "не означает отказа" in page


@pytest.mark.parametrize(
    ("language", "days", "heading", "moved"),
    [
        ("ru", 25, "Нам нужно больше времени", "Нужно больше времени. Новый срок"),
        ("ru", 10, "Ответим раньше, чем обещали", "Ответим раньше. Новый срок"),
        ("en", 25, "We need more time", "We need more time. The new date is"),
        ("en", 10, "We will answer sooner than we said", "We will answer sooner. The new date is"),
    ],
)
async def test_a_date_that_was_moved_forward_reads_as_an_earlier_one_and_not_as_more_time(
    app: FastAPI, engine: AsyncEngine, clock: Clock, language: str, days: int, heading: str, moved: str
):
    asked = states_on(clock.now.date())["extended"]
    first = a_snapshot(reported_at=clock.now - timedelta(days=12))
    second = later(first, **asked)
    third = later(second, new_date=clock.now.date() + timedelta(days=days))
    async with session_scope(engine) as session:
        for snapshot in (first, second, third):
            await ledger.record(session, [snapshot], now=clock.now - timedelta(hours=2), settle=timedelta(0))
        claim = await claim_of(session, first)
    page = (await read(app, claim, language)).text
    assert f"<h1>{heading}</h1>" in page
    assert moved in page
    assert ("Прежний был" if language == "ru" else "The old one was") in page
    assert ("Почему дольше" in page or "Why it takes longer" in page) is (days == 25)


async def test_a_special_review_reads_like_an_ordinary_one(app: FastAPI, engine: AsyncEngine, clock: Clock):
    claim = await claim_in(engine, clock, "extended")
    pages = []
    for reason in ("circumstances", "fraud_suspected", None):
        async with engine.begin() as connection:
            values = {"reason": reason}
            await connection.execute(text("update claim set situation = 'extended_check', reason = :reason"), values)
        pages.append((await read(app, claim)).content)
    assert pages[0] == pages[1] == pages[2]


async def test_a_name_is_a_team_where_nobody_is_assigned(app: FastAPI, engine: AsyncEngine, clock: Clock):
    claim = await claim_in(engine, clock, "registered", handler_name=None, team=None)
    assert "Им занимается наш отдел выплат." in (await read(app, claim)).text


async def test_whatever_the_back_office_writes_is_text(app: FastAPI, engine: AsyncEngine, clock: Clock):
    evil = "<script>alert(1)</script>\"'{{7*7}}"
    claim = await claim_in(engine, clock, "declined", handler_name=evil, team=evil, object_label=evil)
    page = (await read(app, claim)).text
    assert "<script>" not in page
    assert "{{7*7}}" in page  # printed, not computed


async def test_a_question_gets_a_clock_and_stands_on_the_page(app: FastAPI, engine: AsyncEngine, clock: Clock):
    claim = await claim_in(engine, clock, "assessment")
    async with signed_in(app, claim) as browser:
        asked = await browser.post(f"/claim/{claim.id}/questions", data={"question": "Когда <b>ответ</b>?\nЖду."})
        assert asked.headers["location"] == f"/claim/{claim.id}#questions"
        page = (await browser.get(f"/claim/{claim.id}")).text
        assert "Когда &lt;b&gt;ответ&lt;/b&gt;?<br>Жду." in page
        assert "Отвечает человек. Срок: сегодня, 18:00" in page
        empty = await browser.post(f"/claim/{claim.id}/questions", data={"question": " \x00 "})
        assert (empty.status_code, "Сначала напишите вопрос" in empty.text) == (422, True)
        long = await browser.post(f"/claim/{claim.id}/questions", data={"question": "a" * 4001})
        assert (long.status_code, "Помещается 4000 знаков" in long.text) == (422, True)


async def test_what_was_typed_into_a_closed_page_is_kept_on_it(app: FastAPI, engine: AsyncEngine, clock: Clock):
    claim = await claim_in(engine, clock, "assessment")
    async with signed_in(app, claim) as browser:
        clock.now += timedelta(minutes=16)
        answer = await browser.post(f"/claim/{claim.id}/questions", data={"question": "Длинный вопрос"})
    assert (answer.status_code, "Длинный вопрос" in answer.text) == (401, True)


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-06-01 10:00", "2026-06-01 18:00"),  # Monday morning
        ("2026-06-01 17:00", "2026-06-02 11:00"),  # too late for today
        ("2026-06-01 07:00", "2026-06-01 11:00"),  # before we open
        ("2026-06-05 20:00", "2026-06-08 11:00"),  # Friday evening
        ("2026-06-11 17:30", "2026-06-15 11:00"),  # 12 June is a holiday
    ],
)
def test_an_answer_is_due_within_working_hours(asked: str, due: str):
    settings = portal_settings()
    moment = datetime.fromisoformat(asked).replace(tzinfo=settings.zone)
    assert answer_due(moment.astimezone(UTC), settings) == datetime.fromisoformat(due).replace(tzinfo=settings.zone)


async def test_old_data_is_said_to_be_old(app: FastAPI, engine: AsyncEngine, clock: Clock):
    claim = await claim_in(engine, clock, "assessment")
    seen = clock.now - timedelta(hours=2)
    async with engine.begin() as connection:
        row = {"source": claim.source, "seen": seen}
        await connection.execute(
            text("insert into source_freshness (source, fresh_at, old_after_seconds) values (:source, :seen, 3600)"),
            row,
        )
    page = (await read(app, claim)).text
    assert "Данные на Сегодня, 10:00. Учётная система не отвечает" in page
    async with engine.begin() as connection:
        await connection.execute(text("update source_freshness set old_after_seconds = 10800"))
    assert "Учётная система не отвечает" not in (await read(app, claim)).text, "this source may be that old"


async def test_a_claim_that_the_claims_system_lists_no_more_says_so(app: FastAPI, engine: AsyncEngine, clock: Clock):
    claim = await claim_in(engine, clock, "assessment")
    async with session_scope(engine) as session:
        await ledger.mark_gone(session, claim.source, [claim.source_ref], now=clock.now)
    page = (await read(app, claim)).text
    assert "Этого дела больше нет в учётной системе" in page


async def test_every_look_at_a_claim_is_written_down_off_the_path(app: FastAPI, engine: AsyncEngine, clock: Clock):
    claim, portal = await claim_in(engine, clock, "assessment"), app.state.portal
    async with signed_in(app, claim) as browser:
        await browser.get(f"/claim/{claim.id}")
        await browser.get(f"/claim/{claim.id}/messages")
    assert await portal.footprints.flush(portal.pool) == 2
    async with engine.connect() as connection:
        found = (await connection.execute(text("select viewer_id, page from access_log order by id"))).all()
    assert [tuple(row) for row in found] == [
        (claim.policyholder_id, "/claim/{claim_id}"),
        (claim.policyholder_id, "/claim/{claim_id}/messages"),
    ]


async def test_a_stranger_sees_no_claim_page(app: FastAPI, engine: AsyncEngine, clock: Clock):
    claim = await claim_in(engine, clock, "assessment")
    async with visiting(app) as stranger:
        assert (await stranger.get(f"/claim/{claim.id}")).status_code == 401
        stranger.cookies.set("__Host-session", "x" * 10_000)
        assert (await stranger.get(f"/claim/{claim.id}")).status_code == 401


async def test_a_later_snapshot_is_on_the_page_at_once(app: FastAPI, engine: AsyncEngine, clock: Clock):
    first = a_snapshot()
    async with session_scope(engine) as session:
        await ledger.record(session, [first], now=clock.now, settle=timedelta(0))
        claim = await claim_of(session, first)
        moved = later(first, stage=ClaimStage.DECIDING, situation=Situation.APPROVAL)
        await ledger.record(session, [moved], now=clock.now, settle=timedelta(0))
    assert "Принимаем решение о выплате" in (await read(app, claim)).text


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("question_ack", "Написали, что получили ваш вопрос"),
        ("question_late", "Написали, что ответ на ваш вопрос ещё готовим"),
        ("answer_ready", "Написали, что на ваш вопрос есть ответ"),
    ],
)
async def test_the_timeline_says_what_a_text_about_a_question_said(
    app: FastAPI, engine: AsyncEngine, clock: Clock, template: str, says: str
):
    claim = await claim_in(engine, clock, "assessment")
    told = await a_link(engine, claim, now=clock.now)
    async with session_scope(engine) as session:
        row = await session.get_one(Notification, told)
        row.cause_kind, row.template = CauseKind.QUESTION, template
    page = (await read(app, claim)).text
    assert [said for said in (says,) if said in page] == [says]
    assert page.count("Написали, что") == 1


async def test_a_question_past_its_time_is_not_passed_over_in_silence(app: FastAPI, engine: AsyncEngine, clock: Clock):
    claim = await claim_in(engine, clock, "assessment")
    async with session_scope(engine) as session:
        await a_question(session, claim, now=clock.now, answer_due_at=clock.now - timedelta(hours=1))
    page = (await read(app, claim)).text
    assert "Не успели ответить в срок" in page


async def test_who_takes_anothers_place_on_a_claim_reads_nothing_that_was_theirs(
    app: FastAPI, engine: AsyncEngine, clock: Clock
):
    first = a_snapshot(policyholder=a_person(phones=("+79120000001",)))
    async with session_scope(engine) as session:
        await ledger.record(session, [first], now=clock.now, settle=timedelta(0), first_load=True)
        claim = await claim_of(session, first)
        asked = await a_question(session, claim, text="Мой диагноз готов?", now=clock.now)
        await ledger.answer_question(session, asked.id, answer="Да, в четверг", by="Анна", now=clock.now)
    await a_link(engine, claim, now=clock.now)
    async with session_scope(engine) as session:
        another = later(first, policyholder=a_person(phones=("+79120000002",)))
        await ledger.record(session, [another], now=clock.now, settle=timedelta(0))
        claim = await claim_of(session, first)
    page = (await read(app, claim)).text
    assert not [said for said in ("диагноз", "четверг", "Написали вам") if said in page]
