from __future__ import annotations

from fractions import Fraction
from math import isfinite

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from realloc.household import Household
from realloc.optimizer.exact import MARGIN, Effort, Program
from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Problem, build
from realloc.testing.strategies import households
from tests.optimizer.cases import drawn, household, lot, place
from tests.reference.evaluate import Answer, cents_matter
from tests.reference.exact_milp import exact_milp
from tests.reference.statement import exact

CENT = Fraction(1, 100)
PLENTY = Effort(0.0, 20_000)


def margin(problem: Problem) -> Fraction:
    return exact(MARGIN * max(problem.value, 1.0) * 1e-4) + CENT


def misses(best: Answer) -> bool:
    return bool(best.shortfall or best.excess)


@settings(drawn, max_examples=30)
@given(st.one_of(households("tiny"), households("tiny"), households("small")))
def test_the_whole_program_finds_what_the_referee_finds(home: Household) -> None:
    problem = build(home)
    assume(len(problem.pairs.held))
    referee = exact_milp(home)
    best = referee.answer
    assume(referee.proven and not misses(best))
    found = Program(problem, whole=True).solve(PLENTY, np.inf)
    allowed = cents_matter(home) + margin(problem)
    assert exact(found.bound) <= best.objective + allowed
    assert found.buy is not None
    assert found.sell is not None
    assert found.sells_losses is not None
    made = Repair(problem, found.sells_losses)
    made.round(found.buy, found.sell)
    assert max(made.missed()) < 1e-3
    if not found.stopped:
        assert abs(exact(made.objective()) - best.objective) <= allowed
        assert best.objective <= exact(found.bound) + allowed


@settings(drawn, max_examples=30)
@given(st.one_of(households("tiny"), households("small")))
def test_the_program_of_orders_alone_bounds_every_plan(home: Household) -> None:
    problem = build(home)
    assume(len(problem.pairs.held))
    referee = exact_milp(home)
    assume(referee.proven and not misses(referee.answer))
    found = Program(problem, whole=False).solve(PLENTY, np.inf)
    if isfinite(found.bound):
        assert exact(found.bound) <= referee.answer.objective + cents_matter(home) + margin(problem)


@settings(drawn, max_examples=100)
@given(households("tiny"))
def test_an_elastic_program_misses_as_little_as_the_referee(home: Household) -> None:
    problem = build(home)
    assume(len(problem.pairs.held))
    referee = exact_milp(home)
    assume(referee.proven and misses(referee.answer) and not problem.cash.short.any())
    found = Program(problem, whole=True, elastic=True).solve(PLENTY, np.inf)
    assert found.buy is not None
    assert found.sell is not None
    assert found.sells_losses is not None
    made = Repair(problem, found.sells_losses)
    made.round(found.buy, found.sell)
    broken, short, astray = made.missed()
    cents = 0.01 * len(home.accounts)
    assert broken == 0
    assert short <= float(referee.answer.shortfall) + cents
    if short <= 1e-6 and not referee.answer.shortfall:
        assert 2 * astray <= float(referee.answer.excess) + 2 * cents


def test_nothing_is_bought_back_to_spend_cash_on_the_spread() -> None:
    # 450 dollars, half and half, no drift allowed: BBB for cash leaves 149.9625 of it; selling AAA at 149.9625 for CCC
    # at 150 as well leaves 149.925. Buying AAA back would cost the spread too, and is no plan (QTY-2).
    home = household(
        {"cash": 300, "positions": {"AAA": 1}, "lots": [lot("AAA", 1, 75.0, "2026-01-30")]},
        {"AAA": 150, "BBB": 150, "CCC": {"price": 150, "spread_bps": 0}},
        {"BBB": 1, "stocks": 1},
        classes={"stocks": {"symbols": ["AAA", "CCC"]}},
        costs={"spread_bps": 5},
        max_drift=0,
    )
    problem = build(home)
    found = Program(problem, whole=True, elastic=True).solve(PLENTY, np.inf)
    assert found.buy is not None
    assert found.sell is not None
    assert found.sell.tolist() == pytest.approx([1])
    assert found.buy[[place(problem, "A", symbol) for symbol in ("AAA", "BBB", "CCC")]].tolist() == (
        pytest.approx([0, 1, 1])
    )


