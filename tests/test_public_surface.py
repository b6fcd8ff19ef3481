"""The names that users import from the package itself."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

import realloc

OF_TRADES = [
    "Trade",
    "TradeInfo",
    "ScaledPortfolio",
    "buy_position",
    "sell_position",
    "calculate_buy_amounts",
    "calculate_sell_amounts",
    "compute_portfolio_trades",
    "split_trades",
    "is_trade_remaining",
]
SEED = [
    *OF_TRADES,
    "Account",
    "PortfolioModel",
    "PortfolioAllocator",
    "PortfolioStateManager",
    "TaxAwareSelector",
    "select_account_for_buy_trade",
    "select_account_for_sell_trade",
]


def test_the_public_list_is_sorted_and_complete() -> None:
    public = {
        name
        for name, value in vars(realloc).items()
        if not name.startswith("_") and (name in realloc.__all__ or not isinstance(value, ModuleType))
    }
    assert realloc.__all__ == sorted(public)


@pytest.mark.parametrize("name", SEED)
def test_names_of_the_first_versions_stay(name: str) -> None:
    assert name in realloc.__all__


def test_every_public_name_is_documented() -> None:
    assert [name for name in realloc.__all__ if not getattr(realloc, name).__doc__] == []


def test_trade_names_are_importable_from_their_module() -> None:
    for name in OF_TRADES:
        assert getattr(realloc.trades, name, None) is getattr(realloc, name)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, realloc; print(sorted({'numpy', 'highspy', 'rich', 'cyclopts'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
