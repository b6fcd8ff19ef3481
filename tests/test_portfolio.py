"""The portfolio as a whole: positions, cash and target shares over all accounts."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc import portfolio, trades
from realloc.accounts import Account
from realloc.errors import InputError, MissingPriceError
from realloc.models import AssetClass, PortfolioModel
from realloc.portfolio import (
    calculate_portfolio_positions,
    calculate_portfolio_positions_from_dicts,
    calculate_target_shares,
    calculate_target_shares_from_accounts,
)

ACCOUNTS = [Account("IRA", "A1", 1000, {"AAPL": 5}, {}), Account("Taxable", "A2", 2000, {"GOOG": 3}, {})]
MODEL = PortfolioModel("Balanced", {"AAPL": 0.5, "GOOG": 0.5})
PRICES = {"AAPL": 100, "GOOG": 200}


def test_positions_and_cash_add_up_over_accounts() -> None:
    assert calculate_portfolio_positions(ACCOUNTS) == ({"AAPL": 5, "GOOG": 3}, 3000)
    assert calculate_portfolio_positions({a.account_number: a for a in ACCOUNTS}) == (
        {"AAPL": 5, "GOOG": 3},
        3000,
    )
    assert calculate_portfolio_positions([]) == ({}, 0)


def test_a_tenth_of_a_share_in_ten_accounts_is_one_share() -> None:
    accounts = [Account("", str(n), 0.1, {"A": 0.1}) for n in range(10)]
    assert calculate_portfolio_positions(accounts) == ({"A": 1.0}, 1.0)


def test_positions_from_dicts_are_those_of_their_accounts() -> None:
    dicts = [account.to_dict() for account in ACCOUNTS]
    assert calculate_portfolio_positions_from_dicts(dicts) == calculate_portfolio_positions(ACCOUNTS)
    assert calculate_portfolio_positions_from_dicts([{"positions": {"A": 2}}]) == ({"A": 2}, 0)
    with pytest.raises(InputError, match="unknown key 'position'"):
        calculate_portfolio_positions_from_dicts([{"position": {"A": 2}}])


def test_unusable_amounts_are_refused() -> None:
    with pytest.raises(InputError, match="finite"):
        calculate_portfolio_positions([Account("", "1", math.nan, {})])
    with pytest.raises(InputError, match=r"positions\['A'\]"):
        calculate_portfolio_positions([Account("", "1", 0, {"A": math.inf})])
    with pytest.raises(InputError, match="CASH is not a position"):
        calculate_portfolio_positions([Account("", "1", 0, {"CASH": 10})])


def test_target_shares_are_fractional() -> None:
    # 1000 + 2000 + 5 x 100 + 3 x 200 = 4100 dollars, half of it each.
    assert calculate_target_shares({"AAPL": 5, "GOOG": 3}, 3000, PRICES, MODEL) == {
        "AAPL": 20.5,
        "GOOG": 10.25,
    }


def test_cash_takes_its_part_and_has_no_shares() -> None:
    model = PortfolioModel("", {"AAPL": 0.3, "CASH": 0.7})
    assert calculate_target_shares({}, 1000, PRICES, model) == {"AAPL": 3}


def test_weights_are_scaled_and_the_model_stays_as_it_is() -> None:
    model = PortfolioModel("", {"AAPL": 3, "GOOG": 1})
    assert calculate_target_shares({}, 800, PRICES, model) == {"AAPL": 6, "GOOG": 1}
    assert model.targets == {"AAPL": 3, "GOOG": 1}


def test_held_and_targeted_symbols_need_a_price() -> None:
    with pytest.raises(MissingPriceError, match="VTI"):
        calculate_target_shares({"VTI": 1}, 0, PRICES, MODEL)
    with pytest.raises(MissingPriceError, match="GOOG"):
        calculate_target_shares({}, 0, {"AAPL": 1}, MODEL)


def test_unusable_input_to_target_shares_is_refused() -> None:
    with pytest.raises(InputError, match="finite"):
        calculate_target_shares({}, math.nan, PRICES, MODEL)
    with pytest.raises(InputError, match="above zero"):
        calculate_target_shares({}, 0, {"AAPL": -1, "GOOG": 1}, MODEL)
    model = PortfolioModel("", {"stocks": 1}, classes={"stocks": AssetClass(symbols={"AAPL": 1.0})})
    with pytest.raises(InputError, match="stocks is a class"):
        calculate_target_shares({}, 0, PRICES, model)


def test_target_shares_from_accounts_are_those_of_their_sum() -> None:
    positions, cash = calculate_portfolio_positions(ACCOUNTS)
    assert calculate_target_shares_from_accounts(ACCOUNTS, PRICES, MODEL) == calculate_target_shares(
        positions, cash, PRICES, MODEL
    )


def test_an_account_with_targets_of_its_own_counts_with_them() -> None:
    accounts = [Account("", "A1", 1000, {}), Account("", "A2", 600, {}, {"GOOG": 2, "VTI": 1})]
    prices = PRICES | {"VTI": 50}
    # 500 dollars of AAPL; 500 + 400 of GOOG; 200 of VTI.
    assert calculate_target_shares_from_accounts(accounts, prices, MODEL) == {
        "AAPL": 5,
        "GOOG": 4.5,
        "VTI": pytest.approx(4),
    }


@given(
    positions=st.dictionaries(st.sampled_from("ABC"), st.integers(0, 400).map(lambda n: n / 4)),
    weights=st.lists(st.integers(0, 20), min_size=4, max_size=4),
    prices=st.lists(st.integers(1, 4000).map(lambda n: n / 8), min_size=3, max_size=3),
    cash=st.integers(0, 10**6).map(lambda n: n / 4),
)
def test_target_shares_are_worth_their_weight_of_the_value(
    positions: dict[str, float], weights: list[int], prices: list[float], cash: float
) -> None:
    by_symbol = dict(zip("ABC", prices, strict=True))
    model = PortfolioModel("", dict(zip(["A", "B", "C", "CASH"], weights, strict=True)))
    value = Fraction(cash) + sum(Fraction(n) * Fraction(by_symbol[s]) for s, n in positions.items())
    shares = calculate_target_shares(positions, cash, by_symbol, model)
    assert shares.keys() == set("ABC")
    for symbol, weight in zip("ABC", weights, strict=False):
        exact = value * Fraction(weight, sum(weights) or 1) / Fraction(by_symbol[symbol])
        assert shares[symbol] == pytest.approx(float(exact), rel=1e-13)


def test_portfolio_trades_are_importable_here_as_well() -> None:
    assert portfolio.compute_portfolio_trades is trades.compute_portfolio_trades
