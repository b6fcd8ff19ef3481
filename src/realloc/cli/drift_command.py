"""The subcommand ``drift``: where the household stands."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum
from typing import Any

from realloc.audit import audit_trades
from realloc.audit.report import AuditedClass
from realloc.cli.answer import Answer, Grid, Line, grid, money, percent, points, shares
from realloc.cli.arguments import OUTPUT_DEFAULTS, SharedOutput
from realloc.cli.changes import NO_CHANGES, SharedPolicy
from realloc.cli.edge import start_logging
from realloc.cli.output import show
from realloc.cli.places import Place, Switch, load
from realloc.household import Household
from realloc.optimizer.scopes import account_value, drift_weight

COLUMNS = ("level", "name", "account_number", "shares", "value", "weight", "target", "band", "off", "outside")


def drift(
    portfolio: Place = None,
    /,
    *,
    fetch: Switch = False,
    policy: SharedPolicy = NO_CHANGES,
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Show where the household stands: classes with their bands, symbols, accounts.

    Nothing is planned. Drift is half the sum of what the classes are off their targets.

    Parameters
    ----------
    portfolio : path, optional
        Portfolio file, or household document (JSON or TOML).
    fetch : bool
        Ask the provider that [prices] names; nothing else uses the network.
    """
    start_logging(options)
    household = load(portfolio, fetch=fetch, policy=policy).household
    report = audit_trades(household, ())
    value, off = float(report.household.value), float(report.household.drift_before)
    classes = [_class(weights, household) for weights in report.classes]
    symbols, accounts = _symbols(household, value), _accounts(household, value)
    page: list[Grid | Line] = [
        Line(text=_verdict(off, classes), strong=True),
        Line(text=f"{money(value)} on {household.as_of}, cash flows included."),
        _classes_grid(classes),
        _symbols_grid(symbols),
        _accounts_grid(accounts),
    ]
    document = {
        "as_of": household.as_of.isoformat(),
        "value": value,
        "drift": off,
        "classes": classes,
        "symbols": symbols,
        "accounts": accounts,
    }
    records = [
        {"level": level, **each}
        for level, rows in (("class", classes), ("symbol", symbols), ("account", accounts))
        for each in rows
    ]
    show(Answer(document=document, columns=COLUMNS, records=records, page=page), options.format)
    return 0


def _verdict(off: float, classes: list[dict[str, Any]]) -> str:
    outside = sum(bool(each["outside"]) for each in classes)
    if not outside:
        return f"Drift {percent(off)}: every class is inside its band."
    return f"Drift {percent(off)}: {outside} of {len(classes)} outside their band."


def _class(weights: AuditedClass, household: Household) -> dict[str, Any]:
    value = fsum(
        account_value(account, household) * drift_weight(account, household)
        for account in household.accounts
        if (account.account_number == weights.account) or (not weights.account and not account.targets)
    )
    off = weights.before - weights.target
    return {
        "name": weights.name,
        "account_number": weights.account,
        "value": round(float(weights.before) * value, 2),
        "weight": float(weights.before),
        "target": float(weights.target),
        "band": float(weights.band),
        "off": float(off),
        "outside": abs(off) > weights.band,
    }


def _symbols(household: Household, value: float) -> list[dict[str, Any]]:
    held: dict[str, float] = {}
    for account in household.accounts:
        for symbol, amount in account.positions.items():
            held[symbol] = held.get(symbol, 0.0) + amount
    rows = [
        {
            "name": symbol,
            "classes": [name for name, each in household.model.classes.items() if symbol in each.symbols],
            "shares": amount,
            "value": round(amount * household.prices[symbol], 2),
            "weight": amount * household.prices[symbol] / value if value else 0.0,
        }
        for symbol, amount in held.items()
        if amount
    ]
    return sorted(rows, key=lambda row: (-float(str(row["value"])), str(row["name"])))


def _accounts(household: Household, value: float) -> list[dict[str, Any]]:
    rows = []
    for account in household.accounts:
        worth = account_value(account, household)
        rows.append(
            {
                "name": account.label,
                "account_number": account.account_number,
                "kind": account.kind,
                "cash": account.cash,
                "value": round(worth, 2),
                "weight": worth / value if value else 0.0,
            }
        )
    return rows


def _classes_grid(classes: Iterable[dict[str, Any]]) -> Grid:
    rows = []
    for each in classes:
        name = f"{each['account_number']}: {each['name']}" if each["account_number"] else each["name"]
        figures = (percent(each["weight"]), percent(each["target"]), points(each["off"]))
        rows.append(
            (
                name,
                "outside" if each["outside"] else "",
                *figures,
                percent(each["band"]),
                money(each["value"]),
            )
        )
    return grid("Classes", ["Class", ""], ["Now", "Target", "Off", "Band", "Value"], rows)


def _symbols_grid(symbols: Iterable[dict[str, Any]]) -> Grid:
    rows = [
        (
            each["name"],
            ", ".join(each["classes"]) or "unassigned",
            shares(each["shares"]),
            percent(each["weight"]),
            money(each["value"]),
        )
        for each in symbols
    ]
    return grid("Symbols", ["Symbol", "Class"], ["Shares", "Weight", "Value"], rows)


def _accounts_grid(accounts: Iterable[dict[str, Any]]) -> Grid:
    rows = [
        (
            f"{each['name']} ({each['account_number']})",
            each["kind"],
            money(each["cash"]),
            percent(each["weight"]),
            money(each["value"]),
        )
        for each in accounts
    ]
    return grid("Accounts", ["Account", "Kind"], ["Cash", "Weight", "Value"], rows)
