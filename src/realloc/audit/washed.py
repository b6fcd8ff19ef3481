"""Which losses purchases deny, share by share (WASH-4 to WASH-7), from the household and the orders alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from realloc.audit.book import Book
from realloc.audit.exact import ZERO, exact, ratio
from realloc.audit.identity import identities
from realloc.audit.lots import Order, lots_by_id
from realloc.audit.terms import shifted
from realloc.household import RecentTrade

Key = tuple[date, bool, str, str]
"""Order of replacement shares: trade date, whether taxable, account number, name."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Supply:
    """Shares bought together: those still held, and how many of them have denied an earlier loss."""

    key: Key
    symbol: str
    held: Decimal
    used: Decimal = ZERO

    @property
    def taxable(self) -> bool:
        """Whether a basis can take a loss over."""
        return self.key[1]


class Denied(NamedTuple):
    """Loss shares that do not count: `lot` is empty for a recent loss. `amount` is in dollars."""

    account: str
    symbol: str
    lot: str
    shares: Decimal
    amount: Decimal
    long: bool
    supply: Supply


class _Loss(NamedTuple):
    sold: date
    key: tuple[date, str, str]
    symbol: str
    shares: Decimal
    each: Decimal
    long: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Washed:
    """What is denied, and of each symbol with a loss of which something still counts the last day of such a sale."""

    denied: tuple[Denied, ...] = ()
    standing: Mapping[str, date] = field(default_factory=dict)


class _Reach(NamedTuple):
    """What can deny a loss: these symbols, bought from the first through the last day."""

    symbols: set[str]
    first: date
    last: date


def match_washes(book: Book, orders: Sequence[Order]) -> Washed:
    """Match the losses of recent trades and of the orders with replacement shares, each share once.

    Recent losses come first: with what was bought before the orders, then with what they buy. The losses of the
    orders follow, with what is still held and has denied nothing.
    """
    household = book.household
    if household.policy.tax.regime != "us":
        return Washed()
    identity = identities(household.policy.wash_sales.identical)
    recent, planned = list(_recent_losses(book)), list(_losses(book, orders))
    if not (recent or planned):
        return Washed()
    window = household.policy.wash_sales.window_days
    reach = _reach([*recent, *planned], identity, window)
    held = [*_lots(book, reach), *_recent_purchases(book, reach)]
    supplies, bought = _by_identity(held, identity), _by_identity(_bought(book, orders), identity)
    denied: list[Denied] = []
    standing: dict[str, date] = {}
    left: list[_Loss] = []
    for loss in sorted(recent, key=lambda loss: (loss.sold, loss.key)):
        rest, _ = _deny(loss, supplies.get(identity.get(loss.symbol, loss.symbol), []), "", window)
        left.append(loss._replace(shares=rest))
    for loss in left:
        rest, found = _deny(loss, bought.get(identity.get(loss.symbol, loss.symbol), []), "", window)
        denied += found
        if rest > 0:
            standing[loss.symbol] = loss.sold
    _sell(held, orders)
    everything = _by_identity([*held, *(each for group in bought.values() for each in group)], identity)
    for loss in sorted(planned, key=lambda loss: loss.key):
        group = everything.get(identity.get(loss.symbol, loss.symbol), [])
        rest, found = _deny(loss, group, loss.key[2], window)
        denied += found
        if rest > 0:
            standing[loss.symbol] = loss.sold
    return Washed(denied=tuple(denied), standing=standing)


def _reach(losses: Sequence[_Loss], identity: Mapping[str, str], window: int) -> _Reach:
    lost = {identity.get(loss.symbol, loss.symbol) for loss in losses}
    sold = [loss.sold for loss in losses]
    return _Reach(
        {symbol for symbol, name in identity.items() if name in lost} | lost,
        shifted(min(sold), -window),
        shifted(max(sold), window),
    )


def _by_identity(supplies: Iterable[Supply], identity: Mapping[str, str]) -> dict[str, list[Supply]]:
    """Return supplies by the group of identical symbols, each group in the order in which it is used up."""
    groups: dict[str, list[Supply]] = {}
    for supply in sorted(supplies, key=lambda supply: supply.key):
        groups.setdefault(identity.get(supply.symbol, supply.symbol), []).append(supply)
    return groups


