"""Broker files as rows of text cells: delimited text of any delimiter, and Excel workbooks."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from realloc.errors import InputError
from realloc.plugins.core.base import StrPath
from realloc.plugins.importers.brokers._workbook import workbook_rows
from realloc.plugins.importers.lines import split
from realloc.plugins.importers.statement import fault
from realloc.plugins.importers.tabular import SEPARATORS
from realloc.plugins.importers.text import read_head, read_text
from realloc.plugins.importers.values import point_is_shown


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
        return tuple(filter(None, self.cells))


@dataclass(frozen=True)
class Sheet:
    """A file of rows; `file` is its path as it was given."""

    file: str
    rows: Sequence[Row]
    separator: str = ","

    @cached_property
    def point(self) -> bool:
        """Whether amounts are known to have decimal points; see `parse_number`."""
        if self.separator == ",":
            return True
        return point_is_shown(cell for row in islice(self.rows, 500) for cell in row.cells)

    def where(self, row: Row, column: str = "") -> str:
        """Return file and row, and the column where one is given, as an issue names it."""
        return f"{self.file}:{row.line}" + (f":{column}" if column else "")


def read_sheet(path: StrPath, *, head: bool = False) -> Sheet:
    """Read a delimited text file or the first sheet of an Excel workbook.

    Parameters
    ----------
    path : str or path
        The file; text is delimited by comma, semicolon, tab or bar.
    head : bool
        Read only as much as recognising the format needs.

    Raises
    ------
    InputError
        The file cannot be opened, is empty, is not text, or has an unbalanced quote.
    """
    file = os.fspath(path)
    if is_workbook(path):
        rows = workbook_rows(path, head=head)
        return Sheet(file, [Row(line, cells) for line, cells in enumerate(rows, start=1)])
    text = read_head(path) if head else read_text(path)
    if not text.strip():
        raise fault("file.empty", file, "the file is empty", "download it again")
    separator = max(SEPARATORS, key=lambda one: _fit(text, one))
    return Sheet(file, _split(text, separator, file, head=head), separator)


def is_workbook(path: StrPath) -> bool:
    """Return whether the file's name ends as an Excel workbook's."""
    return Path(path).suffix.casefold() in {".xlsx", ".xlsm"}


def _fit(text: str, separator: str) -> int:
    """Return how many cells stand in rows of the most common width, in the first 200 rows."""
    widths = Counter(len(row.cells) for row in islice(_split(text[:65_536], separator, "", head=True), 200))
    widths.pop(1, None)
    return max((width * count for width, count in widths.items()), default=0)


def _split(text: str, separator: str, file: str, *, head: bool) -> list[Row]:
    """Return the rows; of the head of a file, those before the one that is cut."""
    rows: list[Row] = []
    try:
        rows.extend(Row(line, tuple(cells)) for line, cells in split(text, separator, file))
    except InputError:
        if not head:
            raise
    return rows
