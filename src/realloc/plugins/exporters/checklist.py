"""Orders as a list to work through by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from realloc._printable import one_line
from realloc.orders import Order, OrderList, exact, expected
from realloc.plan import AccountCash
from realloc.plugins.exporters.order_file import OrderFile, number_text, price_text

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")

UNSETTLED = (
    "Some purchases are paid with proceeds that settle on the next trading day (T+1). In a cash account, do not "
    "sell what they bought before that."
)


class ChecklistExporter(OrderFile):
    """Write a checklist in Markdown: account by account, in order of execution, with what waits."""

    name = "checklist"

    def content(self, listed: OrderList) -> str:
        """Return the checklist."""
        lines = ["# Orders", *_head(listed)]
        cash = {} if listed.plan is None else {row.account_number: row for row in listed.plan.accounts}
        for number, orders in listed.by_account().items():
            lines += _account(number, orders, cash.get(number))
            lines += _worst_case(listed, number)
        return "\n".join(lines) + "\n"


def _head(listed: OrderList) -> Iterator[str]:
    yield ""
    if listed.household is not None:
        yield f"Prices of {listed.household.as_of.isoformat()}."
    if not listed.orders:
        yield "Nothing to trade."
        return
    yield (
        f"{_count(len(listed.orders), 'order')} in {_count(len(listed.by_account()), 'account')}. In each account "
        "work from the top: sales pay for purchases."
    )
    if any(order.day > 1 for order in listed.orders):
        yield "What stands under day 2 is entered on the next trading day, when its money is there."


def _account(number: str, orders: Sequence[Order], cash: AccountCash | None) -> Iterator[str]:
    label = orders[0].label
    yield ""
    yield f"## {_plain(label)} ({_plain(number)})" if label else f"## {_plain(number)}"
    day = 0
    for order in orders:
        if order.day != day:
            day = order.day
            yield ""
            yield f"### Day {day}"
            yield ""
        yield from _order(order)
    yield ""
    yield _totals(orders)
    if cash is not None:
        yield f"Cash: {_dollars(exact(cash.cash_before))} now, about {_dollars(exact(cash.cash_after))} after."
        if cash.shortfall:
            yield f"**{_dollars(exact(cash.shortfall))} are missing to the cash reserve.**"
    if any(order.timing.unsettled for order in orders):
        yield UNSETTLED


def _worst_case(listed: OrderList, number: str) -> Iterator[str]:
    """Warn where the cash does not pay for all purchases if every order fills at its limit."""
    account, orders = listed.account(number), listed.by_account()[number]
    if account is None or listed.household is None or listed.settings.leave_out or listed.settings.day:
        return
    amounts = [(order.side, expected(order.trade, listed.settings)) for order in orders]
    cash = exact(account.cash) + exact(account.cash_flow)
    cash -= exact(listed.household.policy.costs.commission) * len(orders)
    for side, amount in amounts:
        cash += (amount or 0) if side == "sell" else -(amount or 0)
    if cash < 0 and any(side == "buy" for side, _ in amounts):
        yield (
            f"If every order fills at its limit, {_dollars(-cash)} are missing: enter the last purchases when the "
            "others are filled, or set a smaller slip."
        )


def _order(order: Order) -> Iterator[str]:
    shares = number_text(order.shares)
    amount = f"all {shares}" if order.whole_position else shares
    worth = "" if order.notional is None else f", about {_dollars(order.notional)}"
    yield (
        f"- [ ] {order.sequence}. **{order.side.upper()} {amount} {_plain(order.symbol)}**, "
        f"{_how(order)}{worth}"
    )
    if order.timing.waits_for:
        yield f"  - waits for {_plain(order.timing.waits_for)}"
    for lot in order.lots:
        yield (
            f"  - lot {_plain(lot.id)}: {number_text(exact(lot.shares))} shares of {lot.acquired.isoformat()} "
            f"at {_dollars(exact(lot.cost_per_share))}, {lot.term}-term, "
            f"{'loss' if lot.gain < 0 else 'gain'} {_dollars(abs(exact(lot.gain)))}"
        )
    if order.trade.reason:
        yield f"  - {_plain(order.trade.reason)}"


def _how(order: Order) -> str:
    if order.fund:
        return "mutual fund, at the day's net asset value"
    if order.limit is None:
        return "market order for the day"
    return f"limit {_dollars(order.limit)} for the day"


def _totals(orders: Sequence[Order]) -> str:
    parts = []
    for side, word in (("sell", "Sales"), ("buy", "Purchases")):
        amounts = [order.notional for order in orders if order.side == side]
        if amounts and all(amount is not None for amount in amounts):
            total = sum((amount for amount in amounts if amount is not None), Decimal(0))
            parts.append(f"{word} about {_dollars(total)}.")
    return " ".join(parts) or f"{_count(len(orders), 'order')}."


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _dollars(amount: Decimal) -> str:
    if 0 < abs(amount) < 1:
        return f"${price_text(round(amount, 4))}"
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    return _MARKDOWN.sub(r"\\\1", one_line(text))
