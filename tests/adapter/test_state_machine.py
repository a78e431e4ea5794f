"""Whatever a back office does between two pages, the ledger is what a simple model of its word says.

2,000 steps in `make check`, always the same; `python -m pytest tests/adapter/test_state_machine.py -m crash` repeats
them. 20,000 in `make soak`, by chance; a failure prints the steps that lead to it, and `--hypothesis-seed=N` of
pytest chooses and repeats them.
"""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import count
from typing import Any

import asyncpg
import pytest
import uvloop
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import SqlConfig
from backoffice_adapter.sync import Plan, Summary, sync_once
from backoffice_adapter.tables import RunState
from claims_core.db import make_engine, plain_address
from notifier.planning.planner import plan_batch
from tests.adapter.cases import NOON
from tests.adapter.drifting import Doing, Drifting
from tests.adapter.drifting_model import Model, kept_as
from tests.adapter.fake_rest import SMALL
from tests.notifier.scenes import the_settings

STEPS = 50
# An example may end a little early.
QUICK = 47
MAPPING, THE_SETTINGS = load(SMALL), the_settings()
# What a policyholder is written about; of the rest the page alone speaks.
TOLD = ("registered", "decision_made")
CLAIMS = """
select source_ref, source_version, claim_number, stage, approved::text, gone_at is not null
from claim where source = $1 order by 1
"""
FACTS = """
select c.source_ref, e.fact_key, e.historic from case_event e join claim c on c.id = e.claim_id
where c.source = $1 order by 1, 2
"""
MESSAGES = """
select c.source_ref, e.fact_key from notification n join case_event e on e.id = n.cause_id
join claim c on c.id = e.claim_id where c.source = $1 order by 1, 2
"""
REJECTED = "select content_hash, settled_at is null from rejected_case where source = $1 order by 1"
WHICH, VALUE = st.integers(0, 7), st.integers(0, 9)
# What a rule of the machine may do; each is a step, and may also happen between two pages.
INSERTS = st.builds(Doing, st.just("insert"), WHICH, VALUE)
CHANGES = st.builds(Doing, st.sampled_from(["state", "state", "sum", "touch", "same_version"]), WHICH, VALUE)
SPOILS = st.builds(Doing, st.sampled_from(["poison", "odd", "mend"]), WHICH, VALUE)
COMMITS_LATE = st.builds(Doing, st.just("late"), WHICH, VALUE)
REPEATS = st.builds(Doing, st.sampled_from(["repeat", "echo", "echo"]), WHICH, VALUE)
REORDERS = st.builds(Doing, st.just("reorder"), WHICH, VALUE)
DROPS = st.builds(Doing, st.sampled_from(["remove", "leave_out"]), WHICH, VALUE)
RENUMBERS = st.builds(Doing, st.sampled_from(["renumber", "take_number", "renumber_rows"]), WHICH, VALUE)
MEANWHILE = st.lists(INSERTS | CHANGES | COMMITS_LATE | REPEATS | REORDERS | DROPS | RENUMBERS, max_size=3)


