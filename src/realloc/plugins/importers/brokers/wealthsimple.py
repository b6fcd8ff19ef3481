"""Wealthsimple: holdings report of all accounts; only what is held in US dollars can be planned with."""

from __future__ import annotations

from dataclasses import replace

from realloc.plugins.importers.brokers._draft import Draft
from realloc.plugins.importers.brokers._importer import SheetImporter, holding_of
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, Record, only_table, records
from realloc.plugins.importers.statement import Holding

_SUFFIXES = {"XTSE": ".TO", "XTSX": ".V", "NEOE": ".NE"}
"""Suffix of the symbols of a Canadian exchange, by its market identifier; the file prints it now and then."""


class Wealthsimple(SheetImporter):
    """Wealthsimple holdings of all accounts."""

    name = "wealthsimple"
    broker = "Wealthsimple"
    columns = ColumnSpec(
        {
            "account_name": ("Account Name",),
            "account_type": ("Account Type",),
            "account": ("Account Number",),
            "symbol": ("Symbol",),
            "mic": ("MIC",),
            "description": ("Name",),
            "type": ("Security Type",),
            "quantity": ("Quantity",),
            "direction": ("Position Direction",),
            "price": ("Market Price",),
            "price_currency": ("Market Price Currency",),
            "basis": ("Book Value (Market)",),
            "value": ("Market Value",),
            "currency": ("Market Value Currency",),
            "gain": ("Market Unrealized Returns",),
        },
        required=("account", "symbol", "quantity", "value", "currency"),
    )

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read each row; one in another currency is kept untouchable."""
        for record in records(only_table(sheet, self.columns, draft), draft, unique=True):
            number, currency = record.need_text("account"), record.need_text("currency").upper()
            holding = holding_of(record)
            if holding is None or not number or not currency:
                continue
            if record.text("price_currency").upper() not in {"", currency}:
                draft.fault("row.currency", record.at("price_currency"), "price and value differ in currency")
                continue
            names = dict.fromkeys(
                name for key in ("account_name", "account_type") if (name := record.text(key))
            )
            account = draft.account(number, " ".join(names))
            held = _listed(_directed(record, holding), record.text("mic").upper())
            draft.hold(
                account,
                record.where,
                held,
                type_text=record.text("type").replace("_", " "),
                currency=currency,
            )
        draft.no_cash(draft.accounts.values())


def _directed(record: Record, holding: Holding) -> Holding:
    direction = record.text("direction").upper()
    return replace(holding, why="a short position") if direction not in {"", "LONG"} else holding


def _listed(holding: Holding, mic: str) -> Holding:
    suffix = _SUFFIXES.get(mic, "")
    symbol = holding.symbol if holding.symbol.endswith(suffix) else holding.symbol + suffix
    return replace(holding, symbol=symbol)
