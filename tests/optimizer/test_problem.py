from __future__ import annotations

from datetime import date, timedelta
from math import floor, inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import households as synthetic
from realloc.accounts import Lot
from realloc.household import Household
from realloc.optimizer.problem import Problem, build, shares_within, shares_worth, sided_by_pair, sum_by
from realloc.testing.strategies import households
from tests.optimizer.cases import (
    buyable,
    drawn,
    household,
    lot,
    lots_of,
    place,
    same,
    sellable,
    values,
)
from tests.reference.plans import shuffled
from tests.reference.statement import exact


def day(age: int) -> str:
    return (date(2026, 3, 1) - timedelta(days=age)).isoformat()


def trade(symbol: str, shares: float, age: int, **more: Any) -> dict[str, Any]:
    return {
        "account_number": "A",
        "symbol": symbol,
        "shares": shares,
        "price": 1.0,
        "traded": day(age),
        **more,
    }


# BUY-1: only what the scope wants, has a price, is on the menu and is not forbidden


def test_only_wanted_priced_and_allowed_symbols_may_be_bought() -> None:
    home = household(
        [
            {"cash": 1000},
            {"cash": 1000, "only": ["S1", "OLD"]},
            {"cash": 1000, "no_buy": ["S1"]},
            {"cash": 1000, "targets": {"B": 1}},
        ],
        {"S1": 10, "S2": 10, "B": 10, "OLD": 10, "ZERO": 10},
        {"stocks": 0.5, "ZERO": 0, "B": 0.5},
        classes={"stocks": {"symbols": ["S1", "S2", "NOPRICE"]}},
    )
    assert buyable(build(home)) == {
        *(("A", symbol) for symbol in ("S1", "S2", "B")),
        ("B", "S1"),
        *(("C", symbol) for symbol in ("S2", "B")),
        ("D", "B"),
    }


def test_an_empty_menu_forbids_every_buy() -> None:
    home = household({"cash": 1000, "only": []}, {"S": 10}, {"S": 1})
    assert buyable(build(home)) == set()


# BUY-2: the cap on a position counts what is held already


def test_the_cap_on_a_position_leaves_room_for_the_difference() -> None:
    # room: (1000 - 4 x 99.9) / 99.9 = 6.01 shares
    home = household(
        {"cash": 5000, "positions": {"S": 4, "OLD": 90}, "max_position_value": 1000.0},
        {"S": 99.9, "OLD": 99.9},
        {"S": 1},
    )
    problem = build(home)
    assert values(problem.pairs, "buy_max", place(problem, "A", "S")) == 6
    assert sellable(problem)["A", "OLD"] == 90


@given(st.integers(1, 10**8), st.integers(1, 10**7), st.sampled_from([1.0, 0.001]), st.integers(0, 5000))
def test_shares_within_a_value_are_the_most_that_fit_exactly(
    cents: int, price_cents: int, step: float, held_milli: int
) -> None:
    value, price, held = cents / 100, price_cents / 100, held_milli / 1000
    found = exact(round(shares_within(value, price, step, held), 6))
    room = exact(value) / exact(price) - exact(held)
    assert found == max(0, floor(room / exact(step))) * exact(step)


@given(st.integers(0, 10**8), st.integers(1, 10**7), st.sampled_from([1.0, 0.001]))
def test_shares_worth_a_value_are_the_fewest_that_reach_it_exactly(
    cents: int, price_cents: int, step: float
) -> None:
    value, price = cents / 100, price_cents / 100
    found = exact(shares_worth(value, price, step))
    assert found >= exact(step)
    assert found % exact(step) == 0
    assert found * exact(price) >= exact(value)
    assert found == exact(step) or (found - exact(step)) * exact(price) < exact(value)


def test_a_minimum_that_a_float_division_would_miss_is_reached_exactly() -> None:
    # 3 x 33.33 = 99.99 exactly, though 99.99 / 33.33 is above 3 or below it in floats
    assert shares_worth(99.99, 33.33, 1.0) == 3
    assert shares_within(99.99, 33.33, 1.0, 0.0) == 3
    assert shares_worth(0.3, 0.1, 1.0) == 3
    assert shares_within(0.3, 0.1, 1.0, 0.0) == 3


# SELL-1, QTY-1: what may be sold, in whole shares or all of it


