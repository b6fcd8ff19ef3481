"""Harvesting losses: which lots may be sold for their loss, and what replaces them (rules HARV-1 to HARV-5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import inf

from realloc.accounts import Account, Lot
from realloc.household import Household
from realloc.models import CASH
from realloc.modes import Harvest
from realloc.optimizer.restriction import (
    ANYWHERE,
    NOISE,
    Range,
    Restriction,
    floors,
    needs_cash,
    one_order,
    values_before,
)
from realloc.optimizer.scopes import Scope
from realloc.tax.history import identities

CENT = 0.01
"""Dollars above its target by which a group is above it."""

Places = frozenset[tuple[str, int]]


def loss_per_share(household: Household, lot: Lot) -> Decimal:
    """Return what a share of a lot loses at the bid, dollars; negative for a gain."""
    half = Decimal(repr(household.spread_bps(lot.symbol))) / 20_000
    bid = Decimal(repr(household.prices[lot.symbol])) * (1 - half)
    return Decimal(repr(lot.cost_per_share)) - bid


def is_harvestable(household: Household, lot: Lot, thresholds: Harvest) -> bool:
    """Return whether the loss of a whole lot reaches both thresholds (rule HARV-1)."""
    loss = loss_per_share(household, lot)
    return (
        loss > 0
        and loss * Decimal(repr(lot.shares)) >= Decimal(repr(thresholds.min_loss))
        and loss >= Decimal(repr(lot.cost_per_share)) * Decimal(repr(thresholds.min_loss_fraction))
    )


def _lots(household: Household, account: Account) -> Iterator[tuple[int, Lot]]:
    """Yield the lots that realize a gain or a loss when they are sold, with their places."""
    if account.kind == "taxable" and not account.do_not_trade:
        for place, lot in enumerate(account.lots):
            if lot.symbol in household.prices and lot.symbol not in account.no_sell:
                yield place, lot


def harvestable(household: Household, account: Account, thresholds: Harvest) -> list[tuple[int, Lot]]:
    """Return the lots of an account that rule HARV-1 names, with their places in its list."""
    return [
        (place, lot) for place, lot in _lots(household, account) if is_harvestable(household, lot, thresholds)
    ]


def replacements(household: Household, scope: Scope, account: Account, symbol: str) -> set[str]:
    """Return what the account may buy instead of a symbol: of one of its classes, and not identical."""
    name = identities(household.policy.wash_sales.identical)
    alike = {
        other
        for group in scope.groups
        if group.target > 0 and symbol in group.members
        for other, share in group.members.items()
        if share > 0 and other in scope.wanted and other in household.prices
    }
    if account.only is not None:
        alike &= set(account.only)
    return {
        other for other in alike - set(account.no_buy) if name.get(other, other) != name.get(symbol, symbol)
    }


def only_harvest(household: Household, scopes: Sequence[Scope], thresholds: Harvest) -> Restriction:
    """Return rules HARV-2 to HARV-4: sales of harvestable lots, each replaced in its account and class."""
    buys: set[tuple[str, str]] = set()
    sells: set[tuple[str, str]] = set()
    closed: set[tuple[str, int]] = set()
    ranges: list[Range] = []
    for scope in scopes:
        slack = 0.0
        for account in scope.accounts:
            number = account.account_number
            lots = [] if needs_cash(account) else harvestable(household, account, thresholds)
            instead = {lot.symbol: replacements(household, scope, account, lot.symbol) for _, lot in lots}
            bought = set().union(*instead.values())
            buys |= {(number, symbol) for symbol in bought}
            sells |= {(number, symbol) for symbol, others in instead.items() if others}
            open_places = {place for place, _ in lots}
            closed |= {(number, place) for place in range(len(account.lots)) if place not in open_places}
            slack += one_order(household, bought) if bought else 0.0
        ranges += _kept(household, scope, slack)
    return Restriction(
        buys=frozenset(buys),
        sells=frozenset(sells),
        closed_lots=frozenset(closed),
        ranges=tuple(ranges),
        floors=floors([account for account in household.accounts if not needs_cash(account)]),
        distinct=True,
    )


def _kept(household: Household, scope: Scope, slack: float) -> Iterator[Range]:
    """Yield ranges that keep each class where it is, and never leave it out of its band."""
    worth = max(scope.value, 0.0)
    for group, before in zip(scope.groups, values_before(household, scope), strict=True):
        if group.name == CASH:
            yield ANYWHERE
            continue
        target, width = group.target * scope.value, group.band * worth
        low, high = before - slack, before + slack
        if target - width <= before <= target + width:
            low, high = max(low, target - width), min(high, target + width)
        yield low - NOISE, high + NOISE


def also_harvest(household: Household, scopes: Sequence[Scope], thresholds: Harvest) -> Restriction:
    """Return rules HARV-3 to HARV-5: a full plan that takes no small losses for their own sake."""
    closed: set[tuple[str, int]] = set()
    ranges: list[Range] = []
    for scope in scopes:
        before = values_before(household, scope)
        above = [
            value - group.target * scope.value > CENT
            for group, value in zip(scope.groups, before, strict=True)
        ]
        needy = any(needs_cash(account) for account in scope.accounts)
        harvested: set[str] = set()
        for account in scope.accounts:
            harvested |= {lot.symbol for _, lot in harvestable(household, account, thresholds)}
            closed |= set() if needs_cash(account) else _small(household, scope, account, above, thresholds)
        for group, value in zip(scope.groups, before, strict=True):
            edge = group.target * scope.value - group.band * max(scope.value, 0.0)
            free = needy or group.name == CASH or not harvested & group.members.keys()
            yield_low = -inf if free else min(value, edge) - NOISE
            ranges.append((yield_low, inf))
    return Restriction(closed_lots=frozenset(closed), ranges=tuple(ranges), distinct=True)


def _small(
    household: Household, scope: Scope, account: Account, above: Sequence[bool], thresholds: Harvest
) -> set[tuple[str, int]]:
    """Return the lots at a loss that is too small, of symbols that count in no group above its target."""
    return {
        (account.account_number, place)
        for place, lot in _lots(household, account)
        if loss_per_share(household, lot) > 0
        and not is_harvestable(household, lot, thresholds)
        and not any(above[g] for g, _ in scope.cover.get(lot.symbol, ()))
    }
