from __future__ import annotations

from fractions import Fraction
from math import ceil
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benchmarks import households as synthetic
from realloc.household import Household
from realloc.optimizer.decode import trades_of
from realloc.optimizer.integer import ASTRAY, BROKEN, ORDER_MISSED, SHORT, Repair
from realloc.optimizer.problem import Flags, Problem, build
from realloc.optimizer.relaxation import Relaxation
from realloc.testing.strategies import households
from tests.optimizer.cases import drawn, household, keys, lot, place, seeded, shares_of
from tests.reference.evaluate import cents_matter
from tests.reference.plans import read_trades
from tests.reference.statement import Statement, exact, state

FIGURES = ("cash", "off", "pair_cost", "pair_cash", "pair_tax", "pair_gain")


def some_sides(problem: Problem, rng: Random) -> Flags:
    return np.array([rng.random() < 0.5 for _ in problem.coupled], dtype=bool)


def wander(made: Repair, rng: Random, moves: int) -> None:
    """Make random moves to neighbours."""
    for _ in range(moves):
        counts = made.neighbours()[rng.randrange(2)]
        pair = rng.randrange(len(counts))
        made.move(pair, float(counts[pair]))


@settings(drawn, max_examples=50)
@given(households("small"), st.integers(0, 10**6))
def test_the_state_after_any_moves_is_the_state_derived_afresh(home: Household, seed: int) -> None:
    problem = build(home)
    assume(len(problem.pairs.held))
    rng = seeded(seed)
    made = Repair(problem, some_sides(problem, rng))
    moves = 60
    wander(made, rng, moves)
    fresh = Repair(problem, made.sells_losses)
    fresh.set(made.shares)
    passed = max(1.0, problem.value) + moves * float(problem.pairs.price.max())  # float64 errs by what passed
    for name in FIGURES:
        assert getattr(made, name) == pytest.approx(getattr(fresh, name), abs=1e-12 * passed)
    assert made.objective() == pytest.approx(fresh.objective(), abs=1e-9 * passed)


@settings(drawn, max_examples=60)
@given(households("small"), st.integers(0, 10**6))
def test_a_move_changes_objective_and_what_is_missed_by_what_was_weighed(home: Household, seed: int) -> None:
    problem = build(home)
    assume(len(problem.pairs.held))
    rng = seeded(seed)
    made = Repair(problem, some_sides(problem, rng))
    wander(made, rng, 15)
    for counts in made.neighbours():
        objective, missed = made.changes(counts)
        for pair in range(len(counts)):
            moved = Repair(problem, made.sells_losses)
            moved.set(np.where(np.arange(len(counts)) == pair, counts, made.shares))
            assert moved.objective() - made.objective() == pytest.approx(objective[pair], abs=1e-6)
            now, before = weighted(moved), weighted(made)
            assert now - before == pytest.approx(missed[pair], abs=1e-3 + 1e-9 * max(now, before))


def weighted(made: Repair) -> float:
    """Return what is missed, in dollars of score: first caps, then reserves, then drift (OBJ-6)."""
    broken, short, astray = made.missed()
    return BROKEN * broken + SHORT * short + ASTRAY * astray


@settings(drawn, max_examples=50)
@given(households("small"), st.integers(0, 10**6))
def test_neighbours_are_counts_that_the_rules_allow(home: Household, seed: int) -> None:
    problem, statement = build(home), state(home)
    assume(len(problem.pairs.held))
    rng = seeded(seed)
    made = Repair(problem, some_sides(problem, rng))
    for _ in range(40):
        for counts in made.neighbours():
            for key, shares in shares_of(problem, counts).items():
                assert_allowed(statement, key, shares)
        wander(made, rng, 1)


