"""Wash sales (26 USC 1091) as the WASH rules define them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from realloc.accounts import Account
from realloc.audit.book import Book
from realloc.audit.canada import sole_positions
from realloc.audit.exact import count, usd
from realloc.audit.identity import identities
from realloc.audit.lots import Order
from realloc.audit.terms import shifted
from realloc.audit.washed import Washed
from realloc.errors import Issue


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Window:
    """What the household did in the days before the plan, by identity of symbols.

    `bought` and `sold_at_loss` map the identity of a symbol to what happened, in words. With ``avoid`` off
    both are empty. `sole` are the positions of which WASH-2 lets a loss be taken as a whole (CA-7).
    """

    identity: Mapping[str, str] = field(default_factory=dict)
    bought: Mapping[str, str] = field(default_factory=dict)
    sold_at_loss: Mapping[str, str] = field(default_factory=dict)
    sole: frozenset[tuple[str, str]] = frozenset()

    def of(self, symbol: str) -> str:
        """Return the name that all symbols identical to this one share (WASH-0)."""
        return self.identity.get(symbol, symbol)

    def blocks(self, account: Account, symbol: str, loss: Decimal) -> bool:
        """Whether WASH-2 forbids a sale of shares with this loss, in dollars per share."""
        here = (account.account_number, symbol) not in self.sole and account.kind == "taxable"
        return loss > 0 and here and self.of(symbol) in self.bought


def look_back(book: Book) -> Window:
    """Return the wash-sale window of a household."""
    rules = book.household.policy.wash_sales
    if rules.mode != "avoid":
        return Window()
    identity = identities(rules.identical)
    last = book.household.as_of
    first = shifted(last, -rules.window_days)
    bought: dict[str, str] = {}
    sold_at_loss: dict[str, str] = {}
    for number, account in book.accounts.items():
        for lot in account.lots:
            if first <= lot.acquired <= last:
                _note(bought, identity, lot.symbol, f"bought in account {number} on {lot.acquired}")
    for trade in book.household.recent_trades:
        if not first <= trade.traded <= last:
            continue
        what = f"in account {trade.account_number} on {trade.traded}"
        owner = book.accounts.get(trade.account_number)
        if trade.shares > 0:
            _note(bought, identity, trade.symbol, f"bought {what}")
        elif trade.gain is not None and trade.gain < 0 and (owner is None or owner.kind == "taxable"):
            _note(sold_at_loss, identity, trade.symbol, f"sold at a loss {what}")
    sole = sole_positions(book.household, identity)
    return Window(identity=identity, bought=bought, sold_at_loss=sold_at_loss, sole=sole)


def check_wash_sales(book: Book, orders: list[Order], window: Window) -> Iterator[Issue]:
    """Find wash sales: WASH-1, WASH-2 and WASH-3."""
    if book.household.policy.wash_sales.mode != "avoid":
        return
    losses: dict[str, Order] = {}
    for order in orders:
        if order.losses:
            identity = window.of(order.symbol)
            losses.setdefault(identity, order)
            if identity in window.bought and not _is_whole(book, order, window):
                yield Issue(
                    code="WASH-2",
                    where=order.where,
                    message=f"{order.symbol} is sold at a loss, but {window.bought[identity]}",
                    hint=f"sell lots without a loss, or wait {_days(book)} days from the purchase",
                )
    for order in orders:
        identity = window.of(order.symbol)
        if not order.buys:
            continue
        if identity in losses:
            sale = losses[identity]
            yield Issue(
                code="WASH-1",
                where=order.where,
                message=f"{order.symbol} is bought, but {sale.symbol} is sold at a loss in account "
                f"{sale.account.account_number} ({sale.where})",
                hint="keep one of the two",
            )
        if identity in window.sold_at_loss:
            yield Issue(
                code="WASH-3",
                where=order.where,
                message=f"{order.symbol} is bought, but {window.sold_at_loss[identity]}",
                hint=f"wait {_days(book)} days from the sale",
            )


def check_denied(book: Book, washed: Washed) -> Iterator[Issue]:
    """Name the losses that purchases deny, where wash sales are not avoided (WASH-4)."""
    mode = book.household.policy.wash_sales.mode
    if mode == "avoid":
        return
    for each in washed.denied:
        bought, _, number, _ = each.supply.key
        yield Issue(
            code="WASH-4",
            where=f"accounts[{each.account!r}]",
            message=f"{usd(each.amount)} of loss on {count(each.shares)} {each.symbol} does not count: "
            f"{each.supply.symbol} bought in account {number} on {bought}",
            severity="warning" if mode == "warn" else "info",
        )


def _is_whole(book: Book, order: Order, window: Window) -> bool:
    """Whether an order sells all that the household holds of identical symbols (CA-7)."""
    number = order.account.account_number
    return (number, order.symbol) in window.sole and order.shares == book.held[number].get(order.symbol)


def _days(book: Book) -> int:
    return book.household.policy.wash_sales.window_days + 1


def _note(notes: dict[str, str], identity: Mapping[str, str], symbol: str, what: str) -> None:
    """Keep the first of all notes in the order of their words: it does not depend on the order of rows."""
    name = identity.get(symbol, symbol)
    notes[name] = min(notes.get(name, f"{symbol} was {what}"), f"{symbol} was {what}")
