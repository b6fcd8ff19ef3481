"""Vanguard: ``OfxDownload.csv``, holdings and transactions in one file, without cost basis."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from realloc.household import RecentTrade
from realloc.plugins.importers.brokers._cells import normal
from realloc.plugins.importers.brokers._draft import Draft
from realloc.plugins.importers.brokers._importer import SheetImporter, holding_of
from realloc.plugins.importers.brokers._instruments import clean_symbol
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, Record, only_table, open_table, records

SETTLEMENT = "VMFXX"
"""The settlement fund: what it holds is the account's cash."""

_TRANSACTIONS = ColumnSpec(
    {
        "account": ("Account Number",),
        "traded": ("Trade Date",),
        "kind": ("Transaction Type",),
        "details": ("Transaction Description",),
        "description": ("Investment Name",),
        "symbol": ("Symbol",),
        "quantity": ("Shares",),
        "price": ("Share Price",),
        "principal": ("Principal Amount",),
    },
    required=("account", "traded", "kind", "symbol", "quantity"),
)

_PLAN = ColumnSpec(
    {
        "account": ("Account Number", "Plan Number"),
        "account_name": ("Plan Name",),
        "description": ("Fund Name", "Investment Name"),
        "quantity": ("Shares", "Units"),
        "price": ("Price", "Share Price", "Unit Price"),
        "value": ("Total Value",),
    },
    required=("account", "account_name", "description", "quantity", "value"),
)


class VanguardDownload(SheetImporter):
    """Vanguard holdings and transactions."""

    name = "vanguard_download"
    broker = "Vanguard"
    columns = ColumnSpec(
        {
            "account": ("Account Number",),
            "description": ("Investment Name",),
            "symbol": ("Symbol",),
            "quantity": ("Shares",),
            "price": ("Share Price",),
            "value": ("Total Value",),
        },
        required=("account", "description", "symbol", "quantity", "value"),
    )

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read the holdings, then those of employer plans and the transactions where the file has them."""
        table, second, plans = (
            only_table(sheet, self.columns, draft),
            _TRANSACTIONS.find(sheet),
            _PLAN.find(sheet),
        )
        end = min((at for at in (second, plans) if at is not None), default=None)
        for record in records(table, draft, end=end, unique=True):
            number = record.need_text("account")
            holding = holding_of(record) if number else None
            if holding is None:
                continue
            account = draft.account(number)
            if holding.symbol == SETTLEMENT:
                value = record.need_amount("value")
                if value is not None and abs(holding.shares - value) > Decimal("0.01"):
                    draft.fault(
                        "value.mismatch",
                        record.where,
                        f"{holding.shares} {SETTLEMENT} at $1 are not ${value}",
                    )
                elif value is not None:
                    draft.add_cash(account, record.where, value, f"settlement fund {SETTLEMENT}")
            else:
                draft.hold(account, record.where, holding)
        if plans is not None:
            end = second if second is not None and second > plans else None
            for record in records(open_table(sheet, _PLAN, plans), draft, end=end, unique=True):
                _plan_fund(record, draft)
        if second is not None:
            end = plans if plans is not None and plans > second else None
            for record in records(open_table(sheet, _TRANSACTIONS, second), draft, end=end):
                _transaction(record, draft)


def _plan_fund(record: Record, draft: Draft) -> None:
    """Keep a fund of an employer's plan, which the file names without a ticker."""
    number = record.need_text("account")
    holding = holding_of(record) if number else None
    if holding is not None:
        account = draft.account(number, record.text("account_name"))
        draft.hold(account, record.where, replace(holding, why="a fund without a ticker"))


def _transaction(record: Record, draft: Draft) -> None:
    kind = normal(record.text("kind"))
    symbol = clean_symbol(record.text("symbol"))
    shares = record.amount("quantity") or Decimal(0)
    price = record.amount("price") or Decimal(0)
    traded = record.need_date("traded")
    number = record.need_text("account")
    label = f"{record.text('kind')} of {shares} {symbol or record.text('description')}"
    side = 1 if kind.startswith("buy") or "reinvest" in kind else -1 if kind.startswith("sell") else 0
    if symbol == SETTLEMENT or not shares:
        draft.note(record.where, "skipped", f"{label}: no trade of a security")
    elif not side or not symbol:
        draft.note(record.where, "skipped", f"{label}: neither a purchase nor a sale of a ticker")
        draft.warn(
            "trade.unknown",
            record.where,
            f"{label} is neither a purchase nor a sale of a ticker",
            "add it to the recent trades by hand if it was one",
        )
    elif (side > 0) != (shares > 0) and kind != "sell":
        draft.fault("row.range", record.at("quantity"), f"{label} on the wrong side", "check the row")
    elif price < 0:
        draft.fault("row.range", record.at("price"), f"{label} at ${price}", "check the row")
    elif traded is not None and number:
        signed = abs(shares) * side
        draft.trades.append(
            RecentTrade(
                account_number=number, symbol=symbol, shares=float(signed), price=float(price), traded=traded
            )
        )
        draft.note(record.where, "read", f"{label} on {traded}")