def machine(
    runner: asyncio.Runner, engine: AsyncEngine, books: asyncpg.Connection, steps: Counter[str]
) -> type[RuleBasedStateMachine]:
    """The machine on this database; `steps` counts what it did. Each example is a back office of its own."""
    numbers = count(1)

    class BackOffice(RuleBasedStateMachine):
        """A back office, its adapter, and the model of both."""

        def __init__(self) -> None:
            super().__init__()
            self.source = Drifting(f"s{next(numbers)}", MAPPING.key)
            self.config = SqlConfig(
                name=self.source.name, kind="sql", mapping=SMALL, url_env="NONE", view="v", ref="ref",
                updated_at="stamp", most_rejected=1, lanes=1,
            )  # fmt: skip
            self.model, self.now, self.loaded = Model(), NOON, False

        @rule(doing=INSERTS)
        def inserts(self, doing: Doing) -> None:
            self._happen(doing)

        @rule(doing=CHANGES)
        def changes(self, doing: Doing) -> None:
            self._happen(doing)

        @rule(doing=SPOILS)
        def spoils(self, doing: Doing) -> None:
            self._happen(doing)

        @rule(doing=COMMITS_LATE)
        def commits_late(self, doing: Doing) -> None:
            self._happen(doing)

        @rule(doing=REPEATS)
        def repeats(self, doing: Doing) -> None:
            self._happen(doing)

        @rule(doing=REORDERS)
        def reorders(self, doing: Doing) -> None:
            self._happen(doing)

        @rule(doing=DROPS)
        def drops(self, doing: Doing) -> None:
            self._happen(doing)

        @rule(doing=RENUMBERS)
        def renumbers(self, doing: Doing) -> None:
            self._happen(doing)

        @rule(
            hours=st.sampled_from([1, 13]),
            meanwhile=MEANWHILE,
            again=st.booleans(),
            fails_after=st.sampled_from([None, None, None, 0, 1, 2]),
        )
        def it_is_read(self, hours: int, meanwhile: list[Doing], again: bool, fails_after: int | None) -> None:
            steps["read"] += 1
            self.source.meanwhile, self.source.fails_after = list(meanwhile), fails_after
            self._read(hours=hours, again=again)

        @rule(before=st.lists(INSERTS | CHANGES | COMMITS_LATE, min_size=1, max_size=3), meanwhile=MEANWHILE)
        def it_is_polled(self, before: list[Doing], meanwhile: list[Doing]) -> None:
            """What was committed since the last look, late or not, is found from the cursor on."""
            steps["poll"] += 1
            for doing in before:
                self.source.happen(doing)
            self.source.meanwhile, self.source.fails_after = list(meanwhile), None
            self._read(hours=1, again=False)

        @rule()
        def it_is_read_in_a_quiet_night(self) -> None:
            steps["quiet night"] += 1
            self.source.be_quiet()
            self._read(hours=24, again=True)
            source, model = self.source, self.model
            poisoned = {kept_as(row.record(MAPPING.key)) for _, row in source.rows.values() if row.is_poisoned}
            assert {key for key, is_open in self._rows(REJECTED) if is_open} == poisoned
            assert not source.exempt & source.rows.keys()
            assert {
                ref for ref, claim in model.claims.items() if claim.gone
            } <= model.claims.keys() - source.rows.keys()

        def _happen(self, doing: Doing) -> None:
            steps["changed"] += 1
            self.source.happen(doing)

        def _read(self, *, hours: int, again: bool) -> None:
            self.now += timedelta(hours=hours)
            self.source.delivered = []
            summary: Summary = runner.run(self._run(again=again))
            for page in self.source.delivered:
                self.model.read(page, first_load=not self.loaded)
            done = summary.state is RunState.DONE
            assert done or summary.problem == "half a page"
            if done and again:
                shown = {record.ref for page in self.source.delivered for record in page}
                self.model.night(shown, now=self.now)
            self.loaded = self.loaded or (done and bool(self.model.claims or any(self.source.delivered)))
            self._compare()
            if done:
                self._has_caught_up()

        async def _run(self, *, again: bool) -> Summary:
            now = self.now
            plan = Plan(engine, self.config, MAPPING, self.source, lambda: now, timedelta(0), again=again)
            summary = await sync_once(plan)
            await plan_batch(engine, now=now, settings=THE_SETTINGS)  # fewer facts than one batch takes
            return summary

        def _compare(self) -> None:
            """The ledger, the facts, the messages and the quarantine are those of the model."""
            claims = sorted(self.model.claims.items())
            assert self._rows(CLAIMS) == [claim.shown(ref) for ref, claim in claims]
            facts = [(ref, *fact) for ref, claim in claims for fact in sorted(claim.facts.items())]
            assert self._rows(FACTS) == facts
            told = [(ref, key) for ref, key, historic in facts if not historic and key.startswith(TOLD)]
            assert self._rows(MESSAGES) == told
            assert [key for key, _ in self._rows(REJECTED)] == sorted(self.model.rejected)

        def _has_caught_up(self) -> None:
            """A reading that ended leaves out nothing: each row of the back office is known, or a newer word is."""
            for ref, (_, row) in self.source.rows.items():
                if row.is_readable and ref not in self.source.exempt:
                    known, record = self.model.claims[ref], row.record(MAPPING.key)
                    assert (known.version, known.record.hash) >= (row.version, record.hash)

        def _rows(self, query: str) -> list[tuple[Any, ...]]:
            return runner.run(_read_rows(books, query, self.source.name))

    return BackOffice


async def _read_rows(books: asyncpg.Connection, query: str, source: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await books.fetch(query, source)]


@pytest.mark.parametrize(
    "examples",
    [
        pytest.param(QUICK, marks=pytest.mark.crash),
        pytest.param(440, marks=pytest.mark.soak),
    ],
)
def test_the_ledger_is_the_model_whatever_happens_between_the_pages(
    database_url: str, engine: AsyncEngine, examples: int
):
    steps: Counter[str] = Counter()
    how = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the loop of `claims notifier`
        own, books = make_engine(database_url), runner.run(asyncpg.connect(plain_address(database_url)))
        try:
            run_state_machine_as_test(machine(runner, own, books, steps), settings=how)
        finally:
            runner.run(books.close())
            runner.run(own.dispose())
    print(f"{steps.total()} steps: {dict(steps)}")
    assert steps.total() >= examples * STEPS * 8 // 10
    assert min(steps["changed"], steps["read"], steps["poll"], steps["quiet night"]) > steps.total() / 40


async def test_an_old_word_behind_the_new_one_on_the_same_page_hides_nothing(database_url: str, engine: AsyncEngine):
    source = Drifting("s", MAPPING.key)
    config = SqlConfig(
        name="s", kind="sql", mapping=SMALL, url_env="NONE", view="v", ref="ref", updated_at="stamp", lanes=1
    )
    plan = Plan(engine, config, MAPPING, source, lambda: NOON, timedelta(0))
    source.happen(Doing("insert", 0, 0))
    await sync_once(plan)
    source.happen(Doing("state", 0, 1))
    source.happen(Doing("echo", 0, 1))
    await sync_once(plan)
    assert [record.version for record in source.delivered[-1]] == ["2", "1"]
    books = await asyncpg.connect(plain_address(database_url))
    assert [row[:4] for row in await _read_rows(books, CLAIMS, "s")] == [("0", "2", "N-0", "closed")]
    await books.close()
