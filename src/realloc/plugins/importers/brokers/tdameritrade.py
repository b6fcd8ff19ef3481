"""TD Ameritrade: transactions of accounts that are closed now; history for the wash-sale windows."""

from __future__ import annotations

import re
from decimal import Decimal

from realloc.household import RecentTrade
from realloc.plugins.importers.brokers._cells import unit
from realloc.plugins.importers.brokers._draft import CENT, Draft
from realloc.plugins.importers.brokers._importer import SheetImporter
from realloc.plugins.importers.brokers._instruments import clean_symbol
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, Record, only_table, records

LARGEST_FEE = Decimal(50)
"""Dollars by which commission and fees may move a trade's amount, beside 1% of it."""

_TRADE = re.compile(r"\s*(?P<side>bought|sold)\b", re.IGNORECASE)


class TdAmeritradeTransactions(SheetImporter):
    """TD Ameritrade transaction history."""

    name = "tdameritrade_transactions"
    broker = "TD Ameritrade"
    columns = ColumnSpec(
        {
            "date": ("DATE",),
            "id": ("TRANSACTION ID",),
            "description": ("DESCRIPTION",),
            "quantity": ("QUANTITY",),
            "symbol": ("SYMBOL",),
            "price": ("PRICE",),
            "amount": ("AMOUNT",),
        },
        required=("date", "id", "description", "quantity", "symbol", "amount"),
    )

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read purchases and sales; everything else moves no shares that this file can explain."""
        for record in records(only_table(sheet, self.columns, draft), draft, unique=True):
            found = _TRADE.match(record.text("description"))
            if found is None:
                draft.note(record.where, "skipped", f"{record.text('description')[:60]}: no trade")
                continue
            side = 1 if found["side"].casefold() == "bought" else -1
            _trade(record, draft, side)


def _trade(record: Record, draft: Draft, side: int) -> None:
    symbol = clean_symbol(record.need_text("symbol"))
    shares, price = record.need_amount("quantity"), record.need_amount("price")
    amount, traded = record.amount("amount"), record.need_date("date")
    if shares is None or price is None or traded is None or not symbol:
        return
    shares = abs(shares)
    gross = shares * price
    slack = price * unit(shares) / 2 + shares * min(unit(price), CENT) / 2 + gross / 100 + LARGEST_FEE
    if not shares or price < 0 or (amount is not None and abs(-side * gross - amount) > slack):
        draft.fault(
            "value.mismatch",
            record.at("amount"),
            f"{shares} {symbol} at ${price} are ${gross}, not ${amount}",
            "the row is damaged",
        )
        return
    draft.trades.append(
        RecentTrade(
            account_number=draft.broker,
            symbol=symbol,
            shares=float(shares * side),
            price=float(price),
            traded=traded,
        )
    )
    draft.note(record.where, "read", f"{'bought' if side > 0 else 'sold'} {shares} {symbol} on {traded}")
