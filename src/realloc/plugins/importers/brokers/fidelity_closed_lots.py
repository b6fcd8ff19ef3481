"""Fidelity: closed lots, as recent sales with their gain."""

from __future__ import annotations

from decimal import Decimal

from realloc.household import RecentTrade
from realloc.plugins.importers.brokers._draft import CENT, Draft
from realloc.plugins.importers.brokers._importer import SheetImporter
from realloc.plugins.importers.brokers._instruments import clean_symbol
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, Record, only_table, records


class FidelityClosedLots(SheetImporter):
    """Fidelity realized gains and losses, lot by lot."""

    name = "fidelity_closed_lots"
    broker = "Fidelity"
    columns = ColumnSpec(
        {
            "account": ("Account Number", "Account"),
            "symbol": ("Symbol(CUSIP)", "Symbol"),
            "acquired": ("Date Acquired",),
            "sold": ("Date Sold",),
            "quantity": ("Quantity",),
            "basis": ("Cost Basis",),
            "proceeds": ("Proceeds",),
            "short": ("Short Term Gain/Loss",),
            "long": ("Long Term Gain/Loss",),
        },
        required=("symbol", "sold", "quantity", "proceeds", "short|long|basis"),
    )

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read each row as one sale; the file names no account, so the broker stands for it."""
        for record in records(only_table(sheet, self.columns, draft), draft):
            symbol = clean_symbol(record.need_text("symbol").partition("(")[0])
            shares = record.need_amount("quantity")
            proceeds = record.need_amount("proceeds")
            sold = record.need_date("sold")
            gain = _gain(record, draft, proceeds)
            if shares is None or proceeds is None or sold is None or not symbol:
                continue
            if shares <= 0 or proceeds < 0:
                draft.fault("row.range", record.at("quantity"), f"{shares} shares sold for ${proceeds}")
                continue
            trade = RecentTrade(
                account_number=record.text("account") or self.broker,
                symbol=symbol,
                shares=-float(shares),
                price=float(proceeds / shares),
                traded=sold,
                gain=None if gain is None else float(gain),
            )
            draft.trades.append(trade)
            draft.note(record.where, "read", f"sale of {shares} {symbol} on {sold}, gain {gain}")


def _gain(record: Record, draft: Draft, proceeds: Decimal | None) -> Decimal | None:
    """Return short- and long-term gain; proceeds less basis where the row states neither."""
    stated = [gain for key in ("short", "long") if (gain := record.amount(key)) is not None]
    basis = record.amount("basis")
    if proceeds is None or basis is None:
        return sum(stated, Decimal(0)) if stated else None
    computed = proceeds - basis
    if stated and abs(computed - sum(stated)) > CENT:
        draft.warn(
            "gain.mismatch",
            record.where,
            f"proceeds less basis are ${computed}, the stated gain is ${sum(stated)}; the stated one is used",
            "a disallowed wash-sale loss explains the difference; anything else does not",
        )
    return sum(stated, Decimal(0)) if stated else computed
