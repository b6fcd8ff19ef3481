"""Current and target allocations of accounts."""

from __future__ import annotations

import pytest

from realloc.accounts import Account
from realloc.allocator import PortfolioAllocator
from realloc.errors import InputError
from realloc.models import AssetClass, PortfolioModel
from realloc.selectors import TaxAwareSelector

PRICES = {"AAPL": 100, "GOOG": 200}


def allocator(targets: dict[str, float] | None = None) -> PortfolioAllocator:
    """Return an allocator of two accounts; the second follows `targets` of its own."""
    accounts = [Account("", "A1", 500, {"AAPL": 5}), Account("", "A2", 1400, {"GOOG": 3}, targets or {})]
    return PortfolioAllocator(accounts, PortfolioModel("", {"AAPL": 3, "GOOG": 3, "CASH": 2}), PRICES)


def test_values_are_cash_and_positions() -> None:
    assert allocator().compute_account_values() == {"A1": 1000, "A2": 2000}
    assert allocator().total_portfolio_value == 3000


def test_positions_are_copies() -> None:
    subject = allocator()
    subject.get_account_positions()["A1"]["AAPL"] = 99
    assert subject.get_account_positions() == {"A1": {"AAPL": 5}, "A2": {"GOOG": 3}}


def test_current_allocations_have_a_cash_weight() -> None:
    assert allocator().get_current_allocations() == {
        "A1": {"AAPL": 0.5, "CASH": 0.5},
        "A2": {"GOOG": 0.3, "CASH": 0.7},
    }


def test_target_allocations_sum_to_one() -> None:
    both = {"AAPL": 0.375, "GOOG": 0.375, "CASH": 0.25}
    assert allocator().compute_target_allocations() == {"A1": both, "A2": both}


def test_target_positions_are_shares_without_cash() -> None:
    assert allocator().compute_target_positions() == {
        "A1": {"AAPL": 3.75, "GOOG": 1.875},
        "A2": {"AAPL": 7.5, "GOOG": 3.75},
    }


def test_an_account_with_targets_of_its_own_follows_them() -> None:
    subject = allocator({"GOOG": 1})
    assert subject.compute_target_allocations()["A2"] == {"GOOG": 1}
    assert subject.compute_target_positions() == {
        "A1": {"AAPL": 3.75, "GOOG": 1.875},
        "A2": {"GOOG": 10},
    }


def test_differences_are_pairs_for_all_symbols_of_either_side() -> None:
    assert allocator({"AAPL": 1}).get_allocation_differences() == {
        "A1": {"AAPL": (0.5, 0.375), "CASH": (0.5, 0.25), "GOOG": (0, 0.375)},
        "A2": {"AAPL": (0, 1), "CASH": (0.7, 0), "GOOG": (0.3, 0)},
    }


def test_an_empty_account_has_zero_weights() -> None:
    subject = PortfolioAllocator([Account("", "A1", 0, {"AAPL": 0})], PortfolioModel("", {}), PRICES)
    assert subject.get_current_allocations() == {"A1": {"AAPL": 0, "CASH": 0}}
    assert subject.compute_target_positions() == {"A1": {}}


def test_a_held_symbol_without_a_price_is_a_key_error() -> None:
    subject = PortfolioAllocator([Account("", "A1", 0, {"VTI": 1})], PortfolioModel("", {"AAPL": 1}), PRICES)
    for method in (
        subject.compute_account_values,
        subject.get_current_allocations,
        subject.compute_target_positions,
        subject.get_allocation_differences,
    ):
        with pytest.raises(KeyError, match="VTI"):
            method()
    with pytest.raises(KeyError, match="VTI"):
        _ = subject.total_portfolio_value


def test_a_targeted_symbol_without_a_price_is_a_key_error() -> None:
    subject = PortfolioAllocator([Account("", "A1", 9, {})], PortfolioModel("", {"VTI": 1}), PRICES)
    for method in (
        subject.compute_target_allocations,
        subject.compute_target_positions,
        subject.get_allocation_differences,
    ):
        with pytest.raises(KeyError, match="VTI"):
            method()


def test_a_class_is_not_a_symbol() -> None:
    model = PortfolioModel("", {"stocks": 1}, classes={"stocks": AssetClass(symbols={"AAPL": 1.0})})
    with pytest.raises(InputError, match="stocks is a class"):
        PortfolioAllocator([Account("", "A1", 9, {})], model, PRICES).compute_target_allocations()


def test_the_selector_is_kept() -> None:
    selector = TaxAwareSelector(["A1"])
    assert PortfolioAllocator([], PortfolioModel(""), {}, selector).selector is selector
    assert allocator().selector is None
