"""Sheets of an Excel workbook: tables that are ready to print, and texts that stay texts."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

from realloc._printable import one_line
from realloc.plugins.exporters.order_file import import_extra

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

Cell: TypeAlias = str | int | float | date | None
Column: TypeAlias = tuple[str, int, str]
"""Header, width in characters, number format."""

TEXT = "@"
LONGEST_TITLE = 31

_FORBIDDEN_IN_TITLES = re.compile(r"[\[\]:*?/\\']")
_WRITTEN = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
_STILL = (1980, 1, 1, 0, 0, 0)


def fill(
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
    cell.value = one_line(text, keep="\t\n")
    cell.data_type = "s"
    cell.number_format = TEXT
    if text[:1] in {"=", "+", "-", "@"}:
        cell.quotePrefix = True


def sheet_title(name: str, taken: set[str]) -> str:
    """Return a sheet title that Excel takes and that no other sheet has."""
    base = _FORBIDDEN_IN_TITLES.sub("_", one_line(name)).strip() or "Account"
    if base.casefold() == "history":
        base += "_"
    title, number = base[:LONGEST_TITLE], 1
    while title.casefold() in taken:
        number += 1
        title = f"{base[: LONGEST_TITLE - len(f' ({number})')]} ({number})"
    taken.add(title.casefold())
    return title


def header_text(text: str) -> str:
    """Return a text for a page header, where an ampersand is a command."""
    return one_line(text).replace("&", "&&")[:200]


def still(book: Workbook) -> bytes:
    """Return the workbook's file without the time at which it was written."""
    written = io.BytesIO()
    book.save(written)
    still = io.BytesIO()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(still, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == "docProps/core.xml":
                data = _WRITTEN.sub(rb"\g<1>2000-01-01T00:00:00Z", data)
            target.writestr(zipfile.ZipInfo(info.filename, _STILL), data, zipfile.ZIP_DEFLATED)
    return still.getvalue()