def _deny(loss: _Loss, supplies: Sequence[Supply], lot: str, window: int) -> tuple[Decimal, list[Denied]]:
    """Use up identical supplies for a loss in their order; return the shares that are left, and what is denied."""
    left, found = loss.shares, []
    for supply in supplies:
        if left <= 0:
            break
        itself = lot and (supply.key[2], supply.key[3]) == loss.key[1:]
        if itself or abs((supply.key[0] - loss.sold).days) > window:
            continue
        count = min(left, supply.held - supply.used)
        if count > 0:
            supply.used += count
            left -= count
            found.append(Denied(loss.key[1], loss.symbol, lot, count, count * loss.each, loss.long, supply))
    return left, found


def _lots(book: Book, reach: _Reach) -> Iterator[Supply]:
    for number, account in book.accounts.items():
        near = {lot.symbol for lot in account.lots if reach.first <= lot.acquired <= reach.last}
        for symbol in sorted(near & reach.symbols):
            for name, lot in lots_by_id(book, account, symbol).items():
                if reach.first <= lot.acquired <= reach.last:
                    key = (lot.acquired, account.kind == "taxable", number, name)
                    yield Supply(key=key, symbol=symbol, held=exact(lot.shares))


def _recent_purchases(book: Book, reach: _Reach) -> Iterator[Supply]:
    """Yield recent purchases as far as no lot of their account, symbol and day shows them."""
    bought: dict[tuple[str, str, date], Decimal] = {}
    for trade in book.household.recent_trades:
        near = trade.symbol in reach.symbols and reach.first <= trade.traded <= reach.last
        if near and trade.shares > 0:
            place = (trade.account_number, trade.symbol, trade.traded)
            bought[place] = bought.get(place, ZERO) + exact(trade.shares)
    for (number, symbol, day), shares in bought.items():
        lots = book.lots.get(number, {}).get(symbol, ())
        unseen = shares - sum((exact(lot.shares) for lot in lots if lot.acquired == day), ZERO)
        account = book.accounts.get(number)
        taxable = account is None or account.kind == "taxable"
        if unseen > 0:
            key = (day, taxable, number, f"recent/{symbol}/{day}")
            yield Supply(key=key, symbol=symbol, held=unseen)


def _recent_losses(book: Book) -> Iterator[_Loss]:
    """Yield recent losses in taxable accounts; what was sold counts as bought just before the window."""
    window = book.household.policy.wash_sales.window_days

    def is_loss(trade: RecentTrade) -> bool:
        account = book.accounts.get(trade.account_number)
        return trade.shares < 0 and (trade.gain or 0.0) < 0 and (account is None or account.kind == "taxable")

    losses = [trade for trade in book.household.recent_trades if is_loss(trade)]
    losses.sort(
        key=lambda trade: (
            trade.traded,
            trade.account_number,
            trade.symbol,
            trade.shares,
            trade.price,
            trade.gain or 0.0,
        )
    )
    for n, trade in enumerate(losses, 1):
        shares = -exact(trade.shares)
        key = (shifted(trade.traded, -window - 1), trade.account_number, f"sold/{trade.symbol}/{n}")
        each = ratio(-exact(trade.gain or 0.0), shares)
        yield _Loss(trade.traded, key, trade.symbol, shares, each, long=False)


def _bought(book: Book, orders: Sequence[Order]) -> Iterator[Supply]:
    day = book.household.as_of
    for order in orders:
        if order.buys:
            number = order.account.account_number
            key = (day, order.account.kind == "taxable", number, f"plan/{order.symbol}")
            yield Supply(key=key, symbol=order.symbol, held=order.shares)


def _sell(supplies: Sequence[Supply], orders: Sequence[Order]) -> None:
    """Take what the orders sell from the supplies, first what has denied a loss already."""
    by_name = {(supply.key[2], supply.symbol, supply.key[3]): supply for supply in supplies}
    for order in orders:
        for taking in order.takings:
            supply = by_name.get((order.account.account_number, order.symbol, taking.name))
            if supply is not None:
                supply.held -= taking.shares
                supply.used = max(ZERO, supply.used - taking.shares)


def _losses(book: Book, orders: Sequence[Order]) -> Iterator[_Loss]:
    day = book.household.as_of
    for order in orders:
        by_lot: dict[str, _Loss] = {}
        for taking in order.losses:
            key = (taking.lot.acquired, order.account.account_number, taking.name)
            each = taking.basis - order.quote.bid
            sold = taking.shares + (by_lot[taking.name].shares if taking.name in by_lot else ZERO)
            by_lot[taking.name] = _Loss(day, key, order.symbol, sold, each, taking.long)
        yield from by_lot.values()
