"""What the policy's mode forbids beyond the other rules: MODE-2 to MODE-6 and HARV-2 to HARV-5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from realloc.accounts import Account
from realloc.audit.book import Book, account_path
from realloc.audit.exact import CENT, LIMIT_TOLERANCE, ONE, ZERO, count, exact, floor_cents, usd
from realloc.audit.harvest import (
    all_replacements,
    check_identical,
    check_lots,
    edge_limits,
    harvestable,
    keeping_limits,
    replacements,
)
from realloc.audit.identity import identities
from realloc.audit.lots import Order
from realloc.audit.standing import Limits, Standing, check_limits, is_short, one_order, return_limits, stand
from realloc.errors import Issue
from realloc.modes import Mode

_THOUSANDTH = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ModeRules:
    """The mode of a policy, with how the household stands before the orders."""

    book: Book
    standings: tuple[Standing, ...]

    @property
    def name(self) -> Mode:
        """The mode."""
        return self.book.household.policy.mode

    def standing_of(self, account: Account) -> Standing:
        """Return the standing of the scope of an account."""
        scope = self.book.scope_of(account)
        return next(standing for standing in self.standings if standing.scope is scope)

    def may_buy(self, account: Account, symbol: str) -> bool:
        """Whether the mode lets an account buy a symbol."""
        policy = self.book.household.policy
        match policy.mode:
            case "hold" | "raise_cash":
                return False
            case "partial":
                return policy.partial is not None and symbol == policy.partial.buy
            case "outside_band":
                standing = self.standing_of(account)
                excess = [place.excess for place in standing.of(symbol)]
                under = any(dollars < 0 for dollars in excess)
                return not any(dollars > 0 for dollars in excess) and (under or standing.gives > 0)
            case "harvest" if policy.harvests is not None:
                return symbol in all_replacements(self.book, account, policy.harvests)
        return True

    def may_sell(self, account: Account, symbol: str) -> bool:
        """Whether the mode lets an account sell a symbol."""
        policy = self.book.household.policy
        match policy.mode:
            case "hold" | "invest_cash":
                return False
            case "raise_cash":
                return is_short(self.book, account)
            case "partial":
                return policy.partial is not None and symbol == policy.partial.sell
            case "outside_band":
                standing = self.standing_of(account)
                excess = [place.excess for place in standing.of(symbol)]
                over = any(dollars > 0 for dollars in excess) or standing.takes > 0
                return is_short(self.book, account) or (not any(dollars < 0 for dollars in excess) and over)
            case "harvest" if policy.harvests is not None:
                ready = not is_short(self.book, account)
                ready = ready and symbol in harvestable(self.book, account, policy.harvests)
                return ready and bool(replacements(self.book, account, symbol))
        return True


_CODES: Mapping[Mode, str] = {
    "full": "MODE-1",
    "hold": "MODE-2",
    "invest_cash": "MODE-3",
    "raise_cash": "MODE-4",
    "partial": "MODE-5",
    "outside_band": "MODE-6",
    "harvest": "HARV-2",
}


def open_mode(book: Book, before: tuple[Decimal, ...]) -> ModeRules:
    """Return the rules of the policy's mode; `before` has the dollars in each group before the orders."""
    policy = book.household.policy
    stands = policy.mode == "outside_band" or policy.harvests is not None
    return ModeRules(book=book, standings=stand(book, before) if stands else ())


def check_mode(
    mode: ModeRules, orders: list[Order], cash: Mapping[str, Decimal], after: tuple[Decimal, ...]
) -> Iterator[Issue]:
    """Find orders that the mode does not let be made, and where it does not let cash and groups end."""
    for order in orders:
        allowed = mode.may_buy if order.buys else mode.may_sell
        if not allowed(order.account, order.symbol):
            side = "bought" if order.buys else "sold"
            yield Issue(
                code=_CODES[mode.name],
                where=order.where,
                message=f"{order.symbol} is {side} in account {order.account.account_number}, which the mode "
                f"{mode.name!r} does not let be",
            )
    if mode.name == "raise_cash":
        yield from _check_raised(mode.book, orders, cash)
    if mode.name == "outside_band":
        yield from _check_returned(mode, cash, after)
    yield from _check_harvest(mode, orders, cash, after)


