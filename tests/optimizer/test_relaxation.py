from __future__ import annotations

from itertools import pairwise
from math import inf, isfinite

import highspy
import numpy as np
import pytest
from hypothesis import assume, given, settings

from benchmarks import households as synthetic
from realloc.household import Household
from realloc.optimizer.columns import Columns
from realloc.optimizer.problem import Problem, build
from realloc.optimizer.relaxation import (
    BUYS,
    MISSED_COST,
    OPEN,
    SELLS_LOSSES,
    TIE_BREAK,
    Relaxation,
)
from realloc.testing.strategies import households
from tests.optimizer.cases import drawn, household, lot, place
from tests.reference.evaluate import cents_matter
from tests.reference.exact_milp import exact_milp
from tests.reference.programme import Model
from tests.reference.statement import ZERO, exact, state


def sides_of(problem: Problem, p: int) -> list[tuple[float, float, float, int | None]]:
    """Return the most shares, the sign, the dollars per share and the lot of all that may be traded of a pair."""
    pairs, lots = problem.pairs, problem.lots
    sides: list[tuple[float, float, float, int | None]] = [
        (lots.shares[n], -1.0, pairs.bid[p], n) for n in range(int(lots.first[p]), int(lots.first[p + 1]))
    ]
    if pairs.buy_max[p] > 0:
        sides.append((pairs.buy_max[p], 1.0, pairs.ask[p], None))
    return sides


def linear_program(problem: Problem) -> float:
    """Return the optimum of the relaxation, written column by column in dollars and shares.

    Buys, lots, cash above the reserve, drift inside and outside the bands, and what is missed.
    """
    pairs, lots, groups, cash, limits = (
        problem.pairs,
        problem.lots,
        problem.groups,
        problem.cash,
        problem.limits,
    )
    model = Model()
    by_account: list[dict[int, float]] = [{} for _ in cash.before]
    by_group: list[dict[int, float]] = [{} for _ in groups.target]
    gain: dict[int, float] = {}
    tax: dict[int, float] = {}
    orders: dict[int, float] = {}
    drift: dict[int, float] = {}
    for p in range(len(pairs.held)):
        price, account = pairs.price[p], int(pairs.account[p])
        for most, sign, paid, n in sides_of(problem, p):
            part = 1 / (pairs.buy_max[p] if sign > 0 else pairs.sell_max[p])
            cost = sign * (paid - price) + sign * pairs.location[p] * price + limits.order_cost * part
            cost += TIE_BREAK * price if sign > 0 and pairs.rank[p] > 0 else 0.0
            cost += lots.tax[n] if n is not None else 0.0
            column = model.column(upper=most, cost=cost)
            by_account[account][column] = -sign * paid - limits.commission * part
            for g, share in zip(pairs.groups[p].tolist(), pairs.weights[p].tolist(), strict=True):
                if share:
                    by_group[g][column] = sign * price * share
            orders[column] = part
            if n is not None:
                gain[column], tax[column] = lots.gain[n], lots.tax[n]
    for n in range(len(cash.before)):
        kept = model.column(cash.reserve[n], cost=cash.location[n])
        missed = model.column(cost=MISSED_COST)
        by_group[int(cash.group[n])] |= {kept: float(cash.weight[n]), missed: -float(cash.weight[n])}
        model.row(by_account[n] | {kept: -1.0, missed: 1.0}, lower=-cash.before[n], upper=-cash.before[n])
    for g in range(len(groups.target)):
        off = groups.target[g] - groups.before[g]
        for sign in (1.0, -1.0):
            for rate, most in ((limits.inside_band, groups.band[g]), (limits.outside_band, inf)):
                column = model.column(upper=most, cost=rate)
                by_group[g][column] = sign
                drift[column] = 1.0
        model.row(by_group[g], lower=off, upper=off)
    for terms, most in ((gain, limits.gain), (tax, limits.tax), (orders, limits.orders)):
        if isfinite(most):
            model.row(terms, upper=most)
    if isfinite(limits.drift):
        drift[model.column(cost=MISSED_COST)] = -1.0
        model.row(drift, upper=2 * limits.drift * problem.drift_value)
    highs = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy is not typed
    highs.setOptionValue("output_flag", False)
    highs.passModel(model.lp(relaxed=True))
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(highs.getInfo().objective_function_value) + problem.location


@settings(drawn, max_examples=40)
@given(households("small"))
def test_the_relaxation_is_the_linear_program_of_the_arrays(home: Household) -> None:
    problem = build(home)
    assume(len(problem.pairs.held))
    relaxed = Relaxation(problem).solve()
    # reserves and caps missed cost a thousand dollars a dollar: the solver's own tolerance counts that much
    allowed = max(1e-6, 1e-7 * problem.value, 1e-6 * relaxed.missed)
    assert relaxed.objective == pytest.approx(linear_program(problem), abs=allowed, rel=1e-6)


@pytest.mark.parametrize(("size", "variant"), [("S", "base"), ("S", "cap"), ("M", "base"), ("M", "cap")])
def test_the_relaxation_of_a_larger_household_is_its_linear_program(
    size: synthetic.Size, variant: synthetic.Variant
) -> None:
    for seed in range(901, 904):
        problem = build(synthetic.household(size, seed, variant))
        assert Relaxation(problem).solve().objective == pytest.approx(
            linear_program(problem), rel=1e-6, abs=1e-4
        )


