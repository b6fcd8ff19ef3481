"""Cash after the trades, the reserve, and what is left unsold where the reserve is not reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from realloc.accounts import Account
from realloc.audit.book import Book, account_path
from realloc.audit.deferral import is_kept
from realloc.audit.exact import CENT, LIMIT_TOLERANCE, ONE, ZERO, exact, floor_cents, usd
from realloc.audit.lots import Order, lots_by_id
from realloc.audit.modes import ModeRules
from realloc.audit.relief import basis, broker_order
from realloc.audit.report import AuditedAccount
from realloc.audit.wash import Window
from realloc.errors import Issue

_THOUSANDTH = Decimal("0.001")


def cash_after(book: Book, orders: list[Order]) -> dict[str, Decimal]:
    """Return the exact cash of each account after the orders (CASH-1)."""
    commission = exact(book.household.policy.costs.commission)
    cash = dict(book.cash)
    for order in orders:
        cash[order.account.account_number] += order.cash - commission
    return cash


def settle(book: Book, cash: Mapping[str, Decimal]) -> tuple[AuditedAccount, ...]:
    """Return the cash of each account rounded down to the cent, and what is missing to its reserve."""
    settled = []
    for number, account in book.accounts.items():
        rounded = floor_cents(cash[number])
        missing = max(exact(account.cash_reserve) - rounded, ZERO)
        settled.append(
            AuditedAccount(account_number=number, cash_exact=cash[number], cash=rounded, shortfall=missing)
        )
    return tuple(settled)


def check_cash(
    book: Book,
    orders: list[Order],
    settled: tuple[AuditedAccount, ...],
    window: Window,
    mode: ModeRules,
) -> Iterator[Issue]:
    """Find accounts whose cash ends below the reserve, and why that is no mere shortfall: CASH-1, CASH-2."""
    for account in settled:
        if account.shortfall > 0:
            own = [order for order in orders if order.account.account_number == account.account_number]
            yield from _check_shortfall(book, orders, own, account, (window, mode))


def _check_shortfall(
    book: Book,
    orders: list[Order],
    own: list[Order],
    settled: AuditedAccount,
    rules: tuple[Window, ModeRules],
) -> Iterator[Issue]:
    account = book.accounts[settled.account_number]
    where = account_path(account)
    reserve = exact(account.cash_reserve)
    below = f"cash ends at {usd(settled.cash)}, {usd(settled.shortfall)} below the reserve of {usd(reserve)}"
    commission = exact(book.household.policy.costs.commission)
    spent = sum((commission - order.cash for order in own if order.buys), ZERO)
    unspent = settled.cash_exact + spent
    if spent and floor_cents(unspent) >= reserve:
        yield Issue(
            code="CASH-1", where=where, message=f"{below}: purchases take {usd(spent)}", hint="buy less"
        )
        return
    if spent:
        yield Issue(
            code="CASH-2",
            where=where,
            message=f"{below}, and yet the account buys for {usd(spent)}",
            hint="an account with a shortfall buys nothing",
        )
    unsold = _unsold(book, orders, own, account, rules)
    if unsold:
        reached = floor_cents(unspent + sum(unsold.values(), ZERO)) >= reserve
        amounts = ", ".join(f"{symbol} ({usd(cash)})" for symbol, cash in sorted(unsold.items()))
        yield Issue(
            code="CASH-1" if reached else "CASH-2",
            where=where,
            message=f"{below}, but more could be sold: {amounts}",
            hint="sell it, as far as the reserve needs it",
        )
    elif not spent:
        yield Issue(
            code="CASH-2",
            where=where,
            message=f"{below}, and nothing more may be sold",
            severity="warning",
        )


def _unsold(
    book: Book,
    orders: list[Order],
    own: list[Order],
    account: Account,
    rules: tuple[Window, ModeRules],
) -> dict[str, Decimal]:
    """Return the cash that further allowed sales would bring, by symbol, where no cap could forbid them."""
    if account.do_not_trade:
        return {}
    policy = book.household.policy
    window, mode = rules
    caps = (policy.max_realized_gain, policy.max_short_term_gain, policy.max_tax)
    capped = any(cap is not None for cap in caps)
    full = policy.max_orders is not None and len(orders) >= policy.max_orders
    sold = {order.symbol: order.shares for order in own if not order.buys}
    unsold: dict[str, Decimal] = {}
    for symbol in book.held[account.account_number].keys() & book.quotes.keys():
        bid = book.quotes[symbol].bid
        if symbol in account.no_sell or (full and symbol not in sold) or not mode.may_sell(account, symbol):
            continue
        if capped and account.kind == "taxable" and _gains(book, account, symbol, bid):
            continue
        more = _sellable(book, account, symbol, window, mode) - sold.get(symbol, ZERO)
        cash = more * bid - (ZERO if symbol in sold else exact(policy.costs.commission))
        if more > 0 and cash >= CENT:
            unsold[symbol] = cash
    return unsold


def _gains(book: Book, account: Account, symbol: str, bid: Decimal) -> bool:
    lots = book.lots[account.account_number].get(symbol, ())
    return any(exact(lot.cost_per_share) < bid for lot in lots)


def _sellable(book: Book, account: Account, symbol: str, window: Window, mode: ModeRules) -> Decimal:
    """Return the most shares that one order may sell under SELL-1, SELL-3, QTY-1, QTY-3, WASH-2 and DEFER-1."""
    shares = book.held[account.account_number][symbol]
    lots = lots_by_id(book, account, symbol)
    quote = book.quotes[symbol]
    open_lots = []
    for name in broker_order(book, account, quote, lots):
        lot = lots[name]
        each = basis(account, lots.values(), lot)
        if window.blocks(account, symbol, each - quote.bid) or is_kept(book, mode, account, lot):
            if account.lot_relief != "specific":
                break
            continue
        open_lots.append(lot)
    if len(open_lots) < len(lots):
        shares = min(shares, sum((exact(lot.shares) for lot in open_lots), ZERO))
        shares -= shares % (_THOUSANDTH if account.fractional else ONE)
    least = exact(book.household.policy.min_trade_value) - LIMIT_TOLERANCE
    return shares if shares * book.quotes[symbol].price >= least else ZERO
