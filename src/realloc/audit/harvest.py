"""Harvesting as the HARV rules define it."""

from __future__ import annotations

from collections.abc import Iterator

from realloc.accounts import Account, Lot
from realloc.audit.book import Book
from realloc.audit.exact import CENT, ZERO, exact
from realloc.audit.identity import identities
from realloc.audit.lots import Order
from realloc.audit.standing import Limits, Standing, is_short, one_order
from realloc.errors import Issue
from realloc.modes import Harvest


def is_harvestable(book: Book, account: Account, lot: Lot, thresholds: Harvest) -> bool:
    """Whether a lot may be sold for its loss (HARV-1)."""
    if account.kind != "taxable" or account.do_not_trade or lot.symbol in account.no_sell:
        return False
    quote = book.quotes.get(lot.symbol)
    if quote is None:
        return False
    cost = exact(lot.cost_per_share)
    loss = cost - quote.bid
    return (
        loss > 0
        and loss * exact(lot.shares) >= exact(thresholds.min_loss)
        and loss >= cost * exact(thresholds.min_loss_fraction)
    )


def harvestable(book: Book, account: Account, thresholds: Harvest) -> set[str]:
    """Return the symbols of which an account holds a harvestable lot."""
    return {lot.symbol for lot in account.lots if is_harvestable(book, account, lot, thresholds)}


def replacements(book: Book, account: Account, symbol: str) -> set[str]:
    """Return what an account may buy instead of a symbol (HARV-2)."""
    name = identities(book.household.policy.wash_sales.identical)
    scope = book.scope_of(account)
    found: set[str] = set()
    for group in scope.groups:
        if group.shares and group.weight > 0 and group.shares.get(symbol):
            found |= set(group.shares) & scope.wanted & book.quotes.keys()
    if account.only is not None:
        found &= set(account.only)
    found -= set(account.no_buy)
    return {other for other in found if name.get(other, other) != name.get(symbol, symbol)}


def all_replacements(book: Book, account: Account, thresholds: Harvest) -> set[str]:
    """Return what an account may buy in the mode ``harvest``."""
    if is_short(book, account):
        return set()
    symbols = harvestable(book, account, thresholds)
    return set().union(*(replacements(book, account, symbol) for symbol in symbols))


def keeping_limits(book: Book, standing: Standing, thresholds: Harvest) -> dict[tuple[str, str], Limits]:
    """Return where the mode ``harvest`` lets the groups of a scope end (HARV-4)."""
    scope = standing.scope
    slack = ZERO
    for account in book.accounts.values():
        bought = all_replacements(book, account, thresholds) if book.scope_of(account) is scope else set()
        slack += one_order(book, bought) * scope.total_weight if bought else ZERO
    limits = {}
    for group, before, _ in standing.places:
        low, high = before - slack, before + slack
        if abs(before - group.target) <= group.band:
            low, high = max(low, group.target - group.band), min(high, group.target + group.band)
        limits[scope.account, group.name] = (
            Limits(low, high) if group.shares is not None else Limits(None, None)
        )
    return limits


def edge_limits(book: Book, standing: Standing, thresholds: Harvest) -> dict[tuple[str, str], Limits]:
    """Return where harvesting in a full plan lets the groups of a scope end (HARV-4)."""
    scope = standing.scope
    harvested: set[str] = set()
    for account in book.accounts.values():
        if book.scope_of(account) is scope:
            harvested |= harvestable(book, account, thresholds)
    return {
        (scope.account, group.name): Limits(min(before, group.target - group.band), None)
        if group.shares is not None and not standing.needy and harvested & group.shares.keys()
        else Limits(None, None)
        for group, before, _ in standing.places
    }


def check_lots(book: Book, standing: Standing, sale: Order, thresholds: Harvest) -> Iterator[Issue]:
    """Find lots that a sale takes and that harvesting leaves alone (HARV-2 and HARV-5)."""
    account = sale.account
    only = book.household.policy.mode == "harvest"
    scope = standing.scope
    above = any(
        place.before - place.group.target > CENT * scope.total_weight for place in standing.of(sale.symbol)
    )
    if not only and (above or is_short(book, account)):
        return
    for taking in sale.takings:
        at_loss = account.kind == "taxable" and exact(taking.lot.cost_per_share) > sale.quote.bid
        if (only or at_loss) and not is_harvestable(book, account, taking.lot, thresholds):
            yield Issue(
                code="HARV-2" if only else "HARV-5",
                where=taking.where,
                message=f"the loss of this lot of {sale.symbol} does not reach the thresholds of harvesting",
            )


def check_identical(book: Book, orders: list[Order]) -> Iterator[Issue]:
    """Find buys of what is identical with something sold at a loss (HARV-3)."""
    name = identities(book.household.policy.wash_sales.identical)
    lost = {name.get(order.symbol, order.symbol) for order in orders if not order.buys and order.losses}
    for order in orders:
        if order.buys and name.get(order.symbol, order.symbol) in lost:
            yield Issue(
                code="HARV-3",
                where=order.where,
                message=f"{order.symbol} is bought while it, or what is identical with it, is sold at a loss",
            )
