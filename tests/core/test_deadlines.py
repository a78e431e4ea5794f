"""By when: the days that count, the pauses, and the strip that a page draws."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims_core.deadlines import (
    Cell,
    Counting,
    PromiseBasis,
    StripUnit,
    Term,
    counts,
    day_number,
    days_off,
    due_date,
    strip,
    terms_for,
    zone_of,
)

OSAGO = terms_for("osago", "ru")
WORKING = Term(10, Counting.WORKING)

days = st.dates(date(2023, 1, 1), date(2027, 6, 30))
terms = st.builds(Term, st.integers(1, 90), st.sampled_from(Counting), st.booleans())
countries = st.sampled_from(["ru", "us", "xx"])


@st.composite
def pauses(draw: st.DrawFn) -> list[tuple[date, date | None]]:
    begun = draw(st.lists(days, max_size=3))
    return [(day, draw(st.none() | st.integers(0, 40).map(lambda n, day=day: day + timedelta(n)))) for day in begun]


@pytest.mark.parametrize(
    ("start", "term", "due"),
    [
        # 20 days by law 40-FZ: no holiday between, then across New Year (8 days off by law) and May (2).
        (date(2026, 6, 15), OSAGO.limit, date(2026, 7, 5)),
        (date(2025, 12, 20), OSAGO.limit, date(2026, 1, 17)),
        (date(2026, 4, 25), OSAGO.limit, date(2026, 5, 17)),
        # 9 January 2026 and 11 May 2026 are off because other days moved there: they count for OSAGO.
        (date(2026, 1, 8), Term(1, Counting.WITHOUT_HOLIDAYS), date(2026, 1, 9)),
        (date(2026, 5, 10), Term(1, Counting.WITHOUT_HOLIDAYS), date(2026, 5, 11)),
        # Working days: the New Year holidays last until 11 January, 31 December is off.
        (date(2025, 12, 30), Term(1, Counting.WORKING), date(2026, 1, 12)),
        (date(2026, 4, 30), WORKING, date(2026, 5, 18)),
        # Saturday 1 November 2025 was worked, Monday the 3rd was off for it.
        (date(2025, 10, 31), Term(1, Counting.WORKING), date(2025, 11, 1)),
        (date(2025, 11, 1), Term(1, Counting.WORKING), date(2025, 11, 5)),
        (date(2026, 5, 20), Term(15), date(2026, 6, 4)),
        (date(2026, 5, 20), Term(30), date(2026, 6, 19)),
    ],
)
def test_a_term_ends_on_its_last_counted_day(start: date, term: Term, due: date) -> None:
    assert due_date(start, term, [], "ru") == due


def test_the_calendars_of_two_countries_differ() -> None:
    assert not counts(date(2026, 11, 26), WORKING, "us")
    assert counts(date(2026, 11, 26), WORKING, "ru")
    assert not counts(date(2026, 2, 23), WORKING, "ru")
    assert counts(date(2026, 2, 23), WORKING, "us")


def test_a_country_without_a_calendar_has_weekends_alone() -> None:
    assert days_off("xx", 2026).statutory == frozenset()
    assert len(days_off("xx", 2026).not_working) == 104


def test_days_that_wait_for_the_policyholder_do_not_count() -> None:
    start, term = date(2026, 5, 20), Term(15)
    # Asked on day 3, received on day 8: five days do not count.
    pause = (date(2026, 5, 23), date(2026, 5, 28))
    assert due_date(start, term, [pause], "ru") == date(2026, 6, 9)
    assert due_date(start, Term(15, paused=False), [pause], "ru") == date(2026, 6, 4)
    assert due_date(start, term, [(date(2026, 5, 23), None)], "ru") == date(2026, 6, 4)


@pytest.mark.parametrize(
    ("product", "country", "limit", "basis"),
    [
        ("osago", "ru", Term(20, Counting.WITHOUT_HOLIDAYS), PromiseBasis.LAW),
        ("kasko", "ru", Term(15, Counting.WORKING), PromiseBasis.CONTRACT),
        ("property", "ru", Term(20, Counting.WORKING), PromiseBasis.CONTRACT),
        ("life_ru", "ru", Term(15, Counting.WORKING), PromiseBasis.CONTRACT),
        ("property", "us", Term(40), PromiseBasis.LAW),
        ("us_life", "us", Term(30), PromiseBasis.LAW),
        ("pet", "xx", Term(30), PromiseBasis.CONTRACT),
    ],
)
def test_every_product_has_terms(product: str, country: str, limit: Term, basis: PromiseBasis) -> None:
    found = terms_for(product, country)
    assert (found.limit, found.basis) == (limit, basis)
    assert found.target.days < found.limit.days


def test_a_day_is_over_when_it_is_over_everywhere_in_the_country() -> None:
    assert zone_of("us").key == "Pacific/Honolulu"
    assert zone_of("xx").key == "UTC"


@given(start=days, term=terms, country=countries, away=pauses())
def test_a_later_start_and_a_longer_term_never_end_earlier(
    start: date, term: Term, country: str, away: list[tuple[date, date | None]]
) -> None:
    due = due_date(start, term, away, country)
    assert due > start
    assert due_date(start + timedelta(days=1), term, away, country) >= due
    assert due_date(start, Term(term.days + 1, term.counting, term.paused), away, country) > due


@given(start=days, term=terms, country=countries, away=pauses(), more=pauses())
def test_a_pause_only_lengthens(
    start: date,
    term: Term,
    country: str,
    away: list[tuple[date, date | None]],
    more: list[tuple[date, date | None]],
) -> None:
    assert due_date(start, term, [*away, *more], country) >= due_date(start, term, away, country)
    assert due_date(start, term, [*more, *away], country) == due_date(start, term, [*away, *more], country)


@given(start=days, term=terms, country=countries)
def test_the_last_day_of_a_term_has_its_number(start: date, term: Term, country: str) -> None:
    due = due_date(start, term, [], country)
    assert day_number(start, due, term, country) == term.days
    assert day_number(start, start, term, country) == 0
    assert counts(due, term, country)


@given(start=days, length=st.integers(1, 60), country=countries)
def test_fewer_counted_days_end_later(start: date, length: int, country: str) -> None:
    plain, without, working = (due_date(start, Term(length, counting), [], country) for counting in Counting)
    assert plain <= without
    assert plain <= working


def test_a_strip_shows_today_our_date_and_the_limit() -> None:
    drawn = strip(
        start=date(2026, 5, 20),
        today=date(2026, 6, 1),
        term=Term(30),
        country="ru",
        promise_date=date(2026, 6, 4),
        limit_date=date(2026, 6, 19),
    )
    assert (drawn.unit, drawn.total, drawn.today, drawn.promise, drawn.limit) == (StripUnit.DAY, 30, 12, 15, 30)
    assert drawn.cells == (
        *[Cell.PAST] * 11,
        Cell.TODAY,
        *[Cell.AHEAD] * 2,
        Cell.PROMISE,
        *[Cell.AHEAD] * 14,
        Cell.LIMIT,
    )


def test_a_missed_date_stays_red_and_paused_days_stay_hatched() -> None:
    drawn = strip(
        start=date(2026, 5, 20),
        today=date(2026, 6, 8),
        term=Term(30),
        country="ru",
        promise_date=date(2026, 6, 12),
        limit_date=date(2026, 6, 24),
        missed_dates=[date(2026, 6, 4)],
        pauses=[(date(2026, 5, 22), date(2026, 5, 25))],
    )
    assert drawn.cells[14] is Cell.MISSED
    assert drawn.paused == {3, 4, 5}
    assert drawn.cells[1:6] == (Cell.PAST, Cell.PAUSED, Cell.PAUSED, Cell.PAUSED, Cell.PAST)


def test_a_term_past_its_end_is_drawn_up_to_today() -> None:
    drawn = strip(start=date(2026, 5, 1), today=date(2026, 6, 20), term=Term(30), country="xx")
    assert (drawn.total, drawn.today) == (50, 50)


def test_long_terms_are_drawn_in_weeks() -> None:
    drawn = strip(
        start=date(2026, 1, 1), today=date(2026, 1, 15), term=Term(90), country="xx", limit_date=date(2026, 4, 1)
    )
    assert (drawn.unit, drawn.total, drawn.today, drawn.limit) == (StripUnit.WEEK, 13, 2, 13)


@given(start=days, ahead=st.integers(0, 200), term=terms, country=countries, away=pauses())
def test_a_strip_never_leaves_its_frame(
    start: date, ahead: int, term: Term, country: str, away: list[tuple[date, date | None]]
) -> None:
    limit = due_date(start, term, away, country)
    drawn = strip(
        start=start,
        today=start + timedelta(days=ahead),
        term=term,
        country=country,
        promise_date=start + timedelta(days=5),
        limit_date=limit,
        pauses=away,
    )
    assert len(drawn.cells) == drawn.total <= 60
    assert all(0 <= number <= drawn.total for number in (drawn.today, drawn.promise or 0, drawn.limit or 0))
    assert all(1 <= number <= drawn.total for number in drawn.paused)
