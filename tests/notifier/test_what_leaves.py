"""Whatever is decided when a message is taken: it leaves by day, in time, below the cap, and only to who wants it."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.deciding.decisions import PASSES_A_STOP, still_to_send
from notifier.deciding.quiet_hours import zone_or
from notifier.deciding.restraint import AT_ANY_HOUR, CAPPED, quiet_hours_of
from notifier.states import ChannelName, Importance, Reason
from tests.notifier.scenes import a_background, the_settings
from tests.notifier.test_quiet_hours import ZONES

# Nights in which the clocks of one or another of the zones change in 2026, both ways.
CHANGES = [datetime(2026, *day, tzinfo=UTC) for day in ((3, 8), (3, 29), (4, 5), (9, 27), (10, 4), (10, 25), (11, 1))]
NEAR_A_CHANGE = st.builds(
    lambda night, minutes: night + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(-2160, 2160)
)
MOMENTS = NEAR_A_CHANGE | st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
ENDS = st.tuples(st.integers(0, 23), st.sampled_from([0, 30])).map(lambda at: time(*at))
WHO = st.fixed_dictionaries(
    {
        "time_zone": st.sampled_from([*ZONES, None, "nowhere"]),
        "stopped": st.sampled_from([[], [], ["sms"]]),
        "told_on_claim": st.integers(0, 12),
        "contact_prohibited": st.sampled_from([False, False, False, True]),
    }
)
HOURS = st.lists(st.floats(0, 47), max_size=3)
CAP = 2
RULES = the_settings(notifier_daily_cap=CAP)


@pytest.mark.parametrize("cases", [2_000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_nothing_leaves_at_night_after_a_stop_over_the_cap_or_too_late(cases: int):
    @settings(max_examples=cases, database=None)
    @given(WHO, MOMENTS, st.none() | st.tuples(ENDS, ENDS), st.sampled_from(Importance), HOURS, st.integers(-60, 2880))
    def what_leaves_may(
        who: dict[str, Any],
        now: datetime,
        night: tuple[time, time] | None,
        importance: Importance,
        hours: list[float],
        minutes: int,
    ) -> None:
        quiet_from, quiet_to = night or (None, None)
        before = [now - timedelta(hours=each) for each in hours]
        stands = a_background(**who, quiet_from=quiet_from, quiet_to=quiet_to, handed_over=before)
        send_by = now + timedelta(minutes=minutes)
        template = "otp" if importance is Importance.CODE else "assessment"
        how = {"template": template, "importance": importance, "channel": ChannelName.SMS, "fact": None}
        said = still_to_send(**how, send_by=send_by, stands=stands, settings=RULES, now=now)
        if isinstance(said, datetime):
            assert now < said
            assert not quiet_hours_of(stands, RULES).covers(said), "it would wait for another night"
        elif said is None:
            assert now < send_by
            assert importance is Importance.CODE or template in PASSES_A_STOP or not stands.stopped
            assert importance is Importance.CODE or not stands.contact_prohibited
            assert importance in AT_ANY_HOUR or not quiet_hours_of(stands, RULES).covers(now)
            zone = zone_or(stands.time_zone, RULES.insurer_timezone)
            on_this_day = sum(each.astimezone(zone).date() == now.astimezone(zone).date() for each in before)
            assert importance not in CAPPED or on_this_day < CAP
            assert importance not in CAPPED or stands.told_on_claim < RULES.notifier_claim_cap
        else:
            assert said in (
                Reason.TOO_LATE,
                Reason.OPTED_OUT,
                Reason.CONTACT_PROHIBITED,
                Reason.DAILY_CAP,
                Reason.CLAIM_CAP,
            )

    what_leaves_may()