def assert_allowed(statement: Statement, key: tuple[str, str], shares: Fraction) -> None:
    """Assert that rules BUY-1, BUY-2, SELL-1, QTY-1 and QTY-3 allow an order."""
    pair = statement.pairs.get(key)
    if pair is None:  # the referee wants nothing in a scope that is worth nothing
        return
    assert abs(shares) * pair.price >= exact(statement.household.policy.min_trade_value), "QTY-3"
    if shares > 0:
        assert pair.may_buy, "BUY-1"
        assert shares % pair.unit == 0, "QTY-1"
        assert pair.most_value is None or (pair.held + shares) * pair.price <= pair.most_value, "BUY-2"
    else:
        assert pair.may_sell, "SELL-1"
        assert -shares == pair.held or (shares % pair.unit == 0 and -shares < pair.held), "SELL-1, QTY-1"


@settings(drawn, max_examples=50)
@given(households("small"), st.integers(0, 10**6))
def test_a_walk_up_and_down_meets_every_count_that_the_rules_allow(home: Household, seed: int) -> None:
    problem, statement = build(home), state(home)
    assume(len(problem.pairs.held))
    pair = seeded(seed).randrange(len(problem.pairs.held))
    made = Repair(problem, np.ones(len(problem.coupled), dtype=bool))
    key = keys(problem)[pair]
    assume(key in statement.pairs)
    terms = statement.pairs[key]
    least = exact(home.policy.min_trade_value)
    met = set()
    for _ in range(70):
        down = float(made.neighbours()[1][pair])
        if down == made.shares[pair]:
            break
        made.move(pair, down)
        met.add(exact(round(-down, 9)))
    wanted = [exact(round(float(n), 9)) for n in terms.sales() if n * terms.price >= least]
    lost = sum(one.shares for one in terms.lots or () if one.loss and terms.family in statement.banned)
    reachable = [n for n in wanted if n <= exact(round(float(problem.pairs.sell_max[pair]), 9))]
    if terms.unit == 1 and not lost:
        assert met == set(reachable[:70])
    met.clear()
    made.set(np.zeros(len(made.shares)))
    for _ in range(70):
        up = float(made.neighbours()[0][pair])
        if up == made.shares[pair]:
            break
        made.move(pair, up)
        met.add(exact(round(up, 9)))
    most = exact(round(float(made.buy_max[pair]), 9))
    first = max(terms.unit, ceil(least / terms.price / terms.unit) * terms.unit)
    wanted = [first + n * terms.unit for n in range(70)]
    assert met == {n for n in wanted if n <= most}


@settings(drawn, max_examples=60)
@given(households("small"), st.integers(0, 10**6))
def test_objective_parts_and_misses_are_those_of_exact_arithmetic(home: Household, seed: int) -> None:
    problem, statement = build(home), state(home)
    rng = seeded(seed)
    made = Repair(problem, some_sides(problem, rng))
    if len(problem.pairs.held):
        wander(made, rng, 25)
    answer = read_trades(statement, trades_of(problem, made))
    allowed = float(cents_matter(home)) + 1e-6
    parts = made.parts()
    assert sum(parts.values()) == made.objective()
    for name in ("drift", "tax", "trading", "location"):
        assert parts[name] == pytest.approx(float(getattr(answer, name)), abs=allowed), name
    assert made.objective() == pytest.approx(float(answer.objective), abs=allowed)
    accounts = len(home.accounts)
    if statement.drift_value > 0:
        drift = float(answer.deviation / (2 * statement.drift_value))
        assert made.drift() == pytest.approx(drift, abs=1e-9 + 0.01 * accounts / float(statement.drift_value))
    broken, short, astray = made.missed()
    assert 2 * astray == pytest.approx(float(answer.excess), abs=0.02 * accounts + 1e-5)
    if not problem.cash.short.any():
        assert short == pytest.approx(float(answer.shortfall), abs=0.01 * accounts + 1e-5)
    caps = {name: statement.cap(name) for name in ("max_orders", "max_realized_gain", "max_tax")}
    over = {
        "max_orders": ORDER_MISSED * (len(answer.orders) - (caps["max_orders"] or 0)),
        "max_realized_gain": float(answer.gain - (caps["max_realized_gain"] or 0)),
        "max_tax": float(answer.tax - (caps["max_tax"] or 0)),
    }
    by_hand = sum(max(0.0, over[name]) for name, cap in caps.items() if cap is not None)
    assert broken == pytest.approx(by_hand, abs=1e-5)


