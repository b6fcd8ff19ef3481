from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.errors import InputError
from realloc.plugins.validators.max_position import MaxPositionValidator
from realloc.plugins.validators.minimum_value import MinimumValueValidator
from realloc.testing.conformance import ValidatorConformance
from realloc.trades import TradeInfo


def position(quantity: float, current: float | None) -> TradeInfo:
    return TradeInfo("AAPL", quantity, 100.0, current_position=current)


def worth(quantity: float, price: float, minimum: float | None = None) -> TradeInfo:
    return TradeInfo("AAPL", quantity, price, minimum_value=minimum)


class TestMaxPositionConformance(ValidatorConformance):
    plugin = MaxPositionValidator
    entry_point = "max_position"
    accepted = (position(100, 0), position(1000, None), position(-900, 1500))
    refused = (position(101, 0), position(1, 100), position(-201, 100))

    def make(self) -> MaxPositionValidator:
        return MaxPositionValidator(100)


class TestMinimumValueConformance(ValidatorConformance):
    plugin = MinimumValueValidator
    entry_point = "minimum_value"
    accepted = (worth(1, 100), worth(-1, 100), worth(2, 100, minimum=1000))
    refused = (worth(0, 100), worth(1, 99.99), worth(-0.5, 100, minimum=1))

    def make(self) -> MinimumValueValidator:
        return MinimumValueValidator(min_value=100)


def test_a_refused_position_is_told_with_its_limit_and_what_it_would_be() -> None:
    ok, reason = MaxPositionValidator(100).validate(position(60, 50))
    assert not ok
    assert reason == "Would exceed max position of 100: AAPL would go from 50 to 110 shares"


def test_a_position_is_added_up_exactly() -> None:
    assert 0.1 + 0.2 > 0.3
    assert MaxPositionValidator(0.3).validate(position(0.2, 0.1)) == (True, "")


def test_a_sale_that_reduces_a_position_above_the_limit_passes_and_a_reversal_beyond_it_does_not() -> None:
    validator = MaxPositionValidator(100)
    assert validator.validate(position(-1, 500))[0]
    assert validator.validate(position(-600, 500))[0]
    assert not validator.validate(position(-1001, 500))[0]
    assert not validator.validate(position(0, 500))[0]


def test_the_unlimited_position_is_allowed_and_a_position_that_is_no_number_is_refused() -> None:
    assert MaxPositionValidator(float("inf")).validate(position(1e12, 1e12)) == (True, "")
    assert MaxPositionValidator(100).validate(position(float("nan"), 1))[0] is False


@pytest.mark.parametrize("limit", [-1, float("nan"), "100", None, True, Decimal("-0.1")])
def test_a_limit_is_a_number_from_zero(limit: Any) -> None:
    with pytest.raises(InputError, match="max_position must be"):
        MaxPositionValidator(limit)


def test_a_trade_of_no_shares_is_refused_with_or_without_a_minimum() -> None:
    assert MinimumValueValidator().validate(worth(0, 100)) == (False, "Zero quantity trade")
    assert MinimumValueValidator(0).validate(worth(0.0, 100)) == (False, "Zero quantity trade")


def test_a_trade_below_the_minimum_is_told_with_its_value() -> None:
    ok, reason = MinimumValueValidator(min_value=100).validate(worth(-3, 33.33))
    assert not ok
    assert reason == "Trade value 99.99 of AAPL is below minimum 100"


def test_a_trade_at_the_minimum_passes_by_exact_arithmetic() -> None:
    assert 5 * 14.29 < 71.45
    assert MinimumValueValidator(71.45).validate(worth(5, 14.29)) == (True, "")


def test_without_a_minimum_the_trades_own_counts_and_without_that_none() -> None:
    assert MinimumValueValidator().validate(worth(1, 99, minimum=100))[0] is False
    assert MinimumValueValidator().validate(worth(1, 100, minimum=100)) == (True, "")
    assert MinimumValueValidator().validate(worth(1, 0.01)) == (True, "")
    assert MinimumValueValidator(50).validate(worth(1, 60, minimum=100)) == (True, "")
    assert MinimumValueValidator(0).validate(worth(1, 60, minimum=100)) == (True, "")


def test_a_value_that_is_no_number_is_refused() -> None:
    assert MinimumValueValidator(1).validate(worth(1, float("nan")))[0] is False


@pytest.mark.parametrize("limit", [-0.01, float("nan"), "100", False])
def test_a_minimum_is_a_number_from_zero(limit: Any) -> None:
    with pytest.raises(InputError, match="min_value must be"):
        MinimumValueValidator(limit)


shares = st.decimals(-10000, 10000, places=3).map(float)
dollars = st.decimals(Decimal("0.01"), 5000, places=2).map(float)


@given(shares.filter(bool), dollars, dollars)
def test_the_minimum_agrees_with_exact_fractions(quantity: float, price: float, minimum: float) -> None:
    value = abs(Fraction(str(quantity)) * Fraction(str(price)))
    ok, _ = MinimumValueValidator(minimum).validate(worth(quantity, price))
    assert ok is (value >= Fraction(str(minimum)))


@given(shares, shares, dollars)
def test_an_accepted_trade_ends_within_the_limit_or_nearer_to_zero(
    current: float, quantity: float, limit: float
) -> None:
    before, after = Fraction(str(current)), Fraction(str(current)) + Fraction(str(quantity))
    ok, _ = MaxPositionValidator(limit).validate(position(quantity, current))
    assert ok is (abs(after) <= Fraction(str(limit)) or abs(after) < abs(before))
