"""The orders of a plan document, read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

from realloc._reading import Table
from realloc.documents.reading import at_file, read_document
from realloc.errors import InputError, Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrder:
    """One order of a plan; negative shares sell, `lots` are ids and shares in the order of the plan."""

    account_number: str
    symbol: str
    shares: float
    price: float
    lots: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrders:
    """The orders of a plan, and the household drift that it promised."""

    orders: tuple[PlannedOrder, ...]
    drift_after: float


def read_planned(path: str | PathLike[str]) -> PlannedOrders:
    """Read the plan document that was executed.

    Raises
    ------
    InputError
        It cannot be read, or is no plan document.
    """
    try:
        return planned_from(read_document(path))
    except InputError as error:
        named = str(path)
        inside = [issue for issue in error.issues if not issue.where.startswith(named)]
        outside = [issue for issue in error.issues if issue.where.startswith(named)]
        raise InputError([*outside, *at_file(path, inside)]) from error


def planned_from(document: Mapping[str, Any]) -> PlannedOrders:
    """Return the orders of a plan document.

    Raises
    ------
    InputError
        It is no plan document.
    """
    issues: list[Issue] = []
    top = Table(document, "", issues)
    if "trades" not in top:
        top.fault("key.missing", "trades", "missing 'trades'", "name the plan document, as JSON")
    orders = tuple(_order(Table(trade.value, trade.where, issues)) for trade in _tables(top, "trades"))
    drift = top.table("household").number("drift_after", 0.0, least=0.0)
    if issues:
        raise InputError(issues)
    return PlannedOrders(orders=orders, drift_after=drift)


def _order(table: Table) -> PlannedOrder:
    return PlannedOrder(
        account_number=table.text("account_id"),
        symbol=table.text("symbol"),
        shares=table.number("shares"),
        price=table.number("price", above=0.0),
        lots=tuple((lot.text("id"), lot.number("shares", above=0.0)) for lot in _tables(table, "lots")),
    )


def _tables(table: Table, key: str) -> list[Table]:
    """Return the objects of a list; their keys are the plan document's own and are not looked at."""
    value = table.value.get(key, ())
    known = (
        {name for row in value if isinstance(row, Mapping) for name in row} if isinstance(value, list) else ()
    )
    return table.tables(key, [str(name) for name in known])