def test_what_is_held_may_be_sold_unless_the_account_says_no() -> None:
    home = household(
        [
            {"cash": 0, "positions": {"S": 5.5, "OLD": 2}},
            {"cash": 0, "positions": {"S": 7, "OLD": 2}, "no_sell": ["OLD"]},
        ],
        {"S": 10, "OLD": 10},
        {"S": 1},
    )
    problem = build(home)
    assert sellable(problem) == {("A", "S"): 5.5, ("A", "OLD"): 2, ("B", "S"): 7}
    assert values(problem.pairs, "whole", place(problem, "A", "S")) == 5
    assert values(problem.pairs, "whole", place(problem, "B", "S")) == 7


def test_a_fractional_account_trades_thousandths_or_everything() -> None:
    home = household({"cash": 10, "positions": {"S": 5.12345}, "fractional": True}, {"S": 10}, {"S": 1})
    problem = build(home)
    p = place(problem, "A", "S")
    assert values(problem.pairs, "step", p) == 0.001
    assert values(problem.pairs, "whole", p) == pytest.approx(5.123, abs=1e-12)
    assert values(problem.pairs, "sell_max", p) == 5.12345


def test_dust_is_not_traded() -> None:
    home = household({"cash": 10, "positions": {"OLD": 1e-7}}, {"S": 10, "OLD": 10}, {"S": 1})
    assert sellable(build(home)) == {}


# QTY-3: the smallest order


def test_the_smallest_order_is_the_fewest_shares_that_are_worth_the_minimum() -> None:
    home = household({"cash": 5000, "positions": {"S": 40}}, {"S": 33.4}, {"S": 0.5}, min_trade_value=500)
    problem = build(home)
    p = place(problem, "A", "S")
    assert values(problem.pairs, "least", p) == 15  # 14 x 33.40 = 467.60
    assert values(problem.pairs, "least_sale", p) == 15


def test_a_position_below_the_minimum_cannot_be_sold_and_cash_below_it_cannot_buy() -> None:
    home = household(
        [{"cash": 0, "positions": {"OLD": 4}}, {"cash": 480.0}],
        {"S": 10, "OLD": 100},
        {"S": 1},
        min_trade_value=500,
    )
    problem = build(home)
    assert sellable(problem) == {}
    assert buyable(problem) == set()


def test_a_tail_counts_towards_the_minimum_where_all_is_sold() -> None:
    # 4 shares are 400 dollars, all 4.6 are 460
    home = household(
        {"cash": 0, "positions": {"OLD": 4.6}}, {"S": 10, "OLD": 100}, {"S": 1}, min_trade_value=450
    )
    problem = build(home)
    assert values(problem.pairs, "least_sale", place(problem, "A", "OLD")) == 4.6


# DNT-1


def test_an_account_that_does_not_trade_has_nothing_to_trade() -> None:
    home = household(
        [{"cash": 1000, "positions": {"S": 3}, "do_not_trade": True}, {"cash": 1000}], {"S": 10}, {"S": 1}
    )
    problem = build(home)
    assert buyable(problem) == {("B", "S")}
    assert sellable(problem) == {}
    assert problem.value == 2030
    assert problem.groups.before.tolist() == [30, 0]


# WASH-2: no loss of what was bought in the window


def losing(**more: Any) -> Household:
    """An account with a loss lot and a gain lot of S at 80, and an IRA."""
    holding = {
        "cash": 0,
        "positions": {"S": 15},
        "lots": [lot("S", 10, 100.0), lot("S", 5, 60.0)],
    }
    ira = {"cash": 0, "kind": "tax_deferred", **more.pop("ira", {})}
    wash = {"identical": [["S", "T"], ["U", "T"]]} | more.pop("wash", {})
    return household([holding, ira], {"S": 80, "U": 80, "V": 80}, {"V": 1}, wash_sales=wash, **more)


@pytest.mark.parametrize(("age", "closed"), [(0, True), (1, True), (29, True), (30, True), (31, False)])
@pytest.mark.parametrize("symbol", ["S", "T", "U"])
def test_a_purchase_in_the_window_closes_the_loss_lots_of_identical_symbols(
    age: int, closed: bool, symbol: str
) -> None:
    problem = build(losing(recent=[trade(symbol, 1, age)]))
    assert sellable(problem)["A", "S"] == (5 if closed else 15)
    assert bool(problem.lots.loss[problem.lots.pair == place(problem, "A", "S")].any()) is not closed


