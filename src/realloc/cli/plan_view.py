"""A plan on a page: is it worth trading, what to do where, what it costs, how close it is, what stood in the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from realloc.accounts import Account
from realloc.cli.answer import Answer, Grid, Line, grid, money, notes, percent, plural, shares
from realloc.household import Household
from realloc.plan import Plan
from realloc.trades import Trade

ORDER_COLUMNS = (
    "sequence",
    "account_number",
    "account",
    "side",
    "symbol",
    "shares",
    "price",
    "notional",
    "reason",
)
"""Columns of orders in CSV; shares and notional are negative for sales, as in the plan document."""

KINDS = {"taxable": "taxable", "tax_deferred": "tax-deferred", "tax_exempt": "tax-exempt"}


def plan_answer(plan: Plan, household: Household, *, why: bool = False) -> Answer:
    """Return a plan in every form; `why` adds the reason of each order to the page."""
    accounts = {account.account_number: account for account in household.accounts}
    page: list[Grid | Line] = [Line(text=worth(plan), strong=True), *_drift_lines(plan)]
    page += _orders_by_account(plan, accounts, why=why)
    page += [_costs(plan), *_gains(plan), Line(text=closeness(plan), strong=True)]
    page += notes(plan.issues, "What stood in the way, and what to know")
    page.append(_classes(plan, accounts))
    return Answer(
        document=plan.to_dict(),
        columns=ORDER_COLUMNS,
        records=order_records(plan.trades, accounts, household.prices),
        page=page,
    )


def worth(plan: Plan) -> str:
    """Return whether it is worth trading, in one sentence."""
    saved = plan.costs.do_nothing - plan.costs.objective
    if not plan.trades:
        return "Not worth trading: no order under these rules is worth its cost."
    accounts = len({trade.account_id for trade in plan.trades})
    orders = f"{plural(len(plan.trades), 'order')} in {plural(accounts, 'account')}"
    if round(saved, 2) <= 0:
        return f"{orders} to make, which the rules ask for."
    return f"Worth trading: {orders}, together worth {money(saved)}."


def closeness(plan: Plan) -> str:
    """Return how near to the best possible the plan is, in a sentence."""
    certificate = plan.certificate
    stopped = " (the search was stopped by its time limit)" if certificate.status == "time_limit" else ""
    return (
        f"How close to the best possible: within {money(certificate.gap)} of it, "
        f"{certificate.gap_bps:.3f} bps of the household{stopped}. No plan under these rules can cost less "
        f"than {money(certificate.bound)}."
    )


def order_records(
    trades: Sequence[Trade], accounts: Mapping[str, Account], prices: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Return orders as rows of CSV."""
    return [
        {
            "sequence": trade.sequence or n,
            "account_number": trade.account_id,
            "account": accounts[trade.account_id].label if trade.account_id in accounts else "",
            "side": side(trade),
            "symbol": trade.symbol,
            "shares": trade.to_dict()["shares"],
            "price": _price(trade, prices),
            "notional": round(trade.shares * _price(trade, prices), 2),
            "reason": trade.reason,
        }
        for n, trade in enumerate(trades, start=1)
    ]


def orders_grid(title: str, trades: Iterable[Trade], prices: Mapping[str, float]) -> Grid:
    """Return the orders of one account as a table."""
    rows = [
        (
            side(trade),
            trade.symbol,
            str(trade.sequence or n),
            shares(abs(trade.shares)),
            money(_price(trade, prices)),
            money(abs(trade.shares) * _price(trade, prices)),
        )
        for n, trade in enumerate(trades, start=1)
    ]
    return grid(title, ["Side", "Symbol"], ["Order", "Shares", "Price", "Value"], rows)


def account_name(account: Account | None, number: str) -> str:
    """Return an account's label and number for people."""
    if account is None or account.label == number:
        return number
    return f"{account.label} ({number})"


def side(trade: Trade) -> str:
    """Return ``sell`` or ``buy``."""
    return "sell" if trade.shares < 0 else "buy"


def _price(trade: Trade, prices: Mapping[str, float]) -> float:
    return trade.price if trade.price is not None else prices[trade.symbol]


def _drift_lines(plan: Plan) -> list[Line]:
    totals = plan.household
    becomes = f" and becomes {percent(totals.drift_after)}" if plan.trades else ""
    return [
        Line(
            text=f"The household is worth {money(totals.value)}; its drift is "
            f"{percent(totals.drift_before)}{becomes}."
        )
    ]


def _orders_by_account(plan: Plan, accounts: Mapping[str, Account], *, why: bool) -> list[Grid | Line]:
    page: list[Grid | Line] = []
    cash = {each.account_number: each for each in plan.accounts}
    for number in dict.fromkeys(trade.account_id for trade in plan.trades):
        account = accounts.get(number)
        kind = f", {KINDS[account.kind]}" if account else ""
        title = f"{account_name(account, number)}{kind}"
        if number in cash:
            title += f": cash {money(cash[number].cash_before)}, then {money(cash[number].cash_after)}"
        mine = [trade for trade in plan.trades if trade.account_id == number]
        page.append(orders_grid(title, mine, {}))
        if why:
            page += [Line(text=f"Order {trade.sequence}: {trade.reason}") for trade in mine if trade.reason]
    return page


def _costs(plan: Plan) -> Grid:
    costs = plan.costs
    rows = [
        ("Tax on the sales" if costs.tax >= 0 else "Tax (saved by the losses)", money(costs.tax)),
        ("Trading: spread, commissions, order costs", money(costs.trading)),
        ("Location of what is held", money(costs.location)),
        ("Drift that is left", money(costs.drift)),
        ("Cost of the plan", money(costs.objective)),
        ("Cost of doing nothing", money(costs.do_nothing)),
        ("Saved by trading", money(costs.do_nothing - costs.objective)),
    ]
    return grid("What it costs and saves", ["Part"], ["Dollars"], rows)


def _gains(plan: Plan) -> list[Line]:
    short, long = plan.household.realized_short_term, plan.household.realized_long_term
    if not (short or long):
        return []
    return [Line(text=f"Realized gains: {money(short)} short-term, {money(long)} long-term.")]


def _classes(plan: Plan, accounts: Mapping[str, Account]) -> Grid:
    rows = []
    for weight in sorted(plan.classes, key=lambda weight: (weight.account, weight.name)):
        own = accounts.get(weight.account)
        name = f"{own.label if own else weight.account}: {weight.name}" if weight.account else weight.name
        rows.append((name, *map(percent, (weight.target, weight.band, weight.before, weight.after))))
    return grid("Where it leads", ["Class"], ["Target", "Band", "Before", "After"], rows)
