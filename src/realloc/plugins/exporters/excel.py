"""Orders as an Excel workbook: a summary, a sheet for each account, and the lots to choose."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from realloc.errors import InputError, Issue
from realloc.orders import Order, OrderList, exact
from realloc.plugins.exporters.order_file import OrderFile, import_extra, lots_text

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

Cell: TypeAlias = str | int | float | date | None
Column: TypeAlias = tuple[str, int, str]
"""Header, width in characters, number format."""

DOLLARS = "#,##0.00;[Red]-#,##0.00"
PRICE = "#,##0.00##"
SHARES = "#,##0.###"
TEXT = "@"

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

_FORBIDDEN_IN_TITLES = re.compile(r"[\[\]:*?/\\']")
_MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
_STILL = (1980, 1, 1, 0, 0, 0)
LONGEST_TITLE = 31


class ExcelExporter(OrderFile):
    """Write an Excel workbook: a summary with totals, one sheet for each account, and the lots of sales."""

    name = "excel"

    def content(self, listed: OrderList) -> bytes:
        """Return the workbook, the same bytes for the same orders."""
        _require_writable(listed)
        book: Workbook = import_extra("openpyxl", "excel").Workbook()
        summary = book.active
        summary.title = "Summary"
        _fill(summary, SUMMARY, _summary_rows(listed), total=bool(listed.orders))
        titles = {"summary", "lots"}
        for number, orders in listed.by_account().items():
            sheet = book.create_sheet(_title(orders[0].label or number, titles))
            _fill(sheet, ORDERS, map(_order_row, orders))
            sheet.oddHeader.left.text = _header_text(f"{orders[0].label} {number}".strip())
        lots = [_lot_row(order, lot) for order in listed.orders for lot in order.lots]
        if lots:
            _fill(book.create_sheet("Lots"), LOTS, lots)
        return _still(book)


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


def _lot_row(order: Order, lot: Any) -> list[Cell]:
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


def _fill(
    sheet: Worksheet, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, total: bool = False
) -> None:
    """Write a table with a frozen header, number formats, and a layout for printing."""
    styles = import_extra("openpyxl.styles", "excel")
    letter = import_extra("openpyxl.utils", "excel").get_column_letter
    last = 1
    for at, (header, width, _) in enumerate(columns, start=1):
        cell = sheet.cell(1, at, header)
        cell.font = styles.Font(bold=True)
        cell.fill = styles.PatternFill("solid", fgColor="DDDDDD")
        sheet.column_dimensions[letter(at)].width = width
    for last, row in enumerate(rows, start=2):
        for at, (value, (_, width, number_format)) in enumerate(zip(row, columns, strict=True), start=1):
            cell = sheet.cell(last, at)
            if isinstance(value, str):
                _set_text(cell, value)
                cell.alignment = styles.Alignment(wrap_text=width > 25, vertical="top")
            else:
                cell.value = value
                cell.number_format = number_format
                cell.alignment = styles.Alignment(vertical="top")
    if total:
        for at in range(1, len(columns) + 1):
            sheet.cell(last, at).font = styles.Font(bold=True)
            sheet.cell(last, at).border = styles.Border(top=styles.Side(style="thin"))
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = None if total else f"A1:{letter(len(columns))}{last}"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = import_extra(
        "openpyxl.worksheet.properties", "excel"
    ).PageSetupProperties(fitToPage=True)
    sheet.oddFooter.left.text = "&A"
    sheet.oddFooter.right.text = "Page &P of &N"


def _set_text(cell: Any, text: str) -> None:
    """Set a text that stays a text: never a formula, an error value or a number, also when it is edited."""
    cell.value = text
    cell.data_type = "s"
    cell.number_format = TEXT
    if text[:1] in {"=", "+", "-", "@"}:
        cell.quotePrefix = True


def _title(name: str, taken: set[str]) -> str:
    """Return a sheet title that Excel takes and that no other sheet has."""
    base = _FORBIDDEN_IN_TITLES.sub("_", name).strip() or "Account"
    if base.casefold() == "history":
        base += "_"
    title, number = base[:LONGEST_TITLE], 1
    while title.casefold() in taken:
        number += 1
        title = f"{base[: LONGEST_TITLE - len(f' ({number})')]} ({number})"
    taken.add(title.casefold())
    return title


def _header_text(text: str) -> str:
    """Return a text for a page header, where an ampersand is a command."""
    return text.replace("&", "&&")[:200]


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


def _still(book: Workbook) -> bytes:
    """Return the workbook's file without the time at which it was written."""
    written = io.BytesIO()
    book.save(written)
    still = io.BytesIO()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(still, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == "docProps/core.xml":
                data = _MODIFIED.sub(rb"\g<1>2000-01-01T00:00:00Z", data)
            target.writestr(zipfile.ZipInfo(info.filename, _STILL), data, zipfile.ZIP_DEFLATED)
    return still.getvalue()
