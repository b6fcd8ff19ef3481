from __future__ import annotations

from dataclasses import replace
from math import isfinite
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benchmarks import households as synthetic
from realloc.household import Household
from realloc.optimizer.certificate import Lagrangian
from realloc.optimizer.problem import Floats, Problem, build
from realloc.optimizer.relaxation import BUYS, OPEN, SELLS_LOSSES, Multipliers, Relaxation
from realloc.testing.strategies import households
from tests.optimizer.cases import drawn, household, lot, place, seeded
from tests.reference.brute_force import TooManyPlansError, best_of_all
from tests.reference.evaluate import Answer, cents_matter
from tests.reference.exact_milp import solve_statement
from tests.reference.statement import Statement, exact, state


def some_prices(problem: Problem, rng: Random) -> Multipliers:
    """Return any prices of the coupling rules: of no meaning, of the right size, and far too high."""
    scale = rng.choice([0.0, 0.01, 0.1, 1.0, 50.0])

    def draw(n: int) -> Floats:
        return np.array([rng.uniform(-scale, scale) for _ in range(n)])

    limits = problem.limits
    caps = {"gain": limits.gain, "tax": limits.tax, "drift": limits.drift, "orders": limits.orders}
    return Multipliers(
        cash=draw(len(problem.cash.before)),
        group=draw(len(problem.groups.target)),
        **{
            name: rng.choice([0.0, rng.uniform(-5 * scale, scale)])
            for name, cap in caps.items()
            if isfinite(cap)
        },
    )


def reaches_all(problem: Problem, statement: Statement, best: Answer) -> bool:
    """Whether the best plan misses no more than the reserves that the problem already gave up (CASH-2)."""
    given_up = sum(
        max(0.0, float(purse.reserve) - reserve)
        for purse, reserve in zip(
            sorted(statement.purses, key=lambda purse: purse.account), problem.cash.reserve, strict=True
        )
    )
    return float(best.shortfall) <= given_up + 0.011 * len(statement.purses) and not best.excess


@settings(drawn, max_examples=40)
@given(households("tiny"), st.integers(0, 10**6))
def test_no_prices_give_a_bound_above_the_best_of_all_plans(home: Household, seed: int) -> None:
    statement, problem = state(home), build(home)
    try:
        best = best_of_all(statement)
    except TooManyPlansError:
        assume(False)
    assume(reaches_all(problem, statement, best))
    rng = seeded(seed)
    relaxed = Relaxation(problem).solve().multipliers if len(problem.pairs.held) else None
    for prices in [*(some_prices(problem, rng) for _ in range(25)), *([relaxed] if relaxed else [])]:
        bound = Lagrangian(problem).bound(prices).value
        assert exact(bound) <= best.objective + cents_matter(home)


@settings(drawn, max_examples=120)
@given(households("tiny"), st.integers(0, 10**6))
def test_no_prices_give_a_bound_above_the_exact_optimum(home: Household, seed: int) -> None:
    statement, problem = state(home), build(home)
    referee = solve_statement(statement)
    assume(referee.proven and reaches_all(problem, statement, referee.answer))
    rng = seeded(seed)
    relaxed = Relaxation(problem).solve().multipliers if len(problem.pairs.held) else None
    for prices in [*(some_prices(problem, rng) for _ in range(25)), *([relaxed] if relaxed else [])]:
        bound = Lagrangian(problem).bound(prices).value
        assert exact(bound) <= referee.answer.objective + cents_matter(home)


@settings(drawn, max_examples=25)
@given(households("tiny"), st.integers(0, 10**6))
def test_a_bound_with_decided_sides_holds_for_plans_that_keep_to_them(home: Household, seed: int) -> None:
    statement, problem = state(home), build(home)
    best = solve_statement(statement).answer
    assume(reaches_all(problem, statement, best))
    bought = {statement.pairs[key].family for key, shares in best.orders.items() if shares > 0}
    family = {symbol: pair.family for (_, symbol), pair in statement.pairs.items()}
    families = {
        int(wash): family[problem.symbols[symbol]]
        for wash, symbol in zip(problem.pairs.wash, problem.pairs.symbol, strict=True)
    }
    keeps = np.array(
        [BUYS if families[group] in bought else SELLS_LOSSES for group in range(len(problem.coupled))],
        dtype=np.intp,
    )
    other = np.where(keeps == BUYS, SELLS_LOSSES, BUYS)
    rng = seeded(seed)
    for _ in range(10):
        prices = some_prices(problem, rng)
        free = Lagrangian(problem).bound(prices)
        decided = Lagrangian(problem).bound(prices, keeps)
        assert exact(decided.value) <= best.objective + cents_matter(home)
        assert free.value <= decided.value + 1e-6
        assert free.value <= Lagrangian(problem).bound(prices, other).value + 1e-6
        assert Lagrangian(problem).bound(prices, np.full(len(keeps), OPEN)).value == free.value


