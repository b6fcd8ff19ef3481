"""A plan on a page: is it worth trading, what to do where, what it costs, how close it is, what stood in the way."""

from __future__ import annotations

from collections.abc import Mapping

from realloc.accounts import Account
from realloc.cli.answer import Answer, Grid, Line, grid, money, notes, percent, plural
from realloc.cli.harvest_view import harvest_lines
from realloc.cli.orders_view import KINDS, ORDER_COLUMNS, account_name, order_records, orders_grid
from realloc.errors import Issue
from realloc.household import Household
from realloc.plan import Plan
from realloc.report.figures import closed_windows, drift_rows, year_rows

MANY_ORDERS = 30
"""A page with more orders begins with what each account does, and lists them at its end."""

MANY_CLASSES = 20
"""A page with more classes shows those that are furthest from their targets."""

FEWER = "orders.fewer"
"""The issue that says how far a few orders get."""

FEW_WINDOWS = 3
"""Wash-sale windows that are told one by one."""


def plan_answer(plan: Plan, household: Household, *, why: bool = False) -> Answer:
    """Return a plan in every form; `why` adds the reason of each order to the page."""
    accounts = {account.account_number: account for account in household.accounts}
    orders = _orders_by_account(plan, accounts, why=why)
    many = len(plan.trades) > MANY_ORDERS
    page: list[Grid | Line] = [Line(text=worth(plan), strong=True), *_drift_lines(plan), *_fewer(plan)]
    page += [_accounts(plan, accounts)] if many else orders
    page += [_costs(plan), *_gains(plan), *_year(plan), *harvest_lines(plan.harvest)]
    page += [Line(text=closeness(plan), strong=True)]
    told = [issue for issue in _gathered(plan, household) if issue.code != FEWER]
    page += notes(told, "What stood in the way, and what to know")
    page.append(_classes(plan, accounts))
    page += orders if many else []
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


def _drift_lines(plan: Plan) -> list[Line]:
    totals = plan.household
    becomes = f" and becomes {percent(totals.drift_after)}" if plan.trades else ""
    return [
        Line(
            text=f"The household is worth {money(totals.value)}; its drift is "
            f"{percent(totals.drift_before)}{becomes}."
        )
    ]


def _fewer(plan: Plan) -> list[Line]:
    """Return how far a few orders get, which the page tells at its head."""
    return [Line(text=f"{issue.message}.") for issue in plan.issues if issue.code == FEWER]


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


def _year(plan: Plan) -> list[Grid]:
    """Return the tax year after the plan, where the household states the year so far."""
    rows = [(name, money(short), money(long)) for name, short, long in year_rows(plan)]
    year = plan.tax_year
    if year is None:
        return []
    title = f"The tax year with this plan: tax {money(year.tax)}, without it {money(year.tax_before)}"
    if year.deducted:
        title += f"; {money(year.deducted)} deducted from other income"
    return [grid(title, ["Dollars"], ["Short-term", "Long-term"], rows)]


def _gathered(plan: Plan, household: Household) -> list[Issue]:
    """Return the issues of a plan, many wash-sale windows as one."""
    windows = [issue for issue in plan.issues if issue.code == "wash.window"]
    if len(windows) <= FEW_WINDOWS:
        return list(plan.issues)
    closed = "; ".join(
        f"through {until} {', '.join(sorted({name for row in rows for name in row.symbols}))}"
        for until, rows in closed_windows(household, plan)
    )
    gathered = Issue(
        code="wash.window",
        where="",
        message=f"sold at a loss, and not to be bought in any account: {closed}",
        hint="stop the reinvestment of their dividends until then",
        severity="info",
    )
    return [*(issue for issue in plan.issues if issue.code != "wash.window"), gathered]


def _accounts(plan: Plan, accounts: Mapping[str, Account]) -> Grid:
    """Return what each account does, in the order of the plan."""
    rows = []
    cash = {each.account_number: each.cash_after for each in plan.accounts}
    for number in dict.fromkeys(trade.account_id for trade in plan.trades):
        mine = [trade for trade in plan.trades if trade.account_id == number]
        sold = -sum(trade.notional for trade in mine if trade.shares < 0)
        bought = sum(trade.notional for trade in mine if trade.shares > 0)
        name = account_name(accounts.get(number), number)
        rows.append((name, str(len(mine)), money(sold), money(bought), money(cash.get(number, 0.0))))
    return grid(
        "What to do (the orders stand at the end)",
        ["Account"],
        ["Orders", "Sold", "Bought", "Cash then"],
        rows,
    )


def _classes(plan: Plan, accounts: Mapping[str, Account]) -> Grid:
    rows = []
    shown = plan.classes if len(plan.classes) <= MANY_CLASSES else drift_rows(plan, MANY_CLASSES)
    for weight in sorted(shown, key=lambda weight: (weight.account, weight.name)):
        own = accounts.get(weight.account)
        name = f"{own.label if own else weight.account}: {weight.name}" if weight.account else weight.name
        rows.append((name, *map(percent, (weight.target, weight.band, weight.before, weight.after))))
    some = (
        f" ({len(shown)} of {len(plan.classes)}, the furthest off)" if len(shown) < len(plan.classes) else ""
    )
    return grid(f"Where it leads{some}", ["Class"], ["Target", "Band", "Before", "After"], rows)
