"""What the portfolio commands print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from realloc.cli.show import _console, _money, _percent, _shares, _show_issues, _table, _text
from realloc.errors import Issue
from realloc.plugins.importers.statement import Statement
from realloc.portfolio_file.confirming import Confirmation
from realloc.portfolio_file.portfolio import Portfolio


def show_statements(statements: Sequence[Statement], *, explain: bool) -> None:
    """Print what broker files hold, and with `explain` what became of every row."""
    console = _console()
    table = _table(
        "Accounts",
        ["File", "Broker", "Date", "Account", "Name"],
        ["Cash", "Positions", "Lots", "Total", "Ties"],
    )
    for statement in statements:
        for account in statement.accounts:
            table.add_row(
                _text(Path(statement.file).name),
                _text(statement.broker),
                str(statement.as_of or "not stated"),
                _text(account.number),
                _text(account.name),
                "not stated" if account.cash is None else _money(float(account.cash)),
                str(len(account.positions) + len(account.untouchable)),
                str(len(account.lots)),
                _money(float(account.total)),
                str(len(account.ties)),
            )
    console.print(table)
    if explain:
        notes = _table("Rows", ["Place", "Became", "Why"])
        for statement in statements:
            for note in statement.notes:
                notes.add_row(_text(note.where), note.action, _text(note.text))
        console.print(notes)
    _show_issues(console, [issue for statement in statements for issue in statement.issues])


def show_check(path: Path, portfolio: Portfolio | None, issues: Sequence[Issue]) -> None:
    """Print every issue, and where the figures came from."""
    console = _console()
    _show_issues(console, issues)
    counts = {name: sum(issue.severity == name for issue in issues) for name in ("error", "warning", "info")}
    if portfolio is not None:
        household = portfolio.household
        table = _table("Accounts", ["Account", "Number", "Kind", "Positions from", "Date"], ["Value"])
        for account in household.accounts:
            origin = portfolio.origins.get(f"accounts[{account.account_number}].cash")
            held = [
                portfolio.origins[place]
                for symbol in account.positions
                if (place := f"accounts[{account.account_number}].positions.{symbol}") in portfolio.origins
            ]
            source = held[0] if held else origin
            value = account.cash + sum(
                shares * household.prices[symbol] for symbol, shares in account.positions.items()
            )
            table.add_row(
                _text(account.label),
                _text(account.account_number),
                account.kind,
                _text(source.source if source else ""),
                str(source.as_of or "") if source else "",
                _money(value),
            )
        console.print(table)
    verdict = "can be planned with" if portfolio is not None else "cannot be planned with yet"
    errors, warnings = counts["error"], counts["warning"]
    console.print(
        _text(
            f"{path} {verdict}: {errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}."
        )
    )


def show_confirmation(confirmation: Confirmation) -> None:
    """Print what became of each order, and the drift that is left."""
    console = _console()
    labels = {account.account_number: account.label for account in confirmation.household.accounts}
    table = _table(
        "Orders", ["Account", "Number", "Symbol", "Outcome"], ["Planned", "Traded", "Left"], ["Recorded"]
    )
    for each in confirmation.outcomes:
        left = each.planned - each.traded if each.planned else 0
        recorded = ", ".join(
            f"{fill.traded} at {_money(float(fill.price))}{'' if fill.stated else ' (estimate)'}"
            for fill in each.fills
        )
        table.add_row(
            _text(labels.get(each.account_number, "")),
            _text(each.account_number),
            _text(each.symbol),
            each.status,
            _shares(float(each.planned)),
            _shares(float(each.traded)),
            _shares(float(left)),
            recorded,
        )
    console.print(table)
    _show_issues(console, confirmation.issues)
    console.print(
        _text(
            f"Drift: {_percent(confirmation.drift_before)} before, {_percent(confirmation.drift_planned)} planned, "
            f"{_percent(confirmation.drift_after)} now."
        )
    )


def confirmation_document(confirmation: Confirmation) -> dict[str, Any]:
    """Return a confirmation as JSON values."""
    return {
        "orders": [
            {
                "account_number": each.account_number,
                "symbol": each.symbol,
                "planned": float(each.planned),
                "traded": float(each.traded),
                "outcome": each.status,
                "fills": [
                    {
                        "shares": float(fill.shares),
                        "price": float(fill.price),
                        "traded": fill.traded.isoformat(),
                        "stated": fill.stated,
                    }
                    for fill in each.fills
                ],
            }
            for each in confirmation.outcomes
        ],
        "drift": {
            "before": confirmation.drift_before,
            "planned": confirmation.drift_planned,
            "after": confirmation.drift_after,
        },
        "recorded": [trade.to_dict() for trade in confirmation.recorded],
        "household": confirmation.household.to_dict(),
        "issues": [issue.to_dict() for issue in confirmation.issues],
    }
