"""Schwab: lot details of one symbol in one account, to be joined to its positions file."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from realloc.plugins.importers.brokers._cells import find_date, normal
from realloc.plugins.importers.brokers._draft import Draft, LotRow
from realloc.plugins.importers.brokers._importer import SURE, SheetImporter
from realloc.plugins.importers.brokers._instruments import clean_symbol, masked
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, Record, only_table, records
from realloc.plugins.importers.statement import Match

_DETAILS = re.compile(r" Lot Details for ", re.IGNORECASE)
_AS_OF = re.compile(r" as of\b", re.IGNORECASE)


class _Title(NamedTuple):
    symbol: str
    account: str
    when: str


class SchwabLots(SheetImporter):
    """Schwab lot details of one symbol."""

    name = "schwab_lots"
    broker = "Schwab"
    columns = ColumnSpec(
        {
            "acquired": ("Open Date", "Acquired Date"),
            "quantity": ("Quantity", "Qty (Quantity)"),
            "value": ("Market Value", "Mkt Val (Market Value)"),
            "basis": ("Cost Basis",),
        },
        required=("acquired", "quantity", "basis"),
    )

    def recognise(self, sheet: Sheet) -> Match:
        """Return how sure it is: the title names symbol and account."""
        found = super().recognise(sheet)
        if found.confidence and _title(sheet):
            return Match(confidence=SURE, reason="its title line and its columns")
        return Match(confidence=0.0, reason="no title line '... Lot Details for ...' above its columns")

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read each row as a lot and check the total row."""
        title = _title(sheet)
        table = only_table(sheet, self.columns, draft)
        if title is None:
            draft.fault("header.account", draft.file, "the title line with symbol and account is missing")
            return
        draft.as_of = find_date(title.when)
        account = draft.account(masked(title.account.split()[-1]))
        symbol = clean_symbol(title.symbol)
        sums = {"quantity": Decimal(0), "value": Decimal(0), "basis": Decimal(0)}
        total: Record | None = None
        for record in records(table, draft):
            if normal(record.text("acquired")) == "total":
                total = record
                continue
            shares, basis = record.need_amount("quantity"), record.amount("basis")
            acquired = record.need_date("acquired")
            if shares is None:
                continue
            for key in sums:
                sums[key] += record.amount(key) or Decimal(0)
            lot = LotRow(symbol=symbol, shares=shares, basis=basis, acquired=acquired)
            account.lots.append((record.where, lot))
            draft.note(record.where, "read", f"lot of {shares} {symbol}, basis {basis}, acquired {acquired}")
        if total is None:
            draft.fault("total.missing", draft.file, "the file has no total row", "download it again")
            return
        for key, found in sums.items():
            stated = total.amount(key)
            if stated is not None:
                draft.tie_amounts(total.where, f"total {total.table.name(key)}", stated, found, account)


def _title(sheet: Sheet) -> _Title | None:
    """Return the parts of a line such as "VTI Lot Details for Individual ...123 as of 08/03/2026"."""
    for row in sheet.rows[:10]:
        text = ", ".join(row.texts)
        details = _DETAILS.search(text)
        as_of = _AS_OF.search(text, details.end()) if details else None
        if details and as_of:
            title = _Title(text[: details.start()], text[details.end() : as_of.start()], text[as_of.end() :])
            if title.symbol.strip() and title.account.strip():
                return title
    return None