@pytest.mark.parametrize(("age", "closed"), [(0, True), (30, True), (31, False)])
def test_a_lot_acquired_in_the_window_in_any_account_closes_them_too(age: int, closed: bool) -> None:
    bought = {"positions": {"U": 1}, "lots": [lot("U", 1, 10.0, day(age))]}
    problem = build(losing(ira=bought))
    assert sellable(problem)["A", "S"] == (5 if closed else 15)


@pytest.mark.parametrize(
    ("window", "age", "closed"), [(0, 0, True), (0, 1, False), (60, 60, True), (60, 61, False)]
)
def test_the_window_has_the_days_of_the_policy_both_ends_included(
    window: int, age: int, closed: bool
) -> None:
    problem = build(losing(wash={"window_days": window}, recent=[trade("S", 1, age)]))
    assert sellable(problem)["A", "S"] == (5 if closed else 15)


@pytest.mark.parametrize(
    ("recent", "wash"),
    [
        ([trade("V", 1, 0)], {}),
        ([trade("S", -1, 0, gain=5.0)], {}),
        ([trade("S", 1, 0)], {"avoid": False}),
    ],
)
def test_other_symbols_sales_and_a_policy_without_avoidance_close_nothing(
    recent: list[dict[str, Any]], wash: dict[str, Any]
) -> None:
    assert sellable(build(losing(recent=recent, wash=wash)))["A", "S"] == 15


def test_a_loss_in_a_sheltered_account_is_no_loss_sale() -> None:
    ira = {"positions": {"S": 3}, "lots": [lot("S", 3, 100.0)]}
    problem = build(losing(ira=ira, recent=[trade("S", 1, 0)]))
    assert sellable(problem)["B", "S"] == 3


def test_open_lots_that_are_less_than_a_share_cannot_be_sold() -> None:
    holding = {"cash": 0, "positions": {"S": 10.5}, "lots": [lot("S", 10, 100.0), lot("S", 0.5, 60.0)]}
    home = household(holding, {"S": 80, "V": 80}, {"V": 1}, recent=[trade("S", 1, 0)])
    assert sellable(build(home)) == {}


# WASH-3: no buy of what was sold at a loss in the window


@pytest.mark.parametrize(
    ("sold", "allowed"),
    [
        (trade("S", -1, 0, gain=-0.01), False),
        (trade("S", -1, 30, gain=-5.0), False),
        (trade("S", -1, 31, gain=-5.0), True),
        (trade("T", -1, 3, gain=-5.0), False),
        (trade("V", -1, 3, gain=-5.0), True),
        (trade("S", -1, 3, gain=5.0), True),
        (trade("S", -1, 3), True),
        (trade("S", -1, 3, gain=-5.0, account_number="B"), True),
        (trade("S", -1, 3, gain=-5.0, account_number="ELSEWHERE"), False),
        (trade("S", 1, 3, gain=-5.0), True),
    ],
)
def test_a_loss_sale_in_the_window_forbids_buying_identical_symbols_in_any_account(
    sold: dict[str, Any], allowed: bool
) -> None:
    home = household(
        [{"cash": 1000}, {"cash": 1000, "kind": "tax_exempt"}],
        {"S": 80, "V": 80},
        {"S": 0.5, "V": 0.4, "CASH": 0.1},
        recent=[sold],
        wash_sales={"identical": [["T", "S"]]},
    )
    found = buyable(build(home))
    assert (("A", "S") in found) is allowed
    assert (("B", "S") in found) is allowed


# WASH-1: which groups have two sides


@pytest.mark.parametrize(
    ("changes", "torn"),
    [
        ({}, True),
        ({"wash_sales": {"avoid": False, "identical": [["S", "W"]]}}, False),
        ({"wash_sales": {}}, False),
        ({"recent": [trade("S", -1, 3, gain=-1.0)]}, False),
        ({"recent": [trade("S", 1, 3)]}, False),
    ],
)
def test_a_group_is_coupled_where_it_has_both_a_loss_to_sell_and_something_to_buy(
    changes: dict[str, Any], torn: bool
) -> None:
    policy: dict[str, Any] = {"wash_sales": {"identical": [["S", "W"]]}} | changes
    home = household(
        [{"cash": 0, "positions": {"S": 15}, "lots": [lot("S", 15, 100.0)]}, {"cash": 900}],
        {"S": 80, "W": 80, "V": 80},
        {"W": 0.5, "V": 0.5},
        **policy,
    )
    problem = build(home)
    assert bool(problem.coupled[problem.pairs.wash[place(problem, "A", "S")]]) is torn
    assert int(problem.coupled.sum()) == int(torn)