def test_without_prices_only_what_saves_money_by_itself_counts() -> None:
    # the loss lot saves 10 x 20 x 0.2 x 0.5 = 20 of tax and loses 10 x 80 x 0.01 = 8 of location cost
    home = household(
        {"cash": 500, "positions": {"S": 10}, "lots": [lot("S", 10, 100.0)], "location_cost": {"S": 0.01}},
        {"S": 80, "T": 80},
        {"T": 1},
        drift={"inside_band": 0.0, "outside_band": 0.0},
    )
    problem = build(home)
    none = Multipliers(cash=np.zeros(1), group=np.zeros(len(problem.groups.target)))
    assert Lagrangian(problem).bound(none).value == pytest.approx(8 - 20 - 8, abs=1e-6)


def test_the_price_of_cash_pays_for_itself() -> None:
    # with a dollar of cash worth 0.05 and T worth 0.06 a dollar to its class of target 500:
    # off target 0.06 x (500 - 0), buys 5 x 100 x (0.05 - 0.06) = -5 (T's band of 25 costs 0.056 a dollar),
    # cash 0.05 x -(500 - 0) = -25 and its own group at its target of zero
    home = household({"cash": 500}, {"T": 100}, {"T": 1})
    problem = build(home)
    groups = np.zeros(len(problem.groups.target))
    t = problem.pairs.groups[place(problem, "A", "T"), 0]
    groups[t] = 0.06
    prices = Multipliers(cash=np.array([-0.05]), group=groups)
    by_hand = 0.06 * 500 - 0.056 * 25 - 5 - 0.05 * 500
    buys_at_most_a_share_more = 0.01 * 100
    value = Lagrangian(problem).bound(prices).value
    assert by_hand - buys_at_most_a_share_more - 1e-6 <= value <= by_hand + 1e-6


DIRECT = replace(synthetic.SHAPES["XL"], symbols=12, lots=40, legacy=2, no_buy=1, identical=1, recent=2)
"""Twelve symbols with a target each in one account."""

SPREAD = replace(DIRECT, accounts=synthetic.SHAPES["M"].accounts[:4], lots=60)
"""The same in four accounts."""

SHAPES = (synthetic.SHAPES["S"], synthetic.SHAPES["M"], DIRECT, SPREAD)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("variant", ["base", "semi"])
@pytest.mark.parametrize("shape", SHAPES)
def test_prices_of_their_own_for_private_groups_never_lower_the_bound(
    shape: synthetic.Shape, variant: synthetic.Variant, seed: int
) -> None:
    problem = build(Household.from_dict(synthetic.draw(shape, seeded(seed), variant)))
    rng = seeded(seed)
    for _ in range(10):
        prices = some_prices(problem, rng)
        drawn_sides = [rng.choice([OPEN, BUYS, SELLS_LOSSES]) for _ in problem.coupled]
        sides = np.where(problem.coupled, drawn_sides, OPEN)
        for decided in (None, sides):
            mine = Lagrangian(problem).bound(prices, decided)
            theirs = Lagrangian(problem).bound(prices, decided, own_prices=False)
            assert mine.value >= theirs.value - 1e-9 * problem.value


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("shape", SHAPES)
def test_a_household_is_never_cheaper_than_its_cheaper_side_of_any_group(
    shape: synthetic.Shape, seed: int
) -> None:
    problem = build(Household.from_dict(synthetic.draw(shape, seeded(seed), "base")))
    prices = some_prices(problem, seeded(seed))
    lagrangian = Lagrangian(problem)
    free = lagrangian.bound(prices).value
    for group in np.flatnonzero(problem.coupled):
        sides = np.full(len(problem.coupled), OPEN)
        decided = []
        for side in (BUYS, SELLS_LOSSES):
            sides[group] = side
            decided.append(lagrangian.bound(prices, sides).value)
        assert free == pytest.approx(min(decided), rel=1e-9, abs=1e-6)
