"""Both referees against optima that were worked out by hand, one for each thing that is easily got wrong."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from realloc.household import Household
from tests.reference.brute_force import best_of_all
from tests.reference.evaluate import Answer
from tests.reference.exact_milp import solve_statement
from tests.reference.lots import choose_lots
from tests.reference.statement import is_long_term, state

REFEREES = {"enumeration": best_of_all, "programme": lambda statement: solve_statement(statement).answer}


@pytest.fixture(params=sorted(REFEREES))
def referee(request: pytest.FixtureRequest) -> Any:
    return REFEREES[request.param]


def household(account: dict[str, Any], targets: dict[str, float], **policy: Any) -> Household:
    return Household.from_dict(
        {
            "as_of": "2026-06-30",
            "prices": {"AAA": 100.0, "BBB": 50.0},
            "accounts": [{"account_number": "A1", **account}],
            "model": {"name": "by hand", "targets": targets},
            "policy": {"band": {"absolute": 0.1}, **policy},
        }
    )


def solve(referee: Any, subject: Household) -> Answer:
    answer: Answer = referee(state(subject))
    return answer


def lot(shares: float, cost: float, acquired: str = "2020-01-02", symbol: str = "AAA") -> dict[str, Any]:
    return {"symbol": symbol, "shares": shares, "cost_per_share": cost, "acquired": acquired}


def test_cash_is_invested_to_the_target_at_the_price_inside_and_outside_the_band(referee: Any) -> None:
    # V = 1000, all of it in AAA wanted: ten shares at the middle, no spread, no deviation left
    answer = solve(referee, household({"cash": 1000.0}, {"AAA": 1.0}))
    assert answer.orders == {("A1", "AAA"): 10}
    assert answer.objective == 0


def test_spread_and_whole_shares_leave_what_no_purchase_can_use(referee: Any) -> None:
    # ask 101: nine shares cost 909 and leave 91 in cash. AAA is 100 short, cash 91 over; band 100 each.
    # drift 0.004 * 191 = 0.764, spread 9 * 1 = 9. Eight: a dollar less spread for 12 more of drift.
    subject = household({"cash": 1000.0}, {"AAA": 1.0}, costs={"spread_bps": 200.0})
    answer = solve(referee, subject)
    assert answer.orders == {("A1", "AAA"): 9}
    assert answer.objective == Fraction("9.764")


def test_commission_is_paid_out_of_cash_and_counted_as_a_cost(referee: Any) -> None:
    # 2 * 50 + 5 = 105 > 104: only one share of BBB can be paid for beside the commission
    subject = household({"cash": 104.0}, {"BBB": 1.0}, costs={"commission": 5.0}, drift={"outside_band": 1.0})
    answer = solve(referee, subject)
    assert answer.orders == {("A1", "BBB"): 1}
    assert answer.trading == 5


def test_a_fractional_tail_is_sold_with_the_whole_position_or_not_at_all(referee: Any) -> None:
    # 2.5 shares, none wanted: selling 2 leaves 50 dollars beyond a band of 0; all of it leaves nothing
    subject = household({"cash": 0.0, "positions": {"AAA": 2.5}}, {"CASH": 1.0}, band={"absolute": 0.0})
    answer = solve(referee, subject)
    assert answer.orders == {("A1", "AAA"): Fraction("-2.5")}
    assert answer.objective == 0


def test_a_minimum_trade_keeps_even_a_whole_position(referee: Any) -> None:
    subject = household({"cash": 0.0, "positions": {"AAA": 2.5}}, {"CASH": 1.0}, min_trade_value=250.01)
    assert solve(referee, subject).orders == {}


def test_the_lot_of_least_tax_is_sold_first(referee: Any) -> None:
    # short gain 10 * .37 = 3.70 a share, long gain 20 * .20 = 4.00 a share, long loss 10 * .20 * .5 = -1.00
    lots = [lot(1, 90.0, "2026-01-02"), lot(1, 80.0), lot(1, 110.0)]
    account = {"cash": 0.0, "positions": {"AAA": 3}, "lots": lots, "cash_reserve": 200.0}
    answer = solve(referee, household(account, {"AAA": 1.0}, drift={"outside_band": 0.06}))
    assert answer.orders == {("A1", "AAA"): -2}
    assert answer.taken["A1", "AAA"] == (Fraction(1), Fraction(0), Fraction(1))
    assert answer.tax == Fraction("2.7")


def test_a_reserve_out_of_reach_is_a_shortfall_and_forbids_purchases(referee: Any) -> None:
    account = {"cash": 120.0, "positions": {"AAA": 1}, "no_sell": ["AAA"], "cash_reserve": 130.0}
    answer = solve(referee, household(account, {"BBB": 1.0}))
    assert answer.orders == {}
    assert answer.shortfall == 10


def test_shortfall_ranks_above_the_objective(referee: Any) -> None:
    # nothing is gained by the sale but cash, at a tax of 18 for 50 dollars less shortfall
    account = {"cash": 0.0, "positions": {"AAA": 1}, "lots": [lot(1, 10.0)], "cash_reserve": 150.0}
    answer = solve(referee, household(account, {"AAA": 1.0}))
    assert answer.orders == {("A1", "AAA"): -1}
    assert answer.shortfall == 50
    assert answer.tax == 18


def test_a_loss_is_not_taken_where_an_identical_fund_is_bought(referee: Any) -> None:
    # BBB is wanted. To sell the losing AAA (tax -40 * .2 * .5 = -4) and buy its twin BBB is a wash sale.
    # Selling alone: -4, and 100 dollars of cash; keeping: 100 of AAA. Both are 100 + 100 off target.
    account = {"cash": 0.0, "positions": {"AAA": 1}, "lots": [lot(1, 140.0)]}
    wash = {"identical": [["AAA", "BBB"]]}
    answer = solve(referee, household(account, {"BBB": 1.0}, wash_sales=wash))
    assert answer.orders == {("A1", "AAA"): -1}
    both = solve(referee, household(account, {"BBB": 1.0}, wash_sales={"avoid": False, **wash}))
    assert both.orders == {("A1", "AAA"): -1, ("A1", "BBB"): 2}


@pytest.mark.parametrize(("acquired", "sold"), [("2026-05-31", False), ("2026-05-30", True)])
def test_a_purchase_closes_losses_up_to_and_with_the_last_day_of_the_window(
    referee: Any, acquired: str, sold: bool
) -> None:
    account = {"cash": 0.0, "positions": {"AAA": 1}, "lots": [lot(1, 140.0, acquired)]}
    answer = solve(referee, household(account, {"CASH": 1.0}))
    assert bool(answer.orders) is sold


def test_the_gain_cap_is_met_by_splitting_between_two_lots() -> None:
    # one share of two lots: gain 40 at .20 (tax 8) or gain 10 at .90 (tax 9): a cap of 25 halves both
    account = {"cash": 0.0, "positions": {"AAA": 2}, "lots": [lot(1, 60.0), lot(1, 90.0, "2026-01-02")]}
    statement = state(household(account, {"CASH": 1.0}, tax={"short_term_rate": 0.9}))
    lots = choose_lots(statement, {("A1", "AAA"): Fraction(1)}, (), Fraction(25))
    assert lots is not None
    assert lots.taken == {("A1", "AAA"): (Fraction(1, 2), Fraction(1, 2))}
    assert lots.tax == Fraction("8.5")


def test_drift_that_cannot_reach_its_cap_comes_as_near_as_it_can(referee: Any) -> None:
    # The order costs more than the drift it saves, so only the cap makes it: 100 of 150 dollars are invested.
    policy = {"costs": {"order": 50.0}, "max_drift": 0.0}
    subject = household({"cash": 150.0}, {"AAA": 1.0}, **policy)
    answer = solve(referee, subject)
    assert answer.orders == {("A1", "AAA"): 1}
    assert answer.excess == 100
    assert solve(referee, household({"cash": 150.0}, {"AAA": 1.0}, costs={"order": 50.0})).orders == {}


def test_a_fund_counts_in_each_of_its_classes(referee: Any) -> None:
    subject = Household.from_dict(
        {
            "as_of": "2026-06-30",
            "prices": {"MIX": 100.0},
            "accounts": [{"account_number": "A1", "cash": 300.0}],
            "model": {
                "targets": {"stocks": 0.6, "bonds": 0.4},
                "classes": {"stocks": {"symbols": {"MIX": 0.6}}, "bonds": {"symbols": {"MIX": 0.4}}},
            },
        }
    )
    answer = solve(referee, subject)
    assert answer.orders == {("A1", "MIX"): 3}
    assert answer.objective == 0


def test_an_account_with_targets_of_its_own_is_weighed_by_itself(referee: Any) -> None:
    subject = household({"cash": 100.0, "targets": {"BBB": 1.0}}, {"AAA": 1.0})
    assert solve(referee, subject).orders == {("A1", "BBB"): 2}


@pytest.mark.parametrize(
    ("acquired", "first"),
    [
        ("2023-01-15", "2024-01-16"),
        ("2023-02-28", "2024-03-01"),
        ("2024-02-29", "2025-03-01"),
        ("2024-02-28", "2025-03-01"),
    ],
)
def test_long_term_begins_a_year_after_the_day_after_the_purchase(acquired: str, first: str) -> None:
    day = date.fromisoformat(first)
    assert is_long_term(date.fromisoformat(acquired), day)
    assert not is_long_term(date.fromisoformat(acquired), date.fromordinal(day.toordinal() - 1))
