"""Orders, the lots that sales take from, and the terms of those lots (SELL-1, SELL-2, TERM-1)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

from realloc._reading import LARGEST, nearest
from realloc.accounts import Account, Lot
from realloc.audit.book import Book, Quote
from realloc.audit.exact import LIMIT_TOLERANCE, ZERO, count, exact
from realloc.audit.relief import basis, broker_order, relieved
from realloc.audit.terms import is_long_term
from realloc.errors import Issue
from realloc.trades import LotSale

_BY_AGE = attrgetter("acquired", "cost_per_share", "shares", "id")


class Taking(NamedTuple):
    """Shares that a sale takes from one lot; `gain` is in dollars at the bid, `claim` what the trade says.

    `name` is the lot's id or its default one; `basis` is in dollars per share: the lot's own, or the average of
    the position.
    """

    name: str
    lot: Lot
    shares: Decimal
    basis: Decimal
    gain: Decimal
    long: bool
    where: str
    claim: LotSale | None


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Order:
    """One symbol, one side, one account; `shares` is above zero. `where` is the first trade that lists it.

    `named` are the lots that its trades name, each with its place.
    """

    account: Account
    symbol: str
    buys: bool
    shares: Decimal
    quote: Quote
    where: str
    named: list[tuple[str, LotSale]]
    takings: list[Taking] = field(default_factory=list)

    @property
    def value(self) -> Decimal:
        """Shares times price, dollars."""
        return self.shares * self.quote.price

    @property
    def cash(self) -> Decimal:
        """What the order does to cash, without commission: dollars, negative for a buy."""
        return -self.shares * self.quote.ask if self.buys else self.shares * self.quote.bid

    @property
    def taxed(self) -> list[Taking]:
        """The takings that realize a gain or a loss."""
        return self.takings if self.account.kind == "taxable" else []

    @property
    def losses(self) -> list[Taking]:
        """The takings that realize a loss; with any this is a loss sale (WASH-0)."""
        return [taking for taking in self.taxed if taking.gain < 0]


def is_number(value: object) -> bool:
    """Whether `value` is a finite number of at most 1e15, plus or minus."""
    if type(value) is float:
        return -LARGEST <= value <= LARGEST
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return False
    return math.isfinite(value) and -LARGEST <= value <= LARGEST


def lots_by_id(book: Book, account: Account, symbol: str) -> dict[str, Lot]:
    """Return the lots of one symbol by id, oldest first; without one it is ``account/symbol/n`` (DET-1)."""
    number = account.account_number
    taken = book.lot_ids[number]
    by_id: dict[str, Lot] = {}
    n = 0
    for lot in sorted(book.lots[number].get(symbol, ()), key=_BY_AGE):
        n += 1
        name = lot.id or f"{number}/{symbol}/{n}"
        while not lot.id and name in taken:
            n += 1
            name = f"{number}/{symbol}/{n}"
        by_id[name] = lot
    return by_id


def match_lots(book: Book, order: Order, findings: list[Issue], *, lots_required: bool) -> None:
    """Set the takings of a sale: from the lots it names, or as the broker relieves; `read_orders` says when."""
    as_of = book.judged_on
    lots = lots_by_id(book, order.account, order.symbol)
    if order.named:
        findings += _take_named(order, lots, as_of)
        if order.account.lot_relief != "specific":
            names = broker_order(book, order.account, order.quote, lots)
            findings += _check_relief(order, relieved(names, lots, order.shares))
        return
    if not lots or not (lots_required or order.account.kind == "taxable"):
        return
    unnamed = f"the sale of {count(order.shares)} {order.symbol} names no lots"
    if lots_required:
        hint = f"the position has {len(lots)}"
        findings.append(Issue(code="SELL-2", where=order.where, message=unnamed, hint=hint))
    else:
        rule = "first in, first out is taken (26 CFR 1.1012-1(c))"
        if order.account.lot_relief != "specific":
            rule = f"{order.account.lot_relief!r} of its account is taken"
        message = f"{unnamed}: {rule}"
        findings.append(Issue(code="SELL-2", where=order.where, message=message, severity="info"))
    names = broker_order(book, order.account, order.quote, lots)
    for name, shares in relieved(names, lots, order.shares).items():
        each = basis(order.account, lots.values(), lots[name])
        order.takings.append(_taking(order, name, lots[name], shares, each, as_of, order.where))


def _check_relief(order: Order, expected: Mapping[str, Decimal]) -> Iterator[Issue]:
    """Find a sale whose lots are not those that the broker relieves (SELL-3)."""
    taken: dict[str, Decimal] = {}
    for taking in order.takings:
        if taking.claim is not None:
            taken[taking.claim.id] = taken.get(taking.claim.id, ZERO) + taking.shares
    for name in sorted({*taken, *expected}):
        shares, wanted = taken.get(name, ZERO), expected.get(name, ZERO)
        if abs(shares - wanted) > LIMIT_TOLERANCE:
            yield Issue(
                code="SELL-3",
                where=order.where,
                message=f"{count(shares)} shares of {order.symbol} are taken from lot {name!r}; by "
                f"{order.account.lot_relief!r} the broker relieves {count(wanted)} of it",
            )


def _take_named(order: Order, lots: Mapping[str, Lot], as_of: date) -> Iterator[Issue]:
    taken: dict[str, Decimal] = {}
    for where, sale in order.named:
        if sale.id not in lots:
            yield Issue(
                code="SELL-1",
                where=where,
                message=f"account {order.account.account_number} has no lot {sale.id!r} of {order.symbol}",
                hint=nearest(str(sale.id), lots) if lots else "the position has no lots",
            )
        elif not is_number(sale.shares) or sale.shares <= 0:
            yield Issue(
                code="SELL-2",
                where=where,
                message=f"{sale.shares!r} is not a number of shares that a lot can supply",
            )
        else:
            shares = exact(sale.shares)
            taken[sale.id] = taken.get(sale.id, ZERO) + shares
            each = basis(order.account, lots.values(), lots[sale.id])
            order.takings.append(_taking(order, sale.id, lots[sale.id], shares, each, as_of, where, sale))
    for name, shares in taken.items():
        supply = exact(lots[name].shares)
        if shares > supply + LIMIT_TOLERANCE:
            yield Issue(
                code="SELL-1",
                where=order.where,
                message=f"{count(shares)} shares are taken from lot {name!r} of {order.symbol}, "
                f"which has {count(supply)}",
            )
    total = sum(taken.values(), ZERO)
    if abs(total - order.shares) > LIMIT_TOLERANCE:
        yield Issue(
            code="SELL-2",
            where=order.where,
            message=f"the lots add up to {count(total)} shares of {order.symbol}, the sale is of "
            f"{count(order.shares)}",
        )


def _taking(
    order: Order,
    name: str,
    lot: Lot,
    shares: Decimal,
    each: Decimal,
    as_of: date,
    where: str,
    claim: LotSale | None = None,
) -> Taking:
    gain = (order.quote.bid - each) * shares
    return Taking(name, lot, shares, each, gain, is_long_term(lot.acquired, as_of), where, claim)
