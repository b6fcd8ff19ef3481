"""A saved plan document, and lists of trades, read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar

from realloc._reading import Table
from realloc.documents.reading import at_file, read_document
from realloc.errors import InputError, Issue
from realloc.harvested import Harvested, HarvestedSale
from realloc.plan import (
    AccountCash,
    Certificate,
    ClassWeight,
    FewerOrders,
    HouseholdTotals,
    NoBuy,
    Plan,
    PlanCosts,
    PlannedWashSales,
    WashSale,
    YearAfter,
)
from realloc.plugins.importers.tabular import Layout, read_table
from realloc.trades import LotSale, Trade

_TRADES = Layout(
    keys=("Account Number", "Symbol"),
    numbers=("Shares",),
    synonyms={
        "Account Number": ("Account Id", "Account"),
        "Shares": ("Quantity",),
    },
)
_SEVERITIES = ("error", "warning", "info")

R = TypeVar("R")


def read_plan(path: Path) -> Plan:
    """Read the plan of a plan document.

    Raises
    ------
    InputError
        It cannot be read, or is no plan document; the issues have the file and the JSON path.
    """
    document, issues = read_document(path), list[Issue]()
    top = Table(document, "", issues)
    for key in ("trades", "accounts", "classes", "household", "costs", "certificate"):
        if key not in top:
            top.fault("key.missing", key, f"missing {key!r}", "name a plan document, as JSON")
    if issues:
        raise InputError(at_file(path, issues))
    plan = Plan(
        trades=tuple(_trade(each) for each in _tables(top, "trades")),
        accounts=tuple(_record(AccountCash, each) for each in _tables(top, "accounts")),
        classes=tuple(_record(ClassWeight, each) for each in _tables(top, "classes")),
        household=_record(HouseholdTotals, _open(top, "household")),
        costs=_record(PlanCosts, _open(top, "costs")),
        certificate=_record(Certificate, _open(top, "certificate")),
        issues=tuple(_issue(each) for each in _tables(top, "issues")),
        wash_sales=_wash_sales(_open(top, "wash_sales")) if "wash_sales" in top else None,
        tax_year=_record(YearAfter, _open(top, "tax_year")) if "tax_year" in top else None,
        harvest=_harvest(_open(top, "harvest")) if "harvest" in top else None,
        fewer_orders=tuple(
            FewerOrders(
                orders=each.whole("orders", 0, least=1) or 0,
                objective=each.number("objective"),
                share=each.number("share"),
            )
            for each in _tables(top, "fewer_orders")
        ),
    )
    if issues:
        raise InputError(at_file(path, issues))
    return plan


def read_trades(path: Path) -> list[Trade]:
    """Read trades from a plan document, or from a CSV file with ``Account``, ``Symbol`` and ``Shares``.

    Negative shares sell.

    Raises
    ------
    InputError
        The file cannot be read, or has no trades.
    """
    if path.suffix.casefold() == ".json":
        issues: list[Issue] = []
        top = Table(read_document(path), "", issues)
        if "trades" not in top:
            top.fault("key.missing", "trades", "missing 'trades'", "name a plan document, or a CSV file")
        trades = [_trade(each) for each in _tables(top, "trades")]
        if issues:
            raise InputError(at_file(path, issues))
        return trades
    table = read_table(path, _TRADES)
    rows = [
        (row.needed("Account Number"), row.needed("Symbol"), row.number("Shares", "Invalid share amount"))
        for row in table.rows
    ]
    table.finish()
    if not rows:
        raise InputError(Issue(code="trades.none", where=str(path), message="there are no trades in it"))
    return [Trade(account, symbol, float(amount or 0)) for account, symbol, amount in rows]


def _trade(table: Table) -> Trade:
    return Trade(
        table.text("account_id"),
        table.text("symbol"),
        table.number("shares"),
        price=table.number("price", None, above=0.0),
        notional=table.number("notional", 0.0),
        sequence=table.whole("sequence", 0, least=0) or 0,
        lots=tuple(_lot(each) for each in _tables(table, "lots")),
        reason=str(table.value.get("reason", "")),
    )


def _lot(table: Table) -> LotSale:
    return LotSale(
        id=table.text("id"),
        shares=table.number("shares", above=0.0),
        cost_per_share=table.number("cost_per_share"),
        acquired=table.date("acquired"),
        term=table.choice("term", "short", ("short", "long")),
        gain=table.number("gain"),
    )


def _wash_sales(table: Table) -> PlannedWashSales:
    return PlannedWashSales(
        disallowed=tuple(_record(WashSale, each) for each in _tables(table, "disallowed")),
        deferred=table.number("deferred"),
        lost=table.number("lost"),
        no_buy=tuple(_record(NoBuy, each) for each in _tables(table, "no_buy")),
    )


def _harvest(table: Table) -> Harvested:
    return Harvested(
        loss=table.number("loss"),
        tax_saved=table.number("tax_saved"),
        deferred=table.number("deferred"),
        sales=tuple(
            HarvestedSale(
                account_number=each.text("account_number"),
                symbol=each.text("symbol"),
                shares=each.number("shares"),
                loss=each.number("loss"),
                tax_saved=each.number("tax_saved"),
                deferred=each.number("deferred"),
                replacement=each.names("replacement"),
                switch_back_from=each.date("switch_back_from"),
            )
            for each in _tables(table, "sales")
        ),
    )


def _issue(table: Table) -> Issue:
    return Issue(
        code=table.text("code"),
        where=str(table.value.get("where", "")),
        message=table.text("message"),
        hint=str(table.value.get("hint", "")),
        severity=table.choice("severity", "info", _SEVERITIES),
    )


_READS: dict[str, Any] = {"float": Table.number, "date": Table.date, "tuple[str, ...]": Table.names}


def _record(kind: type[R], table: Table) -> R:
    """Return a record of texts, numbers, dates and names, by the names of its fields; a text may be empty."""
    values: dict[str, Any] = {}
    for each in fields(kind):  # type: ignore[arg-type]  # the records of a plan are dataclasses
        stated = {} if each.default is MISSING else {"default": each.default}
        reads = _READS.get(str(each.type), Table.text)
        if each.name in table or not stated:
            empty_text = reads is Table.text and table.value.get(each.name) == ""
            values[each.name] = "" if empty_text else reads(table, each.name, **stated)
    return kind(**values)


def _open(table: Table, key: str) -> Table:
    value = table.value.get(key)
    return table.table(key, set(value) if isinstance(value, Mapping) else ())


def _tables(table: Table, key: str) -> list[Table]:
    """Return the objects of a list, whatever their keys are."""
    value = table.value.get(key, ())
    rows = value if isinstance(value, list) else ()
    return table.tables(key, {name for row in rows if isinstance(row, Mapping) for name in row})
