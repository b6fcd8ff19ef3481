"""M1 Finance: open tax lots, to be joined to the holdings, and closed ones, as recent sales."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from realloc.household import RecentTrade
from realloc.plugins.importers.brokers._draft import Draft, LotRow
from realloc.plugins.importers.brokers._importer import SheetImporter
from realloc.plugins.importers.brokers._instruments import clean_symbol
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, Record, only_table, records
from realloc.plugins.importers.brokers.m1_holdings import ACCOUNT


class M1Lots(SheetImporter):
    """M1 Finance open and closed tax lots."""

    name = "m1_lots"
    broker = "M1 Finance"
    columns = ColumnSpec(
        {
            "symbol": ("Symbol",),
            "acquired": ("Acquisition Date",),
            "quantity": ("Quantity",),
            "basis": ("Cost Basis",),
            "closed": ("Close Date",),
            "short": ("Short Term Realized Gain/Loss",),
            "long": ("Long Term Realized Gain/Loss",),
            "disallowed": ("Disallowed Wash Sale Amount",),
            "id": ("M1 Tax Lot Id",),
        },
        required=("symbol", "acquired", "quantity", "basis", "id|closed"),
    )

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read each row as an open lot, or as a sale where it has a close date."""
        for record in records(only_table(sheet, self.columns, draft), draft):
            symbol = clean_symbol(record.need_text("symbol"))
            shares, basis = record.need_amount("quantity"), record.amount("basis")
            acquired, closed = record.date("acquired"), record.date("closed")
            if shares is None or not symbol:
                continue
            if closed is not None:
                _sale(record, draft, (symbol, shares, closed))
                continue
            if record.amount("short") or record.amount("long"):
                text = f"{shares} {symbol} have a realized gain and no close date"
                draft.fault("row.cell", record.at("closed"), text, "download the file with its close dates")
                continue
            lot = LotRow(symbol=symbol, shares=shares, basis=basis, acquired=acquired, id=record.text("id"))
            draft.account(ACCOUNT).lots.append((record.where, lot))
            draft.note(record.where, "read", f"lot of {shares} {symbol}, basis {basis}, acquired {acquired}")
            if record.amount("disallowed"):
                draft.warn(
                    "lot.wash_sale",
                    record.at("disallowed"),
                    f"a wash-sale loss of ${record.amount('disallowed')} belongs to this lot of {symbol}",
                    "its cost basis is used as the file states it",
                )


def _sale(record: Record, draft: Draft, sale: tuple[str, Decimal, date]) -> None:
    symbol, shares, closed = sale
    basis = record.need_amount("basis")
    gains = [gain for key in ("short", "long") if (gain := record.amount(key)) is not None]
    if basis is None or shares <= 0 or not gains:
        draft.fault("row.cell", record.where, f"a closed lot of {shares} {symbol} without basis or gain")
        return
    gain = sum(gains, Decimal(0))
    trade = RecentTrade(
        account_number=ACCOUNT,
        symbol=symbol,
        shares=-float(shares),
        price=float((basis + gain) / shares),
        traded=closed,
        gain=float(gain),
    )
    draft.trades.append(trade)
    draft.note(record.where, "read", f"sale of {shares} {symbol} on {closed}, gain {gain}")
