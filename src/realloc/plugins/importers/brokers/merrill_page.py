"""Merrill: the export of the positions page, one section for each account."""

from __future__ import annotations

import re

from realloc.plugins.importers.brokers._cells import find_date, normal
from realloc.plugins.importers.brokers._draft import AccountDraft, Draft
from realloc.plugins.importers.brokers._importer import SheetImporter, holding_of
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, Record, open_table, records

_NUMBER = re.compile(r"\b[0-9A-Z]{3}-[0-9A-Z]{5}\b")


class MerrillPage(SheetImporter):
    """Merrill positions page."""

    name = "merrill_page"
    broker = "Merrill"
    columns = ColumnSpec(
        {
            "symbol": ("Symbol",),
            "description": ("Description",),
            "quantity": ("Quantity",),
            "price": ("Price",),
            "value": ("Value",),
            "basis": ("Total Client Investment",),
        },
        required=("symbol", "quantity", "value", "basis"),
    )

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read each account's section down to its total."""
        open_table(sheet, self.columns)
        for row in sheet.rows[:10]:
            if row.texts and row.texts[0].casefold().startswith("exported on"):
                draft.as_of = find_date(", ".join(row.texts))
        at: int | None = self.columns.find(sheet)
        while at is not None:
            following = self.columns.find(sheet, at + 1)
            _read_section(sheet, self.columns, (at, following), draft)
            at = following


def _read_section(sheet: Sheet, columns: ColumnSpec, bounds: tuple[int, int | None], draft: Draft) -> None:
    header, following = bounds
    account = _account(sheet, header, draft)
    end = following if following is None else _account_index(sheet, following)
    total: Record | None = None
    for record in records(
        open_table(sheet, columns, header), draft, end=end, special=frozenset({"BALANCES"})
    ):
        kind = normal(record.text("symbol"))
        if account is None:
            continue
        if kind in {"moneyaccounts", "cashbalance", "pendingactivity"}:
            if (value := record.need_amount("value")) is not None:
                draft.add_cash(account, record.where, value, record.text("symbol"))
        elif kind == "total":
            total = record
        elif kind == "balances":
            draft.note(record.where, "skipped", "heading of the balances")
        elif holding := holding_of(record):
            draft.hold(account, record.where, holding)
    if account is not None and total is None:
        draft.fault(
            "total.missing", draft.file, f"account {account.number} has no total row", "download it again"
        )
    elif account is not None and total is not None and (stated := total.need_amount("value")) is not None:
        draft.tie(account, total.where, "total", stated)


def _account_index(sheet: Sheet, header: int) -> int | None:
    """Return the index of the line above the header that names the account."""
    for index in range(header - 1, -1, -1):
        cells = sheet.rows[index].cells
        if cells and _NUMBER.search(cells[0]):
            return index
        if cells and normal(cells[0]) == "total":
            break
    return None


def _account(sheet: Sheet, header: int, draft: Draft) -> AccountDraft | None:
    at = _account_index(sheet, header)
    if at is None:
        where = sheet.where(sheet.rows[header])
        draft.fault("header.account", where, "no account number such as 12S-34Y56 above this header")
        return None
    text = sheet.rows[at].cells[0].partition(":")[2] or sheet.rows[at].cells[0]
    number = _NUMBER.findall(text)[-1]
    return draft.account(number, text.replace(number, "").strip(" -"))
