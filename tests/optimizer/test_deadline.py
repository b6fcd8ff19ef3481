"""One deadline for a whole call: who looks at it, what each run of the solver gets of it, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import households as synthetic
from realloc.audit import audit_plan
from realloc.engine import rebalance
from realloc.household import Household
from realloc.optimizer import highs
from realloc.optimizer.deadline import NEVER, Deadline
from realloc.optimizer.problem import build
from realloc.optimizer.relaxation import Relaxation
from realloc.optimizer.sides import settle
from realloc.plan import Plan
from realloc.testing.strategies import households
from tests.optimizer.cases import crowded, drawn, household, lot


class Clock:
    """A clock that a look moves on by a second; it notes the time and the limit of every run of the solver."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.runs: list[tuple[float, float]] = []
        in_own_thread = highs._in_own_thread

        def noted(run: Callable[[], Any]) -> Any:
            solver = run.__self__  # type: ignore[attr-defined]
            self.runs.append((self.now, solver.getOptionValue("time_limit")[1]))
            return in_own_thread(run)

        monkeypatch.setattr("realloc.optimizer.deadline.monotonic", self)
        monkeypatch.setattr("realloc.optimizer.deadline.ANSWER", 0.0)
        monkeypatch.setattr(highs, "_in_own_thread", noted)

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def planned(subject: Household, looks: int) -> tuple[Plan, Clock]:
    """Return the plan of a search that ends when the clock was looked at so often, and the clock."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        ticking = Clock(monkeypatch)
        # the call looks once when it begins and once when the arrays are built, and keeps a tenth
        return rebalance(subject, time_limit=max(looks + 1, 0) / 0.9), ticking


def capped(seed: int) -> Household:
    return Household.from_dict(
        crowded(
            seed,
            accounts=3,
            symbols=12,
            max_orders=6,
            max_realized_gain=500.0,
            costs={"order": 5.0},
        )
    )


@pytest.mark.usefixtures("clock")
def test_nothing_ends_without_a_limit() -> None:
    assert Deadline.after(None).left() == inf
    assert not NEVER.passed()
    assert Deadline.after(None).for_search().left() == inf


def test_a_deadline_counts_from_where_it_was_made_and_keeps_a_tenth_for_the_answer(clock: Clock) -> None:
    deadline = Deadline.after(100.0)
    assert deadline.left() == 99.0
    search = deadline.for_search()
    assert search.end == 91.0
    clock.now = 89.0
    assert not search.passed()
    assert search.passed()
    assert search.left() == 0.0
    assert not deadline.passed()


def test_a_deadline_keeps_more_for_the_answer_where_building_took_longer(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr("realloc.optimizer.deadline.ANSWER", 2.0)
    deadline = Deadline.after(100.0)
    clock.now = 30.0
    assert deadline.for_search().end == 101.0 - 2 * 30.0


def test_what_was_cut_is_remembered() -> None:
    search = Deadline.after(1e9)
    assert not search.passed()
    assert not search.has_cut
    assert search.cuts()
    assert search.has_cut


def test_each_run_of_the_solver_gets_what_is_left_and_none_is_made_after_the_end() -> None:
    subject = capped(3)
    free, unhurried = planned(subject, 100_000)
    assert free.certificate.status == "certified"
    assert len(unhurried.runs) >= 3
    for looks in range(0, 60, 4):
        plan, clock = planned(subject, looks)
        end = 1.0 + looks + 1
        for moment, limit in clock.runs:
            assert moment < end
            # between its rounds the solver looks at no clock: a part of a second is kept for that
            assert end - moment - 0.1 < limit <= end - moment
        assert len(clock.runs) <= len(unhurried.runs)
        assert looks > 4 or plan.certificate.status == "time_limit"


def test_a_search_makes_one_more_step_at_most_once_time_is_up() -> None:
    subject = Household.from_dict(crowded(5, accounts=3, symbols=40, max_drift=0.0))
    _, unhurried = planned(subject, 100_000)
    assert unhurried.now > 60
    for looks in (2, 10, 20):
        _, clock = planned(subject, looks)
        # what looks after the end only finds that it is over: each stage once, not once a move or a node
        assert clock.now < looks + 20


@pytest.mark.parametrize("mode", ["full", "raise_cash"])
def test_a_limit_of_zero_runs_no_solver_and_answers_with_the_sales_that_reserves_ask_for(
    clock: Clock, mode: str
) -> None:
    subject = household(
        [
            {
                "cash": 100,
                "cash_flow": -600,
                "positions": {"S": 40, "T": 40},
                "lots": [lot("S", 40, 90.0), lot("T", 40, 10.0)],
            },
            {"cash": 500, "positions": {}},
        ],
        {"S": 100, "T": 100},
        {"S": 1, "T": 1},
        mode=mode,
    )
    plan = rebalance(subject, time_limit=0.0)
    # 500 dollars are five shares; S has less gain
    assert [(trade.account_id, trade.symbol, trade.shares) for trade in plan.trades] == [("A", "S", -5)]
    assert not clock.runs
    assert plan.certificate.status == "time_limit"
    assert -inf < plan.certificate.bound <= plan.costs.objective


def test_a_limit_of_zero_does_nothing_where_no_reserve_asks_for_it(clock: Clock) -> None:
    subject = Household.from_dict(crowded(1, accounts=2, symbols=8))
    plan = rebalance(subject, time_limit=0.0)
    assert not plan.trades
    assert not clock.runs
    assert plan.certificate.status == "time_limit"
    assert plan.certificate.bound < plan.costs.objective == plan.costs.do_nothing


@settings(drawn, max_examples=50)
@given(
    households("small"),
    st.sampled_from(["full", "full", "raise_cash", "outside_band", "harvest"]),
    st.integers(0, 70),
)
def test_a_plan_that_passes_the_audit_comes_back_whenever_time_is_up(
    subject: Household, mode: Any, looks: int
) -> None:
    subject = replace(subject, policy=replace(subject.policy, mode=mode))
    plan, _ = planned(subject, looks)
    report = audit_plan(subject, plan)
    assert report.ok
    assert plan.certificate.bound > -inf
    free = rebalance(subject)
    assert free.certificate.status == "certified"
    missed = sum(account.shortfall for account in free.accounts)
    most = subject.policy.max_drift
    if missed == 0 and (most is None or free.household.drift_after <= most):
        assert plan.certificate.bound <= free.costs.objective + 1e-3


def test_time_that_is_up_in_the_choice_of_sides_leaves_a_bound_that_is_true(clock: Clock) -> None:
    problem = build(synthetic.household("M", 908))
    best = settle(problem, Relaxation(problem), 0.0, 200)
    bounds = []
    for looks in range(4):
        stopped = settle(problem, Relaxation(problem, Deadline(0.0, clock.now + looks + 0.5)), 0.0, 200)
        assert stopped.bound <= best.relaxed.objective + 1e-6
        bounds.append(stopped.bound)
        if stopped.relaxed.objective < inf:
            assert best.bound <= stopped.relaxed.objective + 1e-6
    assert bounds == sorted(bounds)
    assert bounds[0] < best.bound
