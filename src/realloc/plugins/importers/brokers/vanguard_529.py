"""Vanguard: 529 plans and the legacy mutual-fund platform, which name funds and no tickers."""

from __future__ import annotations

from dataclasses import replace

from realloc.plugins.importers.brokers._draft import Draft
from realloc.plugins.importers.brokers._importer import SheetImporter, holding_of
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, only_table, records


class Vanguard529(SheetImporter):
    """Vanguard 529 plans and legacy fund accounts."""

    name = "vanguard_529"
    broker = "Vanguard"
    columns = ColumnSpec(
        {
            "account": ("Fund Account Number",),
            "description": ("Fund Name",),
            "symbol": ("Symbol", "Ticker"),
            "price": ("Price", "Share Price"),
            "quantity": ("Shares",),
            "value": ("Total Value",),
        },
        required=("account", "description", "quantity", "value"),
    )

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read each row; the account is what follows the fund in ``FUND-ACCOUNT``."""
        for record in records(only_table(sheet, self.columns, draft), draft, unique=True):
            number = record.need_text("account").rpartition("-")[2]
            holding = holding_of(record) if number else None
            if holding is not None:
                name = "529 plan" if "529" in holding.description else ""
                if not holding.symbol:
                    holding = replace(holding, why="a fund without a ticker")
                draft.hold(draft.account(number, name), record.where, holding)
