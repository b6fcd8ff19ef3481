"""The state of a portfolio while its trades are decided: accounts, prices, and what remains to trade."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import replace
from typing import Any, Self

from realloc._shares import (
    TOLERANCE,
    listed,
    market_value,
    require_finite,
    require_prices,
    require_securities,
    settled,
)
from realloc._snapshot import CashMatrix, read_snapshot, require_usable
from realloc.accounts import Account
from realloc.errors import InputError
from realloc.models import CASH
from realloc.plugins.core.base import TradeValidator
from realloc.plugins.core.engine import ValidationEngine
from realloc.trades import Trade, TradeInfo, compute_portfolio_trades


class PortfolioStateManager:
    """Accounts with their prices and the portfolio-level trades that remain.

    The state works on copies: accounts that are passed in never change.

    Parameters
    ----------
    accounts : iterable of Account
        Accounts with numbers that differ, or a mapping of them by account number.
    prices : mapping of str to float
        Dollars per share by symbol.
    portfolio_trades : mapping of str to float, optional
        Shares to trade over all accounts, by symbol; negative sells.
    min_trade_quantity : float
        Portfolio-level trades of fewer shares are zero.

    Attributes
    ----------
    accounts : dict of str to Account
        The state's own accounts, by account number.
    prices : dict of str to float
        Dollars per share by symbol.
    validation_engine : ValidationEngine
        The validators that `validate_trade` asks.

    Raises
    ------
    InputError
        A price is not a finite number above zero, an amount of an account is not finite, an account number
        occurs twice, or a position is called ``CASH``.
    """

    def __init__(
        self,
        accounts: Iterable[Account] | Mapping[str, Account],
        prices: Mapping[str, float],
        portfolio_trades: Mapping[str, float] | None = None,
        min_trade_quantity: float = 0,
    ) -> None:
        accounts = listed(accounts)
        require_usable(accounts)
        require_prices(prices, prices)
        require_finite({"min_trade_quantity": min_trade_quantity}, "state")
        self.accounts = {account.account_number: replace(account) for account in accounts}
        self.prices = dict(prices)
        self.min_trade_quantity = min_trade_quantity
        self.validation_engine = ValidationEngine()
        self.portfolio_trades = portfolio_trades or {}

    @property
    def portfolio_trades(self) -> dict[str, float]:
        """Shares that remain to trade over all accounts, by symbol.

        An assigned mapping is copied, without ``CASH``; trades below `min_trade_quantity` become zero.
        """
        return self._portfolio_trades

    @portfolio_trades.setter
    def portfolio_trades(self, trades: Mapping[str, float]) -> None:
        require_finite(trades, "portfolio_trades")
        self._portfolio_trades = {
            symbol: shares if abs(shares) >= self.min_trade_quantity else 0
            for symbol, shares in trades.items()
            if symbol != CASH
        }

    @property
    def cash_matrix(self) -> MutableMapping[str, float]:
        """Cash in dollars by account number: a view of the accounts."""
        return CashMatrix(self.accounts)

    @property
    def model_only(self) -> dict[str, float]:
        """The portfolio-level trades in symbols that no account holds."""
        held = {symbol for account in self.accounts.values() for symbol, n in account.positions.items() if n}
        return {symbol: n for symbol, n in self.portfolio_trades.items() if n and symbol not in held}

    def update(self, trades: Iterable[Trade]) -> None:
        """Apply trades to positions and cash at the state's prices: all of them, or none where one fails.

        What was traded is taken as a fact, whatever cash it leaves; `is_trade_feasible` asks beforehand.

        Parameters
        ----------
        trades : iterable of Trade
            Account-level trades; negative shares sell.

        Raises
        ------
        MissingPriceError
            A traded symbol has no price.
        InputError
            An account is unknown, a number of shares is not finite, ``CASH`` is traded, or a position
            becomes negative in an account that forbids it.
        """
        shares: dict[tuple[str, str], list[float]] = {}
        for trade in trades:
            self._require_applicable(trade)
            shares.setdefault((trade.account_id, trade.symbol), []).append(trade.shares)
        after: dict[tuple[str, str], float] = {}
        spent: dict[str, list[float]] = {}
        for (number, symbol), parts in shares.items():
            account = self.accounts[number]
            bought = sum(parts)
            after[number, symbol] = settled(account.positions.get(symbol, 0), bought)
            spent.setdefault(number, []).append(bought * self.prices[symbol])
            if after[number, symbol] < 0 and account.enforce_no_negative_positions:
                raise InputError(
                    f"Account {account.label!r} would hold {after[number, symbol]:g} shares of {symbol}: "
                    "negative positions are not allowed"
                )
        for (number, symbol), held in after.items():
            self.accounts[number].positions[symbol] = held
        for number, dollars in spent.items():
            self.accounts[number].cash = settled(self.accounts[number].cash, -math.fsum(dollars))

    def _require_applicable(self, trade: Trade) -> None:
        if trade.account_id not in self.accounts:
            raise InputError(f"Unknown account {trade.account_id!r}")
        if not math.isfinite(trade.shares):
            raise InputError(f"A trade of {trade.shares} shares of {trade.symbol} is not a number")
        if trade.symbol not in self.prices or trade.symbol == CASH:
            require_securities([trade.symbol])
            require_prices(self.prices, [trade.symbol])

    def update_portfolio_trades(self, target_shares: Mapping[str, float], cleanup_zeros: bool = True) -> None:
        """Set `portfolio_trades` to the whole shares that are missing to target shares.

        Parameters
        ----------
        target_shares : mapping of str to float
            Wanted shares by symbol over all accounts; a held symbol that is absent is not wanted.
        cleanup_zeros : bool
            Leave out symbols with nothing to trade.

        Raises
        ------
        InputError
            A number of shares is not finite.
        """
        self.portfolio_trades = compute_portfolio_trades(
            self.reconcile_positions(), target_shares, min_trade_quantity=self.min_trade_quantity
        )
        if cleanup_zeros:
            self.cleanup_zero_trades()

    def cleanup_zero_trades(self) -> None:
        """Forget the portfolio-level trades of zero shares."""
        self.portfolio_trades = {symbol: n for symbol, n in self.portfolio_trades.items() if n}

    def get_total_portfolio_value(self) -> float:
        """Return cash and positions of all accounts in dollars.

        Raises
        ------
        MissingPriceError
            A held symbol has no price.
        """
        cash = math.fsum(account.cash for account in self.accounts.values())
        return cash + market_value(self.reconcile_positions(), self.prices)

    def is_trade_feasible(self, account_id: str, symbol: str, quantity: float) -> bool:
        """Return whether an account can make a trade: it has the cash for a buy, or the shares for a sale.

        In an unknown account, or without a price, no trade is feasible.
        """
        if account_id not in self.accounts or symbol not in self.prices or symbol == CASH:
            return False
        if quantity < 0:
            held = self.accounts[account_id].positions.get(symbol, 0)
            return settled(held, quantity) >= 0
        return self.has_sufficient_cash(account_id, quantity * self.prices[symbol])

    def reconcile_positions(self) -> dict[str, float]:
        """Return the shares of each symbol over all accounts."""
        parts: dict[str, list[float]] = {}
        for account in self.accounts.values():
            for symbol, shares in account.positions.items():
                parts.setdefault(symbol, []).append(shares)
        return {symbol: math.fsum(shares) for symbol, shares in parts.items()}

    def get_account_summary(self) -> list[dict[str, Any]]:
        """Return ``account_id``, ``label``, ``cash``, ``positions`` and ``total_value`` of each account.

        Raises
        ------
        MissingPriceError
            A held symbol has no price.
        """
        return [
            {
                "account_id": number,
                "label": account.label,
                "cash": account.cash,
                "positions": dict(account.positions),
                "total_value": account.cash + market_value(account.positions, self.prices),
            }
            for number, account in self.accounts.items()
        ]

    def has_sufficient_cash(self, account_id: str, amount: float) -> bool:
        """Return whether an account is known and has `amount` dollars of cash."""
        if account_id not in self.accounts:
            return False
        cash = self.accounts[account_id].cash
        return amount <= cash + TOLERANCE * abs(cash)

    def adjust_cash(self, account_id: str, amount: float) -> None:
        """Add dollars to the cash of an account; a negative amount takes them.

        Raises
        ------
        InputError
            The account is unknown, the amount is not finite, or the account has less than is taken.
        """
        if account_id not in self.accounts:
            raise InputError(f"Unknown account {account_id!r}")
        if not math.isfinite(amount):
            raise InputError(f"Cannot change cash by {amount}: it is not a number")
        account = self.accounts[account_id]
        if amount < 0 and not self.has_sufficient_cash(account_id, -amount):
            raise InputError(
                f"Account {account.label!r} has {account.cash:.2f} dollars, less than {-amount:.2f}"
            )
        account.cash = settled(account.cash, amount)

    def add_validator(self, name: str | TradeValidator, **kwargs: Any) -> None:
        """Add a validator by its plugin name, with the arguments of its constructor, or an instance.

        Raises
        ------
        PluginNotFoundError, PluginLoadError, TypeError
            As `ValidationEngine.add_validator`.
        """
        self.validation_engine.add_validator(name, **kwargs)

    def validate_trade(self, account_id: str, symbol: str, quantity: float) -> tuple[bool, str]:
        """Ask the validators about a trade.

        Returns
        -------
        ok : bool
            False in an unknown account, without a price, or where a validator refuses.
        reason : str
            Why it is refused; empty where it is not.
        """
        account = self.accounts.get(account_id)
        if account is None:
            return False, "Unknown account"
        if symbol not in self.prices:
            return False, f"No price for {symbol}"
        info = TradeInfo(
            symbol,
            quantity,
            self.prices[symbol],
            current_position=account.positions.get(symbol, 0),
            account_balance=account.cash,
        )
        return self.validation_engine.validate_trade(info)

    def to_dict(self) -> dict[str, Any]:
        """Return prices, trades, cash and positions; validators and what else accounts have stay out."""
        return {
            "prices": dict(self.prices),
            "portfolio_trades": dict(self.portfolio_trades),
            "min_trade_quantity": self.min_trade_quantity,
            "cash_matrix": dict(self.cash_matrix),
            "positions": {number: dict(account.positions) for number, account in self.accounts.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], accounts: Iterable[Account] | Mapping[str, Account]) -> Self:
        """Build a state from `to_dict` and its accounts.

        Parameters
        ----------
        data : mapping
            What `to_dict` returned; only ``prices`` must be there.
        accounts : iterable of Account
            The accounts. Where `data` has their cash and positions, those count.

        Raises
        ------
        InputError
            `data` cannot be used, or names an account that is not in `accounts`.
        """
        return cls(*read_snapshot(data, listed(accounts)))