def test_the_least_that_is_missed_can_be_held() -> None:
    # one of the stocks leaves 100 + 50 + 149.25 off target, one BBB 399.25, none 600; two cost 301.50
    home = household(
        {"cash": 300},
        {"AAA": 150, "BBB": 150, "CCC": 150},
        {"BBB": 1, "stocks": 2},
        classes={"stocks": {"symbols": ["AAA", "CCC"]}},
        costs={"spread_bps": 100},
        max_drift=0,
    )
    problem = build(home)
    found = Program(problem, whole=True, elastic=True).solve(PLENTY, np.inf)
    assert found.buy is not None
    assert found.buy.sum() == pytest.approx(1)
    assert found.buy[place(problem, "A", "BBB")] == pytest.approx(0)


def test_an_incumbent_that_nothing_beats_is_the_bound() -> None:
    problem = build(household({"cash": 1000}, {"S": 100}, {"S": 1}))
    # all is invested at an objective of zero
    found = Program(problem, whole=True).solve(PLENTY, -5.0)
    assert found.bound == pytest.approx(-5.0, abs=0.01)


def test_whole_shares_are_whole_and_orders_alone_are_not() -> None:
    # 1,000 dollars buy 3 shares of 300, or 3.33 of them
    problem = build(household({"cash": 1000}, {"S": 300}, {"S": 1}))
    whole = Program(problem, whole=True).solve(PLENTY, np.inf)
    assert whole.buy is not None
    assert whole.buy.tolist() == pytest.approx([3])
    part = Program(problem, whole=False).solve(PLENTY, np.inf)
    assert part.buy is not None
    assert part.buy.tolist() == pytest.approx([1000 / 300], rel=1e-6)


def test_an_order_below_the_minimum_is_not_made_by_either_program() -> None:
    home = household({"cash": 1000}, {"S": 300, "T": 100}, {"S": 0.96, "T": 0.04}, min_trade_value=250)
    problem = build(home)
    for whole in (True, False):
        found = Program(problem, whole=whole).solve(PLENTY, np.inf)
        assert found.buy is not None
        values = found.buy * problem.pairs.price
        assert all(value < 1e-6 or value >= 250 - 1e-6 for value in values.tolist())


def test_at_most_as_many_orders_as_the_cap_are_made() -> None:
    home = household({"cash": 900}, {"S": 300, "T": 300, "U": 300}, {"S": 1, "T": 1, "U": 1}, max_orders=2)
    problem = build(home)
    found = Program(problem, whole=True).solve(PLENTY, np.inf)
    assert found.buy is not None
    assert int((found.buy > 0.5).sum()) == 2
    # one of them twice: 300 over, another 300 under, each with a band of 45; 300 left in cash cost 18
    assert found.bound == pytest.approx(2 * (0.004 * 45 + 0.06 * 255), abs=0.01)


def test_a_loss_and_a_buy_of_one_symbol_exclude_each_other() -> None:
    home = household(
        [
            {"cash": 0, "positions": {"S": 10}, "lots": [lot("S", 10, 200.0)]},
            {"cash": 1000, "kind": "tax_exempt"},
        ],
        {"S": 100, "T": 100},
        {"S": 0.5, "T": 0.5},
    )
    problem = build(home)
    found = Program(problem, whole=True).solve(PLENTY, np.inf)
    assert found.buy is not None
    assert found.sell is not None
    assert found.sells_losses is not None
    group = int(np.flatnonzero(problem.coupled)[0])
    bought = found.buy[problem.pairs.wash == group].sum()
    lost = found.sell[problem.lots.loss].sum()
    assert min(bought, lost) == pytest.approx(0, abs=1e-6)
    assert bool(found.sells_losses[group]) == (lost > 0.5)


