"""Nothing but the urgent arrives at night, wherever the recipient lives."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.deciding.quiet_hours import QuietHours, earliest_send_time, next_allowed, zone_or

ZONES = [
    *("Europe/Moscow", "Asia/Kamchatka", "America/New_York", "America/St_Johns", "Australia/Lord_Howe"),
    *("Asia/Kathmandu", "Pacific/Chatham", "Europe/London", "Africa/Casablanca", "America/Santiago"),
    *("Asia/Tehran", "Pacific/Apia", "America/Sao_Paulo", "Africa/Cairo"),
]
MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))


@given(MOMENTS, TIMES, TIMES, st.sampled_from(ZONES))
def test_a_message_waits_for_the_end_of_the_night_and_not_a_minute_longer(moment, starts, ends, zone):
    quiet = QuietHours(starts, ends, ZoneInfo(zone))
    leaves = earliest_send_time(moment, quiet)
    assert leaves >= moment
    assert not quiet.covers(leaves)
    if leaves > moment:
        # Some places skipped a whole day (Samoa, 2011); a night and its length are otherwise below 25 hours.
        assert leaves - moment <= timedelta(hours=49)
        minutes = int((leaves - moment) / timedelta(minutes=1))
        assert all(quiet.covers(leaves - timedelta(minutes=each)) for each in range(1, minutes))


@pytest.mark.parametrize(
    ("zone", "moment", "leaves"),
    [
        ("Europe/Moscow", "2026-06-04T20:00", "2026-06-05T06:00"),
        ("Europe/Moscow", "2026-06-04T10:00", "2026-06-04T10:00"),
        ("Europe/Moscow", "2026-06-04T17:59", "2026-06-04T17:59"),
        ("Europe/Moscow", "2026-06-04T18:00", "2026-06-05T06:00"),
        ("Asia/Kamchatka", "2026-06-04T12:00", "2026-06-04T21:00"),
        # Clocks that stand by half an hour or a quarter.
        ("America/St_Johns", "2026-06-05T00:00", "2026-06-05T11:30"),
        ("Asia/Tehran", "2026-06-04T18:00", "2026-06-05T05:30"),
        ("Asia/Kathmandu", "2026-06-04T16:00", "2026-06-05T03:15"),
        ("Pacific/Chatham", "2026-06-04T10:00", "2026-06-04T20:15"),
        # Lord Howe changes by half an hour, both ways.
        ("Australia/Lord_Howe", "2026-04-04T12:00", "2026-04-04T22:30"),
        ("Australia/Lord_Howe", "2026-10-03T12:00", "2026-10-03T22:00"),
        # The night the clocks go forward, and the one they go back.
        ("Europe/London", "2026-03-28T22:00", "2026-03-29T08:00"),
        ("Europe/London", "2026-10-24T22:00", "2026-10-25T09:00"),
    ],
)
def test_the_night_is_the_recipients_own(zone: str, moment: str, leaves: str):
    quiet = QuietHours(time(21), time(9), ZoneInfo(zone))
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert earliest_send_time(at, quiet) == datetime.fromisoformat(leaves).replace(tzinfo=UTC)


def test_quiet_hours_that_end_inside_the_hour_that_is_skipped_end_with_the_jump():
    quiet = QuietHours(time(21), time(2, 30), ZoneInfo("America/New_York"))
    leaves = earliest_send_time(datetime(2026, 3, 8, 5, tzinfo=UTC), quiet)
    assert leaves == datetime(2026, 3, 8, 7, tzinfo=UTC)
    assert leaves.astimezone(quiet.zone).time() == time(3)


def test_equal_ends_mean_no_night():
    quiet = QuietHours(time(9), time(9), ZoneInfo("Europe/Moscow"))
    assert not any(quiet.covers(datetime(2026, 6, 4, hour, tzinfo=UTC)) for hour in range(24))


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "../../etc/passwd", "x" * 300, "\x00"])
def test_a_zone_that_does_not_exist_is_the_insurers(name: str | None):
    assert zone_or(name, "Europe/Moscow") == ZoneInfo("Europe/Moscow")


def test_a_second_message_of_the_day_waits_for_tomorrow_by_the_recipients_calendar():
    zone, noon = ZoneInfo("Asia/Vladivostok"), datetime(2026, 6, 4, 2, tzinfo=UTC)
    allowed = lambda *before, cap=1: next_allowed(noon, before, cap=cap, zone=zone)  # noqa: E731
    assert allowed() == noon
    assert allowed(noon - timedelta(hours=1)) == datetime(2026, 6, 4, 14, tzinfo=UTC)
    # Yesterday evening there is still yesterday, though it is the same day in Greenwich.
    assert allowed(datetime(2026, 6, 3, 13, tzinfo=UTC)) == noon
    assert allowed(noon - timedelta(hours=1), cap=0) == noon
    assert allowed(noon - timedelta(hours=1), cap=2) == noon
