"""The orders of a household in the order in which a person or a program enters them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from realloc.accounts import Account
from realloc.errors import InputError, Issue
from realloc.household import Household
from realloc.orders.days import Timing, timings
from realloc.orders.order import Order
from realloc.orders.prices import Side, is_fund, limit_price
from realloc.orders.reading import read_trades
from realloc.orders.settings import OrderSettings
from realloc.plan import Plan
from realloc.trades import Trade

WHOLE_POSITION = 1e-9
"""Shares; a sale that leaves less sells the whole position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderList:
    """Orders by account number; in an account by day, sells before buys, then by sequence.

    Parameters
    ----------
    orders : tuple of Order
        What is to be written.
    settings : OrderSettings
        How they were made.
    household : Household, optional
        The household whose orders they are.
    plan : Plan, optional
        The plan that they come from.
    """

    orders: tuple[Order, ...]
    settings: OrderSettings = field(default_factory=OrderSettings)
    household: Household | None = None
    plan: Plan | None = None

    @property
    def tag(self) -> str:
        """Start of the names of orders: the setting, or ``realloc`` and the household's date."""
        if self.settings.tag or self.household is None:
            return self.settings.tag or "realloc"
        return f"realloc-{self.household.as_of:%Y%m%d}"

    def by_account(self) -> dict[str, list[Order]]:
        """Return the orders by account number."""
        accounts: dict[str, list[Order]] = {}
        for order in self.orders:
            accounts.setdefault(order.account, []).append(order)
        return accounts

    def account(self, number: str) -> Account | None:
        """Return the account with this number, where the household is known."""
        return _accounts(self.household).get(number)


def order_list(
    trades: Iterable[Trade | Mapping[str, Any]],
    settings: OrderSettings,
    *,
    household: Household | None = None,
    plan: Plan | None = None,
) -> OrderList:
    """Return the orders of trades.

    Raises
    ------
    ExportError
        Something in `trades` is no trade.
    InputError
        A setting names an account or symbol that is not there.
    """
    read = read_trades(trades, household)
    orders = _orders(read, household, settings)
    _require_known(settings, read, _accounts(household))
    return OrderList(
        orders=tuple(order for order in orders if _is_wanted(order, settings)),
        settings=settings,
        household=household,
        plan=plan,
    )


def joint_order_list(
    decided: Iterable[tuple[Iterable[Trade | Mapping[str, Any]], Household]], settings: OrderSettings
) -> OrderList:
    """Return the orders of several households, one household after the other.

    Raises
    ------
    ExportError
        Something in the trades is no trade.
    InputError
        An account number is in two households, or a setting names an account or symbol that none has.
    """
    orders: list[Order] = []
    trades: list[Trade] = []
    accounts: dict[str, Account] = {}
    for given, household in decided:
        read = read_trades(given, household)
        orders += _orders(read, household, settings)
        trades += read
        own = _accounts(household)
        if twice := sorted(accounts.keys() & own.keys()):
            raise InputError(
                f"the account number {twice[0]!r} is in two households (an allocation needs one account)"
            )
        accounts |= own
    _require_known(settings, trades, accounts)
    return OrderList(
        orders=tuple(order for order in orders if _is_wanted(order, settings)), settings=settings
    )


def _orders(read: Sequence[Trade], household: Household | None, settings: OrderSettings) -> list[Order]:
    accounts = _accounts(household)
    sequences = _sequences(read)
    by_account: dict[str, list[tuple[Trade, int]]] = {}
    for trade, sequence in zip(read, sequences, strict=True):
        by_account.setdefault(trade.account_id, []).append((trade, sequence))
    orders: list[Order] = []
    commission = 0.0 if household is None else household.policy.costs.commission
    for number in sorted(by_account):
        numbered = sorted(by_account[number], key=lambda pair: (pair[0].shares > 0, pair[1]))
        account = accounts.get(number)
        when = timings([trade for trade, _ in numbered], account, settings, commission)
        orders += sorted(
            (
                _order(trade, sequence, timing, account, settings)
                for (trade, sequence), timing in zip(numbered, when, strict=True)
            ),
            key=lambda order: (order.day, order.side == "buy", order.sequence),
        )
    return orders


def _accounts(household: Household | None) -> dict[str, Account]:
    return {} if household is None else {account.account_number: account for account in household.accounts}


def _sequences(trades: Sequence[Trade]) -> list[int]:
    given = [trade.sequence for trade in trades]
    if all(sequence > 0 for sequence in given) and len(set(given)) == len(given):
        return given
    return list(range(1, len(trades) + 1))


def _order(
    trade: Trade, sequence: int, timing: Timing, account: Account | None, settings: OrderSettings
) -> Order:
    side: Side = "sell" if trade.shares < 0 else "buy"
    fund = is_fund(trade.symbol, settings)
    limited = settings.order_type == "limit" and not fund and trade.price is not None
    held = 0.0 if account is None else account.positions.get(trade.symbol, 0.0)
    return Order(
        trade=trade,
        sequence=sequence,
        label="" if account is None else account.label,
        timing=timing,
        fund=fund,
        whole_position=held > 0 and abs(held + trade.shares) <= WHOLE_POSITION,
        limit=limit_price(trade.price, side, settings.slip_bps)
        if limited and trade.price is not None
        else None,
    )


def _is_wanted(order: Order, settings: OrderSettings) -> bool:
    return (
        (not settings.accounts or order.account in settings.accounts)
        and order.symbol not in settings.leave_out
        and settings.day in (None, order.day)
    )


def _require_known(settings: OrderSettings, trades: Sequence[Trade], accounts: Mapping[str, Account]) -> None:
    """Refuse names that nothing has: a typing error would leave orders out without a word."""
    if not trades:
        return
    numbers = set(accounts) or {trade.account_id for trade in trades}
    symbols = {trade.symbol for trade in trades}
    issues = [
        Issue(code="order.setting", where=key, message=f"no {what} {name!r}", hint=hint)
        for key, what, given, known, hint in (
            ("accounts", "account", settings.accounts, numbers, "give account numbers of the household"),
            ("leave_out", "order for", settings.leave_out, symbols, "give symbols that are traded"),
        )
        for name in sorted(given)
        if name not in known
    ]
    if issues:
        raise InputError(issues)