# CASH-2: a reserve that nothing reaches


def test_an_account_that_cannot_reach_its_reserve_sells_what_brings_cash_and_buys_nothing() -> None:
    # 100 - 50 + 3 x 20 x 0.99 - 1 = 108.40 of 500; the penny stock does not pay its commission
    home = household(
        [
            {
                "cash": 100,
                "cash_flow": -50,
                "cash_reserve": 500,
                "positions": {"OLD": 3, "PENNY": 10, "KEEP": 99},
                "no_sell": ["KEEP"],
            },
            {"cash": 1000},
        ],
        {"OLD": {"price": 20, "spread_bps": 200}, "PENNY": 0.05, "KEEP": 10, "S": 10},
        {"S": 1},
        costs={"commission": 1.0},
    )
    problem = build(home)
    assert problem.cash.short.tolist() == [True, False]
    assert problem.cash.reserve.tolist() == pytest.approx([108.4, 0])
    assert sellable(problem) == {("A", "OLD"): 3}
    assert buyable(problem) == {("B", "S")}


def test_an_account_that_reaches_its_reserve_by_selling_is_not_short() -> None:
    home = household({"cash": 0, "cash_reserve": 60, "positions": {"OLD": 3}}, {"OLD": 20, "S": 10}, {"S": 1})
    problem = build(home)
    assert problem.cash.short.tolist() == [False]
    assert problem.cash.reserve.tolist() == [60]


def test_sales_below_the_minimum_do_not_reach_a_reserve() -> None:
    home = household(
        {"cash": 0, "cash_reserve": 60, "positions": {"OLD": 3}},
        {"OLD": 20, "S": 10},
        {"S": 1},
        min_trade_value=61,
    )
    assert build(home).cash.short.tolist() == [True]


# Lots: tax and gain per share, and their order (OBJ-2, TERM-1)


def test_lots_have_tax_and_gain_per_share_at_the_bid_and_stand_by_rising_tax() -> None:
    # bid 99: long gain 49 x 0.2 = 9.8; short gain 9 x 0.4 = 3.6; short loss -11 x 0.4 x 0.5 = -2.2;
    # long loss -21 x 0.2 x 0.5 = -2.1
    home = household(
        {
            "cash": 0,
            "positions": {"S": 10},
            "lots": [
                lot("S", 1, 50.0, "2020-01-01"),
                lot("S", 2, 90.0, "2025-06-01"),
                lot("S", 3, 110.0, "2025-06-01"),
                lot("S", 4, 120.0, "2020-01-01"),
            ],
        },
        {"S": {"price": 100, "spread_bps": 200}},
        {"S": 0.5, "CASH": 0.5},
        tax={"short_term_rate": 0.4, "long_term_rate": 0.2, "loss_value": 0.5},
    )
    assert lots_of(build(home), "A", "S") == [
        (3, pytest.approx(-2.2), pytest.approx(-11)),
        (4, pytest.approx(-2.1), pytest.approx(-21)),
        (2, pytest.approx(3.6), pytest.approx(9)),
        (1, pytest.approx(9.8), pytest.approx(49)),
    ]


@pytest.mark.parametrize(
    ("acquired", "rate"),
    [("2025-02-28", 0.2), ("2025-03-01", 0.4), ("2025-03-02", 0.4), ("2024-02-29", 0.2)],
)
def test_a_lot_is_long_term_from_a_year_after_the_day_after_its_purchase(acquired: str, rate: float) -> None:
    # as of 1 March 2026: bought on 28 February 2025, the day after is 1 March 2025
    home = household(
        {"cash": 0, "positions": {"S": 1}, "lots": [lot("S", 1, 50.0, acquired)]},
        {"S": 100},
        {"CASH": 1},
        tax={"short_term_rate": 0.4, "long_term_rate": 0.2},
    )
    assert lots_of(build(home), "A", "S") == [(1, pytest.approx(50 * rate), 50)]


