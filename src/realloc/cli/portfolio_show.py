"""What the portfolio commands print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from realloc.cli.answer import Answer, Grid, Line, grid, money, notes, percent, plural, shares
from realloc.errors import Issue
from realloc.plugins.importers.statement import Statement
from realloc.portfolio_file.confirming import Confirmation
from realloc.portfolio_file.portfolio import Portfolio

ACCOUNT_COLUMNS = (
    "file",
    "broker",
    "as_of",
    "account_number",
    "account",
    "cash",
    "positions",
    "lots",
    "total",
    "ties",
)
ISSUE_COLUMNS = ("severity", "code", "where", "message", "hint")
OUTCOME_COLUMNS = ("account_number", "symbol", "planned", "traded", "outcome")


def statements_answer(
    statements: Sequence[Statement], added: Sequence[str], *, explain: bool, message: str = ""
) -> Answer:
    """Return what broker files hold, and with `explain` what became of every row."""
    records = [
        {
            "file": Path(statement.file).name,
            "broker": statement.broker,
            "as_of": None if statement.as_of is None else statement.as_of.isoformat(),
            "account_number": account.number,
            "account": account.name,
            "cash": None if account.cash is None else float(account.cash),
            "positions": len(account.positions) + len(account.untouchable),
            "lots": len(account.lots),
            "total": float(account.total),
            "ties": len(account.ties),
        }
        for statement in statements
        for account in statement.accounts
    ]
    rows = [
        (
            str(record["account"]),
            str(record["account_number"]),
            f"{record['broker']}, {record['file']}, {record['as_of'] or 'date not stated'}",
            "not stated" if record["cash"] is None else money(float(str(record["cash"]))),
            str(record["positions"]),
            str(record["lots"]),
            money(float(str(record["total"]))),
        )
        for record in records
    ]
    page: list[Grid | Line] = [
        grid("Accounts", ["Account", "Number", "From"], ["Cash", "Positions", "Lots", "Total"], rows)
    ]
    ties = sum(len(account.ties) for statement in statements for account in statement.accounts)
    page.append(Line(text=f"{plural(ties, 'stated total')} of the files add up."))
    if explain:
        told = [(note.where, note.action, note.text) for each in statements for note in each.notes]
        page.append(grid("Rows", ["Place", "Became", "Why"], [], told))
    page += notes([issue for statement in statements for issue in statement.issues])
    if message:
        page.append(Line(text=message))
    document = {"statements": [each.to_dict() for each in statements], "added": list(added)}
    return Answer(document=document, columns=ACCOUNT_COLUMNS, records=records, page=page)


def check_answer(path: Path, portfolio: Portfolio | None, issues: Sequence[Issue]) -> Answer:
    """Return every issue, and where the figures came from."""
    page: list[Grid | Line] = [Line(text=_verdict(path, portfolio, issues), strong=True)]
    page += notes(issues)
    if portfolio is not None:
        page.append(_accounts(portfolio))
    origins = {} if portfolio is None else portfolio.origins
    document = {
        "portfolio": str(path),
        "usable": portfolio is not None,
        "issues": [issue.to_dict() for issue in issues],
        "origins": {
            name: {
                "source": each.source,
                "as_of": each.as_of.isoformat() if each.as_of else None,
                "dated_by": each.dated_by,
            }
            for name, each in origins.items()
        },
    }
    return Answer(
        document=document,
        columns=ISSUE_COLUMNS,
        records=[issue.to_dict() for issue in issues],
        page=page,
    )


def _verdict(path: Path, portfolio: Portfolio | None, issues: Sequence[Issue]) -> str:
    counts = {name: sum(issue.severity == name for issue in issues) for name in ("error", "warning")}
    verdict = "can be planned with" if portfolio is not None else "cannot be planned with yet"
    errors, warnings = plural(counts["error"], "error"), plural(counts["warning"], "warning")
    return f"{path} {verdict}: {errors}, {warnings}."


def _accounts(portfolio: Portfolio) -> Grid:
    household = portfolio.household
    rows = []
    for account in household.accounts:
        place = f"accounts[{account.account_number}]"
        named = [f"{place}.positions.{symbol}" for symbol in account.positions]
        held = [portfolio.origins[name] for name in named if name in portfolio.origins]
        source = held[0] if held else portfolio.origins.get(f"{place}.cash")
        value = account.cash + sum(
            amount * household.prices[symbol] for symbol, amount in account.positions.items()
        )
        origin = "" if source is None else f"{source.source}{f', {source.as_of}' if source.as_of else ''}"
        rows.append((account.label, account.account_number, account.kind, origin, money(value)))
    return grid("Accounts", ["Account", "Number", "Kind", "Positions from"], ["Value"], rows)


def confirmation_answer(confirmation: Confirmation, message: str) -> Answer:
    """Return what became of each order, and the drift that is left."""
    labels = {account.account_number: account.label for account in confirmation.household.accounts}
    rows = []
    for each in confirmation.outcomes:
        left = each.planned - each.traded if each.planned else 0
        recorded = ", ".join(
            f"{fill.traded} at {money(float(fill.price))}{'' if fill.stated else ' (estimate)'}"
            for fill in each.fills
        )
        name = f"{labels.get(each.account_number, '')} ({each.account_number})"
        amounts = (shares(float(amount)) for amount in (each.planned, each.traded, left))
        rows.append((name, each.symbol, each.status, recorded, *amounts))
    columns = ["Account", "Symbol", "Outcome", "Recorded"]
    page: list[Grid | Line] = [grid("Orders", columns, ["Planned", "Traded", "Left"], rows)]
    page += notes(confirmation.issues)
    page.append(
        Line(
            text=f"Drift: {percent(confirmation.drift_before)} before, "
            f"{percent(confirmation.drift_planned)} planned, {percent(confirmation.drift_after)} now.",
            strong=True,
        )
    )
    page.append(Line(text=message))
    document = _confirmation_document(confirmation)
    return Answer(document=document, columns=OUTCOME_COLUMNS, records=document["orders"], page=page)


def _confirmation_document(confirmation: Confirmation) -> dict[str, Any]:
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
