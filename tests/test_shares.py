"""The arithmetic of whole shares."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc._shares import (
    affordable,
    in_order,
    market_value,
    require_finite,
    require_prices,
    settled,
    shares_at_target,
    symbol_weights,
    whole,
    whole_difference,
)
from realloc.errors import InputError, MissingPriceError

QUARTERS = st.integers(-4_000_000, 4_000_000).map(lambda n: n / 4)


def test_noise_of_floating_point_does_not_lose_a_share() -> None:
    assert 0.29 * 100 != 29
    assert whole(0.29 * 100) == 29
    assert whole(-0.29 * 100) == -29
    assert whole_difference(0.1 + 0.2, 1.3) == 1


@pytest.mark.parametrize(
    ("shares", "expected"), [(0.999999, 0), (-0.999999, 0), (9.99, 9), (-9.99, -9), (0.0, 0)]
)
def test_a_meant_fraction_is_cut_towards_zero(shares: float, expected: int) -> None:
    assert whole(shares) == expected


@given(current=QUARTERS, target=QUARTERS)
def test_a_whole_difference_is_exact_arithmetic_cut_towards_zero(current: float, target: float) -> None:
    assert whole_difference(current, target) == int(Fraction(target) - Fraction(current))


@given(cash=st.floats(0, 1e12), price=st.floats(0.01, 1e6))
def test_affordable_is_the_exact_quotient_but_for_noise(cash: float, price: float) -> None:
    exact = Fraction(cash) / Fraction(price)
    shares = affordable(cash, price)
    assert shares <= exact * (1 + Fraction(1, 10**11)) + Fraction(1, 10**11)
    assert shares > exact - 1


def test_a_sum_of_dimes_pays_for_a_dollar() -> None:
    assert affordable(sum([0.1] * 10), 1.0) == 1
    assert affordable(-100.0, 1.0) == 0
    assert affordable(0.0, 1.0) == 0


def test_what_is_settled_to_zero_but_for_noise_is_zero() -> None:
    assert settled(0.1 + 0.2, -0.3) == 0
    assert settled(100.0, -99.99) == pytest.approx(0.01)


def test_order_is_sells_first_then_small_first_then_symbol() -> None:
    trades = {"D": 1, "C": -9, "B": -2, "A": 30, "Z": -2, "E": 1}
    assert in_order(trades) == ["B", "Z", "C", "D", "E", "A"]


def test_value_needs_the_prices_of_what_is_held_alone() -> None:
    assert market_value({"AAPL": 2, "GOOG": 0}, {"AAPL": 10.5}) == 21
    with pytest.raises(MissingPriceError, match=r"no price for AAPL.*no price for GOOG"):
        market_value({"GOOG": 1, "AAPL": 1}, {})


def test_a_missing_price_is_a_key_error_and_a_value_error() -> None:
    with pytest.raises(KeyError):
        require_prices({}, ["AAPL"])
    with pytest.raises(ValueError, match="AAPL"):
        require_prices({}, ["AAPL"])


@pytest.mark.parametrize("price", [0, -1, math.nan, math.inf, True, "12", None])
def test_a_price_that_is_no_price_is_named(price: float) -> None:
    with pytest.raises(InputError, match="'AAPL'"):
        require_prices({"AAPL": price}, ["AAPL"])


def test_every_amount_that_is_not_finite_is_listed() -> None:
    with pytest.raises(InputError) as caught:
        require_finite({"A": math.nan, "B": 1, "C": -math.inf}, "positions")
    assert [issue.where for issue in caught.value.issues] == ["positions['A']", "positions['C']"]


def test_cash_is_not_a_position() -> None:
    with pytest.raises(InputError, match="CASH is not a position"):
        market_value({"CASH": 10}, {"CASH": 1})


def test_weights_are_scaled_to_one_with_cash_and_zeros_stay() -> None:
    assert symbol_weights({"A": 3, "CASH": 1}) == {"A": 0.75, "CASH": 0.25}
    assert symbol_weights({"A": 0, "B": 0}) == {"A": 0, "B": 0}
    assert symbol_weights({"A": 1.5, "B": -0.5}) == {"A": 1.5, "B": -0.5}


def test_weights_that_mean_nothing_by_symbol_are_refused() -> None:
    with pytest.raises(InputError, match="bonds is a class"):
        symbol_weights({"bonds": 1}, ["bonds", "CASH"])
    with pytest.raises(InputError, match="less than zero"):
        symbol_weights({"A": -1})
    assert symbol_weights({"A": 1, "bonds": 0, "CASH": 1}, ["bonds", "CASH"])["CASH"] == 0.5


def test_target_shares_leave_cash_out_and_need_no_price_for_a_zero_weight() -> None:
    assert shares_at_target(1000, {"A": 0.5, "B": 0.0, "CASH": 0.5}, {"A": 40}) == {"A": 12.5, "B": 0}
    assert shares_at_target(-1000, {"A": 1.0}, {"A": 40}) == {"A": 0}
