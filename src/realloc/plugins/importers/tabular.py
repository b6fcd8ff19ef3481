"""Tables in text files: the one place that knows separators, headers, footers and where a cell stands.

An importer states a `Layout` and walks the rows of `read_table`. Faults are collected with file, line and
column and raised together by `Table.finish`.
"""

from __future__ import annotations

import itertools
import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from realloc.errors import InputError, Issue
from realloc.plugins.core.base import StrPath
from realloc.plugins.importers.lines import split, without_footer
from realloc.plugins.importers.text import read_text
from realloc.plugins.importers.values import NotANumberError, parse_number, point_is_shown

SEPARATORS = (",", ";", "\t", "|")
HEADER_WITHIN = 40
"""Rows in which the header is looked for; brokers put titles above it."""
MOST_ISSUES = 20
"""Faults that are told one by one; the rest is counted."""

_TOTAL = re.compile(r"(?:(?:grand|sub|account|accounts|positions|portfolio)[ -]?)?totals?:?", re.IGNORECASE)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of a table; case, spaces, hyphens and underscores in their names do not matter.

    Parameters
    ----------
    keys : tuple of str
        Required columns that say what a row is about.
    numbers : tuple of str
        Required columns of numbers.
    optional : tuple of str
        Columns that are read where they are there.
    synonyms : mapping of str to tuple of str
        Other names of a column.
    """

    keys: tuple[str, ...]
    numbers: tuple[str, ...]
    optional: tuple[str, ...] = ()
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that have to be there."""
        return self.keys + self.numbers

    def names(self, column: str) -> tuple[str, ...]:
        """Return the folded names of a column, the first one first."""
        return tuple(_fold(name) for name in (column, *self.synonyms.get(column, ())))


