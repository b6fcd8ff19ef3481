"""The modes as restrictions of the one problem: what may be bought and sold, and where values may end.

Rules MODE-1 to MODE-6. A mode closes pairs of account and symbol, closes lots, and sets ranges for the values of
groups and for cash. The objective stays what it is, and so does the engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from realloc.accounts import Account
from realloc.household import Household

REACH = {"edge": 1.0, "midpoint": 0.5, "target": 0.0}
"""Where a class may be brought back to, in widths of its band from the target."""

NOISE = 1e-6
"""Dollars by which a range is wider than the rule, so that a value on its end is inside."""

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


NONE = Restriction()


def restrict(household: Household) -> Restriction:
    """Return what the policy's mode forbids; see the rules MODE-1 to MODE-6."""
    policy = household.policy
    mode = policy.mode
    if mode == "hold":
        return Restriction(buys=frozenset(), sells=frozenset())
    if mode == "invest_cash":
        return Restriction(sells=frozenset())
    if mode == "raise_cash":
        return _raise_cash(household)
    if mode == "partial" and policy.partial is not None:
        numbers = [account.account_number for account in household.accounts]
        return Restriction(
            buys=frozenset((number, policy.partial.buy) for number in numbers),
            sells=frozenset((number, policy.partial.sell) for number in numbers),
        )
    return NONE


def needs_cash(account: Account) -> bool:
    """Return whether the account is below its reserve before anything is traded."""
    return account.cash + account.cash_flow < account.cash_reserve - NOISE


def one_order(household: Household, symbols: Sequence[str]) -> float:
    """Return the dollars of a least order and a share of the dearest of some symbols."""
    prices = household.prices
    dearest = max((prices[symbol] for symbol in symbols if symbol in prices), default=0.0)
    return dearest + household.policy.min_trade_value


def _held(account: Account) -> list[str]:
    return [symbol for symbol, shares in account.positions.items() if shares]


def _raise_cash(household: Household) -> Restriction:
    """Return rule MODE-4: no buys; sales where cash is needed, and hardly more than that."""
    needy = [account for account in household.accounts if needs_cash(account)]
    return Restriction(
        buys=frozenset(),
        sells=frozenset((account.account_number, symbol) for account in needy for symbol in _held(account)),
        ceilings=_ceilings(household, needy),
    )


def _ceilings(household: Household, needy: Sequence[Account]) -> dict[str, float]:
    return {
        account.account_number: account.cash_reserve + one_order(household, _held(account)) + NOISE
        for account in needy
    }
