"""What the importers of delimited files share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from realloc.errors import InputError
from realloc.plugins.core.base import StrPath
from realloc.plugins.importers.brokers._draft import CENT, Draft
from realloc.plugins.importers.brokers._instruments import clean_symbol
from realloc.plugins.importers.brokers._sheet import Sheet, read_sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, Record
from realloc.plugins.importers.statement import Holding, Match, Statement, StatementImporter

SURE = 0.95
"""Confidence where every column that tells the format is there."""


class SheetImporter(StatementImporter):
    """Reads a delimited text file, or the same saved from Excel."""

    name: ClassVar[str]
    supported_extensions: ClassVar[Sequence[str]] = (".csv", ".txt", ".tsv", ".xlsx")

    columns: ClassVar[ColumnSpec]
    """The table by which the format is recognised."""

    def matches(self, path: StrPath) -> Match:
        """Return how sure it is that the file is of its format."""
        try:
            return self.recognise(read_sheet(path, head=True))
        except InputError as error:
            return Match(confidence=0.0, reason=str(error))

    def recognise(self, sheet: Sheet) -> Match:
        """Return how sure it is, from the rows at the start of the file."""
        found = self.columns.find(sheet)
        if found is None:
            return Match(confidence=0.0, reason="no header with its columns")
        return Match(confidence=SURE, reason=f"its columns are in row {sheet.rows[found].line}")

    def read(self, path: StrPath) -> Statement:
        """Read the file; see `StatementImporter.read`."""
        sheet = read_sheet(path)
        draft = Draft(sheet.file, self.name, self.broker)
        self.parse(sheet, draft)
        return draft.finish()

    @abstractmethod
    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Put every row of the file into the draft."""


def holding_of(record: Record) -> Holding | None:
    """Return the position of a row with the keys symbol, description, quantity, price, value, basis, gain.

    The basis is the value less the gain where the row has a gain alone, or shares at their ``cost_per_share``.
    Returns None after a fault.
    """
    shares = record.need_amount("quantity")
    price, value = record.amount("price"), record.amount("value")
    basis, gain = record.amount("basis"), record.amount("gain")
    if shares is None:
        return None
    if value is not None and gain is not None:
        if basis is None:
            basis = value - gain
        elif abs(value - gain - basis) > 2 * CENT:
            record.draft.warn(
                "basis.mismatch",
                record.at("basis"),
                f"value ${value} less gain ${gain} is not the cost basis ${basis}",
                "check the position's cost basis with the broker",
            )
    if basis is None and (paid := record.amount("cost_per_share")) is not None:
        basis = paid * shares
    symbol = clean_symbol(record.text("symbol"))
    description = record.text("description")
    return Holding(
        symbol=symbol, shares=shares, price=price, value=value, cost_basis=basis, description=description
    )
