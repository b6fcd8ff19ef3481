"""The rules of orders: what may be bought and sold where, in which amounts, and the household's caps."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from realloc.audit.book import Book
from realloc.audit.exact import LIMIT_TOLERANCE, ZERO, count, exact, usd
from realloc.audit.figures import Sales
from realloc.audit.lots import Order
from realloc.audit.year import year_before
from realloc.errors import Issue

_THOUSAND = Decimal(1000)


def check_orders(book: Book, orders: list[Order]) -> Iterator[Issue]:
    """Find what is wrong with each order by itself: BUY-1, BUY-2, SELL-1, QTY-1, QTY-2, QTY-3 and DNT-1."""
    least = exact(book.household.policy.min_trade_value)
    bought = {(order.account.account_number, order.symbol) for order in orders if order.buys}
    wanted = {number: book.scope_of(account).wanted for number, account in book.accounts.items()}
    for order in orders:
        account, symbol, where = order.account, order.symbol, order.where
        number = account.account_number
        held = book.held[number].get(symbol, ZERO)
        if account.do_not_trade:
            yield Issue(code="DNT-1", where=where, message=f"account {number} must not trade")
        if order.buys:
            yield from _check_buy(order, held, wanted=symbol in wanted[number])
        else:
            yield from _check_sale(order, held)
            if (number, symbol) in bought:
                yield Issue(
                    code="QTY-2",
                    where=where,
                    message=f"{symbol} is sold and bought in account {number}",
                    hint="keep the difference of the two",
                )
        if not _is_tradable(order, held):
            yield Issue(
                code="QTY-1",
                where=where,
                message=f"{count(order.shares)} shares of {symbol} are not "
                + ("thousandths of a share" if account.fractional else "whole shares")
                + ("" if order.buys else f" nor the whole position of {count(held)}"),
            )
        if order.value < least - LIMIT_TOLERANCE:
            yield Issue(
                code="QTY-3",
                where=where,
                message=f"{count(order.shares)} {symbol} are worth {usd(order.value)}, "
                f"the least order is {usd(least)}",
            )


def _check_buy(order: Order, held: Decimal, *, wanted: bool) -> Iterator[Issue]:
    account, symbol = order.account, order.symbol
    faults = []
    if not wanted:
        scope = f"account {account.account_number}'s own targets" if account.targets else "the model"
        faults.append(f"{symbol} has no target above zero in {scope}")
    if symbol in account.no_buy:
        faults.append(f"account {account.account_number} must not buy {symbol}")
    if account.only is not None and symbol not in account.only:
        faults.append(f"{symbol} is not on the menu of account {account.account_number}")
    for fault in faults:
        yield Issue(code="BUY-1", where=order.where, message=fault)
    if account.max_position_value is not None:
        cap = exact(account.max_position_value)
        value = (held + order.shares) * order.quote.price
        if value > cap + LIMIT_TOLERANCE:
            yield Issue(
                code="BUY-2",
                where=order.where,
                message=f"{count(held)} held and {count(order.shares)} bought make {usd(value)} of {symbol}, "
                f"the cap is {usd(cap)}",
            )


def _check_sale(order: Order, held: Decimal) -> Iterator[Issue]:
    account, symbol = order.account, order.symbol
    if order.shares > held:
        yield Issue(
            code="SELL-1",
            where=order.where,
            message=f"{count(order.shares)} shares of {symbol} are sold, "
            f"account {account.account_number} holds {count(held)}",
        )
    if symbol in account.no_sell:
        yield Issue(
            code="SELL-1",
            where=order.where,
            message=f"account {account.account_number} must not sell {symbol}",
        )


def _is_tradable(order: Order, held: Decimal) -> bool:
    if not order.buys and order.shares == held:
        return True
    steps = order.shares * _THOUSAND if order.account.fractional else order.shares
    return steps == steps.to_integral_value()


def check_caps(book: Book, orders: list[Order], sales: Sales) -> Iterator[Issue]:
    """Find household caps that the orders exceed: CAP-1, CAP-2, CAP-3 and CAP-5."""
    policy = book.household.policy
    short_before, long_before = year_before(book)
    if policy.max_orders is not None and len(orders) > policy.max_orders:
        yield Issue(
            code="CAP-1",
            where="policy.max_orders",
            message=f"{len(orders)} orders, at most {policy.max_orders} are allowed",
        )
    gain = sales.short_counted + sales.long_counted
    for code, name, cap, before, amount, words in (
        (
            "CAP-2",
            "max_realized_gain",
            policy.max_realized_gain,
            short_before + long_before,
            gain,
            "the net realized gain",
        ),
        (
            "CAP-5",
            "max_short_term_gain",
            policy.max_short_term_gain,
            short_before,
            sales.short_counted,
            "the net short-term gain",
        ),
        ("CAP-3", "max_tax", policy.max_tax, ZERO, sales.tax, "the tax"),
    ):
        if cap is None or amount <= max(exact(cap) - before, ZERO) + LIMIT_TOLERANCE:
            continue
        so_far = f" after {usd(before)} of the year so far" if before else ""
        yield Issue(
            code=code,
            where=f"policy.{name}",
            message=f"{words} is {usd(amount)}{so_far}, at most {usd(exact(cap))} is allowed",
        )
