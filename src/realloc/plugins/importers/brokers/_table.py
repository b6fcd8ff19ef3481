"""A table inside a sheet: columns found by the names in its header, cells read with file, row and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812 - `date` is a method below
from decimal import Decimal
from typing import TypeVar

from realloc.errors import InputError, Issue
from realloc.plugins.importers.brokers._cells import find_date, normal, parse_amount, parse_date
from realloc.plugins.importers.brokers._draft import Draft
from realloc.plugins.importers.brokers._sheet import Row, Sheet

T = TypeVar("T")

TEXTS = frozenset({"", "description", "account_name", "details"})
"""Keys of cells in which a line break does no harm."""

_DATED = re.compile(r"\b(?:as of|downloaded|generated|exported)\b", re.IGNORECASE)


class ColumnSpec:
    """The columns of a format.

    Parameters
    ----------
    names : mapping of str to tuple of str
        For each column, by the key that the importer uses, the names that it has had.
    required : tuple of str
        Keys without which a row is not this table's header; ``a|b`` is satisfied by either.
    """

    def __init__(self, names: Mapping[str, tuple[str, ...]], required: tuple[str, ...]) -> None:
        self.names = names
        self.required = required
        self._key_of = {normal(name): key for key, known in names.items() for name in known}

    def keys(self, row: Row) -> list[str]:
        """Return the key of each cell; empty for a column that is not known."""
        return [self._key_of.get(normal(cell), "") for cell in row.cells]

    def missing(self, row: Row) -> list[str]:
        """Return what the row lacks to be the header, in the names that people see."""
        found = set(self.keys(row))
        return [
            " or ".join(self.names[key][0] for key in either.split("|"))
            for either in self.required
            if found.isdisjoint(either.split("|"))
        ]

    def find(self, sheet: Sheet, start: int = 0) -> int | None:
        """Return the index of the first header row from `start` on; None where there is none."""
        for index in range(start, len(sheet.rows)):
            row = sheet.rows[index]
            if len(row.texts) > 1 and not self.missing(row):
                return index
        return None


@dataclass(frozen=True)
class Table:
    """A header row and how its columns are called."""

    sheet: Sheet
    spec: ColumnSpec
    index: int
    columns: Mapping[str, int]

    @property
    def header(self) -> Row:
        """The header row."""
        return self.sheet.rows[self.index]

    def name(self, key: str) -> str:
        """Return the column's name as the file prints it, or as the format calls it where it is absent."""
        at = self.columns.get(key)
        return self.spec.names[key][0] if at is None else self.header.cells[at]


def open_table(sheet: Sheet, spec: ColumnSpec, start: int = 0) -> Table:
    """Return the first table from row index `start` on.

    Raises
    ------
    InputError
        There is no header with the required columns, or two columns of it have one meaning.
    """
    index = spec.find(sheet, start)
    if index is None:
        nearest = min(sheet.rows[start:], key=lambda row: (len(spec.missing(row)), row.line), default=None)
        lacks = spec.missing(nearest) if nearest else []
        raise InputError(
            Issue(
                code="header.missing",
                where=sheet.where(nearest) if nearest else sheet.file,
                message=f"no header with all columns was found; nearest lacks {', '.join(lacks)}",
                hint="download the file again with these columns, or import it with a mapping",
            )
        )
    keys = spec.keys(sheet.rows[index])
    for key in {key for key in keys if key and keys.count(key) > 1}:
        names = [sheet.rows[index].cells[at] for at, other in enumerate(keys) if other == key]
        raise InputError(
            Issue(
                code="header.duplicate",
                where=sheet.where(sheet.rows[index]),
                message=f"the columns {', '.join(names)} mean the same",
                hint="keep one of them",
            )
        )
    return Table(sheet, spec, index, {key: at for at, key in enumerate(keys) if key})


