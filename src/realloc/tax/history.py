"""Purchases and sales, past and planned, and whose purchases deny a loss: what a ledger starts from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from realloc.accounts import AccountKind
from realloc.errors import InputError, Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Shares bought together; a reinvested dividend is a purchase like any other.

    Parameters
    ----------
    account_number, id : str
        Where, and the name of the lot in that account.
    symbol : str
        What.
    shares, cost_per_share : float or Fraction
        Shares, more than zero, and dollars per share.
    bought : datetime.date
        Trade date.
    owner : str
        Whose account it is.
    kind : {"taxable", "tax_deferred", "tax_exempt"}
        How the account is taxed.
    """

    account_number: str
    id: str
    symbol: str
    shares: float | Fraction
    cost_per_share: float | Fraction
    bought: date
    owner: str = ""
    kind: AccountKind = "taxable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """Shares sold.

    Parameters
    ----------
    account_number, symbol : str
        Where and what.
    shares, price : float or Fraction
        Shares, more than zero, and dollars per share received.
    sold : datetime.date
        Trade date.
    lot : str
        Id of the purchase that it takes; empty: first in, first out.
    reported : bool
        The broker has reported this sale: a loss that it denied for a purchase of the same symbol in the same
        account is already in the cost of that purchase.
    """

    account_number: str
    symbol: str
    shares: float | Fraction
    price: float | Fraction
    sold: date
    lot: str = ""
    reported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DenialRules:
    """Whose purchases of what deny a loss.

    Parameters
    ----------
    window_days : int
        Days before and after the sale.
    identical : tuple of tuple of str
        Groups of symbols that count as one, directly or through others.
    unrelated_owners : frozenset of str
        Owners whose trades concern nobody else; all others count together.
    uncounted_accounts : frozenset of str
        Accounts whose purchases deny no loss, such as a 401(k) where the user takes that position.
    """

    window_days: int = 30
    identical: tuple[tuple[str, ...], ...] = ()
    unrelated_owners: frozenset[str] = frozenset()
    uncounted_accounts: frozenset[str] = frozenset()

    def related(self, one: str, other: str) -> bool:
        """Return whether a purchase by one owner can deny the other's loss."""
        return one == other or not {one, other} & self.unrelated_owners


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that a regime may look at: purchases and sales, past and planned, and the rules of denial."""

    purchases: tuple[Purchase, ...]
    sales: tuple[Sale, ...]
    rules: DenialRules


def identities(groups: Iterable[Sequence[str]]) -> Mapping[str, str]:
    """Return for each symbol of `groups` the one name of all that are identical with it (rule WASH-0).

    Parameters
    ----------
    groups : iterable of sequence of str
        Groups that share a symbol are one. A symbol in no group stands for itself.

    Examples
    --------
    >>> identities([["VTI", "VTSAX"], ["VTSAX", "ITOT"]])["VTI"]
    'ITOT'
    """
    members: dict[str, set[str]] = {}
    for group in groups:
        joined = set(group).union(*(members.get(symbol, ()) for symbol in group))
        members |= dict.fromkeys(joined, joined)
    return {symbol: min(joined) for symbol, joined in members.items()}


def shifted(day: date, days: int) -> date:
    """Return the day so many days later, or earlier where that is negative, no further than the calendar goes."""
    return date.fromordinal(min(date.max.toordinal(), max(1, day.toordinal() + days)))


def check_history(history: History) -> None:
    """Check what a ledger relies on.

    Raises
    ------
    InputError
        Two purchases in one account have one id, or shares are not positive.
    """
    seen: set[tuple[str, str]] = set()
    issues = []
    trades: tuple[Purchase | Sale, ...] = (*history.purchases, *history.sales)
    for trade in trades:
        place = f"{trade.account_number}/{trade.symbol}"
        if not trade.shares > 0:
            message = f"expected shares above zero, found {float(trade.shares):g}"
            issues.append(Issue(code="ledger.shares", where=place, message=message))
    for purchase in history.purchases:
        key = (purchase.account_number, purchase.id)
        if key in seen:
            message = f"two purchases in account {key[0]!r} have the id {key[1]!r}"
            issues.append(Issue(code="ledger.duplicate", where="/".join(key), message=message))
        seen.add(key)
    if issues:
        raise InputError(issues)
