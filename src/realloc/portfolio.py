"""The portfolio as a whole: positions, cash and target shares over all accounts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from realloc._shares import (
    listed,
    market_value,
    require_finite,
    require_securities,
    shares_at_target,
    symbol_weights,
)
from realloc.accounts import Account
from realloc.models import PortfolioModel
from realloc.state import PortfolioStateManager
from realloc.trades import compute_portfolio_trades

__all__ = [
    "PortfolioStateManager",
    "calculate_portfolio_positions",
    "calculate_portfolio_positions_from_dicts",
    "calculate_target_shares",
    "calculate_target_shares_from_accounts",
    "compute_portfolio_trades",
]


def calculate_portfolio_positions(
    accounts: Iterable[Account] | Mapping[str, Account],
) -> tuple[dict[str, float], float]:
    """Return the shares of each symbol over all accounts, and all cash.

    Returns
    -------
    positions : dict of str to float
        Shares by symbol.
    total_cash : float
        Dollars.

    Raises
    ------
    InputError
        An amount is not a finite number, or a position is called ``CASH``.
    """
    accounts = listed(accounts)
    require_finite({account.account_number: account.cash for account in accounts}, "cash")
    parts: dict[str, list[float]] = {}
    for account in accounts:
        require_securities(account.positions)
        require_finite(account.positions, "positions")
        for symbol, shares in account.positions.items():
            parts.setdefault(symbol, []).append(shares)
    positions = {symbol: math.fsum(shares) for symbol, shares in parts.items()}
    return positions, math.fsum(account.cash for account in accounts)


def calculate_portfolio_positions_from_dicts(
    dicts: Iterable[Mapping[str, Any]],
) -> tuple[dict[str, float], float]:
    """Return `calculate_portfolio_positions` of accounts in the household document's form.

    Raises
    ------
    InputError
        A dict is not an account, or as `calculate_portfolio_positions`.
    """
    return calculate_portfolio_positions([Account.from_dict(data) for data in dicts])


def calculate_target_shares(
    combined_positions: Mapping[str, float],
    total_cash: float,
    prices: Mapping[str, float],
    model: PortfolioModel,
) -> dict[str, float]:
    """Return the shares of each symbol that bring a portfolio to its model.

    Parameters
    ----------
    combined_positions : mapping of str to float
        Shares by symbol over all accounts.
    total_cash : float
        Dollars over all accounts.
    prices : mapping of str to float
        Dollars per share.
    model : PortfolioModel
        Target weights, scaled to sum to 1. ``CASH`` takes its part of the value and has no shares.

    Returns
    -------
    dict of str to float
        Fractional shares of each symbol of the model, zero where its weight is zero.

    Raises
    ------
    MissingPriceError
        A held or targeted symbol has no price.
    InputError
        A number cannot be used, or the model targets an asset class.

    Examples
    --------
    >>> model = PortfolioModel("Balanced", {"AAPL": 0.5, "GOOG": 0.5})
    >>> calculate_target_shares({"AAPL": 5, "GOOG": 3}, 3000, {"AAPL": 100, "GOOG": 200}, model)
    {'AAPL': 20.5, 'GOOG': 10.25}
    """
    require_finite({"total": total_cash}, "cash")
    value = total_cash + market_value(combined_positions, prices)
    return shares_at_target(value, symbol_weights(model.targets, model.classes), prices)


def calculate_target_shares_from_accounts(
    accounts: Iterable[Account] | Mapping[str, Account], prices: Mapping[str, float], model: PortfolioModel
) -> dict[str, float]:
    """Return the shares of each symbol that bring accounts to the model, or to targets of their own.

    An account with targets of its own counts with those; all others together count with the model.

    Raises
    ------
    MissingPriceError
        A held or targeted symbol has no price.
    InputError
        A number cannot be used, or a target names an asset class.
    """
    accounts = listed(accounts)
    positions, cash = calculate_portfolio_positions(a for a in accounts if not a.targets)
    shares = calculate_target_shares(positions, cash, prices, model)
    for account in accounts:
        if account.targets:
            own = PortfolioModel(account.label, account.targets, classes=model.classes)
            positions, cash = calculate_portfolio_positions([account])
            for symbol, wanted in calculate_target_shares(positions, cash, prices, own).items():
                shares[symbol] = shares.get(symbol, 0.0) + wanted
    return shares
