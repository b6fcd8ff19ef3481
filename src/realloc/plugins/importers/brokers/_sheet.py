"""Files as rows of text cells: encodings, delimiters, quotes, and Excel workbooks."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from realloc.plugins.core.base import StrPath
from realloc.plugins.importers.brokers._cells import clean
from realloc.plugins.importers.statement import fault

HEAD_BYTES = 65_536
"""How much of a file is looked at to recognise its format."""

LARGEST_WORKBOOK = 300_000_000
"""An Excel file that unpacks to more bytes than this is not opened."""

_DELIMITERS = ",;\t|"
_SPACE_AFTER_QUOTE = re.compile(r'"[ \t]+(?=[,;\r\n|]|$)')
_POINT = re.compile(r"\d\.\d{1,2}(?!\d)|\d,\d{3}\.\d")
_COMMA = re.compile(r"\d,\d{1,2}(?!\d)|\d\.\d{3},\d")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file, from 1, and its cells without surrounding spaces."""

    line: int
    cells: tuple[str, ...]

    @property
    def blank(self) -> bool:
        """Whether no cell has text."""
        return not any(self.cells)

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells that are not empty."""
        return tuple(cell for cell in self.cells if cell)


@dataclass(frozen=True)
class Sheet:
    """A file of rows; `file` is its name without the folder."""

    file: str
    rows: Sequence[Row]
    delimiter: str = ","

    @cached_property
    def decimal_comma(self) -> bool:
        """Whether amounts are written ``1.234,50``.

        Raises
        ------
        InputError
            Some amounts have a decimal comma and some a decimal point.
        """
        if self.delimiter == ",":
            return False
        amounts = [cell for row in islice(self.rows, 500) for cell in row.cells if re.search(r"\d", cell)]
        amounts = [cell for cell in amounts if re.fullmatch(r"[-+($ ]*[\d.,]+[)% ]*", cell)]
        point = any(_POINT.search(cell) for cell in amounts)
        comma = any(_COMMA.search(cell) for cell in amounts)
        if point and comma:
            raise fault(
                "file.decimals",
                self.file,
                "some amounts have a decimal comma and some a decimal point",
                "save the file again in one notation",
            )
        return comma

    def where(self, row: Row, column: str = "") -> str:
        """Return file and row, and the column where one is given, as an issue names it."""
        return f"{self.file}:{row.line}" + (f":{column}" if column else "")


def read_sheet(path: StrPath, *, head: bool = False) -> Sheet:
    """Read a delimited text file or the first sheet of an Excel workbook.

    Parameters
    ----------
    path : str or path
        The file: UTF-8 or UTF-16 with or without a byte-order mark, or Windows-1252; delimited by
        comma, semicolon, tab or bar; or ``.xlsx``.
    head : bool
        Read only as much as recognising the format needs.

    Raises
    ------
    InputError
        The file cannot be opened, is empty, is not text, or has an unbalanced quote.
    """
    path = Path(path)
    if path.suffix.casefold() in {".xlsx", ".xlsm"}:
        return Sheet(path.name, _workbook_rows(path, head=head))
    text = read_text(path, head=head)
    delimiter = _delimiter(text[:HEAD_BYTES])
    return Sheet(path.name, _parse(path.name, text, delimiter, partial=head), delimiter)


def read_bytes(path: StrPath, *, head: bool = False) -> bytes:
    """Return the bytes of a file, or those at its start.

    Raises
    ------
    InputError
        It cannot be opened or is empty.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(HEAD_BYTES if head else -1)
    except OSError as error:
        raise fault(
            "file.open", path.name, f"cannot be opened: {error.strerror or error}", "check the path"
        ) from error
    if not data.strip():
        raise fault("file.empty", path.name, "the file is empty", "download it again")
    return data


def read_text(path: StrPath, *, head: bool = False) -> str:
    """Return the text of a file, or that at its start; see `read_sheet`."""
    path = Path(path)
    data = read_bytes(path, head=head)
    text = _decode(data, partial=head and len(data) == HEAD_BYTES)
    if text is None or "\x00" in text:
        raise fault("file.encoding", path.name, "this is not a text file", "download it as CSV again")
    return text


def _decode(data: bytes, *, partial: bool) -> str | None:
    encodings = ["utf-8-sig", "cp1252"]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif data[1:2] == b"\x00":
        encodings = ["utf-16-le"]
    elif data[:1] == b"\x00":
        encodings = ["utf-16-be"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            if partial and error.start > len(data) - 4:
                return data[: error.start].decode(encoding)
    return None


def _delimiter(text: str) -> str:
    """Return the delimiter under which the most cells stand in rows of the most common width."""
    best, most = ",", 0
    for delimiter in _DELIMITERS:
        try:
            rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            widths = Counter(len(row) for row in rows if len(row) > 1)
        except csv.Error:
            continue
        cells = max((width * count for width, count in widths.items()), default=0)
        if cells > most:
            best, most = delimiter, cells
    return best


def _parse(file: str, text: str, delimiter: str, *, partial: bool) -> list[Row]:
    try:
        return list(_rows(text, delimiter, strict=not partial))
    except csv.Error:
        text = _SPACE_AFTER_QUOTE.sub('"', text)
    rows: list[Row] = []
    try:
        rows.extend(_rows(text, delimiter, strict=not partial))
    except csv.Error as error:
        line = rows[-1].line + 1 if rows else 1
        raise fault(
            "file.quotes",
            f"{file}:{line}",
            f"the row cannot be split into cells: {error}",
            "check its quotes",
        ) from error
    return rows


def _rows(text: str, delimiter: str, *, strict: bool) -> Iterable[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    line = 1
    for cells in reader:
        yield Row(line, tuple(map(clean, cells)))
        line = reader.line_num + 1


def _workbook_rows(path: Path, *, head: bool) -> list[Row]:
    read_bytes(path, head=True)
    try:
        import openpyxl  # noqa: PLC0415 - an extra, imported when an Excel file is read
    except ImportError as error:
        raise fault(
            "file.extra", path.name, "Excel files need openpyxl", "pip install 'realloc[excel]'"
        ) from error
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > LARGEST_WORKBOOK:
            raise ValueError("it unpacks to more than can be a list of positions")  # noqa: TRY301 - one way out
        book: Any = openpyxl.load_workbook(path, read_only=True, data_only=True)
        table = book.worksheets[0].iter_rows(values_only=True)
        rows = [
            Row(line, tuple(map(_cell_text, cells)))
            for line, cells in enumerate(islice(table, 300 if head else None), start=1)
        ]
        book.close()
    except Exception as error:  # noqa: BLE001 - a broken workbook raises whatever its parsers raise
        raise fault(
            "file.workbook", path.name, f"the workbook cannot be read: {error}", "save it again as .xlsx"
        ) from error
    return rows


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date() if value.time() == datetime.min.time() else value
    if isinstance(value, date):
        return value.isoformat()
    return clean(str(value))
