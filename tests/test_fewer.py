"""How far plans of a few orders get: by hand, and against every plan of a tiny household."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings

from realloc import fewer_orders
from realloc.engine import rebalance
from realloc.fewer import with_fewer_orders
from realloc.household import Household
from realloc.testing.strategies import households
from tests.optimizer.cases import drawn, household
from tests.reference.brute_force import TooManyPlansError, best_of_all
from tests.reference.evaluate import cents_matter
from tests.reference.statement import exact, state

CASH = household(
    {"cash": 1_000.0, "kind": "tax_deferred"},
    {"AAA": 100.0, "BBB": 100.0, "CCC": 100.0},
    {"AAA": 0.6, "BBB": 0.3, "CCC": 0.1},
    band={"absolute": 0.0},
)
"""Ten shares to buy: six, three and one. Nothing has a band: a dollar off its target costs 6 cents everywhere."""


def test_shares_of_the_improvement_are_those_of_the_best_plans_of_so_many_orders() -> None:
    # all ten save 2 * 1,000 * 0.06 = 120; the six of AAA 72 of it, with the three of BBB 108
    plan = rebalance(CASH)
    assert plan.costs.do_nothing - plan.costs.objective == pytest.approx(120.0)
    found = fewer_orders(CASH, plan)
    assert [few.orders for few in found] == [1, 2]
    assert [few.objective for few in found] == pytest.approx([48.0, 12.0])
    assert [few.share for few in found] == pytest.approx([0.6, 0.9])
    assert fewer_orders(CASH, plan, own_orders=True) == found
    assert fewer_orders(CASH, plan, counts=(3, 0, 1)) == found[:1]


def test_the_words_name_the_fewest_orders_that_get_nearly_all_of_the_way() -> None:
    plan = with_fewer_orders(CASH, rebalance(CASH))
    told = [issue.message for issue in plan.issues if issue.code == "orders.fewer"]
    assert told == ["2 orders get you 90% of the way of all 3 (1: 60%)"]
    assert plan.to_dict()["fewer_orders"][1]["orders"] == 2


def test_nothing_is_said_of_plans_that_save_nothing_or_are_not_made_for_the_objective() -> None:
    done = rebalance(replace(CASH, policy=replace(CASH.policy, mode="hold")))
    assert fewer_orders(replace(CASH, policy=replace(CASH.policy, mode="hold")), done) == ()
    assert with_fewer_orders(CASH, replace(rebalance(CASH), trades=())).fewer_orders == ()


def test_a_number_of_orders_that_misses_a_reserve_is_left_out() -> None:
    accounts = [
        {"cash": 0.0, "cash_reserve": 200.0, "positions": {symbol: 10}, "only": [], "kind": "tax_deferred"}
        for symbol in ("AAA", "BBB", "CCC")
    ]
    subject = household(
        accounts,
        {"AAA": 100.0, "BBB": 100.0, "CCC": 100.0},
        {"AAA": 0.3, "BBB": 0.3, "CCC": 0.2, "CASH": 0.2},
    )
    plan = rebalance(subject)
    assert len(plan.trades) == 3
    assert fewer_orders(subject, plan) == ()


@settings(drawn, max_examples=80)
@given(households("tiny"))
def test_no_plan_of_so_many_orders_is_better_than_what_is_stated(subject: Household) -> None:
    plan = rebalance(subject)
    assume(len(plan.trades) > 1)
    for few in fewer_orders(subject, plan, counts=(1, 2)):
        assert 0 <= few.share <= 1
        try:
            best = best_of_all(state(replace(subject, policy=replace(subject.policy, max_orders=few.orders))))
        except TooManyPlansError:
            continue
        if not best.shortfall and not best.excess:
            assert exact(few.objective) <= best.objective + cents_matter(subject) + exact(1.0)
            assert best.objective <= exact(few.objective) + cents_matter(subject)
    free = {few.orders: few.objective for few in fewer_orders(subject, plan, counts=(1, 2))}
    for few in fewer_orders(subject, plan, counts=(1, 2), own_orders=True):
        assert few.objective >= free.get(few.orders, few.objective) - 1.0
