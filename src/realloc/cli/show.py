"""Tables for people and JSON for programs, on standard output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from realloc.cli.edge import one_line
from realloc.cli.work import Decision
from realloc.errors import Issue
from realloc.household import Household
from realloc.plan import Plan
from realloc.plugins.core.discovery import PluginInfo
from realloc.portfolio import PortfolioStateManager
from realloc.trades import Trade

WIDTH = 120
"""Columns where the output is not a terminal."""


def show_decision(decision: Decision, household: Household, form: str) -> None:
    """Print trades and what they do: the plan, or trades and states."""
    if form == "json":
        show_json(decision.plan.to_dict() if decision.plan else _decision_document(decision))
        return
    console = _console()
    labels = {account.account_number: account.label for account in household.accounts}
    if decision.plan:
        _show_plan(console, decision.plan, labels)
        return
    _show_trades(console, decision.trades, labels, household.prices)
    show_states(decision.states)
    rest = {symbol: shares for symbol, shares in sorted(decision.remaining.items()) if shares}
    if rest:
        table = _table("Not traded (no cash, no whole share, or refused)", ["Symbol"], ["Shares"])
        for symbol, shares in rest.items():
            table.add_row(_text(symbol), _shares(shares))
        console.print(table)
    _show_issues(console, [*map(_refusal_issue, decision.refused), *decision.issues])


def show_states(states: Iterable[PortfolioStateManager]) -> None:
    """Print the accounts after the trades."""
    table = _table("Final Account States", ["Account", "Number"], ["Cash", "Value"], ["Positions"])
    for state in states:
        for row in state.get_account_summary():
            held = ", ".join(
                f"{shares:,.6g} {symbol}" for symbol, shares in sorted(row["positions"].items()) if shares
            )
            table.add_row(
                _text(row["label"]),
                _text(row["account_id"]),
                _money(row["cash"]),
                _money(row["total_value"]),
                _text(held),
            )
    _console().print(table)


def show_json(document: object) -> None:
    """Print a document as JSON."""
    sys.stdout.write(json.dumps(document, indent=2, allow_nan=False) + "\n")


def show_message(text: str) -> None:
    """Print one line."""
    sys.stdout.write(one_line(text) + "\n")


def show_plugins(plugins: Sequence[PluginInfo]) -> None:
    """Print the plugins, and below them those that cannot be used."""
    console = _console()
    table = _table("Plugins", ["Kind", "Name", "Description", "Distribution"])
    for plugin in plugins:
        if not plugin.error:
            source = f"{plugin.distribution} {plugin.version}".strip()
            table.add_row(*map(_text, (plugin.kind, plugin.name, plugin.description, source)))
    console.print(table)
    broken = [plugin for plugin in plugins if plugin.error]
    if broken:
        table = _table("Cannot be used", ["Name", "Distribution", "Reason"])
        for plugin in broken:
            table.add_row(*map(_text, (plugin.name, plugin.distribution, plugin.error)))
        console.print(table)


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


def _show_plan(console: Console, plan: Plan, labels: Mapping[str, str]) -> None:
    totals, costs, certificate = plan.household, plan.costs, plan.certificate
    summary = _table("Plan", ["Household"], ["Before", "After"])
    summary.add_row("Value", _money(totals.value), "")
    summary.add_row("Drift", _percent(totals.drift_before), _percent(totals.drift_after))
    for weight in sorted(plan.classes, key=lambda weight: (weight.account, weight.name)):
        name = f"{weight.name} (target {weight.target:.2%}, band {weight.band:.2%})"
        if weight.account:
            name = f"{labels.get(weight.account, weight.account)}: {name}"
        summary.add_row(_text(name), _percent(weight.before), _percent(weight.after))
    console.print(summary)
    _show_trades(console, plan.trades, labels, {})
    cash = _table("Cash", ["Account", "Number"], ["Before", "After", "Shortfall"])
    for account in plan.accounts:
        cash.add_row(
            _text(labels.get(account.account_number, "")),
            _text(account.account_number),
            _money(account.cash_before),
            _money(account.cash_after),
            _money(account.shortfall) if account.shortfall else "",
        )
    console.print(cash)
    table = _table("Costs in dollars", ["Part"], ["Plan"])
    for name, amount in (
        ("Drift", costs.drift),
        ("Tax", costs.tax),
        ("Trading", costs.trading),
        ("Location", costs.location),
        ("Total", costs.objective),
        ("Doing nothing", costs.do_nothing),
    ):
        table.add_row(name, _money(amount))
    console.print(table)
    _show_issues(console, plan.issues)
    console.print(
        _text(
            f"Realized gains: {_money(totals.realized_short_term)} short-term, "
            f"{_money(totals.realized_long_term)} long-term."
        )
    )
    console.print(
        _text(
            f"Certificate: {certificate.status}. No plan under these rules can cost less than "
            f"{_money(certificate.bound)}; this one costs {_money(certificate.objective)} "
            f"(gap {_money(certificate.gap)}, {certificate.gap_bps:.3f} bps of the household)."
        )
    )


def _show_trades(
    console: Console, trades: Sequence[Trade], labels: Mapping[str, str], prices: Mapping[str, float]
) -> None:
    if not trades:
        console.print(Text("No trades."))
        return
    reasons = any(trade.reason for trade in trades)
    table = _table(
        "Trades",
        ["Account", "Number", "Side", "Symbol"],
        ["Shares", "Price", "Value"],
        ["Reason"] if reasons else [],
    )
    for trade in trades:
        price = trade.price if trade.price is not None else prices[trade.symbol]
        cells = [
            _text(labels.get(trade.account_id, "")),
            _text(trade.account_id),
            "sell" if trade.shares < 0 else "buy",
            _text(trade.symbol),
            _shares(abs(trade.shares)),
            _money(price),
            _money(abs(trade.shares) * price),
        ]
        table.add_row(*cells, *([_text(trade.reason)] if reasons else []))
    console.print(table)


def _show_issues(console: Console, issues: Sequence[Issue]) -> None:
    if not issues:
        return
    table = _table("Notes", ["Severity", "Place", "Message"])
    for issue in issues:
        message = f"{issue.message} ({issue.hint})" if issue.hint else issue.message
        table.add_row(issue.severity, _text(issue.where), _text(message))
    console.print(table)


def _refusal_issue(refusal: Any) -> Issue:
    trade = refusal.trade
    side = "sale" if trade.shares < 0 else "purchase"
    return Issue(
        code="trade.refused",
        where=trade.account_id,
        message=f"{side} of {_shares(abs(trade.shares))} {trade.symbol} refused: {refusal.reason}",
        severity="warning",
    )


class _Console(Console):
    """A console that leaves a closed output to the edge of the command."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _console() -> Console:
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        return _Console(highlight=False)
    return _Console(highlight=False, width=WIDTH)


def _table(title: str, left: Sequence[str], right: Sequence[str] = (), last: Sequence[str] = ()) -> Table:
    """Return a table with columns of text, then of numbers, then of text again."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in left:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    for name in last:
        table.add_column(name, overflow="fold")
    return table


def _text(text: str) -> Text:
    return Text(one_line(text))


def _money(amount: float) -> str:
    return f"{amount:,.2f}"


def _percent(fraction: float) -> str:
    return f"{fraction:.2%}"


def _shares(shares: float) -> str:
    return f"{shares:,.6f}".rstrip("0").rstrip(".")
