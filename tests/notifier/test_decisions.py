"""Whether, when and how a fact is told: a table of cases and what holds for all of them."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.background import Background, Fact
from notifier.deciding.decisions import decide, still_to_send
from notifier.deciding.rules import Rule, rule_for, shipped_rules
from notifier.settings import Market, NotifierSettings
from notifier.states import Cadence, ChannelName, Importance, Reason
from tests.factories import NOON
from tests.notifier.scenes import a_background, a_fact, the_settings

RULE = rule_for(shipped_rules(), "stage_changed", "assessment", "motor")
REQUIRED = replace(RULE, importance=Importance.REQUIRED)
US = the_settings(notifier_market=Market.US, twilio_whatsapp_from="+1555")
WHATSAPP_ONLY = replace(RULE, channels=(ChannelName.WHATSAPP,))

CASES: list[tuple[str, dict, dict, Rule, NotifierSettings, Reason | None]] = [
    ("told", {}, {}, RULE, the_settings(), None),
    ("a handler said no", {"detail": {"told": False}}, {}, REQUIRED, the_settings(), Reason.HANDLER_SAID_NO),
    ("old news", {"occurred_at": NOON - timedelta(hours=49)}, {}, RULE, the_settings(), Reason.STALE_EVENT),
    ("moved on", {}, {"page_state": "awaiting"}, RULE, the_settings(), Reason.NO_LONGER_TRUE),
    ("chose rarely", {}, {"chosen_cadence": "essential"}, RULE, the_settings(), Reason.CADENCE),
    ("arm rarely", {}, {"arm": "essential", "trial_cadence": "essential"}, RULE, the_settings(), Reason.CADENCE),
    (
        "choice beats arm",
        {},
        {"arm": "essential", "trial_cadence": "essential", "chosen_cadence": "frequent"},
        RULE,
        the_settings(),
        None,
    ),
    ("insurer's cadence", {}, {}, RULE, the_settings(notifier_cadence="essential"), Reason.CADENCE),
    ("required ignores cadence", {}, {"chosen_cadence": "essential"}, REQUIRED, the_settings(), None),
    ("said already", {}, {"last_template": "assessment"}, RULE, the_settings(), Reason.DUPLICATE_CONTENT),
    ("said before something else", {}, {"last_template": "awaiting"}, RULE, the_settings(), None),
    ("prohibited", {}, {"contact_prohibited": True}, REQUIRED, the_settings(), Reason.CONTACT_PROHIBITED),
    ("no number", {}, {"address": None, "contact_point_id": None}, RULE, the_settings(), Reason.NO_CONTACT),
    ("the policyholder's number", {}, {"is_anothers_number": True}, REQUIRED, the_settings(), Reason.ANOTHERS_NUMBER),
    ("stopped", {}, {"stopped": ["sms"]}, REQUIRED, the_settings(), Reason.OPTED_OUT),
    ("stopped both", {}, {"stopped": ["sms", "whatsapp"]}, REQUIRED, US, Reason.OPTED_OUT),
    ("messenger in Russia", {}, {"consents": ["whatsapp"]}, WHATSAPP_ONLY, the_settings(), Reason.CHANNEL_NOT_ALLOWED),
    ("messenger without consent", {}, {}, WHATSAPP_ONLY, US, Reason.NO_CONSENT),
    (
        "decided on after an outage",
        {"tell_after": NOON - timedelta(minutes=121)},
        {},
        RULE,
        the_settings(),
        Reason.BACKLOG,
    ),
    ("decided on a little late", {"tell_after": NOON - timedelta(hours=2)}, {}, RULE, the_settings(), None),
    (
        "the other party's repair",
        {"page_state": "repair"},
        {"side": "liable", "page_state": "repair"},
        replace(RULE, template="repair"),
        the_settings(),
        Reason.ANOTHERS_MONEY,
    ),
    ("ten messages of the claim", {}, {"told_on_claim": 10}, RULE, the_settings(), Reason.CLAIM_CAP),
    ("nine messages of the claim", {}, {"told_on_claim": 9}, RULE, the_settings(), None),
    ("no limit for a claim", {}, {"told_on_claim": 99}, RULE, the_settings(notifier_claim_cap=0), None),
    ("required ignores the claim's cap", {}, {"told_on_claim": 10}, REQUIRED, the_settings(), None),
    ("messenger with consent", {}, {"consents": ["whatsapp"]}, WHATSAPP_ONLY, US, None),
]


@pytest.mark.parametrize(
    ("fact", "stands", "rule", "settings", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_fact_is_told_or_there_is_a_reason(fact, stands, rule, settings, reason):
    plan = decide(a_fact(**fact), rule, a_background(**stands), settings=settings, now=NOON)
    assert plan.reason is reason


def test_every_reason_of_the_planner_is_in_the_table():
    produced = {case[-1] for case in CASES}
    elsewhere = {
        Reason.DAILY_CAP,
        Reason.TOO_LATE,
        Reason.OPEN_QUESTION,
        Reason.APPROVAL,
        Reason.LATER_STAGE,
    }
    sending = {Reason.RENDER, Reason.QUARANTINED, Reason.REFUSED_BY_PROVIDER, Reason.GAVE_UP}
    held = {Reason.MASS_CHANGE, Reason.RESTORE, Reason.BY_HAND}
    assert produced - {None} | elsewhere | sending | held == set(Reason)


def test_the_wished_channel_comes_first_where_it_is_allowed():
    stands = a_background(chosen_channel="whatsapp", consents=["whatsapp"])
    assert decide(a_fact(), RULE, stands, settings=US, now=NOON).channel is ChannelName.WHATSAPP
    assert decide(a_fact(), RULE, stands, settings=the_settings(), now=NOON).channel is ChannelName.SMS
    stopped = stands._replace(stopped=["whatsapp"])
    assert decide(a_fact(), RULE, stopped, settings=US, now=NOON).channel is ChannelName.SMS


@pytest.mark.parametrize(
    ("template", "detail", "stands", "settings", "chosen"),
    [
        ("docs_received", {"missing": 0}, {}, {}, "docs_received"),
        ("docs_received", {"missing": 2}, {}, {}, "docs_partial"),
        ("docs_received", {}, {"open_documents": 1}, {}, "docs_partial"),
        ("extended", {"sooner": False}, {}, {}, "extended"),
        ("extended", {"sooner": True}, {}, {}, "sooner"),
        ("approved", {}, {}, {}, "approved"),
        ("approved", {}, {}, {"notifier_amounts": False}, "approved_noamount"),
        ("approved", {}, {"side": "claimant"}, {}, "approved"),
        ("approved", {}, {"side": "liable"}, {}, "liable_decided"),
        ("declined", {}, {"side": "liable"}, {"notifier_amounts": False}, "liable_decided"),
        ("paid", {}, {"side": "liable"}, {}, "liable_settled"),
        ("payment_sent", {"amount": "10.00"}, {"side": "liable"}, {}, "payment_sent"),
        ("approved", {}, {"side": "liable", "approved": Decimal(10)}, {}, "approved"),
        ("docs_needed", {}, {"side": "liable"}, {}, "docs_needed"),
        ("closed_other", {}, {"side": "liable"}, {}, "closed_other"),
    ],
)
def test_the_text_fits_what_is_known(template, detail, stands, settings, chosen):
    fact, rule = a_fact(detail=detail), replace(RULE, template=template)
    plan = decide(fact, rule, a_background(**stands), settings=the_settings(**settings), now=NOON)
    assert plan.template == chosen


@pytest.mark.parametrize(
    ("kind", "template", "stands", "told"),
    [
        ("decision_made", "repair", {}, ("liable_decided", None)),
        ("situation_changed", "repair", {}, ("repair", Reason.ANOTHERS_MONEY)),
        ("details_needed", "details_needed", {}, ("details_needed", Reason.ANOTHERS_MONEY)),
        ("details_needed", "details_needed", {"approved": Decimal(10)}, ("details_needed", None)),
        ("details_needed", "details_needed", {"side": "own"}, ("details_needed", None)),
    ],
)
def test_how_the_other_party_receives_what_is_theirs_is_not_told(kind, template, stands, told):
    fact, rule = a_fact(kind=kind, page_state="repair"), replace(REQUIRED, template=template)
    decided = {"side": "liable", "outcome": "approved", "situation": "bank_details_needed", "page_state": "repair"}
    plan = decide(fact, rule, a_background(**decided | stands), settings=the_settings(), now=NOON)
    assert (plan.template, plan.reason) == told


ALL = st.fixed_dictionaries(
    {
        "chosen_cadence": st.sampled_from([None, *Cadence]),
        "trial_cadence": st.sampled_from([None, "essential", "frequent"]),
        "contact_prohibited": st.booleans(),
        "address": st.sampled_from([None, "+79121234567", "+15550001"]),
        "stopped": st.lists(st.sampled_from(["sms", "whatsapp"]), unique=True),
        "consents": st.sampled_from([[], ["whatsapp"]]),
        "time_zone": st.sampled_from([None, "Asia/Vladivostok", "America/New_York", "nowhere"]),
        "quiet_from": st.sampled_from([None, time(20)]),
        "quiet_to": st.sampled_from([None, time(10, 30)]),
        "page_state": st.sampled_from(["assessment", "awaiting"]),
        "last_template": st.sampled_from([None, "assessment"]),
        "side": st.sampled_from(["own", "liable", "claimant"]),
        "is_anothers_number": st.booleans(),
    }
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
MARKETS = st.builds(the_settings, notifier_market=st.sampled_from(Market), twilio_whatsapp_from=st.just("+1"))


@given(ALL, MOMENTS, MARKETS, st.sampled_from([RULE, REQUIRED, WHATSAPP_ONLY]))
def test_an_opt_out_a_prohibition_and_the_law_always_win(stands, now, settings, rule):
    who = a_background(**stands)
    plan = decide(a_fact(occurred_at=now), rule, who, settings=settings, now=now)
    assert plan == decide(a_fact(occurred_at=now), rule, who, settings=settings, now=now)
    if plan.reason is None:
        assert not who.contact_prohibited
        assert who.address is not None
        assert not who.is_anothers_number
        assert plan.channel not in who.stopped
        assert plan.channel is ChannelName.SMS or settings.notifier_market is not Market.RU
        assert plan.channel is ChannelName.SMS or "whatsapp" in who.consents
        assert now <= plan.not_before < plan.send_by
        assert rule.importance is Importance.REQUIRED or plan.cadence in rule.cadences
        again = verdict(who, plan.not_before, settings, importance=rule.importance, channel=plan.channel)
        assert again is None


def verdict(
    stands: Background,
    now: datetime,
    settings: NotifierSettings | None = None,
    *,
    importance: Importance = Importance.PROGRESS,
    channel: ChannelName = ChannelName.SMS,
    send_by: datetime | None = None,
    fact: Fact | None = None,
    template: str = "assessment",
) -> Reason | datetime | None:
    return still_to_send(
        template=template,
        importance=importance,
        channel=channel,
        send_by=send_by or now + timedelta(hours=24),
        fact=fact,
        stands=stands,
        settings=settings or the_settings(),
        now=now,
    )


def test_a_second_piece_of_news_waits_for_tomorrow_morning_and_what_is_required_does_not():
    stands = a_background(handed_over=[NOON - timedelta(hours=1)])
    assert verdict(stands, NOON) == NOON + timedelta(hours=21)  # nine in the morning
    assert verdict(stands, NOON, importance=Importance.REQUIRED) is None
    assert verdict(stands, NOON, importance=Importance.ANSWER) is None
    assert verdict(stands, NOON, the_settings(notifier_daily_cap=0)) is None


def test_news_that_the_cap_would_hold_past_its_worth_is_let_be():
    stands = a_background(handed_over=[NOON - timedelta(hours=1)])
    assert verdict(stands, NOON, send_by=NOON + timedelta(hours=20)) is Reason.DAILY_CAP


@pytest.mark.parametrize("importance", [Importance.CODE, Importance.ANSWER])
def test_codes_and_answers_pass_at_night(importance: Importance):
    night = NOON + timedelta(hours=12)
    assert verdict(a_background(), night, importance=importance) is None
    assert verdict(a_background(), night) == NOON + timedelta(hours=21)
    assert verdict(a_background(), night, the_settings(notifier_quiet_exempt="+7912")) is None
    assert verdict(a_background(), night, the_settings(notifier_quiet_hours=False)) is None


def test_after_a_stop_only_its_confirmation_help_and_codes_pass():
    stands = a_background(stopped=["sms", "whatsapp"])
    assert verdict(stands, NOON, importance=Importance.ANSWER, template="optout") is None
    assert verdict(stands, NOON, importance=Importance.ANSWER, template="kw_help") is None
    assert verdict(stands, NOON, importance=Importance.CODE, template="otp") is None
    assert verdict(stands, NOON, importance=Importance.ANSWER, template="kw_status") is Reason.OPTED_OUT
    assert verdict(stands, NOON, importance=Importance.REQUIRED) is Reason.OPTED_OUT


OTHER_DAY = "2026-06-02T09:00:00+00:00"
TRUTHS = [
    ("registered", {}, {"outcome": None, "stage": "checking"}, True),
    ("registered", {}, {"outcome": "refused", "stage": "decided"}, False),
    ("decision_made", {"outcome": "approved"}, {"outcome": "approved"}, True),
    ("decision_made", {"outcome": "approved"}, {"outcome": "refused"}, False),
    ("documents_requested", {}, {"open_documents": 1}, True),
    ("documents_requested", {}, {"open_documents": 0}, False),
    ("details_needed", {}, {"situation": "bank_details_needed"}, True),
    ("details_needed", {}, {"situation": "payment_sent"}, False),
    ("inspection_booked", {}, {"inspection_at": NOON + timedelta(hours=1)}, True),
    ("inspection_booked", {}, {"inspection_at": NOON - timedelta(hours=1)}, False),
    (
        "inspection_booked",
        {"inspection_at": "2026-06-02T09:00:00+00:00"},
        {"inspection_at": NOON + timedelta(hours=1)},
        False,
    ),
    ("withdrawn", {}, {"outcome": "withdrawn"}, True),
    ("withdrawn", {}, {"outcome": None}, False),
    ("payment_sent", {}, {"outcome": "approved"}, True),
]


@pytest.mark.parametrize(("kind", "detail", "stands", "true"), TRUTHS)
def test_only_what_is_still_so_is_said(kind: str, detail: dict, stands: dict, true: bool):
    found = verdict(a_background(**stands), NOON, fact=a_fact(kind=kind, detail=detail))
    assert found is (None if true else Reason.NO_LONGER_TRUE)
