"""Read a list of trades into orders (ORD-1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from realloc._reading import nearest
from realloc.audit.book import Book
from realloc.audit.exact import exact
from realloc.audit.lots import Order, is_number, match_lots
from realloc.errors import Issue
from realloc.models import CASH
from realloc.trades import Trade


def read_orders(
    book: Book, trades: Sequence[Trade], findings: list[Issue], *, lots_required: bool
) -> list[Order]:
    """Return the orders that can be counted, in the order of the trades that list them first.

    Parameters
    ----------
    book : Book
        The household.
    trades : sequence of Trade
        Anyone's.
    findings : list of Issue
        Every trade that cannot be counted, and everything that is wrong with its lots, is appended here.
    lots_required : bool
        Whether a sale from a position with lots has to name them; else a sale in a taxable account that
        names none is first in, first out.
    """
    orders: dict[tuple[str, str, bool], Order] = {}
    for n, trade in enumerate(trades):
        where = f"trades[{n}]"
        fault = _fault(book, trade, where)
        if fault is not None:
            findings.append(fault)
            continue
        shares = exact(trade.shares)
        named = [(f"{where}.lots[{m}]", sale) for m, sale in enumerate(trade.lots)]
        key = (trade.account_id, trade.symbol, shares > 0)
        if key in orders:
            orders[key].shares += abs(shares)
            orders[key].named += named
            findings.append(_listed_twice(orders[key], where))
            continue
        orders[key] = Order(
            account=book.accounts[trade.account_id],
            symbol=trade.symbol,
            buys=shares > 0,
            shares=abs(shares),
            quote=book.quotes[trade.symbol],
            where=where,
            named=named,
        )
    for order in orders.values():
        if order.buys:
            findings += _lots_of_a_buy(order)
        else:
            match_lots(book, order, findings, lots_required=lots_required)
    return list(orders.values())


def _fault(book: Book, trade: Trade, where: str) -> Issue | None:
    """Return why a trade cannot be counted."""
    if not is_number(trade.shares) or not trade.shares:
        return Issue(
            code="ORD-1",
            where=where,
            message=f"{trade.shares!r} is not a number of shares: the trade is not counted",
            hint="positive buys, negative sells; zero is no order",
        )
    buys = trade.shares > 0
    if trade.account_id not in book.accounts:
        return Issue(
            code="ORD-1",
            where=where,
            message=f"no account {trade.account_id!r} in the household: the trade is not counted",
            hint=nearest(str(trade.account_id), book.accounts),
        )
    if trade.symbol == CASH:
        return Issue(
            code="BUY-1" if buys else "SELL-1",
            where=where,
            message="CASH is not a security: the trade is not counted",
            hint="cash moves with the trades, or by 'cash_flow'",
        )
    if trade.symbol not in book.quotes:
        held = trade.symbol in book.held[trade.account_id]
        return Issue(
            code="BUY-1" if buys else "VAL-1" if held else "SELL-1",
            where=where,
            message=f"{trade.symbol} has no price{'' if buys or held else ' and is not held'}: "
            "the trade is not counted",
            hint=f"add {trade.symbol!r} to 'prices'",
        )
    return None


def _listed_twice(order: Order, where: str) -> Issue:
    return Issue(
        code="ORD-1",
        where=where,
        message=f"{order.symbol} is {'bought' if order.buys else 'sold'} in account "
        f"{order.account.account_number} by {order.where} already: counted as one order",
        hint="list one order for each symbol and side in an account",
    )


def _lots_of_a_buy(order: Order) -> Iterator[Issue]:
    for where, _ in order.named:
        message = f"a purchase of {order.symbol} takes from no lot"
        yield Issue(code="SELL-2", where=where, message=message)