def _check_returned(
    mode: ModeRules, cash: Mapping[str, Decimal], after: tuple[Decimal, ...]
) -> Iterator[Issue]:
    limits = {
        (standing.scope.account, place.group.name): return_limits(mode.book, standing, place)
        for standing in mode.standings
        for place in standing.places
    }
    yield from check_limits("MODE-6", mode.standings, after, limits)
    for account in mode.book.accounts.values():
        standing = mode.standing_of(account)
        idle = next(place for place in standing.places if place.group.shares is None)
        if is_short(mode.book, account):
            if not (standing.gives or standing.takes):
                yield from _check_ceiling(mode.book, "MODE-6", account, cash)
        elif not standing.takes and idle.excess <= 0:
            yield from _check_floor(mode.book, "MODE-6", account, cash)


def _check_harvest(
    mode: ModeRules, orders: list[Order], cash: Mapping[str, Decimal], after: tuple[Decimal, ...]
) -> Iterator[Issue]:
    book, thresholds = mode.book, mode.book.household.policy.harvests
    if thresholds is None:
        return
    only = mode.name == "harvest"
    limits: dict[tuple[str, str], Limits] = {}
    for standing in mode.standings:
        limits |= (keeping_limits if only else edge_limits)(book, standing, thresholds)
    yield from check_limits("HARV-4", mode.standings, after, limits)
    yield from check_identical(book, orders)
    for order in orders:
        if not order.buys:
            yield from check_lots(book, mode.standing_of(order.account), order, thresholds)
    if only:
        for account in book.accounts.values():
            if not is_short(book, account):
                yield from _check_floor(book, "HARV-2", account, cash)


def _check_floor(book: Book, code: str, account: Account, cash: Mapping[str, Decimal]) -> Iterator[Issue]:
    """Find an account whose cash falls where buys are paid by sales alone."""
    number = account.account_number
    before, left = floor_cents(book.cash[number]), floor_cents(cash[number])
    if left < before:
        yield Issue(
            code=code,
            where=account_path(account),
            message=f"cash falls from {usd(before)} to {usd(left)}: in this mode buys are paid by sales alone",
        )


def _check_ceiling(book: Book, code: str, account: Account, cash: Mapping[str, Decimal]) -> Iterator[Issue]:
    """Find an account that raises far more than its reserve needs."""
    number, reserve = account.account_number, exact(account.cash_reserve)
    over, most = floor_cents(cash[number]) - reserve, one_order(book, book.held[number])
    if over > most + CENT:
        yield Issue(
            code=code,
            where=account_path(account),
            message=f"cash ends {usd(over)} above the reserve of {usd(reserve)}, more than one order of {usd(most)}",
        )


def _check_raised(book: Book, orders: list[Order], cash: Mapping[str, Decimal]) -> Iterator[Issue]:
    """Find accounts that raise more cash than their reserve needs (MODE-4)."""
    policy = book.household.policy
    caps = (policy.max_realized_gain, policy.max_short_term_gain, policy.max_tax)
    capped = any(cap is not None for cap in caps)
    identity = identities(policy.wash_sales.identical)
    can_be_denied = policy.wash_sales.mode == "allow"
    losing = {identity.get(order.symbol, order.symbol) for order in orders if order.losses and can_be_denied}
    for number, account in book.accounts.items():
        sales = [o for o in orders if o.account.account_number == number and not o.buys]
        reserve = exact(account.cash_reserve)
        if not sales or floor_cents(cash[number]) < reserve:
            continue
        yield from _check_ceiling(book, "MODE-4", account, cash)
        for sale in sales:
            less = _one_step(book, sale)
            if capped and (sale.losses or identity.get(sale.symbol, sale.symbol) in losing):
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
    if smaller > ZERO and smaller * sale.quote.price >= least:
        return (sale.shares - smaller) * sale.quote.bid
    return sale.cash - exact(book.household.policy.costs.commission)
