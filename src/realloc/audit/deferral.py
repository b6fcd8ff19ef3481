"""Lots that are kept until they turn long-term (DEFER-1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from realloc.accounts import Account, Lot
from realloc.audit.book import Book
from realloc.audit.exact import ZERO, exact, usd
from realloc.audit.lots import Order, lots_by_id
from realloc.audit.modes import ModeRules
from realloc.audit.relief import basis, broker_order
from realloc.audit.terms import is_long_term, shifted
from realloc.errors import Issue


def is_kept(book: Book, mode: ModeRules, account: Account, lot: Lot) -> bool:
    """Whether DEFER-1 keeps a lot from being sold."""
    return _waits(book, account, lot) and _reaches(book, mode, account)


def check_deferral(book: Book, mode: ModeRules, orders: list[Order]) -> Iterator[Issue]:
    """Find lots that are sold although they soon turn long-term and no reserve needs them."""
    if not book.household.policy.tax.defer_days:
        return
    for order in orders:
        for taking in order.taxed:
            if is_kept(book, mode, order.account, taking.lot):
                yield Issue(
                    code="DEFER-1",
                    where=taking.where,
                    message=f"lot {taking.name!r} of {order.symbol} has a gain of {usd(taking.gain)} and turns "
                    f"long-term within {book.household.policy.tax.defer_days} days",
                )


def _waits(book: Book, account: Account, lot: Lot) -> bool:
    tax, today = book.household.policy.tax, book.household.as_of
    if account.kind != "taxable" or lot.symbol not in book.quotes or tax.regime != "us":
        return False
    if exact(tax.short_term_rate) <= exact(tax.long_term_rate) or is_long_term(lot.acquired, today):
        return False
    if not is_long_term(lot.acquired, shifted(today, tax.defer_days)):
        return False
    lots = book.lots[account.account_number][lot.symbol]
    return book.quotes[lot.symbol].bid > basis(account, lots, lot)


def _reaches(book: Book, mode: ModeRules, account: Account) -> bool:
    number, policy = account.account_number, book.household.policy
    cash = book.cash[number]
    reserve = exact(account.cash_reserve)
    if cash >= reserve:
        return True
    for symbol, held in book.held[number].items():
        if symbol not in book.quotes or symbol in account.no_sell or account.do_not_trade:
            continue
        if mode.may_sell(account, symbol):
            quote = book.quotes[symbol]
            cash += _free(book, account, symbol, held) * quote.bid
            cash -= quote.price + exact(policy.min_trade_value) + exact(policy.costs.commission)
    return cash >= reserve


def _free(book: Book, account: Account, symbol: str, held: Decimal) -> Decimal:
    lots: Mapping[str, Lot] = lots_by_id(book, account, symbol)
    if account.kind != "taxable" or not lots:
        return held
    quote, total = book.quotes[symbol], ZERO
    for name in broker_order(book, account, quote, lots):
        lot = lots[name]
        closed = _waits(book, account, lot) or basis(account, lots.values(), lot) > quote.bid
        if closed and account.lot_relief != "specific":
            break
        total += ZERO if closed else exact(lot.shares)
    return total
