"""What the policy's mode forbids beyond the other rules: MODE-2 to MODE-5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from realloc.accounts import Account
from realloc.audit.book import Book, account_path
from realloc.audit.exact import CENT, LIMIT_TOLERANCE, ONE, ZERO, count, exact, floor_cents, usd
from realloc.audit.lots import Order
from realloc.errors import Issue

_THOUSANDTH = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeRules:
    """The mode of a policy with what it lets be traded; `code` is the number of its rule."""

    book: Book
    code: str

    def may_buy(self, _account: Account, symbol: str) -> bool:
        """Whether the mode lets an account buy a symbol."""
        policy = self.book.household.policy
        if policy.mode in ("hold", "raise_cash"):
            return False
        if policy.mode == "partial" and policy.partial is not None:
            return symbol == policy.partial.buy
        return True

    def may_sell(self, account: Account, symbol: str) -> bool:
        """Whether the mode lets an account sell a symbol."""
        policy = self.book.household.policy
        if policy.mode in ("hold", "invest_cash"):
            return False
        if policy.mode == "raise_cash":
            return is_short(self.book, account)
        if policy.mode == "partial" and policy.partial is not None:
            return symbol == policy.partial.sell
        return True


_CODES = {"hold": "MODE-2", "invest_cash": "MODE-3", "raise_cash": "MODE-4", "partial": "MODE-5"}


def open_mode(book: Book) -> ModeRules:
    """Return the rules of the policy's mode."""
    return ModeRules(book=book, code=_CODES.get(book.household.policy.mode, "MODE-1"))


def is_short(book: Book, account: Account) -> bool:
    """Whether an account is below its reserve before anything is traded."""
    return book.cash[account.account_number] < exact(account.cash_reserve) - LIMIT_TOLERANCE


def one_order(book: Book, symbols: Iterator[str]) -> Decimal:
    """Return the dollars of a least order and one share of the dearest of some symbols."""
    dearest = max((book.quotes[symbol].price for symbol in symbols if symbol in book.quotes), default=ZERO)
    return dearest + exact(book.household.policy.min_trade_value)


def check_mode(mode: ModeRules, orders: list[Order], cash: Mapping[str, Decimal]) -> Iterator[Issue]:
    """Find orders that the mode does not let be made, and cash that it does not let be raised."""
    name = mode.book.household.policy.mode
    for order in orders:
        allowed = mode.may_buy if order.buys else mode.may_sell
        if not allowed(order.account, order.symbol):
            side = "bought" if order.buys else "sold"
            yield Issue(
                code=mode.code,
                where=order.where,
                message=f"{order.symbol} is {side} in account {order.account.account_number}, which the mode "
                f"{name!r} does not let be",
            )
    if name == "raise_cash":
        yield from _check_raised(mode.book, orders, cash)


def _check_raised(book: Book, orders: list[Order], cash: Mapping[str, Decimal]) -> Iterator[Issue]:
    """Find accounts that raise more cash than their reserve needs (MODE-4)."""
    policy = book.household.policy
    caps = (policy.max_realized_gain, policy.max_short_term_gain, policy.max_tax)
    capped = any(cap is not None for cap in caps)
    for number, account in book.accounts.items():
        sales = [o for o in orders if o.account.account_number == number and not o.buys]
        reserve = exact(account.cash_reserve)
        over = floor_cents(cash[number]) - reserve
        if not sales or over < 0:
            continue
        most = one_order(book, iter(book.held[number]))
        if over > most + CENT:
            yield Issue(
                code="MODE-4",
                where=account_path(account),
                message=f"cash ends {usd(over)} above the reserve of {usd(reserve)}, more than one order of "
                f"{usd(most)}",
            )
        for sale in sales:
            less = _one_step(book, sale)
            if capped and sale.loses:
                continue
            if floor_cents(cash[number] - less) >= reserve:
                yield Issue(
                    code="MODE-4",
                    where=sale.where,
                    message=f"{count(sale.shares)} {sale.symbol} are more than the reserve of account {number} "
                    f"needs: {usd(less)} less would do",
                )


def _one_step(book: Book, sale: Order) -> Decimal:
    """Return the cash that the next smaller sale that QTY-1 and QTY-3 allow brings less, dollars."""
    least = exact(book.household.policy.min_trade_value) - LIMIT_TOLERANCE
    step = _THOUSANDTH if sale.account.fractional else ONE
    smaller = sale.shares - (sale.shares % step or step)
    if smaller > 0 and smaller * sale.quote.price >= least:
        return (sale.shares - smaller) * sale.quote.bid
    return sale.cash - exact(book.household.policy.costs.commission)
