"""Orders as an Excel workbook: a summary, a sheet for each account, and the lots to choose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from realloc.errors import InputError, Issue
from realloc.orders import Order, OrderList, exact
from realloc.plugins.exporters.order_file import OrderFile, import_extra, lots_text
from realloc.plugins.exporters.workbook import TEXT, Cell, Column, fill, header_text, sheet_title, still
from realloc.trades import LotSale

if TYPE_CHECKING:
    from openpyxl import Workbook

DOLLARS = "#,##0.00;[Red]-#,##0.00"
PRICE = "#,##0.00##"
SHARES = "#,##0.###"

SUMMARY: Sequence[Column] = (
    ("Account", 18, TEXT), ("Label", 24, TEXT), ("Orders", 8, "0"), ("Sales", 16, DOLLARS),
    ("Purchases", 16, DOLLARS), ("Cash before", 16, DOLLARS), ("Cash after", 16, DOLLARS),
    ("Short-term gain", 16, DOLLARS), ("Long-term gain", 16, DOLLARS),
)  # fmt: skip
ORDERS: Sequence[Column] = (
    ("Sequence", 9, "0"), ("Day", 5, "0"), ("Side", 6, TEXT), ("Symbol", 10, TEXT), ("Shares", 13, SHARES),
    ("Price", 12, PRICE), ("Limit", 12, PRICE), ("Notional", 15, DOLLARS), ("Lots", 30, TEXT),
    ("Waits for", 28, TEXT), ("Reason", 70, TEXT),
)  # fmt: skip
LOTS: Sequence[Column] = (
    ("Account", 18, TEXT), ("Sequence", 9, "0"), ("Symbol", 10, TEXT), ("Lot", 24, TEXT),
    ("Acquired", 12, "yyyy-mm-dd"), ("Shares", 13, SHARES), ("Cost per share", 14, PRICE), ("Term", 7, TEXT),
    ("Gain", 14, DOLLARS),
)  # fmt: skip


class ExcelExporter(OrderFile):
    """Write an Excel workbook: a summary with totals, one sheet for each account, and the lots of sales."""

    name = "excel"

    def content(self, listed: OrderList) -> bytes:
        """Return the workbook, the same bytes for the same orders."""
        _require_writable(listed)
        book: Workbook = import_extra("openpyxl", "excel").Workbook()
        summary = book.active
        summary.title = "Summary"
        fill(summary, SUMMARY, _summary_rows(listed), total=bool(listed.orders))
        titles = {"summary", "lots"}
        for number, orders in listed.by_account().items():
            sheet = book.create_sheet(sheet_title(orders[0].label or number, titles))
            fill(sheet, ORDERS, map(_order_row, orders))
            sheet.oddHeader.left.text = header_text(f"{orders[0].label} {number}".strip())
        lots = [_lot_row(order, lot) for order in listed.orders for lot in order.lots]
        if lots:
            fill(book.create_sheet("Lots"), LOTS, lots)
        return still(book)


def _order_row(order: Order) -> list[Cell]:
    return [
        order.sequence,
        order.day,
        order.side.upper(),
        order.symbol,
        _number(order.shares),
        _number(order.price),
        _number(order.limit),
        _number(order.notional),
        lots_text(order.lots),
        order.timing.waits_for,
        order.trade.reason,
    ]


def _lot_row(order: Order, lot: LotSale) -> list[Cell]:
    return [
        order.account,
        order.sequence,
        order.symbol,
        lot.id,
        lot.acquired,
        lot.shares,
        lot.cost_per_share,
        lot.term,
        _number(round(exact(lot.gain), 2)),
    ]


def _summary_rows(listed: OrderList) -> list[list[Cell]]:
    """Return a row for each account and, where there is any, one with the totals."""
    cash = {} if listed.plan is None else {row.account_number: row for row in listed.plan.accounts}
    rows: list[list[Cell]] = []
    totals = [Decimal(0)] * 7
    for number, orders in listed.by_account().items():
        money = cash.get(number)
        figures: list[Decimal | None] = [
            Decimal(len(orders)),
            _sum(order.notional for order in orders if order.side == "sell"),
            _sum(order.notional for order in orders if order.side == "buy"),
            None if money is None else exact(money.cash_before),
            None if money is None else exact(money.cash_after),
            *(_gain(orders, term) for term in ("short", "long")),
        ]
        rows.append([number, orders[0].label, *map(_number, figures)])
        totals = [total + (figure or 0) for total, figure in zip(totals, figures, strict=True)]
    if rows:
        complete = [all(row[at] is not None for row in rows) for at in range(2, 9)]
        rows.append(
            ["Total", "", *(_number(t) if known else None for t, known in zip(totals, complete, strict=True))]
        )
    return rows


def _gain(orders: Sequence[Order], term: str) -> Decimal:
    gains = (round(exact(lot.gain), 2) for order in orders for lot in order.lots if lot.term == term)
    return sum(gains, Decimal(0))


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    listed = list(amounts)
    known = [amount for amount in listed if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(listed) else None


def _number(value: Decimal | None) -> float | int | None:
    """Return a number for a cell: a workbook holds floats."""
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


def _require_writable(listed: OrderList) -> None:
    """Refuse control characters, which a workbook cannot hold."""
    illegal = import_extra("openpyxl.cell.cell", "excel").ILLEGAL_CHARACTERS_RE
    issues = [
        Issue(
            code="order.text",
            where=order.where,
            message=f"a workbook cannot hold the control characters of {text!r}",
            hint="remove them",
        )
        for order in listed.orders
        for text in (
            order.account,
            order.label,
            order.symbol,
            order.trade.reason,
            *(lot.id for lot in order.lots),
        )
        if illegal.search(text)
    ]
    if issues:
        raise InputError(issues)
