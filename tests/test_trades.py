"""Trades, and the arithmetic between current and target shares."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.accounts import Account
from realloc.errors import InputError, MissingPriceError
from realloc.models import AssetClass, PortfolioModel
from realloc.trades import (
    ScaledPortfolio,
    Trade,
    TradeInfo,
    buy_position,
    calculate_buy_amounts,
    calculate_sell_amounts,
    compute_portfolio_trades,
    is_trade_remaining,
    sell_position,
    split_trades,
)

SHARES = st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 400).map(lambda n: n / 4))


def test_trades_cover_all_symbols_of_either_side_with_zeros() -> None:
    trades = compute_portfolio_trades({"AAPL": 5, "GOOG": 3, "VTI": 2}, {"AAPL": 20.5, "BND": 7, "VTI": 2})
    assert trades == {"AAPL": 15, "BND": 7, "GOOG": -3, "VTI": 0}
    assert all(type(shares) is int for shares in trades.values())


@pytest.mark.parametrize(
    ("current", "target", "expected"),
    [(10, 9.9, 0), (9.9, 10, 0), (0, 0.29 * 100, 29), (0.5, 0, 0), (10.5, 0, -10), (1e6, 1e6 + 0.5, 0)],
)
def test_a_trade_never_goes_past_its_target(current: float, target: float, expected: int) -> None:
    assert compute_portfolio_trades({"A": current}, {"A": target}) == {"A": expected}


@given(current=SHARES, target=SHARES)
def test_trades_are_the_exact_differences_cut_towards_zero(
    current: dict[str, float], target: dict[str, float]
) -> None:
    expected = {
        symbol: int(Fraction(target.get(symbol, 0)) - Fraction(current.get(symbol, 0)))
        for symbol in {*current, *target}
    }
    assert compute_portfolio_trades(current, target) == expected


def test_trades_below_the_minimum_quantity_are_zero() -> None:
    trades = compute_portfolio_trades({"A": 10, "B": 10}, {"A": 14, "B": 5, "C": 4.9}, min_trade_quantity=5)
    assert trades == {"A": 0, "B": -5, "C": 0}


def test_cash_is_never_a_trade() -> None:
    assert compute_portfolio_trades({"CASH": 100}, {"A": 1, "CASH": 5}) == {"A": 1}


def test_given_prices_must_cover_what_is_traded() -> None:
    assert compute_portfolio_trades({"A": 1, "B": 1}, {"A": 1}, {"B": 5}) == {"A": 0, "B": -1}
    with pytest.raises(MissingPriceError, match="no price for B"):
        compute_portfolio_trades({"A": 1, "B": 1}, {"A": 1}, {"A": 5})


@pytest.mark.parametrize("shares", [math.nan, math.inf])
def test_shares_that_are_no_number_are_refused(shares: float) -> None:
    with pytest.raises(InputError, match=r"target_shares\['A'\]"):
        compute_portfolio_trades({}, {"A": shares})
    with pytest.raises(InputError, match=r"current_shares\['A'\]"):
        compute_portfolio_trades({"A": shares}, {})


def test_split_trades_have_positive_counts_and_no_zeros() -> None:
    split = split_trades({"A": 5, "B": 3, "C": 1}, {"A": 1.5, "C": 1, "D": 2})
    assert split == {"buy": {"D": 2}, "sell": {"A": 3, "B": 3}}


@given(current=SHARES, target=SHARES)
def test_split_trades_are_the_portfolio_trades_by_side(
    current: dict[str, float], target: dict[str, float]
) -> None:
    split = split_trades(current, target)
    signed = split["buy"] | {symbol: -shares for symbol, shares in split["sell"].items()}
    assert signed == {s: n for s, n in compute_portfolio_trades(current, target).items() if n}


def test_a_trade_remains_above_the_tolerance_on_either_side() -> None:
    assert is_trade_remaining({"A": 0, "B": -1})
    assert is_trade_remaining({"A": 0.02})
    assert not is_trade_remaining({"A": 0.01, "B": -0.01})
    assert not is_trade_remaining({})
    assert not is_trade_remaining({"A": 3}, tolerance=3)


def test_buy_and_sell_positions_are_never_negative() -> None:
    assert (buy_position(5, 8), sell_position(5, 8)) == (3, 0)
    assert (buy_position(8, 5), sell_position(8, 5)) == (0, 3)
    assert (buy_position(8, None), sell_position(8, None)) == (0, 8)


def test_amounts_are_pairwise_and_a_target_of_none_is_zero() -> None:
    assert calculate_buy_amounts([1, 5, 2], [4, 5, None]) == [3, 0, 0]
    assert calculate_sell_amounts([1, 5, 2], [4, 3, None]) == [0, 2, 2]


def test_amounts_of_lists_that_differ_in_length_are_refused() -> None:
    with pytest.raises(InputError, match="2 current positions do not go with 1 targets"):
        calculate_buy_amounts([1, 2], [1])
    with pytest.raises(InputError, match="0 current positions"):
        calculate_sell_amounts([], [1])


def test_trade_info_takes_its_arguments_by_position() -> None:
    info = TradeInfo("A", -3, 10.0, 100.0, 5, 250.0)
    assert (info.minimum_value, info.current_position, info.account_balance) == (100.0, 5, 250.0)
    assert TradeInfo("A", 1, 2.0).current_position is None


def test_a_trade_survives_its_dict() -> None:
    assert Trade.from_dict(Trade("A1", "AAPL", -3).to_dict()) == Trade("A1", "AAPL", -3)
    assert Trade("A1", "AAPL", -3.0).to_dict() == {"account_id": "A1", "symbol": "AAPL", "shares": -3}


def test_scaled_accounts_reach_the_model_each_on_its_own() -> None:
    # A1: 1000 + 5 x 100 = 1500, so 7.5 AAPL and 3.75 GOOG. A2: 1000 + 5 x 200 = 2000: 10 AAPL and 5 GOOG.
    accounts = [Account("", "A1", 1000, {"AAPL": 5}), Account("", "A2", 1000, {"GOOG": 5})]
    portfolio = ScaledPortfolio(accounts, {"AAPL": 0.5, "GOOG": 0.5})
    assert portfolio.generate_scaled_cash_constrained_trades({"AAPL": 100, "GOOG": 200}) == {
        "A1": {"AAPL": 2, "GOOG": 3},
        "A2": {"AAPL": 10},
    }


def test_scaled_buys_are_paid_by_sells_and_limited_to_the_cash() -> None:
    # Value 10.5 x 100 + 49 = 1099; half of it is 5.495 AAPL, so 5 of 10.5 are sold: 549 dollars of cash.
    # Target 549.5 / 183 = 3.0027 GOOG, so 3 x 183 = 549 dollars: all of the cash.
    account = Account("", "A1", 49, {"AAPL": 10.5})
    portfolio = ScaledPortfolio([account], PortfolioModel("", {"AAPL": 1, "GOOG": 1}))
    assert portfolio.generate_scaled_cash_constrained_trades({"AAPL": 100, "GOOG": 183}) == {
        "A1": {"AAPL": -5, "GOOG": 3}
    }
    # One dollar of debt less: value 1049, 5.245 AAPL and 2.86 GOOG; 499 dollars pay for 2.
    account = Account("", "A1", -1, {"AAPL": 10.5})
    portfolio = ScaledPortfolio([account], {"GOOG": 1})
    # Value 1049 = 10.49 GOOG at 100, but 10 whole AAPL bring 1000 - 1 = 999 dollars: 9 shares.
    assert portfolio.generate_scaled_cash_constrained_trades({"AAPL": 100, "GOOG": 100}) == {
        "A1": {"AAPL": -10, "GOOG": 9}
    }


def test_an_account_with_targets_of_its_own_follows_them() -> None:
    accounts = [Account("", "A1", 1000, {}, {"GOOG": 1}), Account("", "A2", 1000, {})]
    portfolio = ScaledPortfolio({a.account_number: a for a in accounts}, {"AAPL": 0.5, "CASH": 0.5})
    assert portfolio.generate_scaled_cash_constrained_trades({"AAPL": 100, "GOOG": 200}) == {
        "A1": {"GOOG": 5},
        "A2": {"AAPL": 5},
    }


def test_scaled_accounts_never_sell_short() -> None:
    account = Account("", "A1", 1000, {"AAPL": 2})
    portfolio = ScaledPortfolio([account], PortfolioModel("", {"AAPL": -1, "GOOG": 2}, False))
    trades = portfolio.generate_scaled_cash_constrained_trades({"AAPL": 100, "GOOG": 100})
    assert trades == {"A1": {"AAPL": -2, "GOOG": 12}}


def test_scaled_accounts_need_prices_and_symbols() -> None:
    account = Account("", "A1", 1000, {"AAPL": 2})
    with pytest.raises(MissingPriceError, match="AAPL"):
        ScaledPortfolio([account], {"GOOG": 1}).generate_scaled_cash_constrained_trades({"GOOG": 1})
    with pytest.raises(MissingPriceError, match="GOOG"):
        ScaledPortfolio([account], {"GOOG": 1}).generate_scaled_cash_constrained_trades({"AAPL": 1})
    model = PortfolioModel("", {"stocks": 1}, classes={"stocks": AssetClass(symbols={"AAPL": 1})})
    with pytest.raises(InputError, match="stocks is a class"):
        ScaledPortfolio([account], model).generate_scaled_cash_constrained_trades({"AAPL": 1})


@given(
    cash=st.integers(0, 4000).map(lambda n: n / 4),
    positions=SHARES,
    weights=st.dictionaries(st.sampled_from(["A", "B", "C", "F", "CASH"]), st.integers(0, 8)),
    prices=st.lists(st.integers(1, 400).map(lambda n: n / 4), min_size=6, max_size=6),
)
def test_scaled_trades_keep_cash_positions_and_targets(
    cash: float, positions: dict[str, float], weights: dict[str, float], prices: list[float]
) -> None:
    by_symbol = dict(zip("ABCDEF", prices, strict=True))
    account = Account("", "A1", cash, positions)
    trades = ScaledPortfolio([account], weights).generate_scaled_cash_constrained_trades(by_symbol)["A1"]
    exact = {symbol: Fraction(price) for symbol, price in by_symbol.items()}
    value = Fraction(cash) + sum(Fraction(n) * exact[s] for s, n in positions.items())
    total = sum(weights.values())
    left = Fraction(cash)
    for symbol, shares in trades.items():
        left -= shares * exact[symbol]
        held = Fraction(positions.get(symbol, 0))
        target = value * Fraction(int(weights.get(symbol, 0)), int(total) or 1) / exact[symbol]
        noise = Fraction(1, 10**8)
        assert min(held, target) - noise <= held + shares <= max(held, target) + noise
        assert shares != 0
    assert left >= 0