@settings(drawn, max_examples=100)
@given(households("small"), st.integers(0, 10**6))
def test_improving_never_makes_a_plan_worse_and_leaves_no_better_step_or_leap(
    home: Household, seed: int
) -> None:
    problem = build(home)
    assume((problem.pairs.step * problem.pairs.price >= 1).all())  # else a reserve is thousands of steps away
    rng = seeded(seed)
    made = Repair(problem, some_sides(problem, rng))
    if len(problem.pairs.held):
        wander(made, rng, 25)
    before = weighted(made), made.objective()
    stepped = made.at(made.shares)
    stepped.descend()
    made.improve()
    after = weighted(made), made.objective()
    stepped.refresh()
    assert made.score() <= stepped.score() + 1e-6 + 1e-12 * abs(stepped.score())
    assert sum(after) <= sum(before) + 1e-6 * max(1.0, abs(sum(before)) * 1e-9)
    assert made.score() == pytest.approx(sum(after), rel=1e-12, abs=1e-9)
    for counts in (*made.neighbours(), *made.leaps()) if len(problem.pairs.held) else ():
        objective, missed = made.changes(counts)
        assert (objective + missed >= -2e-7).all()


@settings(drawn, max_examples=50)
@given(households("small"))
def test_a_relaxed_solution_is_rounded_to_counts_that_the_rules_allow(home: Household) -> None:
    problem, statement = build(home), state(home)
    assume(len(problem.pairs.held))
    relaxed = Relaxation(problem).solve()
    made = Repair(problem, np.ones(len(problem.coupled), dtype=bool))
    made.round(relaxed.buy, relaxed.sell)
    for key, shares in shares_of(problem, made.shares).items():
        assert_allowed(statement, key, shares)


@pytest.mark.parametrize("variant", ["base", "cap"])
def test_moves_of_a_larger_household_keep_its_state(variant: synthetic.Variant) -> None:
    problem = build(synthetic.household("M", 4321, variant))
    rng = seeded(1)
    made = Repair(problem, some_sides(problem, rng))
    wander(made, rng, 400)
    fresh = Repair(problem, made.sells_losses)
    fresh.set(made.shares)
    for name in FIGURES:
        assert getattr(made, name) == pytest.approx(getattr(fresh, name), abs=1e-6)


def holding(price: float = 100.0, **more: Any) -> Problem:
    account = {"cash": 1000, "positions": {"S": 5.5}}
    return build(household(account, {"S": price, "T": 100}, {"S": 0.5, "T": 0.5}, **more))


def steps(made: Repair, pair: int, direction: int, most: int = 20) -> list[float]:
    """Return the counts that a pair goes through from nothing."""
    made.set(np.zeros(len(made.shares)))
    found: list[float] = []
    while len(found) < most:
        count = float(made.neighbours()[direction][pair])
        if count == made.shares[pair]:
            break
        made.move(pair, count)
        found.append(count)
    return found


def test_a_sale_goes_share_by_share_and_from_the_last_whole_one_to_everything() -> None:
    problem = holding()
    made = Repair(problem, np.zeros(len(problem.coupled), dtype=bool))
    pair = place(problem, "A", "S")
    assert steps(made, pair, 1) == [-1, -2, -3, -4, -5, -5.5]
    back = []
    while made.shares[pair]:
        made.move(pair, float(made.neighbours()[0][pair]))
        back.append(float(made.shares[pair]))
    assert back == [-5, -4, -3, -2, -1, 0]


