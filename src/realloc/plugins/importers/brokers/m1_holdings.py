"""M1 Finance: holdings of one account, which the file does not name."""

from __future__ import annotations

from realloc.plugins.importers.brokers._draft import Draft
from realloc.plugins.importers.brokers._importer import SheetImporter, holding_of
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, only_table, records

ACCOUNT = "M1"
"""What the account is called: neither M1 file names it."""


class M1Holdings(SheetImporter):
    """M1 Finance holdings."""

    name = "m1_holdings"
    broker = "M1 Finance"
    columns = ColumnSpec(
        {
            "symbol": ("Symbol",),
            "description": ("Name",),
            "quantity": ("Quantity",),
            "average": ("Avg. Price", "Average Price"),
            "basis": ("Cost Basis",),
            "gain": ("Unrealized Gain ($)",),
            "value": ("Value",),
        },
        required=("symbol", "quantity", "average|gain", "basis", "value"),
    )

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read each row; the price is value by shares, since the file states the average cost only."""
        account = draft.account(ACCOUNT)
        for record in records(only_table(sheet, self.columns, draft), draft, unique=True):
            if holding := holding_of(record):
                draft.hold(account, record.where, holding)
        draft.warn("account.unnamed", draft.file, f"the file names no account; it is called {ACCOUNT!r}")
        draft.no_cash(draft.accounts.values())
