"""The names that users import from the package itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

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


def test_the_public_list_is_sorted_and_every_name_has_its_home() -> None:
    assert realloc.__all__ == sorted(realloc._HOME)
    assert all(hasattr(realloc, name) for name in realloc.__all__)
    assert set(realloc.__all__) <= set(dir(realloc))


def test_a_name_is_loaded_from_where_the_type_checkers_see_it() -> None:
    for package in (realloc, realloc.report):
        tree = ast.parse(Path(str(package.__file__)).read_text(encoding="utf-8"))
        start = f"{package.__name__}."
        seen = {
            name.name: node.module.removeprefix(start)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(start)
            for name in node.names
            if name.name != "lazily"
        }
        assert seen == package._HOME
        assert set(package.__all__) == set(package._HOME)


def test_what_the_package_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'realloc' has no attribute 'nothing'"):
        _ = realloc.nothing


@pytest.mark.parametrize("first", ["import realloc.checking", "import realloc.engine", ""])
def test_check_is_the_function_whatever_was_imported_first(first: str) -> None:
    code = f"{first}\nimport realloc\nassert callable(realloc.check) and callable(realloc.rebalance)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", SEED)
def test_names_of_the_first_versions_stay(name: str) -> None:
    assert name in realloc.__all__


def test_every_public_name_is_documented() -> None:
    assert [name for name in realloc.__all__ if not getattr(realloc, name).__doc__] == []


def test_trade_names_are_importable_from_their_module() -> None:
    for name in OF_TRADES:
        assert getattr(realloc.trades, name, None) is getattr(realloc, name)


def test_importing_the_package_loads_none_of_its_rooms() -> None:
    code = "import sys, realloc; print(sorted(name for name in sys.modules if name.startswith('realloc')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['realloc', 'realloc._lazy']"
