"""Which account trades: the choice of one account for a portfolio-level trade."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from realloc._shares import TOLERANCE, affordable, listed, require_prices, whole
from realloc.accounts import Account

Accounts = Iterable[Account] | Mapping[str, Account]


def ranked_buyers(
    symbol: str,
    trade_amount: float,
    accounts: Accounts,
    prices: Mapping[str, float],
    cash_matrix: Mapping[str, float],
) -> list[str]:
    """Return the numbers of all accounts that can buy a share, best first.

    Parameters
    ----------
    symbol : str
        What to buy.
    trade_amount : float
        Shares to buy.
    accounts : iterable of Account
        The accounts, or a mapping of them by account number.
    prices : mapping of str to float
        Dollars per share by symbol.
    cash_matrix : mapping of str to float
        Dollars of cash by account number; an account that is absent has none.

    Returns
    -------
    list of str
        First the holders that can pay for all (largest holding first), then the other holders (most cash
        first), then the rest that can pay for all (as listed), then the others (most cash first). Ties go
        by account number.

    Raises
    ------
    MissingPriceError
        The symbol has no price.
    InputError
        Its price is not above zero.
    """
    require_prices(prices, [symbol])
    ranks: list[tuple[int, float, str]] = []
    for place, account in enumerate(listed(accounts)):
        number = account.account_number
        cash = cash_matrix.get(number, 0)
        shares = affordable(cash, prices[symbol])
        if shares < 1:
            continue
        held = account.positions.get(symbol, 0)
        if held > 0:
            ranks.append((0, -held, number) if shares >= trade_amount else (1, -cash, number))
        else:
            ranks.append((2, place, number) if shares >= trade_amount else (3, -cash, number))
    return [number for _, _, number in sorted(ranks)]


def ranked_sellers(symbol: str, trade_amount: float, accounts: Accounts) -> list[str]:
    """Return the numbers of all accounts that hold a whole share, best first.

    Parameters
    ----------
    symbol : str
        What to sell.
    trade_amount : float
        Shares to sell; its sign has no meaning.
    accounts : iterable of Account
        The accounts, or a mapping of them by account number.

    Returns
    -------
    list of str
        First the accounts whose whole position the trade sells out, then the others, which can supply all
        of it; in both the largest holding first, ties by account number.
    """
    most = abs(trade_amount) * (1 + TOLERANCE)
    ranks: list[tuple[bool, float, str]] = []
    for account in listed(accounts):
        held = account.positions.get(symbol, 0)
        if whole(held) >= 1:
            ranks.append((held > most, -held, account.account_number))
    return [number for _, _, number in sorted(ranks)]


def select_account_for_buy_trade(
    symbol: str,
    trade_amount: float,
    accounts: Accounts,
    prices: Mapping[str, float],
    cash_matrix: Mapping[str, float],
) -> str | None:
    """Return the number of the account to buy in: the first of `ranked_buyers`.

    Returns
    -------
    str or None
        None where nobody can pay for one share.

    Raises
    ------
    MissingPriceError, InputError
        As `ranked_buyers`.
    """
    return next(iter(ranked_buyers(symbol, trade_amount, accounts, prices, cash_matrix)), None)


def select_account_for_sell_trade(symbol: str, trade_amount: float, accounts: Accounts) -> str | None:
    """Return the number of the account to sell in: the first of `ranked_sellers`.

    Returns
    -------
    str or None
        None where nobody holds a whole share.
    """
    return next(iter(ranked_sellers(symbol, trade_amount, accounts)), None)


class AccountSelector(Protocol):
    """Whatever chooses accounts as the two functions of this module do."""

    def select_account_for_buy_trade(
        self,
        symbol: str,
        trade_amount: float,
        accounts: Accounts,
        prices: Mapping[str, float],
        cash_matrix: Mapping[str, float],
    ) -> str | None:
        """Return the number of the account to buy in, or None."""

    def select_account_for_sell_trade(
        self, symbol: str, trade_amount: float, accounts: Accounts
    ) -> str | None:
        """Return the number of the account to sell in, or None."""


class TaxAwareSelector:
    """Sells in taxable accounts first and buys in tax-deferred accounts first.

    Parameters
    ----------
    tax_deferred_accounts : iterable of str
        Numbers of the tax-deferred accounts; all others are taxable.
    """

    def __init__(self, tax_deferred_accounts: Iterable[str]) -> None:
        self.tax_deferred_accounts = frozenset(tax_deferred_accounts)

    def select_account_for_buy_trade(
        self,
        symbol: str,
        trade_amount: float,
        accounts: Accounts,
        prices: Mapping[str, float],
        cash_matrix: Mapping[str, float],
    ) -> str | None:
        """Return the number of the account to buy in: tax-deferred ones that can pay for a share come first.

        Within each kind the order is that of `select_account_for_buy_trade`.

        Raises
        ------
        MissingPriceError, InputError
            As `ranked_buyers`.
        """
        ranked = ranked_buyers(symbol, trade_amount, accounts, prices, cash_matrix)
        return min(ranked, key=lambda number: number not in self.tax_deferred_accounts, default=None)

    def select_account_for_sell_trade(
        self, symbol: str, trade_amount: float, accounts: Accounts
    ) -> str | None:
        """Return the number of the account to sell in: taxable ones that hold a whole share come first.

        Within each kind the order is that of `select_account_for_sell_trade`.
        """
        ranked = ranked_sellers(symbol, trade_amount, accounts)
        return min(ranked, key=lambda number: number in self.tax_deferred_accounts, default=None)
