"""What waiting until a lot turns long-term saves, in words (rule DEFER-2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from realloc.accounts import lot_ids
from realloc.errors import Issue
from realloc.household import Household
from realloc.optimizer.deferral import gain_per_share, waits_until
from realloc.optimizer.words import usd
from realloc.tax.exact import ZERO, exact
from realloc.trades import Trade

LEAST = 1.0
"""Dollars: a saving below this is not spoken of."""


def savings(household: Household, trades: tuple[Trade, ...]) -> Iterator[Issue]:
    """Yield for each position and day what waiting for it saves, or would have saved (rule DEFER-2)."""
    tax = household.policy.tax
    if not tax.defer_days:
        return
    rates = exact(tax.short_term_rate) - exact(tax.long_term_rate)
    sold = {(trade.account_id, lot.id): lot.shares for trade in trades for lot in trade.lots}
    for account in sorted(household.accounts, key=lambda account: account.account_number):
        number, names = account.account_number, lot_ids(account)
        found: dict[tuple[str, date, bool], Fraction] = {}
        for name, lot in zip(names, account.lots, strict=True):
            until = waits_until(household, account, lot)
            if until is None:
                continue
            gone = exact(sold.get((number, name), 0.0))
            each = gain_per_share(household, account, lot) * rates
            for is_sold, shares in ((True, gone), (False, exact(lot.shares) - gone)):
                key = (lot.symbol, until, is_sold)
                found[key] = found.get(key, ZERO) + each * shares
        for (symbol, until, is_sold), saved in sorted(found.items()):
            if saved < LEAST:
                continue
            waits = f"waiting until {until} saves {usd(float(saved))} of tax on {symbol}"
            if is_sold:
                waits = (
                    f"waiting until {until} would save {usd(float(saved))} of tax on {symbol}, "
                    "but nothing else reaches the reserve"
                )
            yield Issue(
                code="tax.defer",
                where=f"accounts[{number}].positions.{symbol}",
                message=waits,
                hint="" if is_sold else "at today's price; its lots turn long-term on that day",
                severity="info",
            )