@pytest.mark.parametrize("kind", ["tax_deferred", "tax_exempt"])
def test_sheltered_accounts_and_positions_without_lots_are_one_lot_without_tax(kind: str) -> None:
    home = household(
        [
            {"cash": 0, "positions": {"S": 3}, "lots": [lot("S", 3, 50.0)], "kind": kind},
            {"cash": 0, "positions": {"S": 2.5}},
        ],
        {"S": 100},
        {"CASH": 1},
    )
    problem = build(home)
    assert lots_of(problem, "A", "S") == [(3, 0, 0)]
    assert lots_of(problem, "B", "S") == [(2.5, 0, 0)]


# Groups, location and the rest


def test_groups_have_target_band_and_value_in_dollars() -> None:
    # V = 200 + 6 x 100 + 2 x 100 = 1000; the mixed fund is worth 200: 120 stocks, 60 bonds
    home = household(
        {"cash": 200, "positions": {"S": 6, "MIX": 2}},
        {"S": 100, "MIX": 100, "B": 100},
        {"stocks": 0.6, "bonds": 0.3, "CASH": 0.1},
        classes={
            "stocks": {"symbols": {"S": 1.0, "MIX": 0.6}, "band": {"absolute": 0.02}},
            "bonds": {"symbols": {"B": 1.0, "MIX": 0.3}},
        },
        band={"absolute": 0.05, "relative": 0.1},
    )
    problem = build(home)
    names = [group.name for group in problem.scopes[0].groups]
    assert names == ["bonds", "stocks", "CASH"]
    assert problem.groups.target.tolist() == pytest.approx([300, 600, 100])
    assert problem.groups.band.tolist() == pytest.approx([30, 20, 10])
    assert problem.groups.before.tolist() == pytest.approx([60, 720, 0])
    p = place(problem, "A", "MIX")
    shares = dict(zip(problem.pairs.groups[p].tolist(), problem.pairs.weights[p].tolist(), strict=True))
    assert shares == {0: 0.3, 1: 0.6}
    single = place(problem, "A", "S")
    assert problem.pairs.groups[single].tolist() == [1, 3]
    assert problem.pairs.weights[single].tolist() == [1, 0]


def test_spreads_make_bid_and_ask() -> None:
    home = household(
        {"cash": 500, "positions": {}},
        {"S": {"price": 50, "spread_bps": 20}, "T": 50},
        {"S": 1, "T": 1},
        costs={"spread_bps": 100},
    )
    problem = build(home)
    for symbol, bid, ask in (("S", 49.95, 50.05), ("T", 49.75, 50.25)):
        p = place(problem, "A", symbol)
        assert values(problem.pairs, "bid", p) == pytest.approx(bid)
        assert values(problem.pairs, "ask", p) == pytest.approx(ask)


def test_location_costs_add_up_by_class_share_symbol_and_account() -> None:
    home = household(
        [
            {
                "cash": 100,
                "positions": {"MIX": 1},
                "location_cost": {"bonds": 0.01, "MIX": 0.002, "CASH": 0.005},
            },
            {"cash": 100, "kind": "tax_exempt", "positions": {"B": 2}, "do_not_trade": True},
        ],
        {"S": 100, "MIX": 100, "B": 100},
        {"stocks": 0.6, "bonds": 0.3, "CASH": 0.1},
        classes={"stocks": {"symbols": {"S": 1.0, "MIX": 0.6}}, "bonds": {"symbols": {"B": 1.0, "MIX": 0.4}}},
        location={"bonds": {"taxable": 0.02, "tax_exempt": 0.001}, "CASH": {"tax_exempt": 0.003}},
    )
    problem = build(home)
    # MIX in A: 0.4 x (0.01 + 0.02) + 0.002
    assert values(problem.pairs, "location", place(problem, "A", "MIX")) == pytest.approx(0.014)
    assert values(problem.pairs, "location", place(problem, "A", "S")) == 0
    assert problem.cash.location.tolist() == pytest.approx([0.005, 0.003])
    # 100 x 0.014 in A, 200 x 0.001 in B though it does not trade
    assert problem.location == pytest.approx(1.6)


def test_a_class_of_the_name_of_a_symbol_is_read_as_the_class() -> None:
    home = household(
        {"cash": 100, "location_cost": {"B": 0.01}},
        {"B": 10, "C": 10},
        {"B": 1},
        classes={"B": {"symbols": ["C"]}},
    )
    problem = build(home)
    assert values(problem.pairs, "location", place(problem, "A", "C")) == 0.01
    assert buyable(problem) == {("A", "C")}


