"""What a portfolio's state is made of: accounts that can be used, their cash, and its form as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import replace
from typing import Any

from realloc._reading import Table
from realloc._shares import require_finite, require_securities
from realloc.accounts import Account
from realloc.errors import InputError, Issue


class CashMatrix(MutableMapping[str, float]):
    """The cash of accounts by account number: a live view, so that the two cannot differ."""

    __slots__ = ("_accounts",)

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self._accounts = accounts

    def __getitem__(self, account_id: str) -> float:
        return self._accounts[account_id].cash

    def __setitem__(self, account_id: str, cash: float) -> None:
        self._accounts[account_id].cash = cash

    def __delitem__(self, account_id: str) -> None:
        raise TypeError("an account always has its cash")

    def __iter__(self) -> Iterator[str]:
        return iter(self._accounts)

    def __len__(self) -> int:
        return len(self._accounts)

    def __repr__(self) -> str:
        return repr(dict(self))


def read_snapshot(
    data: Mapping[str, Any], accounts: list[Account]
) -> tuple[list[Account], dict[str, float], dict[str, float], float]:
    """Return accounts, prices, portfolio-level trades and their least quantity.

    Raises
    ------
    InputError
        The data cannot be used, or names an account that is not in `accounts`.
    """
    issues: list[Issue] = []
    known = ("prices", "portfolio_trades", "min_trade_quantity", "cash_matrix", "positions")
    table = Table(data, "", issues, known)
    prices = table.amounts("prices")
    trades = table.amounts("portfolio_trades", {})
    least = table.number("min_trade_quantity", 0, least=0)
    cash = table.amounts("cash_matrix", {})
    positions_table = table.table("positions")
    positions = {number: positions_table.amounts(number) for number, _ in positions_table.entries()}
    numbers = {account.account_number for account in accounts}
    for number in sorted((cash.keys() | positions.keys()) - numbers):
        table.fault("account.unknown", "", f"account {number!r} is not among the accounts")
    if issues:
        raise InputError(issues)
    restored = [
        replace(
            account,
            cash=cash.get(account.account_number, account.cash),
            positions=positions.get(account.account_number, account.positions),
        )
        for account in accounts
    ]
    return restored, prices, trades, least


def require_usable(accounts: list[Account]) -> None:
    """Refuse accounts that cannot be told apart, or whose amounts cannot be used.

    Raises
    ------
    InputError
        A number occurs twice, an amount is not finite, or a position is called ``CASH``.
    """
    counts = Counter(account.account_number for account in accounts)
    twice = sorted(number for number, count in counts.items() if count > 1)
    if twice:
        raise InputError(
            Issue(
                code="account.duplicate",
                where="accounts",
                message=f"account number {number!r} occurs {counts[number]} times",
                hint="give each account a number of its own",
            )
            for number in twice
        )
    for n, account in enumerate(accounts):
        require_finite({"cash": account.cash}, f"accounts[{n}]")
        require_securities(account.positions)
        require_finite(account.positions, f"accounts[{n}].positions")
