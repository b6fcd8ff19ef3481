from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings

from benchmarks import households as synthetic
from realloc.household import Household
from realloc.optimizer.certificate import Lagrangian
from realloc.optimizer.deadline import Deadline
from realloc.optimizer.problem import Problem, build
from realloc.optimizer.relaxation import BUYS, OPEN, SELLS_LOSSES, Relaxation, Relaxed
from realloc.optimizer.sides import settle, used_sides
from realloc.testing.strategies import households
from tests.optimizer.cases import drawn, household, lot, seeded

MOST_GROUPS = 5


def best_of_all_sides(problem: Problem) -> float:
    """Return the least objective of the relaxation over every choice of a side for every wash group."""
    groups = np.flatnonzero(problem.coupled)
    relaxation = Relaxation(problem)
    found = []
    for chosen in product((BUYS, SELLS_LOSSES), repeat=len(groups)):
        sides = np.full(len(problem.coupled), OPEN)
        sides[groups] = chosen
        relaxation.limit(sides)
        found.append(relaxation.solve().objective)
    return min(found)


def agree(problem: Problem) -> None:
    """Assert that the bound is at most the best of all sides, and that what was settled on is it."""
    best = best_of_all_sides(problem)
    settled = settle(problem, Relaxation(problem), 0.0, 1_000)
    noise = 1e-6 * max(1.0, problem.value)
    assert settled.bound <= best + noise
    assert settled.relaxed.objective == pytest.approx(best, rel=0, abs=noise)
    bought, lost = used_sides(problem, settled.relaxed)
    assert not (problem.coupled & (bought > 0) & (lost > 0)).any()
    assert (settled.sells_losses == (lost > 0)).all()


@settings(drawn, max_examples=15)
@given(households("small"))
def test_the_settled_sides_are_the_best_of_all(home: Household) -> None:
    costs, limits = home.policy.costs, home.policy
    assume(not (costs.order or costs.commission or limits.max_orders is not None))
    problem = build(home)
    assume(1 <= problem.coupled.sum() <= MOST_GROUPS)
    assume(Relaxation(problem).solve().missed < 1e-6)
    agree(problem)


@pytest.mark.parametrize("seed", range(71, 77))
def test_the_settled_sides_of_a_seeded_household_are_the_best_of_all(seed: int) -> None:
    problem = build(synthetic.household("S", seed))
    assert problem.coupled.sum() <= 6
    agree(problem)


SPREAD = replace(synthetic.SHAPES["XL"], accounts=synthetic.SHAPES["M"].accounts[:4])
"""A target for each of 500 symbols in four accounts."""

FEW = replace(SPREAD, symbols=6, lots=24, legacy=1, no_buy=0, identical=0, recent=1)
"""The same with six symbols."""


@pytest.mark.parametrize("seed", [0, *range(2, 9), 11])
def test_the_settled_sides_of_single_targets_in_four_accounts_are_the_best_of_all(seed: int) -> None:
    problem = build(Household.from_dict(synthetic.draw(FEW, seeded(seed))))
    assert problem.coupled[Lagrangian(problem).private.wash].any()
    agree(problem)


def torn(loss: float) -> Problem:
    """S at 80 with a loss in A; 2,000 dollars in B may buy S or the dearer T of its class."""
    return build(
        household(
            [
                {"cash": 0, "positions": {"S": 10}, "lots": [lot("S", 10, 80 + loss, "2025-09-01")]},
                {"cash": 2000, "kind": "tax_exempt"},
            ],
            {"S": 80, "T": {"price": 80, "spread_bps": 100}},
            {"stocks": 1},
            classes={"stocks": {"symbols": ["S", "T"]}},
            tax={"loss_value": 1.0},
        )
    )


def test_a_loss_worth_more_than_the_spread_is_sold_and_its_twin_is_bought() -> None:
    settled = settle(torn(30.0), Relaxation(torn(30.0)), 0.0, 100)
    # 300 of loss save 111 of tax; T costs 0.4 a share more
    assert settled.sells_losses.any()
    assert settled.relaxed.sell.sum() == pytest.approx(10)


def test_a_loss_worth_less_than_the_spread_is_kept_and_more_of_it_is_bought() -> None:
    settled = settle(torn(0.5), Relaxation(torn(0.5)), 0.0, 100)
    # 5 of loss save 1.85 of tax; buying T in place of S costs 0.4 on 25 shares and more
    assert not settled.sells_losses.any()
    assert settled.relaxed.sell.sum() == pytest.approx(0, abs=1e-6)
    assert settled.relaxed.buy.sum() == pytest.approx(25, rel=1e-6)


def test_dollars_bought_and_lost_are_counted_by_wash_group() -> None:
    problem = torn(30.0)
    relaxation = Relaxation(problem)
    sides = np.full(len(problem.coupled), SELLS_LOSSES)
    relaxation.limit(sides)
    bought, lost = used_sides(problem, relaxation.solve())
    assert lost.sum() == pytest.approx(800)
    assert bought[lost > 0] == pytest.approx(0)


def test_a_gap_that_is_good_enough_and_no_nodes_still_give_a_valid_bound() -> None:
    for seed in range(81, 85):
        problem = build(synthetic.household("M", seed))
        best = settle(problem, Relaxation(problem), 0.0, 200)
        quick = settle(problem, Relaxation(problem), 1e9, 0)
        assert quick.bound <= best.relaxed.objective + 1e-6
        assert best.bound <= quick.relaxed.objective + 1e-6


def test_time_that_is_up_ends_the_search_at_its_first_solution_with_a_valid_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = build(synthetic.household("M", 908))
    best = settle(problem, Relaxation(problem), 0.0, 200)
    deadline = Deadline.after(1e9)
    relaxation = Relaxation(problem, deadline)
    solve = relaxation.solve

    def last_once_nothing_is_torn() -> Relaxed:
        relaxed = solve()
        bought, lost = used_sides(problem, relaxed)
        if not np.minimum(bought, lost)[problem.coupled].any():
            deadline.end = deadline.start
        return relaxed

    monkeypatch.setattr(relaxation, "solve", last_once_nothing_is_torn)
    late = settle(problem, relaxation, 0.0, 200)
    assert deadline.has_cut
    assert late.bound <= best.relaxed.objective + 1e-6
    assert best.bound <= late.relaxed.objective + 1e-6
    assert late.relaxed.objective > best.relaxed.objective


@pytest.mark.parametrize("seed", [240, 294, 16032])
def test_many_torn_groups_are_settled_within_sixty_nodes(seed: int) -> None:
    # where only the least bound is followed, the last of them stays 11 basis points away, with a poor first solution
    assert_settled_in_sixty_nodes(synthetic.household("L", seed))


def test_five_hundred_single_targets_in_four_accounts_are_settled_within_sixty_nodes() -> None:
    # without prices of their own the bound stays 50 basis points away
    assert_settled_in_sixty_nodes(Household.from_dict(synthetic.draw(SPREAD, seeded(1))))


def assert_settled_in_sixty_nodes(home: Household) -> None:
    problem = build(home)
    target = 0.3e-4 * problem.value
    settled = settle(problem, Relaxation(problem), target, 60)
    assert settled.relaxed.objective - settled.bound <= target