def test_the_preferred_symbol_has_rank_zero() -> None:
    home = household(
        {"cash": 100},
        {"Z": 1, "Y": 1, "X": 1},
        {"stocks": 1},
        classes={"stocks": {"symbols": ["Z", "X", "Y"]}},
    )
    problem = build(home)
    assert [values(problem.pairs, "rank", place(problem, "A", s)) for s in "ZXY"] == [0, 1, 2]


def test_caps_that_are_not_set_are_infinite() -> None:
    limits = build(household({"cash": 1}, {"S": 1}, {"S": 1})).limits
    assert (limits.orders, limits.gain, limits.tax, limits.drift) == (inf, inf, inf, inf)
    limits = build(
        household(
            {"cash": 1},
            {"S": 1},
            {"S": 1},
            max_orders=3,
            max_realized_gain=0,
            max_tax=2.5,
            max_drift=0.01,
            costs={"commission": 1.0, "order": 2.0},
        )
    ).limits
    assert (limits.orders, limits.gain, limits.tax, limits.drift) == (3, 0, 2.5, 0.01)
    assert limits.order_cost == 3


def test_sided_by_pair_each_account_buys_a_symbol_or_sells_its_losses() -> None:
    lossy = {"cash": 100, "positions": {"S": 2}, "lots": [lot("S", 1, 20.0), lot("S", 1, 5.0)]}
    home = household(
        [lossy, {**lossy, "no_buy": ["S"]}, {"cash": 100, "kind": "tax_exempt"}],
        {"S": 10},
        {"S": 1},
        wash_sales={"mode": "warn"},
    )
    problem = build(home)
    assert not problem.coupled.any()
    sided = sided_by_pair(problem)
    assert sided.pairs.wash.tolist() == [0, 1, 2]
    assert sided.coupled.tolist() == [True, False, False]
    assert sided.lots is problem.lots


def test_sums_by_index_fill_every_place() -> None:
    assert sum_by(np.array([2, 0, 2]), np.array([1.0, 2.0, 4.0]), 4).tolist() == [2, 0, 5, 0]


# Buys that can never help are left out, and no other


@drawn
@given(households("small"))
def test_caps_on_buys_are_counts_that_the_rules_allow(home: Household) -> None:
    problem = build(home)
    pairs = problem.pairs
    steps = pairs.buy_max / pairs.step
    assert np.allclose(steps, np.round(steps), atol=1e-6)
    assert (np.isfinite(pairs.buy_max)).all()
    assert ((pairs.buy_max == 0) | (pairs.buy_max >= pairs.least - 1e-9)).all()
    assert (pairs.sell_max <= pairs.held + 1e-9).all()
    assert (pairs.whole <= pairs.sell_max + 1e-9).all()


# DET-1: the order of rows has no meaning


@drawn
@given(households("small"), st.integers(0, 10**6))
def test_rows_in_another_order_give_the_same_arrays(home: Household, seed: int) -> None:
    one, other = build(home), build(shuffled(home, seed))
    assert same(one, other)
    assert sources(one) == sources(other)


def sources(problem: Problem) -> list[Lot | None]:
    owners = [problem.accounts[n] for n in problem.pairs.account[problem.lots.pair].tolist()]
    places = problem.lots.place.tolist()
    return [owner.lots[n] if n >= 0 else None for owner, n in zip(owners, places, strict=True)]


@pytest.mark.parametrize("size", ["S", "M", "XL"])
def test_a_large_household_in_another_order_gives_the_same_arrays(size: synthetic.Size) -> None:
    home = synthetic.household(size, 77)
    assert same(build(home), build(shuffled(home, 5)))


def test_a_household_that_differs_by_a_cent_gives_other_arrays() -> None:
    one = build(household({"cash": 100}, {"S": 1}, {"S": 1}))
    other = build(household({"cash": 100.01}, {"S": 1}, {"S": 1}))
    assert not same(one, other)


def test_value_is_all_scopes_together() -> None:
    home = household(
        [{"cash": 0.1, "positions": {"S": 3}}, {"cash": 0.2, "targets": {"S": 1}}], {"S": 0.1}, {"S": 1}
    )
    assert build(home).value == pytest.approx(0.6, abs=1e-15)


def test_a_position_of_zero_shares_needs_no_price_though_its_symbol_has_a_location_cost() -> None:
    home = household(
        {"cash": 1000, "positions": {"OLD": 0}, "location_cost": {"OLD": 0.01}}, {"S": 100}, {"S": 1}
    )
    assert build(home).location == 0
