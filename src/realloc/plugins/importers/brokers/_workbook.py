"""The first sheet of an Excel workbook as rows of text, counted before anything is built from it.

A workbook is an archive of XML, so a small file can stand for a sheet of any size: repeated rows pack a thousandfold,
and one cell far away makes every empty one before it. A stream through the XML counts rows, columns and cells
first; only what stays within the bounds is read by openpyxl.
"""

from __future__ import annotations

import io
import os
import zipfile
from datetime import date, datetime
from itertools import islice
from typing import Any
from xml.parsers import expat

from realloc.errors import InputError
from realloc.plugins.core.base import StrPath
from realloc.plugins.importers.brokers._cells import clean
from realloc.plugins.importers.lines import LONGEST_CELL
from realloc.plugins.importers.statement import fault
from realloc.plugins.importers.text import LARGEST_FILE, read_bytes

MOST_PARTS = 1_000
"""Files in the archive of a workbook."""

LARGEST_TABLE = 100_000_000
"""Bytes of all parts together, unpacked."""

LARGEST_PART = 4_000_000
"""Bytes of a part that is neither a sheet nor the texts of the sheets, unpacked: openpyxl builds all of it."""

MOST_ROWS = 100_000
MOST_COLUMNS = 1_000
MOST_CELLS = 1_000_000
"""Cells of a sheet's rectangle, from its first row and column to its last, empty ones among them."""

HEAD_ROWS = 300
"""Rows by which a format is recognised."""


class _TooLargeError(Exception):
    """A workbook is beyond a bound; the text says which."""


def workbook_rows(path: StrPath, *, head: bool) -> list[tuple[str, ...]]:
    """Return the cells of the first sheet, as many in each row.

    Parameters
    ----------
    path : str or path
        An Excel file.
    head : bool
        Read the first `HEAD_ROWS` only.

    Raises
    ------
    InputError
        The file cannot be read, is no workbook, or is beyond what can be a list of positions.
    """
    file = os.fspath(path)
    data = read_bytes(path)
    try:
        import openpyxl  # noqa: PLC0415 - an extra, imported when an Excel file is read
    except ImportError as error:
        raise fault(
            "file.extra", file, "Excel files need openpyxl", "pip install 'realloc[excel]'"
        ) from error
    try:
        _check(data)
        book: Any = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        table = sheet.iter_rows(values_only=True)
        rows = _texts(islice(table, HEAD_ROWS if head else None), file)
        book.close()
    except _TooLargeError as error:
        hint = "keep the sheet with the positions, and only its rows"
        raise fault("file.workbook", file, f"the workbook is not read: {error}", hint) from None
    except InputError:
        raise
    except Exception as error:
        text = f"the workbook cannot be read: {error}"
        raise fault("file.workbook", file, text, "save it again as .xlsx") from error
    width = max(map(len, rows), default=0)
    return [row + ("",) * (width - len(row)) for row in rows]


def _check(data: bytes) -> None:
    """Count what a workbook unpacks to, without building anything."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS:
            raise _TooLargeError(f"it has {len(parts):,} parts, at most {MOST_PARTS:,} are read")
        total = sum(part.file_size for part in parts)
        if total > LARGEST_TABLE:
            raise _TooLargeError(
                f"it unpacks to {total / 1e6:,.0f} MB, at most {LARGEST_TABLE / 1e6:,.0f} are read"
            )
        for part in parts:
            if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                _Counter(part.filename).read(archive.open(part))
            elif part.filename != "xl/sharedStrings.xml" and part.file_size > LARGEST_PART:
                size = f"{part.filename} unpacks to {part.file_size / 1e6:,.0f} MB"
                raise _TooLargeError(f"{size}, at most {LARGEST_PART / 1e6:,.0f} are read")


class _Counter:
    """Counts the rows, columns and cells of one sheet while its XML streams by."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.row = self.column = self.width = self.height = 0

    def read(self, part: Any) -> None:
        """Stream through the part and raise at the first bound that is passed."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.StartDoctypeDeclHandler = self._doctype
        parser.ParseFile(part)

    def _doctype(self, *_: object) -> None:
        raise _TooLargeError(f"{self.name} defines a document type")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(" ")[2]
        if kind == "row":
            self.row = int(attributes.get("r", self.row + 1))
            self.column = 0
            self.height = max(self.height, self.row)
        elif kind == "c":
            stated = attributes.get("r", "").rstrip("0123456789")
            self.column = _column(stated) if stated else self.column + 1
            self.width = max(self.width, self.column)
        else:
            return
        for found, most, what in (
            (self.height, MOST_ROWS, "rows"),
            (self.width, MOST_COLUMNS, "columns"),
            (self.height * self.width, MOST_CELLS, "cells"),
        ):
            if found > most:
                raise _TooLargeError(f"{self.name} has {found:,} {what} or more, at most {most:,} are read")


def _column(letters: str) -> int:
    """Return the number of a column from 1, such as 28 for ``AB``; beyond three letters it is past every bound."""
    if len(letters) > len("XFD"):
        return MOST_COLUMNS + 1
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _texts(table: Any, file: str) -> list[tuple[str, ...]]:
    """Return the cells of rows as texts, as long as cells and their sum stay within the bounds of text files."""
    rows: list[tuple[str, ...]] = []
    total = 0
    for n, values in enumerate(table, start=1):
        lengths = [len(value) for value in values if isinstance(value, str)]
        total += sum(lengths)
        if max(lengths, default=0) > LONGEST_CELL:
            raise fault("file.length", f"{file}:{n}", f"a cell of {max(lengths):,} characters", "shorten it")
        if total > LARGEST_FILE:
            raise _TooLargeError(f"its cells have more than {LARGEST_FILE // 2**20} MB of text")
        rows.append(tuple(map(_text, values)))
    return rows


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date() if value.time() == datetime.min.time() else value
    if isinstance(value, date):
        return value.isoformat()
    return clean(str(value))