def test_the_first_order_is_the_least_and_below_it_is_nothing() -> None:
    problem = holding(min_trade_value=250)
    made = Repair(problem, np.zeros(len(problem.coupled), dtype=bool))
    pair = place(problem, "A", "S")
    assert steps(made, pair, 1) == [-3, -4, -5, -5.5]
    assert steps(made, pair, 0)[:2] == [3, 4]
    made.move(pair, 3.0)
    assert made.neighbours()[1][pair] == 0
    made.move(pair, -3.0)
    assert made.neighbours()[0][pair] == 0


def test_only_everything_is_worth_the_minimum() -> None:
    problem = holding(min_trade_value=520)
    made = Repair(problem, np.zeros(len(problem.coupled), dtype=bool))
    pair = place(problem, "A", "S")
    assert steps(made, pair, 1) == [-5.5]
    assert made.neighbours()[0][pair] == 0


def test_the_side_of_a_wash_group_closes_its_loss_lots_or_its_buys() -> None:
    account = {"cash": 1000, "positions": {"S": 9}, "lots": [lot("S", 6, 200.0), lot("S", 3, 50.0)]}
    problem = build(household(account, {"S": 100, "T": 100}, {"S": 0.8, "T": 0.2}))
    pair = place(problem, "A", "S")
    buys = Repair(problem, np.zeros(len(problem.coupled), dtype=bool))
    assert steps(buys, pair, 1) == [-1, -2, -3]
    assert steps(buys, pair, 0)
    sells = Repair(problem, np.ones(len(problem.coupled), dtype=bool))
    assert steps(sells, pair, 1) == [-n for n in range(1, 10)]
    assert steps(sells, pair, 0) == []
    sells.move(pair, -7.0)
    # six lost 100 each, the seventh gained 50
    assert sells.pair_tax[pair] == pytest.approx(-600 * 0.2 * 0.5 + 50 * 0.2)


def test_a_buy_that_is_cut_to_cover_a_reserve_is_no_smaller_than_the_least_order() -> None:
    """QTY-3: three B are worth less than $500; $529 are left of what the sale of A brings, so none is bought."""
    account = {
        "kind": "tax_exempt",
        "cash": 780.6,
        "positions": {"A": 2, "B": 2},
        "cash_reserve": 851.21,
        "location_cost": {"A": -0.005, "CASH": 0.02},
    }
    prices = {"A": 300.0, "B": 160.91, "C": 443.35}
    classes = {"stocks": {"symbols": ["B", "C"]}}
    home = household(account, prices, {"stocks": 1.0}, classes=classes, min_trade_value=500.0, max_drift=0.0)
    problem = build(home)
    made = Repair(problem, np.zeros(len(problem.coupled), dtype=bool))
    bought = np.array([{("A", "A"): -2.0, ("A", "B"): 4.0}.get(key, 0.0) for key in keys(problem)])
    for counts in made.at(bought).leaps():
        assert ((counts <= 0) | (counts >= problem.pairs.least)).all()


def test_thousandths_of_shares_are_bought_by_strides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two classes take 10,000 steps of a thousandth of a share each: few moves go as far."""
    home = household({"cash": 100.0, "fractional": True}, {"A": 5.0, "B": 5.0}, {"A": 0.5, "B": 0.5})
    weighed = 0
    changes = Repair.changes

    def counted(*args: Any) -> Any:
        nonlocal weighed
        weighed += 1
        return changes(*args)

    monkeypatch.setattr(Repair, "changes", counted)
    problem = build(home)
    made = Repair(problem, np.zeros(len(problem.coupled), dtype=bool))
    made.improve()
    assert made.shares.tolist() == pytest.approx([10.0, 10.0], abs=0.5)
    assert weighed < 500


def test_moves_that_would_go_on_and_on_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realloc.optimizer.integer.MOVES", 3)
    monkeypatch.setattr("realloc.optimizer.integer.ROUNDS", 0)
    problem = build(synthetic.household("M", 4321))
    made = Repair(problem, np.zeros(len(problem.coupled), dtype=bool))
    assert made.convex
    idle = made.score()
    made.improve()
    assert np.count_nonzero(made.shares) <= 2 * 3  # leaps that raise reserves, then steps
    assert made.score() < idle