def test_a_whole_position_with_a_tail_is_sold_to_the_tail() -> None:
    home = household({"cash": 0, "positions": {"OLD": 2.5}}, {"OLD": 100, "S": 1}, {"S": 1})
    problem = build(home)
    found = Program(problem, whole=True).solve(PLENTY, np.inf)
    assert found.sell is not None
    assert found.sell.tolist() == pytest.approx([2.5])


def test_a_tail_is_not_sold_with_a_whole_position_that_is_partly_bought_back() -> None:
    # 2.5 shares: 2 may be sold, or all; keeping 1 by selling all and buying 1 again is a sale of 1.5 (QTY-1, QTY-2)
    home = household({"cash": 0, "positions": {"S": 2.5}}, {"S": 100, "T": 1}, {"S": 0.4, "T": 0.6})
    problem = build(home)
    found = Program(problem, whole=True).solve(PLENTY, np.inf)
    assert found.buy is not None
    assert found.sell is not None
    traded = {symbol: found.buy[place(problem, "A", symbol)] for symbol in ("S", "T")}
    # 100 of 250 are wanted in S: selling 1 leaves it 50 over, selling 2 leaves it 50 under
    assert traded["S"] == pytest.approx(0, abs=1e-6)
    assert found.sell.sum() in (pytest.approx(1), pytest.approx(2))
    assert traded["T"] == pytest.approx(100 * found.sell.sum())


def test_what_the_solver_calls_infeasible_at_one_tolerance_it_is_asked_again_at_another() -> None:
    home = household(
        [
            {"cash": 13_070.61, "positions": {"A": 13, "C": 23.215, "D": 5, "E": 36}},
            {"cash": 0, "positions": {"A": 46, "C": 39, "D": 50, "E": 24}},
            {"cash": 0, "positions": {"B": 25.34, "C": 4.078, "D": 33.848}, "cash_reserve": 102_265.59},
        ],
        {"A": 876.94, "B": 0.05, "C": 0.05, "D": 164.96, "E": 40.57},
        {"CASH": 1},
        costs={"spread_bps": 100.0, "commission": 1.0},
    )
    program = Program(build(home), whole=True)
    found = program.solve(PLENTY, np.inf)
    assert found.buy is not None
    assert isfinite(found.bound)


def test_cents_beside_hundreds_of_dollars_are_asked_for_at_two_tolerances() -> None:
    prices = {"AAA": 500.0, "BBB": 772.72, "CCC": 0.05, "DDD": 772.72, "EEE": 683.02}
    held = {"AAA": 1.0, "BBB": 22.263, "DDD": 42.0}
    account = {"account_number": "A0", "cash": 8640.25, "positions": held, "no_sell": ["BBB"]}
    account["lots"] = [lot("AAA", 1.0, 735.84, "2022-01-21")]
    document = {
        "as_of": "2026-03-01",
        "prices": prices,
        "accounts": [account, {"account_number": "A", "positions": {"BBB": 47.0}, "do_not_trade": True}],
        "model": {
            "name": "drawn",
            "targets": {"DDD": 4.0, "EEE": 3.0, "bonds": 5.0, "CASH": 0.1},
            "classes": {"bonds": {"symbols": ["CCC"]}},
        },
        "policy": {
            "costs": {"commission": 7.95},
            "max_drift": 0.0,
            "wash_sales": {"identical": [["EEE", "AAA"], ["EEE", "CCC"]]},
            "mirror": True,
        },
    }
    home = Household.from_dict(document)
    problem = build(home)
    found = Program(problem, whole=True, elastic=True).solve(PLENTY, np.inf)
    assert found.buy is not None
    # one commission is not needed, and buys 7.95 of what is missing; at 1e-9 alone the solver pays it
    assert [problem.symbols[problem.pairs.symbol[p]] for p in np.flatnonzero(found.buy > 0.5)] == ["CCC"]
