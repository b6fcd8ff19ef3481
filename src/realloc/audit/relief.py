"""The lots that a broker relieves by a standing order (SELL-3; LOT-1 to LOT-4, LOT-6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from functools import partial

from realloc.accounts import Account, Lot
from realloc.audit.book import Book, Quote
from realloc.audit.exact import ONE, ZERO, exact, ratio
from realloc.audit.terms import is_long_term


def basis(account: Account, lots: Collection[Lot], lot: Lot) -> Decimal:
    """Return the basis of a share of `lot`: its own, or the average of all `lots` (LOT-6)."""
    if account.lot_relief != "average":
        return exact(lot.cost_per_share)
    cost = sum((exact(one.cost_per_share) * exact(one.shares) for one in lots), ZERO)
    return ratio(cost, sum((exact(one.shares) for one in lots), ZERO))


def broker_order(book: Book, account: Account, quote: Quote, lots: Mapping[str, Lot]) -> list[str]:
    """Return the names of `lots` (oldest first) in the order in which the broker relieves them."""
    names = list(lots)
    relief = account.lot_relief
    if relief == "lifo":
        names.reverse()
    elif relief == "hifo":
        names.sort(key=lambda name: exact(lots[name].cost_per_share), reverse=True)
    elif relief == "lowest_tax":
        names.sort(key=partial(_tax, book, quote, lots))
    return names


def relieved(names: Sequence[str], lots: Mapping[str, Lot], shares: Decimal) -> dict[str, Decimal]:
    """Return how many of `shares` come from each lot when `names` are sold out one after the other."""
    taken: dict[str, Decimal] = {}
    for name in names:
        count = min(shares, exact(lots[name].shares))
        if count > 0:
            taken[name] = count
            shares -= count
    return taken


def _tax(book: Book, quote: Quote, lots: Mapping[str, Lot], name: str) -> Decimal:
    rates, lot = book.household.policy.tax, lots[name]
    gain = quote.bid - exact(lot.cost_per_share)
    long = is_long_term(lot.acquired, book.household.as_of)
    due = gain * exact(rates.long_term_rate if long else rates.short_term_rate)
    return due * (exact(rates.loss_value) if gain < 0 else ONE)
