"""T. Rowe Price: positions of all accounts."""

from __future__ import annotations

from realloc.plugins.importers.brokers._draft import Draft
from realloc.plugins.importers.brokers._importer import SheetImporter, holding_of
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, only_table, records


class TRowePositions(SheetImporter):
    """T. Rowe Price positions of all accounts."""

    name = "trowe_positions"
    broker = "T. Rowe Price"
    columns = ColumnSpec(
        {
            "account_type": ("Account Type",),
            "description": ("Account Name",),
            "symbol": ("Ticker",),
            "account": ("Account Number",),
            "owner": ("Owners", "Owner"),
            "quantity": ("Quantity",),
            "price": ("Price",),
            "value": ("Market Value",),
        },
        required=("account", "account_type", "symbol", "quantity", "value"),
    )

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read each row; the file's account name is the fund's."""
        for record in records(only_table(sheet, self.columns, draft), draft, unique=True):
            number = record.need_text("account")
            holding = holding_of(record) if number else None
            if holding is not None:
                draft.hold(draft.account(number, record.text("account_type")), record.where, holding)
        draft.no_cash(draft.accounts.values())
