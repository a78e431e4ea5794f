"""The queue: the promise that breaks first, then silence; filters that cannot be abused."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims_core.db import session_scope
from claims_core.ledger import miss_promises, record
from claims_core.stages import ClaimStage, LineOfBusiness, Outcome, PageState, Situation
from claims_core.tables import Claim, Promise, PromiseBasis, PromiseKind, Question
from claims_portal.desk.filters import (
    Place,
    QueueFilters,
    Term,
    Waiting,
    filters_from,
    place_from,
    to_search,
)
from claims_portal.desk.queue.rows import SILENT_DAYS, read_rows, read_tiles
from tests.factories import a_claim, a_person, a_question, a_snapshot, claim_of, later
from tests.portal.desk import at_the_desk
from tests.portal.portal import NOON

TODAY = date(2026, 6, 1)


async def rows_of(session, **filters):
    return (await page_of(session, **filters)).rows


async def page_of(session, size=50, **filters):
    how = {"login": "h-17", "countries": ("ru",), "now": NOON, "today": TODAY, "size": size}
    return await read_rows(session, QueueFilters(**filters), **how)


async def undate(session, claim_id):
    """No date of ours is there, as the ledger leaves a claim that nobody could give one."""
    await session.exec(Promise.__table__.delete().where(Promise.claim_id == claim_id))
    await session.exec(Claim.__table__.update().where(Claim.id == claim_id).values(is_dated=False))


async def promise(session, claim, due: date, *, kept=None, ended=False, basis=PromiseBasis.TARGET, at=NOON):
    """Only the promise given here counts for the claim."""
    await undate(session, claim.id)
    is_dated = basis is PromiseBasis.TARGET and (not ended or kept is False)
    await session.exec(Claim.__table__.update().where(Claim.id == claim.id).values(is_dated=is_dated))
    session.add(
        Promise(
            claim_id=claim.id,
            kind=PromiseKind.DECISION,
            basis=basis,
            start_date=due - timedelta(days=15),
            due_date=due,
            made_at=at,
            ended_at=at if ended else None,
            kept=kept,
        )
    )
    await session.flush()


async def test_the_promise_that_breaks_first_is_on_top_then_the_longest_silence(session):
    seeded = random.Random(20260601)
    offsets = [seeded.choice([-3, -1, 0, 0, 2, 2, 2, 9, None]) for _ in range(30)]
    for offset in offsets:
        reported = NOON - timedelta(days=seeded.randrange(1, 20), hours=seeded.randrange(24))
        claim = await a_claim(session, reported_at=reported)
        if offset is None:
            await undate(session, claim.id)
        else:
            due = TODAY + timedelta(days=offset)
            await promise(session, claim, due, kept=False if offset < 0 else None, ended=offset < 0)
    rows = await rows_of(session)
    assert len(rows) == 30
    never = datetime(1970, 1, 1, tzinfo=UTC)
    # A claim without a date stands where it was reported: somebody waits, and nobody can say until when.
    keys = [(row.due_date or row.reported_at.date(), row.heard_at or never, row.reported_at) for row in rows]
    assert keys == sorted(keys)
    assert {row.missed for row in rows if row.due_date and row.due_date < TODAY} == {True}


async def test_a_missed_date_leaves_the_top_once_a_new_one_is_promised_or_the_claim_is_decided(session):
    waits = await a_claim(session, stage=ClaimStage.ASSESSING, situation=Situation.CALCULATION)
    await promise(session, waits, TODAY - timedelta(days=2), kept=False, ended=True)
    decided = await a_claim(session, stage=ClaimStage.DECIDED, situation=None)
    await promise(session, decided, TODAY - timedelta(days=2), kept=False, ended=True)
    by_id = {row.id: row for row in await rows_of(session)}
    assert by_id[waits.id].missed
    assert by_id[decided.id].due_date is None
    session.add(
        Promise(
            claim_id=waits.id,
            kind=PromiseKind.DECISION,
            basis=PromiseBasis.HANDLER,
            start_date=TODAY,
            due_date=TODAY + timedelta(days=5),
            made_at=NOON,
        )
    )
    await session.flush()
    by_id = {row.id: row for row in await rows_of(session)}
    assert not by_id[waits.id].missed
    assert by_id[waits.id].due_date == TODAY + timedelta(days=5)


async def test_of_two_with_one_date_a_question_that_waits_goes_before_silence(session):
    silent, asked = [await a_claim(session, reported_at=NOON - timedelta(days=days)) for days in (9, 2)]
    for claim in (silent, asked):
        await promise(session, claim, TODAY)
    assert [row.id for row in await rows_of(session)] == [silent.id, asked.id]
    await a_question(session, asked)
    await a_question(session, silent)
    await session.exec(Question.__table__.update().where(Question.claim_id == silent.id).values(answered_at=NOON))
    rows = await rows_of(session)
    assert [row.id for row in rows] == [asked.id, silent.id]
    assert place_from(rows[0].place.word) == rows[0].place


async def test_the_ledger_knows_which_undecided_claims_have_a_date_through_all_that_happens(session):
    first = a_snapshot()
    steps = [
        first,
        later(first, stage=ClaimStage.COLLECTING, situation=Situation.DOCS_NEEDED),
        later(first, stage=ClaimStage.COLLECTING, situation=Situation.EXTENDED_CHECK, new_date=date(2026, 6, 20)),
        later(first, stage=ClaimStage.DECIDED, situation=None, outcome=Outcome.APPROVED),
        later(first, stage=ClaimStage.ASSESSING, situation=Situation.REOPENED),
    ]
    said = []
    for days, step in enumerate(steps):
        await record(session, [step], now=NOON + timedelta(days=days), settle=timedelta(0))
        claim = await claim_of(session, first)
        said.append(claim.is_dated)
        [row] = await rows_of(session)
        assert (row.due_date is not None) == (claim.is_dated or claim.stage is ClaimStage.DECIDED)
    assert said == [True] * 5
    assert await miss_promises(session, now=NOON + timedelta(days=400)) > 0
    assert (await claim_of(session, first)).is_dated, "a missed day of the decision is still shown"
    assert (await rows_of(session))[0].missed
    old = await a_claim(session, reported_at=NOON - timedelta(days=400))
    assert not old.is_dated, "nobody could promise it a day"
    assert old.id in {row.id for row in await rows_of(session)}


async def test_closed_claims_are_shown_only_to_a_search(session):
    closed = await a_claim(session, stage=ClaimStage.CLOSED, situation=None)
    await a_claim(session)
    assert closed.id not in {row.id for row in await rows_of(session)}
    assert [row.id for row in await rows_of(session, search=closed.claim_number)] == [closed.id]


async def test_each_filter_shows_what_it_says_and_nothing_else(session):
    await a_claim(session, line_of_business=LineOfBusiness.MOTOR, product="kasko", handler_ref="other")
    await a_claim(session, stage=ClaimStage.COLLECTING, situation=Situation.DOCS_NEEDED)
    await a_claim(session, stage=ClaimStage.COLLECTING, situation=Situation.WAITING_POLICE)
    everything = await rows_of(session)
    assert {row.line_of_business for row in await rows_of(session, line=LineOfBusiness.MOTOR)} == {LineOfBusiness.MOTOR}
    assert {row.page_state for row in await rows_of(session, stage=PageState.EXTENDED)} == {PageState.EXTENDED}
    parts = [await rows_of(session, waiting=waiting) for waiting in Waiting]
    assert [len(part) for part in parts] == [1, 1, 1]
    assert {row.id for part in parts for row in part} == {row.id for row in everything}
    assert len(await rows_of(session, mine=True)) == 2


async def test_the_figures_above_are_those_of_the_lists_behind_them(session):
    for offset in (-2, 0, 0, 5):
        claim = await a_claim(session, reported_at=NOON - timedelta(days=SILENT_DAYS + offset))
        await promise(
            session, claim, TODAY + timedelta(days=offset), kept=False if offset < 0 else None, ended=offset < 0
        )
        if offset == 5:
            due = NOON + timedelta(hours=2)
            asked = {"channel": "page", "text": "Когда?", "asked_at": NOON, "answer_due_at": due}
            session.add(Question(claim_id=claim.id, policyholder_id=claim.policyholder_id, **asked))
    await session.flush()
    tiles = await read_tiles(session, mine=False, login="h-17", now=NOON, today=TODAY)
    assert tiles.due == len(await rows_of(session, term=Term.TODAY)) == 2
    assert tiles.missed == len(await rows_of(session, term=Term.MISSED)) == 1
    assert tiles.silent == len(await rows_of(session, silent=True)) == 1
    assert tiles.questions == len(await rows_of(session, questions=True)) == 1
    assert tiles.next_question == NOON + timedelta(hours=2)
    assert tiles.next_date == TODAY + timedelta(days=5)


async def test_a_claim_without_a_date_never_sinks_below_those_that_have_one(session):
    checked = {"stage": ClaimStage.COLLECTING, "situation": Situation.EXTENDED_CHECK}
    dated = await a_claim(session)
    await promise(session, dated, TODAY)
    undated = await a_claim(session, reported_at=NOON - timedelta(days=40), **checked)
    await undate(session, undated.id)
    paid = await a_claim(session, stage=ClaimStage.DECIDED, situation=None, reported_at=NOON - timedelta(days=50))
    await undate(session, paid.id)
    assert [row.id for row in await rows_of(session)] == [undated.id, dated.id, paid.id]


async def test_walking_the_pages_meets_each_claim_once(session):
    seeded = random.Random(7)
    for n in range(120):
        stage = {"stage": ClaimStage.DECIDED, "situation": None} if n % 9 == 0 else {}
        claim = await a_claim(session, reported_at=NOON - timedelta(days=seeded.randrange(5)), **stage)
        if n % 3:
            await promise(session, claim, TODAY + timedelta(days=seeded.randrange(-2, 2)))
        else:
            await undate(session, claim.id)
    pages, after, more = [], None, True
    while more:
        page = await page_of(session, after=after)
        pages.append([row.id for row in page.rows])
        assert page.total == 120
        after, more = place_from(page.rows[-1].place.word), page.more
    assert [len(page) for page in pages] == [50, 50, 20]
    assert len({claim for page in pages for claim in page}) == 120


async def test_a_claim_that_is_settled_between_two_pages_shifts_no_other(session):
    for n in range(60):
        await promise(session, await a_claim(session), TODAY + timedelta(days=n // 10))
    everything = [row.id for row in (await page_of(session)).rows]
    first = await page_of(session)
    await undate(session, everything[0])
    second = await page_of(session, after=first.rows[-1].place)
    assert len(second.rows) == 10
    assert not {row.id for row in second.rows} & set(everything)


async def test_the_laws_last_days_are_said_a_week_before_with_the_claims_behind_them(session):
    for offset in (-1, 4, 4, 6, 8):
        claim = await a_claim(session, reported_at=NOON - timedelta(days=20))
        await promise(session, claim, TODAY + timedelta(days=offset), basis=PromiseBasis.LAW)
    kept = await a_claim(session)
    await promise(session, kept, TODAY + timedelta(days=4), basis=PromiseBasis.LAW, ended=True, kept=True)
    contract = await a_claim(session)
    await promise(session, contract, TODAY + timedelta(days=4), basis=PromiseBasis.CONTRACT)
    tiles = await read_tiles(session, mine=False, login="h-17", now=NOON, today=TODAY)
    assert tiles.limits == tuple((TODAY + timedelta(days=offset), n) for offset, n in ((-1, 1), (4, 2), (6, 1)))
    assert len(await rows_of(session, limit=True)) == 4


@pytest.mark.parametrize(
    ("offsets", "said"),
    [
        ([], []),
        ([-3, -1, 9], ["2 claims have passed the legal limit. "]),
        ([-1, 0], ["1 claim has passed the legal limit. ", "1 claim reaches the legal limit today. "]),
        ([4, 4, 4, 5], ["3 claims will pass the legal limit on Friday 5 June. "]),
    ],
)
async def test_the_queue_says_which_claims_pass_the_legal_limit_next(engine, app, offsets, said):
    async with session_scope(engine) as session:
        for offset in offsets:
            await promise(session, await a_claim(session), TODAY + timedelta(days=offset), basis=PromiseBasis.LAW)
    async with at_the_desk(app, engine) as browser:
        text = (await browser.get("/desk")).text
        assert all(sentence in text.replace("\xa0", " ") for sentence in said)
        assert ('href="/desk?limit=1"' in text) == bool(said)
        near = sum(offset <= 7 for offset in offsets)
        assert (await browser.get("/desk?limit=1")).text.count('data-label="Claim"') == near


NAMES = "q stage line waiting term whose silent questions limit after sort id".split()  # noqa: SIM905


@given(words=st.dictionaries(st.sampled_from(NAMES), st.text()))
def test_any_address_is_a_queue(words):
    filters = filters_from(words)
    assert len(filters.search) <= 100
    assert filters_from({}) == QueueFilters()
    assert filters.address().startswith("/desk")


@given(
    days=st.dates(), moments=st.tuples(*[st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC))] * 2), id=st.uuids()
)
def test_a_place_in_the_queue_is_read_as_it_was_written(days, moments, id):
    place = Place(days, *moments, id)
    assert place_from(place.word) in (place, None)
    if max(moments).year < 2200:
        assert place_from(place.word) == place


@given(word=st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]+_[0-9]+_[0-9a-f]{32}", fullmatch=True))
def test_nonsense_is_no_place(word):
    place = place_from(word)
    assert place is None or place.word.split("_")[0] == word.split("_")[0]


@given(text=st.text())
def test_a_search_is_one_line_without_control_characters(text):
    found = to_search(text)
    assert found == " ".join(found.split())
    assert "\0" not in found


HOSTILE = [
    "%",
    "_",
    "*",
    "'",
    '"',
    "\\",
    "\0",
    "1 or 1=1",
    "<script>",
    "x" * 5000,
    "-1",
    "99999999",
    "2026-06-01_0_0_" + "0" * 32,
    "9998-01-01_9999999999999999_9999999999999999_" + "f" * 32,
    "id",
    "password_hash",
]


@pytest.mark.parametrize(
    "name", ["q", "stage", "line", "waiting", "term", "whose", "silent", "questions", "limit", "after", "sort"]
)
async def test_no_filter_breaks_the_page_or_leaks_into_it(engine, app, name):
    async with session_scope(engine) as session:
        await a_claim(session, claim_number="2041-0001")
    async with at_the_desk(app, engine) as browser:
        for typed in HOSTILE:
            answer = await browser.get("/desk", params={name: typed})
            assert answer.status_code == 200, typed
            assert "<script>" not in answer.text.replace("<script src", "")


async def test_an_empty_result_names_the_filters_and_offers_to_clear_them(engine, app):
    async with at_the_desk(app, engine) as browser:
        answer = await browser.get("/desk", params={"q": "Nobody", "stage": "paid"})
    assert "No claims match: “Nobody”, Paid." in answer.text
    assert 'href="/desk">Clear filters' in answer.text


async def test_a_row_says_the_date_the_silence_and_the_open_question(engine, app):
    async with session_scope(engine) as session:
        claim = await a_claim(session, policyholder=a_person(name="Irina Petrova"))
        await promise(session, claim, date(2026, 6, 4))
        due = NOON + timedelta(hours=2)
        asked = {"channel": "page", "text": "Когда?", "asked_at": NOON, "answer_due_at": due}
        session.add(Question(claim_id=claim.id, policyholder_id=claim.policyholder_id, **asked))
    async with at_the_desk(app, engine) as browser:
        text = (await browser.get("/desk")).text.replace("\xa0", " ")
    for said in ("Irina Petrova", "4 June", "in 3 days", "never", "has an unanswered question", 'role="img"'):
        assert said in text, said
