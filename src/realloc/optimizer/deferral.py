"""Lots that are worth waiting for: gains that soon turn long-term (rules DEFER-1 and DEFER-2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

from realloc.accounts import Account, Lot
from realloc.household import Household
from realloc.optimizer.restriction import Restriction
from realloc.tax.exact import ZERO, exact
from realloc.tax.quotes import exact_bid
from realloc.tax.relief import average_cost, relief_places
from realloc.tax.terms import long_term_from

LAST = date(9998, 12, 30)
"""The last day of a purchase that has a day a year after it."""


def waits_until(household: Household, account: Account, lot: Lot) -> date | None:
    """Return the day on which a lot that DEFER-1 speaks of turns long-term; None for all other lots."""
    tax = household.policy.tax
    if account.kind != "taxable" or lot.symbol not in household.prices or lot.acquired > LAST:
        return None
    if tax.regime != "us":
        return None
    turns = long_term_from(lot.acquired)
    soon = 0 < (turns - household.as_of).days <= tax.defer_days
    if not soon or tax.short_term_rate <= tax.long_term_rate:
        return None
    return turns if gain_per_share(household, account, lot) > 0 else None


def with_deferred(restriction: Restriction, household: Household) -> Restriction:
    """Return the restriction with the lots closed that are kept until they turn long-term (rule DEFER-1)."""
    if not household.policy.tax.defer_days:
        return restriction
    closed = {
        (account.account_number, place)
        for account in household.accounts
        if _reaches_without(household, account, restriction)
        for place, lot in enumerate(account.lots)
        if waits_until(household, account, lot)
    }
    return replace(restriction, closed_lots=restriction.closed_lots | closed)


def gain_per_share(household: Household, account: Account, lot: Lot) -> Fraction:
    """Return the gain on one share of a lot in dollars, from its own basis or its account's average."""
    cost = exact(lot.cost_per_share)
    if account.lot_relief == "average":
        cost = average_cost([one for one in account.lots if one.symbol == lot.symbol])
    return exact_bid(household, lot.symbol) - cost


def _reaches_without(household: Household, account: Account, restriction: Restriction) -> bool:
    """Return whether an account reaches its reserve without a lot that waits, and without a loss (DEFER-1)."""
    cash = exact(account.cash) + exact(account.cash_flow)
    dearest = ZERO
    if cash < exact(account.cash_reserve):
        for symbol, held in account.positions.items():
            number = account.account_number
            if symbol not in household.prices or symbol in account.no_sell or account.do_not_trade:
                continue
            if not restriction.may_sell(number, symbol):
                continue
            cash += _free_shares(household, account, symbol, exact(held)) * exact_bid(household, symbol)
            dearest += exact(household.prices[symbol]) + exact(household.policy.min_trade_value)
            dearest += exact(household.policy.costs.commission)
    return cash - dearest >= exact(account.cash_reserve)


def _free_shares(household: Household, account: Account, symbol: str, held: Fraction) -> Fraction:
    """Return the shares of a position that neither wait nor lose."""
    lots = [lot for lot in account.lots if lot.symbol == symbol]
    if account.kind != "taxable" or not lots:
        return held
    order = list(range(len(lots)))
    if account.lot_relief != "specific":
        bid = exact_bid(household, symbol)
        order = list(
            relief_places(
                lots,
                method=account.lot_relief,
                price=bid,
                sold=household.as_of,
                tax=household.policy.tax,
            )
        )
    free = ZERO
    for lot in (lots[place] for place in order):
        if waits_until(household, account, lot) or gain_per_share(household, account, lot) < 0:
            if account.lot_relief == "specific":
                continue
            break
        free += exact(lot.shares)
    return free
