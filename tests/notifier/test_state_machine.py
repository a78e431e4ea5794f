"""Whatever happens in whatever order, the notifier does what a simple model of its promises allows, and no less.

2,000 steps in `make check`, always the same; `python -m pytest tests/notifier/test_state_machine.py -m crash` repeats
them. 200,000 in `make soak`, by chance; a failure prints the steps that lead to it, and `--hypothesis-seed=N` of
pytest chooses and repeats them.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
import uvloop
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import make_engine, open_pool
from notifier.channels.base import hash_of_token
from tests.conftest import DIRTY
from tests.fakes.by_hand import OUTCOMES
from tests.notifier.living import PLACES, Living
from tests.notifier.living_model import ENDED, TOLD, Model, Said

STEPS = 50
# An example may end a little early.
QUICK, LONG = 44, 4400
BEGIN = datetime(2026, 3, 27, 8, tzinfo=UTC)  # two days before the clocks of Europe are changed
PHONES = {"+79121110001": "Europe/Moscow", "+79121110002": "Asia/Kathmandu", "+79121110003": "Europe/Berlin"}
WORDS = ("sent", "delivered", "undelivered")
BODIES = {"STOP": "STOP", "START": "START", "STATUS": "STATUS", "QUESTION": "Когда же выплата?"}
# What still goes on; in four days all of it must have ended, or wait for a person.
UNDER_WAY = ("planned", "sending", "unknown")
MOST_CLAIMS = 6
WHICH = st.integers(0, MOST_CLAIMS - 1)
CALLS = st.lists(st.sampled_from(["ok", "ok", "ok", *OUTCOMES]), max_size=4)


def machine(runner: asyncio.Runner, engine: AsyncEngine, pool: asyncpg.Pool, steps: Counter[str]) -> type[Any]:
    """The machine on this database; `steps` counts what it did. Each example begins with an empty one."""

    class Life(RuleBasedStateMachine):
        """A notifier, its provider, its readers, and the model of what it promises them."""

        def __init__(self) -> None:
            super().__init__()
            runner.run(pool.execute(DIRTY))
            self.living, self.model = Living(engine, pool, BEGIN), Model()
            self.where: dict[str, str] = {}
            self.seen, self.is_held, self.beaten = 0, False, BEGIN

        @initialize(cap=st.integers(0, 2), quiet=st.booleans())
        def three_claims_are_open(self, cap: int, quiet: bool) -> None:
            self.an_operator_changes_the_settings(cap, quiet)
            for phone in sorted(PHONES):
                self.a_claim_is_opened(phone)

        @precondition(lambda self: len(self.where) < MOST_CLAIMS)
        @rule(phone=st.sampled_from(sorted(PHONES)))
        def a_claim_is_opened(self, phone: str) -> None:
            ref = self._do("opened", self.living.opens(phone, PHONES[phone]))
            self.model.opens(ref, phone, PHONES[phone])
            self.where[ref] = "registered"

        @precondition(lambda self: self._open_claims())
        @rule(which=WHICH, to=st.sampled_from(sorted(PLACES)))
        def a_claim_moves(self, which: int, to: str) -> None:
            refs = self._open_claims() or [""]
            ref = refs[which % len(refs)]
            if self.where.get(ref, to) != to:
                self._do("moved", self.living.moves(ref, to))
                self.model.moves(ref, to)
                self.where[ref] = to

        @precondition(lambda self: self._open_claims())
        @rule(moves=st.lists(st.tuples(WHICH, st.sampled_from(sorted(PLACES))), min_size=1, max_size=4), outcomes=CALLS)
        def claims_move_and_are_told(self, moves: list[tuple[int, str]], outcomes: list[str]) -> None:
            for which, to in moves:
                if self._open_claims():
                    self.a_claim_moves(which, to)
            self.a_sender_runs(outcomes)

        @precondition(lambda self: self._open_claims())
        @rule(which=WHICH, to=st.sampled_from(sorted(PLACES)), outcomes=CALLS, minutes=st.sampled_from([1, 2, 12]))
        def a_claim_moves_while_another_word_is_lost(
            self, which: int, to: str, outcomes: list[str], minutes: int
        ) -> None:
            self.a_claim_moves(which, "docs")
            self.a_sender_dies(outcomes, "call")
            self.time_passes(minutes)
            self.a_claim_moves(which, to)
            self.a_sender_runs(outcomes)

        @rule(span=st.sampled_from([1, 1, 2, 5, 12, 45, 200, 700, 1500]))
        def time_passes(self, span: int) -> None:
            self.living.now += timedelta(minutes=span)
            self._do("time", self.living.follows_up())

        @rule()
        def the_planner_runs(self) -> None:
            self._do("planned", self.living.plan())

        @rule(outcomes=CALLS)
        def a_sender_runs(self, outcomes: list[str]) -> None:
            self._do("sent", self._planned_then(self.living.send(outcomes)))

        @rule(outcomes=CALLS, how=st.sampled_from(["take", "commit", "call", "sleep"]))
        def a_sender_dies(self, outcomes: list[str], how: str) -> None:
            ends = {
                "take": self.living.dies_after_the_take,
                "commit": self.living.dies_before_the_call,
                "call": lambda: self.living.dies_after_the_call(outcomes),
                "sleep": lambda: self.living.sleeps_after_the_call(outcomes),
            }
            self._do("died", self._planned_then(ends[how]()))

        @precondition(lambda self: self._open_claims())
        @rule(
            which=WHICH, to=st.sampled_from(sorted(PLACES)), lost=st.sampled_from(["drop_after_accept", "drop_before"])
        )
        def nobody_can_tell_for_long(self, which: int, to: str, lost: str) -> None:
            """What the provider took, or not, is repeated once, later, and the books say why."""
            self.living.provider.is_deaf = True
            self.a_claim_moves(which, to)
            self.a_sender_runs([lost, lost])
            for minutes in (2, 12):
                self.time_passes(minutes)
                self.a_sender_runs([])
            self.living.provider.is_deaf = False

        @precondition(lambda self: self.living.sleepers)
        @rule()
        def a_sleeper_wakes(self) -> None:
            self._do("woke", self.living.wakes())

        @rule(deaf=st.booleans())
        def the_provider_cannot_be_asked(self, deaf: bool) -> None:
            self.living.provider.is_deaf = deaf

        @precondition(lambda self: self.living.provider.taken)
        @rule(which=st.integers(0, 40), word=st.sampled_from(WORDS), times=st.integers(1, 3))
        def the_provider_reports(self, which: int, word: str, times: int) -> None:
            message = self.living.provider.taken[-1 - which % len(self.living.provider.taken)]
            self.model.reports[message.ref].add(word)
            for _ in range(times):
                self._do("reported", self.living.reports(message.ref, message.token, word))

        @precondition(lambda self: self.model.people)
        @rule(which=WHICH, word=st.sampled_from(sorted(BODIES)))
        def somebody_writes(self, which: int, word: str) -> None:
            phone = self._phone(which)
            self._do("written", self.living.is_written_to(phone, BODIES[word]))
            self.model.says(phone, word, step=self.living.step)

        @precondition(lambda self: self.model.people)
        @rule(which=WHICH)
        def somebody_asks_for_a_code(self, which: int) -> None:
            self._do("code", self.living.is_asked_for_a_code(self._phone(which)))

        @precondition(lambda self: self.model.stopped_since is not None or self.living.step % 5 == 0)
        @rule(codes_too=st.booleans())
        def the_switch_is_pressed(self, codes_too: bool) -> None:
            stopped = self.model.stopped_since is None
            act = self.living.is_stopped(codes_too=codes_too) if stopped else self.living.goes_on()
            self._do("switched", act)
            self.model.is_switched(stopped=stopped, codes_too=codes_too, step=self.living.step)

        @rule(cap=st.integers(0, 2), quiet=st.booleans())
        def an_operator_changes_the_settings(self, cap: int, quiet: bool) -> None:
            changed = {"notifier_daily_cap": cap, "notifier_quiet_hours": quiet}
            self.living.settings = self.living.settings.model_copy(update=changed)
            self.model.cap, self.model.quiet = cap, quiet

        @precondition(lambda self: self.is_held)
        @rule(release=st.booleans())
        def a_person_decides_on_what_is_held(self, release: bool) -> None:
            self._do("decided", self.living.decides_on_held(release=release))

        @precondition(lambda self: self.living.now > self.beaten + timedelta(hours=20))
        @rule()
        def silence_is_looked_for(self) -> None:
            self.beaten = self.living.now
            self._do("beaten", self._planned_then(self.living.beats()))

        @invariant()
        def the_books_are_those_of_the_model(self) -> None:
            notifications, deliveries = runner.run(self.living.books())
            by_id = {row["id"]: row for row in notifications}
            by_token = {row["token_hash"]: row for row in deliveries}
            for message in self.living.provider.taken[self.seen :]:
                delivery = by_token[hash_of_token(message.token)]
                said = _said(by_id[delivery["notification_id"]])
                self.model.takes(said, message.address, message.ref, at=message.at, step=message.step)
            steps["taken"] += len(self.living.provider.taken) - self.seen
            self.seen = len(self.living.provider.taken)
            self.is_held = any(row["state"] == "held" for row in notifications)
            self._states(notifications, deliveries)

        def _states(self, notifications: list[dict[str, Any]], deliveries: list[dict[str, Any]]) -> None:
            for row in notifications:
                if row["state"] in ENDED:
                    self.model.ends(str(row["id"]), row["state"])
                if row["state"] in ("suppressed", "superseded"):
                    assert self.model.justifies(row["reason"], claim=row["claim"], address=row["address"]), row
            for row in deliveries:
                if row["provider_ref"] is not None:
                    assert row["state"] == self.model.state_of(row["provider_ref"]), row
            again = self.model.repeated()
            steps["repeated"] = max(steps["repeated"], len(again))
            for row in notifications:
                if (times := again.get(str(row["id"]))) is not None:
                    own = [each for each in deliveries if each["notification_id"] == row["id"]]
                    assert row["importance"] != "code", f"a code left {times} times"
                    assert any(each["resolution"] == "unseen" for each in own), own

        def teardown(self) -> None:
            """With a provider that answers and nobody who interferes, everything ends, or waits for a person."""
            self.living.provider.is_deaf = False
            runner.run(self._four_quiet_days())
            notifications, _ = runner.run(self.living.books())
            left = [row for row in notifications if row["state"] in UNDER_WAY]
            assert not left
            told = Counter(
                (row["claim"], row["template"])
                for row in notifications
                if row["cause_kind"] == "case_event" and row["step"] == 0
            )
            owed = Counter((claim, template) for claim, facts in self.model.facts.items() for template in facts)
            assert told == owed
            self.the_books_are_those_of_the_model()

        async def _four_quiet_days(self) -> None:
            living = self.living
            await living.goes_on()
            self.model.is_switched(stopped=False, codes_too=False, step=living.step)
            await living.wakes()
            for _ in range(4 * 8):
                living.now += timedelta(hours=3)
                living.step += 1
                await living.plan()
                await living.follows_up()
                await living.send([])

        async def _planned_then(self, act: Coroutine[Any, Any, None]) -> None:
            await self.living.plan()
            await act

        def _do(self, what: str, act: Coroutine[Any, Any, Any]) -> Any:
            steps[what] += 1
            self.living.step += 1
            return runner.run(act)

        def _open_claims(self) -> list[str]:
            return [ref for ref, place in self.where.items() if place != "approved"]

        def _phone(self, which: int) -> str:
            return sorted(self.model.people)[which % len(self.model.people)]

    return Life


def _said(row: dict[str, Any]) -> Said:
    return Said(
        notification=str(row["id"]),
        claim=row["claim"],
        importance=row["importance"],
        template=row["template"],
        event=row["event_seq"],
        send_by=row["send_by"],
    )


@pytest.mark.parametrize(
    "examples", [pytest.param(QUICK, marks=pytest.mark.crash), pytest.param(LONG, marks=pytest.mark.soak)]
)
def test_the_notifier_keeps_its_promises_whatever_happens(database_url: str, engine: AsyncEngine, examples: int):
    steps: Counter[str] = Counter()
    how = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the loop of `claims notifier`
        own, pool = make_engine(database_url), runner.run(open_pool(database_url, size=4))
        try:
            run_state_machine_as_test(machine(runner, own, pool, steps), settings=how)
        finally:
            runner.run(pool.close())
            runner.run(own.dispose())
    print(f"{steps.total()} steps: {dict(steps)}")
    done = steps.total() - steps["taken"] - steps["repeated"]
    assert done >= examples * STEPS * 8 // 10


def test_the_model_knows_each_place_of_a_claim():
    assert TOLD.keys() == PLACES.keys()
