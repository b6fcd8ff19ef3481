"""What the commands print that decide trades, and the list of plugins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from realloc.cli.answer import Answer, Grid, Line, grid, money, notes, shares
from realloc.cli.decision import Decision
from realloc.cli.orders_view import ORDER_COLUMNS, account_name, order_records, orders_grid
from realloc.cli.output import show
from realloc.cli.plan_view import plan_answer
from realloc.errors import Issue
from realloc.household import Household
from realloc.plugins.core.discovery import PluginInfo
from realloc.plugins.core.results import Refusal

OWN = "realloc"
"""The distribution whose plugins come with the program."""

PLUGIN_COLUMNS = ("kind", "name", "description", "distribution", "version", "error")


def show_decision(
    decision: Decision,
    household: Household,
    form: str,
    *,
    why: bool = False,
    nothing: str = "No trades.",
    done: str = "",
) -> None:
    """Print trades and what they do: the plan, or trades and states; `done` says what was written."""
    if decision.plan:
        answer = plan_answer(decision.plan, household, why=why)
    else:
        answer = _decision_answer(decision, household, nothing)
    if done:
        answer = replace(answer, page=[*answer.page, Line(text=done)])
    show(answer, form)


def show_plugins(plugins: Sequence[PluginInfo], form: str) -> None:
    """Print the plugins, and below them those that cannot be used."""
    usable = [plugin for plugin in plugins if not plugin.error]
    broken = [(plugin.name, plugin.distribution, plugin.error) for plugin in plugins if plugin.error]
    page: list[Grid | Line] = []
    for kind in dict.fromkeys(plugin.kind for plugin in usable):
        rows = [(plugin.name, _described(plugin)) for plugin in usable if plugin.kind == kind]
        title = kind.capitalize() if kind == "market data" else f"{kind.capitalize()}s"
        page.append(grid(title, ["Name", "What it does"], [], rows))
    own = next((plugin.version for plugin in usable if plugin.distribution == OWN), "")
    page.append(Line(text=f"Where no other distribution is named, it is {OWN} {own}."))
    if broken:
        page.append(grid("Cannot be used", ["Name", "Distribution", "Reason"], [], broken))
    records = [asdict(plugin) for plugin in plugins]
    show(Answer(document={"plugins": records}, columns=PLUGIN_COLUMNS, records=records, page=page), form)


def _described(plugin: PluginInfo) -> str:
    """Return what a plugin does, and where it comes from if it is not the package's own."""
    text = plugin.description.replace("``", "")
    return text if plugin.distribution == OWN else f"{text} ({plugin.distribution} {plugin.version})"


def _decision_answer(decision: Decision, household: Household, nothing: str) -> Answer:
    accounts = {account.account_number: account for account in household.accounts}
    page: list[Grid | Line] = []
    trades = [replace(trade, sequence=n) for n, trade in enumerate(decision.trades, start=1)]
    for number in dict.fromkeys(trade.account_id for trade in trades):
        mine = [trade for trade in trades if trade.account_id == number]
        page.append(orders_grid(account_name(accounts.get(number), number), mine, household.prices))
    if not page:
        page.append(Line(text=nothing, strong=True))
    page.append(_states(decision))
    rest = [(symbol, shares(amount)) for symbol, amount in sorted(decision.remaining.items()) if amount]
    if rest:
        page.append(grid("Not traded (no cash, no whole share, or refused)", ["Symbol"], ["Shares"], rest))
    page += notes([*map(_refusal_issue, decision.refused), *decision.issues])
    return Answer(
        document=_decision_document(decision),
        columns=ORDER_COLUMNS,
        records=order_records(decision.trades, accounts, household.prices),
        page=page,
    )


def _states(decision: Decision) -> Grid:
    rows = []
    for state in decision.states:
        for row in state.get_account_summary():
            held = ", ".join(
                f"{amount:,.6g} {symbol}" for symbol, amount in sorted(row["positions"].items()) if amount
            )
            rows.append(
                (row["label"], row["account_id"], held, money(row["cash"]), money(row["total_value"]))
            )
    return grid("Final Account States", ["Account", "Number", "Positions"], ["Cash", "Value"], rows)


def _decision_document(decision: Decision) -> dict[str, Any]:
    return {
        "trades": [trade.to_dict() for trade in decision.trades],
        "accounts": [
            {"account_number": row["account_id"], "cash_after": row["cash"], "positions": row["positions"]}
            for state in decision.states
            for row in state.get_account_summary()
        ],
        "remaining": dict(sorted(decision.remaining.items())),
        "issues": [issue.to_dict() for issue in (*map(_refusal_issue, decision.refused), *decision.issues)],
    }


def _refusal_issue(refusal: Refusal) -> Issue:
    trade = refusal.trade
    word = "sale" if trade.shares < 0 else "purchase"
    return Issue(
        code="trade.refused",
        where=trade.account_id,
        message=f"{word} of {shares(abs(trade.shares))} {trade.symbol} refused: {refusal.reason}",
        severity="warning",
    )