def only_table(sheet: Sheet, spec: ColumnSpec, draft: Draft) -> Table:
    """Return the table of a file that has one: rows like its own above the header are faults.

    Raises
    ------
    InputError
        As `open_table`.
    """
    table = open_table(sheet, spec)
    for row in sheet.rows[: table.index]:
        if len(row.texts) >= max(4, len(table.header.texts) // 3):
            draft.fault("row.place", sheet.where(row), "a row above the header", "download the file again")
    return table


class Record:
    """One data row: cells by key; a cell that cannot be read becomes a fault of the draft."""

    __slots__ = ("draft", "row", "table")

    def __init__(self, table: Table, row: Row, draft: Draft) -> None:
        self.table = table
        self.row = row
        self.draft = draft

    @property
    def where(self) -> str:
        """File and row."""
        return self.table.sheet.where(self.row)

    def at(self, key: str) -> str:
        """Return file, row and column."""
        return self.table.sheet.where(self.row, self.table.name(key))

    def text(self, key: str) -> str:
        """Return the cell; empty where the column or the cell is absent."""
        at = self.table.columns.get(key)
        cells = self.row.cells
        return cells[at] if at is not None and at < len(cells) else ""

    def amount(self, key: str) -> Decimal | None:
        """Return the amount; None where it is unknown, absent, or a fault."""
        if key not in self.table.columns:
            return None
        try:
            return parse_amount(self.text(key), point=self.table.sheet.point)
        except ValueError as error:
            self._unread(key, error)
            return None

    def date(self, key: str, date_format: str = "") -> Date | None:
        """Return the date; None where it is unknown, absent, or a fault."""
        try:
            return parse_date(self.text(key), date_format)
        except ValueError as error:
            self._unread(key, error)
            return None

    def need_amount(self, key: str) -> Decimal | None:
        """Return the amount; None only after a fault."""
        return self._needed(key, self.amount)

    def need_date(self, key: str) -> Date | None:
        """Return the date; None only after a fault."""
        return self._needed(key, self.date)

    def need_text(self, key: str) -> str:
        """Return the text; empty only after a fault."""
        return self._needed(key, self.text) or ""

    def _unread(self, key: str, error: ValueError) -> None:
        self.draft.fault("row.cell", self.at(key), str(error), "correct the cell or download the file again")

    def _needed(self, key: str, read: Callable[[str], T | None]) -> T | None:
        before = len(self.draft.issues)
        value = read(key)
        if (value is None or value == "") and len(self.draft.issues) == before:
            self.draft.fault(
                "row.cell", self.at(key), f"{self.table.name(key)} is missing", "complete the row"
            )
        return value


def records(
    table: Table,
    draft: Draft,
    *,
    end: int | None = None,
    special: frozenset[str] = frozenset(),
    unique: bool = False,
) -> Iterator[Record]:
    """Yield the data rows below the header, up to row index `end`.

    Blank rows are passed over; lines of text below the table are noted as skipped, and a date in them is
    taken as the file's where none is known. A row of one short text, with text beyond the last column, or
    with a line break outside `TEXTS` or around a separator, is damaged: it becomes a fault. Rows with a text
    of `special` may have any width. With `unique`, two rows that are the same in every cell are a fault (one
    position would count twice), and a header that is repeated is passed over; else the latter is the fault,
    because what follows it may be the table once more.
    """
    width = len(table.header.cells)
    needed = max(table.columns.values(), default=0) + 1
    seen: dict[tuple[str, ...], int] = {}
    below = False
    for row in table.sheet.rows[table.index + 1 : end]:
        texts = row.texts
        record = Record(table, row, draft)
        if not texts:
            below = True
        elif _is_notice(row, texts, width, below=below):
            _skip_notice(record, draft)
        elif "\n" in "".join(texts) and _breaks(table, row):
            draft.fault("row.break", record.where, "a cell contains a line break", "check the row's quotes")
        elif row.cells == table.header.cells:
            _repeated_header(record, draft, unique=unique)
        elif not (special and any(text.upper() in special for text in texts)) and (
            any(row.cells[width:]) or len(row.cells) < needed or len(texts) == 1
        ):
            draft.fault(
                "row.width",
                record.where,
                f"the row has {len(row.texts)} filled cells of {len(row.cells)} under {width} columns",
                "it is cut off, or an amount with a comma lacks its quotes",
            )
        elif unique and row.cells in seen:
            hint = "remove one of the two; positions that are alike have to be added up"
            draft.fault("row.twice", record.where, f"the row is the same as row {seen[row.cells]}", hint)
        else:
            seen[row.cells] = row.line
            yield record


def _breaks(table: Table, row: Row) -> bool:
    """Return whether a line break shows that cells are lost in another: a lost row has separators."""
    keys = {at: key for key, at in table.columns.items()}
    return any(
        "\n" in cell and (keys.get(at, "") not in TEXTS or table.sheet.separator in cell)
        for at, cell in enumerate(row.cells)
    )


def _repeated_header(record: Record, draft: Draft, *, unique: bool) -> None:
    if unique:
        draft.note(record.where, "skipped", "the header once more")
    else:
        hint = "the table may be in the file twice; keep one"
        draft.fault("header.again", record.where, "the header stands here once more", hint)


def _is_notice(row: Row, texts: tuple[str, ...], width: int, *, below: bool) -> bool:
    first = texts[0]
    if len(texts) == 1:
        return below or len(first.split()) >= 3 or first.startswith("***")
    return below and len(row.cells) < width and not any(map(_is_amount, texts))


def _is_amount(text: str) -> bool:
    try:
        return parse_amount(text) is not None
    except ValueError:
        return False


def _skip_notice(record: Record, draft: Draft) -> None:
    text = ", ".join(record.row.texts)
    if draft.as_of is None and _DATED.search(text):
        draft.as_of = find_date(text)
    draft.note(record.where, "skipped", f"a line of text: {text[:60]}")
