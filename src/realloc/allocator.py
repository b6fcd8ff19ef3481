"""What each account holds and what it should hold, account by account."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from realloc._shares import listed, market_value, require_prices, shares_at_target, symbol_weights
from realloc.accounts import Account
from realloc.models import CASH, PortfolioModel
from realloc.selectors import AccountSelector


class PortfolioAllocator:
    """Current and target allocations of accounts.

    Weights are relative to the account's own value. An account with targets of its own follows them, every
    other one the model. Nothing is traded and no account changes.

    Parameters
    ----------
    accounts : iterable of Account
        The accounts, or a mapping of them by account number.
    model : PortfolioModel
        Target weights by symbol and for ``CASH``, scaled to sum to 1.
    prices : mapping of str to float
        Dollars per share by symbol.
    selector : AccountSelector, optional
        Who chooses accounts; kept for those who place trades with this allocator.

    Raises
    ------
    MissingPriceError
        A `KeyError`, from every method that needs a value: a held or targeted symbol has no price.
    InputError
        From the same methods: an amount or price cannot be used, or a target names an asset class.
    """

    def __init__(
        self,
        accounts: Iterable[Account] | Mapping[str, Account],
        model: PortfolioModel,
        prices: Mapping[str, float],
        selector: AccountSelector | None = None,
    ) -> None:
        self.accounts = listed(accounts)
        self.model = model
        self.prices = dict(prices)
        self.selector = selector

    def compute_account_values(self) -> dict[str, float]:
        """Return cash and positions in dollars, by account number."""
        return {
            account.account_number: account.cash + market_value(account.positions, self.prices)
            for account in self.accounts
        }

    @property
    def total_portfolio_value(self) -> float:
        """Cash and positions of all accounts in dollars."""
        return math.fsum(self.compute_account_values().values())

    def get_account_positions(self) -> dict[str, dict[str, float]]:
        """Return shares by account number and symbol."""
        return {account.account_number: dict(account.positions) for account in self.accounts}

    def get_current_allocations(self) -> dict[str, dict[str, float]]:
        """Return weights by account number and symbol, cash as ``CASH``; all zero without any value."""
        allocations = {}
        for account, value in zip(self.accounts, self.compute_account_values().values(), strict=True):
            dollars = {
                symbol: shares * self.prices[symbol] if shares else 0.0
                for symbol, shares in account.positions.items()
            } | {CASH: account.cash}
            allocations[account.account_number] = {
                symbol: amount / value if value else 0.0 for symbol, amount in dollars.items()
            }
        return allocations

    def compute_target_allocations(self) -> dict[str, dict[str, float]]:
        """Return target weights that sum to 1, by account number and symbol."""
        allocations = {}
        for account in self.accounts:
            weights = symbol_weights(account.targets or self.model.targets, self.model.classes)
            require_prices(self.prices, (name for name in weights if weights[name] and name != CASH))
            allocations[account.account_number] = weights
        return allocations

    def compute_target_positions(self) -> dict[str, dict[str, float]]:
        """Return fractional target shares by account number and symbol; ``CASH`` has none."""
        values = self.compute_account_values()
        return {
            number: shares_at_target(values[number], weights, self.prices)
            for number, weights in self.compute_target_allocations().items()
        }

    def get_allocation_differences(self) -> dict[str, dict[str, tuple[float, float]]]:
        """Return current and target weight by account number and symbol, for all symbols of either."""
        current = self.get_current_allocations()
        return {
            number: {
                symbol: (current[number].get(symbol, 0.0), target.get(symbol, 0.0))
                for symbol in sorted(current[number].keys() | target.keys())
            }
            for number, target in self.compute_target_allocations().items()
        }