@settings(drawn, max_examples=12)
@given(households("tiny"))
def test_the_hull_of_wash_sides_cuts_off_no_plan(home: Household) -> None:
    problem = build(home)
    assume(problem.coupled.any())
    referee = exact_milp(home)
    best = referee.answer
    assume(referee.proven and not best.shortfall and not best.excess)
    relaxation = Relaxation(problem)
    plain = relaxation.solve().objective
    relaxation.couple(np.flatnonzero(problem.coupled))
    hull = relaxation.solve().objective
    assert hull >= plain - 1e-6 * max(1.0, abs(plain))
    statement = state(home)
    bought = sum((statement.pairs[key].price * n for key, n in best.orders.items() if n > 0), ZERO)
    allowed = cents_matter(home) + exact(TIE_BREAK) * bought + exact(1e-6)
    assert exact(hull) <= best.objective + allowed


@settings(drawn, max_examples=12)
@given(households("small"))
def test_the_hull_keeps_every_half_and_half_of_two_plans_of_different_sides(home: Household) -> None:
    problem = build(home)
    assume(problem.coupled.any())
    relaxation = Relaxation(problem)
    relaxation.couple(np.flatnonzero(problem.coupled))
    n = len(problem.coupled)
    relaxation.limit(np.full(n, OPEN))
    hull = relaxation.solve()
    sides = []
    for side in (BUYS, SELLS_LOSSES):
        relaxation.limit(np.full(n, side))
        sides.append(relaxation.solve())
    # what is missed has the price of a thousand dollars, and the solver's tolerance that weight
    allowed = 1e-6 * max(1.0, problem.value, *(side.missed for side in sides))
    assert hull.objective <= sum(side.objective for side in sides) / 2 + allowed
    assert hull.objective <= min(side.objective for side in sides) + allowed


def torn() -> Household:
    """Ten shares of S with a loss of 60 dollars each; S is to be bought in B."""
    return household(
        [
            {"cash": 0, "positions": {"S": 10}, "lots": [lot("S", 10, 140.0, "2025-09-01")]},
            {"cash": 2000, "kind": "tax_exempt"},
        ],
        {"S": 80, "T": 80},
        {"S": 0.75, "T": 0.25},
        tax={"loss_value": 1.0},
    )


def test_a_decided_side_closes_the_other() -> None:
    problem = build(torn())
    relaxation = Relaxation(problem)
    group = problem.pairs.wash[place(problem, "A", "S")]
    free = relaxation.solve()
    assert free.sell.sum() > 0
    assert free.buy[place(problem, "B", "S")] > 0
    sides = np.full(len(problem.coupled), OPEN)
    sides[group] = BUYS
    relaxation.limit(sides)
    buys = relaxation.solve()
    assert buys.sell.sum() == pytest.approx(0, abs=1e-9)
    assert buys.buy[place(problem, "B", "S")] > 0
    sides[group] = SELLS_LOSSES
    relaxation.limit(sides)
    sells = relaxation.solve()
    assert sells.buy[place(problem, "B", "S")] == pytest.approx(0, abs=1e-9)
    assert sells.sell.sum() > 0
    relaxation.limit(np.full(len(sides), OPEN))
    assert relaxation.solve().objective == pytest.approx(free.objective, abs=1e-9)


def test_of_equal_symbols_the_preferred_one_is_bought() -> None:
    home = household(
        {"cash": 1000}, {"AAA": 100, "ZZZ": 100}, {"c": 1}, classes={"c": {"symbols": ["ZZZ", "AAA"]}}
    )
    problem = build(home)
    relaxed = Relaxation(problem).solve()
    assert relaxed.buy[place(problem, "A", "ZZZ")] == pytest.approx(10)
    assert relaxed.buy[place(problem, "A", "AAA")] == pytest.approx(0, abs=1e-9)


def test_what_is_missed_to_reserves_and_to_the_cap_on_drift_is_told_in_dollars() -> None:
    # the reserve needs 300 from S, of which two buys' worth of gain, 100 dollars, may be realized
    home = household(
        {"cash": 0, "cash_reserve": 300, "positions": {"S": 10}, "lots": [lot("S", 10, 50.0)]},
        {"S": 100},
        {"S": 1},
        max_realized_gain=100,
    )
    relaxed = Relaxation(build(home)).solve()
    assert relaxed.sell.sum() == pytest.approx(2)
    assert relaxed.missed == pytest.approx(100)
    # no sale allowed: all 1000 dollars stay in S, half of which should be cash
    home = household(
        {"cash": 0, "positions": {"S": 10}, "no_sell": ["S"]},
        {"S": 100, "T": 100},
        {"S": 0.5, "CASH": 0.5},
        max_drift=0.1,
    )
    problem = build(home)
    assert not len(problem.lots.pair)
    assert Relaxation(problem).solve().missed == pytest.approx(2 * (0.5 - 0.1) * 1000)


def test_columns_are_laid_out_in_blocks_and_zeros_are_left_out() -> None:
    columns = Columns()
    first = columns.add(np.array([1.0, 2.0]), 0.0, np.array([5.0, 6.0]), [(np.array([0, 1]), 3.0)])
    second = columns.add(
        np.array([4.0]), -1.0, inf, [(np.array([1]), 0.0), (np.array([0]), 7.0)], integral=True
    )
    columns.attach(np.array([0]), np.array([1]), 9.0)
    model = columns.model()
    assert (first, second, model.n_columns) == (0, 2, 3)
    assert model.cost.tolist() == [1, 2, 4]
    assert model.lower.tolist() == [0, 0, -1]
    assert model.upper.tolist() == [5, 6, inf]
    assert model.integrality.tolist() == [0, 0, 1]
    found = [
        dict(zip(model.index[a:b].tolist(), model.value[a:b].tolist(), strict=True))
        for a, b in pairwise(model.start.tolist())
    ]
    assert found == [{0: 3, 1: 9}, {1: 3}, {0: 7}]
