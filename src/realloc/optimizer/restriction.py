"""What a mode of the policy forbids, as a value, and the words that the modes share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from math import fsum, inf

from realloc.accounts import Account
from realloc.household import Household
from realloc.models import CASH
from realloc.optimizer.scopes import Scope, drift_weight

NOISE = 1e-6
"""Dollars by which a range is wider than the rule, so that a value on its end is inside."""

CENT = 0.01
"""Dollars that rounding cash down can take."""

FRACTION = 0.001
"""Step of share counts in a fractional account (rule QTY-1)."""

Pairs = frozenset[tuple[str, str]]
Range = tuple[float, float]

ANYWHERE: Range = (-inf, inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """What a mode forbids.

    Parameters
    ----------
    buys, sells : frozenset of tuple of str, optional
        Account number and symbol of what may be bought and sold, as far as the other rules let it; None: all.
    closed_lots : frozenset of tuple of str and int
        Account number and place in the account's lots of those that may not be sold.
    ranges : tuple of tuple of float
        Least and most dollars in each group after the plan, in the order of the scopes and their groups;
        empty where no group has a range.
    floors, ceilings : mapping of str to float
        Least and most dollars of cash by account number.
    distinct : bool
        A loss sale and a buy of identical symbols exclude each other whatever the policy says of wash sales.
    """

    buys: Pairs | None = None
    sells: Pairs | None = None
    closed_lots: frozenset[tuple[str, int]] = frozenset()
    ranges: tuple[Range, ...] = ()
    floors: Mapping[str, float] = field(default_factory=dict)
    ceilings: Mapping[str, float] = field(default_factory=dict)
    distinct: bool = False

    def may_buy(self, number: str, symbol: str) -> bool:
        """Return whether the mode lets an account buy a symbol."""
        return self.buys is None or (number, symbol) in self.buys

    def may_sell(self, number: str, symbol: str) -> bool:
        """Return whether the mode lets an account sell a symbol."""
        return self.sells is None or (number, symbol) in self.sells


def needs_cash(account: Account) -> bool:
    """Return whether the account is below its reserve before anything is traded."""
    return account.cash + account.cash_flow < account.cash_reserve - NOISE


def one_order(household: Household, symbols: Iterable[str]) -> float:
    """Return the dollars of a least order and a share of the dearest of some symbols."""
    prices = household.prices
    dearest = max((prices[symbol] for symbol in symbols if symbol in prices), default=0.0)
    return dearest + household.policy.min_trade_value


def ceilings(household: Household, accounts: Sequence[Account], part: float = 1.0) -> dict[str, float]:
    """Return the most cash that accounts may end with that sell for their reserve alone.

    That is one order, or `part` of one, above the reserve, and the cent by which cash is rounded down.
    """
    return {
        account.account_number: account.cash_reserve
        + one_order(household, (symbol for symbol, shares in account.positions.items() if shares)) * part
        + CENT
        for account in accounts
    }


def floors(accounts: Sequence[Account]) -> dict[str, float]:
    """Return the cash of accounts, rounded down to the cent, where it must not fall."""
    return {
        account.account_number: float(
            (Decimal(repr(account.cash)) + Decimal(repr(account.cash_flow))).quantize(
                Decimal("0.01"), ROUND_FLOOR
            )
        )
        for account in accounts
    }


def values_before(household: Household, scope: Scope) -> list[float]:
    """Return the dollars in each group of a scope before anything is traded, cash flows counted in (VAL-3)."""
    parts: list[list[float]] = [[] for _ in scope.groups]
    for account in scope.accounts:
        weight = drift_weight(account, household)
        for symbol, shares in account.positions.items():
            for g, share in scope.cover.get(symbol, ()) if shares else ():
                parts[g].append(shares * household.prices[symbol] * share * weight)
        for g, group in enumerate(scope.groups):
            if group.name == CASH:
                parts[g] += [account.cash * weight, account.cash_flow * weight]
    return [fsum(part) for part in parts]