class Table:
    """The rows of one table, and the faults found in them.

    Attributes
    ----------
    source : str
        The file, for messages.
    rows : list of Row
        Without empty rows, totals and footer.
    columns : set of str
        The columns of the layout that are there.
    point : bool
        Whether numbers are known to have decimal points (see `parse_number`).
    """

    def __init__(self, source: str, columns: Mapping[str, int]) -> None:
        self.source = source
        self.columns = set(columns)
        self.rows: list[Row] = []
        self.point = True
        self.issues: list[Issue] = []

    def fault(self, code: str, message: str, hint: str = "", where: str = "") -> None:
        """Record a fault of the table, or of a place in it."""
        place = f"{self.source}:{where}" if where else self.source
        self.issues.append(Issue(code=code, where=place, message=message, hint=hint))

    def finish(self) -> None:
        """Raise the faults, if there are any.

        Raises
        ------
        InputError
            With an issue for each, up to `MOST_ISSUES`, and the count of the rest.
        """
        rest = len(self.issues) - MOST_ISSUES
        if rest > 0:
            more = Issue(code="table.more", where=self.source, message=f"and {rest} more faults")
            raise InputError([*self.issues[:MOST_ISSUES], more])
        if self.issues:
            raise InputError(self.issues)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table: the number of its line in the file, and its cells by column."""

    table: Table
    line: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """Return a cell; empty where the row is too short or the column is not there."""
        return self.cells.get(column, "")

    def needed(self, column: str) -> str:
        """Return a cell that must not be empty."""
        text = self.text(column)
        if not text:
            self.fault(column, "cell.empty", f"missing {column}", "fill it in, or remove the row")
        return text

    def number(self, column: str, invalid: str, *, percent: bool = False) -> Decimal | None:
        """Return a number, or None after a fault that begins with `invalid`."""
        try:
            return parse_number(self.text(column), point=self.table.point, percent=percent)
        except NotANumberError as error:
            self.fault(column, "cell.number", f"{invalid}: {error}", "write a plain number such as 1234.50")
            return None

    def fault(self, column: str, code: str, message: str, hint: str = "") -> None:
        """Record a fault in this row."""
        self.table.fault(code, message, hint, f"{self.line}:{column}" if column else str(self.line))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    separator: str
    line: int
    cells: list[str]
    columns: Mapping[str, int]


def read_table(path: StrPath, layout: Layout) -> Table:
    """Read the table of a file.

    The separator is the one with which the header is found: comma, semicolon, tab or bar. Rows above the
    header are titles. Below the table, single cells of prose are a footer. Empty rows and rows of totals
    are skipped. What is skipped is logged. Columns that the layout does not name are not read.

    Raises
    ------
    InputError
        The file is missing, no text or no table, or a required column is missing or there twice.
    """
    source = os.fspath(path)
    text = read_text(path)
    header = _find_header(text, source, layout)
    _check_twice(header, source)
    table = Table(source, header.columns)
    below = [line for line in split(text, header.separator, source) if line[0] > header.line]
    for number, cells in without_footer(below, source):
        named = {column: cells[at] for column, at in header.columns.items() if at < len(cells)}
        row = Row(table=table, line=number, cells=named)
        if _is_total(cells, row, layout):
            log.info("%s:%d: skipped a row of totals", source, number)
            continue
        if any(cells[len(header.cells) :]):
            row.fault(
                "",
                "row.width",
                f"found {len(cells)} cells under {len(header.cells)} columns",
                'put a value with a separator in it in quotes: "1,234.50"',
            )
            continue
        table.rows.append(row)
    if header.separator != ",":
        table.point = point_is_shown(row.text(column) for row in table.rows for column in layout.numbers)
    return table


def _fold(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


def _find_header(text: str, source: str, layout: Layout) -> _Header:
    best: _Header | None = None
    fault: InputError | None = None
    for separator in SEPARATORS:
        try:
            for number, cells in itertools.islice(split(text, separator, source), HEADER_WITHIN):
                columns = _columns(cells, layout)
                header = _Header(separator=separator, line=number, cells=cells, columns=columns)
                if columns.keys() >= set(layout.required):
                    return header
                if any(cells) and (best is None or _likeness(header) > _likeness(best)):
                    best = header
        except InputError as error:
            fault = fault or error
    if fault is not None:
        raise fault
    if best is None:
        raise InputError(Issue(code="file.empty", where=source, message="the file is empty"))
    raise InputError(_missing_columns(best, source, layout))


def _likeness(header: _Header) -> tuple[int, int]:
    """Return how like the wanted header a row is: columns found, then how early it is."""
    return len(header.columns), -header.line


def _columns(cells: Sequence[str], layout: Layout) -> dict[str, int]:
    folded = [_fold(cell) for cell in cells]
    columns: dict[str, int] = {}
    for column in layout.required + layout.optional:
        name = next((name for name in layout.names(column) if name in folded), None)
        if name is not None:
            columns[column] = folded.index(name)
    return columns


def _check_twice(header: _Header, source: str) -> None:
    folded = [_fold(cell) for cell in header.cells]
    for column, at in header.columns.items():
        if folded.count(folded[at]) > 1:
            message = f"the column {column} is there {folded.count(folded[at])} times"
            where = f"{source}:{header.line}"
            raise InputError(Issue(code="column.twice", where=where, message=message, hint="keep one"))


def _missing_columns(header: _Header, source: str, layout: Layout) -> Issue:
    missing = [column for column in layout.required if column not in header.columns]
    found = ", ".join(cell for cell in header.cells if cell)
    return Issue(
        code="column.missing",
        where=f"{source}:{header.line}",
        message=f"Missing required columns: {', '.join(missing)}",
        hint=f"found: {found if len(found) <= 200 else found[:200] + ' and more'}",
    )


def _is_total(cells: Sequence[str], row: Row, layout: Layout) -> bool:
    first = next(cell for cell in cells if cell)
    return _TOTAL.fullmatch(first) is not None and sum(bool(row.text(key)) for key in layout.keys) <= 1
