"""E*TRADE: ``PortfolioDownload.csv``, one account, with or without its lots."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from realloc.plugins.importers.brokers._cells import normal, parse_amount, parse_date, unit
from realloc.plugins.importers.brokers._draft import CENT, AccountDraft, Draft, LotRow
from realloc.plugins.importers.brokers._importer import SheetImporter, holding_of
from realloc.plugins.importers.brokers._instruments import masked
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, Record, open_table, records

_SUMMARY = ColumnSpec(
    {"account": ("Account",), "total": ("Net Account Value", "Total Assets")}, required=("account", "total")
)
_MASK = re.compile(r"(?:[X*.]{1,12}-?|-)\w{2,5}\Z")


class EtradePositions(SheetImporter):
    """E*TRADE positions of one account, with lots where they are expanded."""

    name = "etrade_positions"
    broker = "E*TRADE"
    columns = ColumnSpec(
        {
            "symbol": ("Symbol",),
            "price": ("Last Price $", "Last Price"),
            "quantity": ("Quantity", "Qty #", "Qty"),
            "paid": ("Price Paid $", "Price Paid"),
            "gain": ("Total Gain $",),
            "value": ("Value $", "Value", "Market Value $"),
        },
        required=("symbol", "quantity", "paid", "value"),
    )

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read the summary, the positions with their lots, cash and total."""
        table = open_table(sheet, self.columns)
        summary = _summary(sheet, draft, table.index)
        account = _account(summary, draft)
        state = _State(account)
        for record in records(table, draft, special=frozenset({"CASH", "TOTAL"})):
            _read_row(record, draft, state)
        if state.total is None:
            draft.fault("total.missing", draft.file, "the file has no TOTAL row", "download it again")
        elif (stated := state.total.need_amount("value")) is not None:
            draft.tie(account, state.total.where, "total", stated)
        if summary is not None and (stated := summary.amount("total")) is not None:
            draft.tie(account, summary.at("total"), summary.table.name("total"), stated)


@dataclass(slots=True)
class _State:
    account: AccountDraft
    symbol: str = ""
    total: Record | None = None


def _summary(sheet: Sheet, draft: Draft, end: int) -> Record | None:
    found = _SUMMARY.find(sheet)
    if found is None or found >= end:
        return None
    return next(records(open_table(sheet, _SUMMARY, found), draft, end=min(found + 3, end)), None)


def _account(summary: Record | None, draft: Draft) -> AccountDraft:
    text = summary.text("account") if summary else ""
    if not text:
        draft.warn("account.unnamed", draft.file, f"the file names no account; it is called {draft.broker!r}")
        return draft.account(draft.broker)
    found = _MASK.search(text)
    if found is None:
        return draft.account(text, text)
    return draft.account(masked(found.group()), text[: found.start()].rstrip())


def _read_row(record: Record, draft: Draft, state: _State) -> None:
    first = record.text("symbol")
    kind = normal(first)
    if kind == "cash":
        value = _cash(record)
        if value is not None:
            draft.add_cash(state.account, record.where, value, "cash")
    elif kind == "total":
        state.total = record
    elif (acquired := _acquired(first)) is not None:
        _lot(record, draft, state, acquired)
    elif holding := holding_of(record):
        paid = record.amount("paid")
        if "gain" not in record.table.columns and paid is not None:
            record.draft.note(record.where, "read", f"cost basis from the price paid, ${paid}")
        draft.hold(state.account, record.where, holding)
        state.symbol = holding.symbol


def _cash(record: Record) -> Decimal | None:
    """Return the cash; some files have it one cell to the right of the value column."""
    if record.text("value") or len(record.row.texts) != 2:
        return record.need_amount("value")
    try:
        return parse_amount(record.row.texts[1], point=record.table.sheet.point)
    except ValueError as error:
        record.draft.fault("row.cell", record.at("value"), str(error))
        return None


def _acquired(text: str) -> date | None:
    """Return the date that a lot row starts with; None for a symbol."""
    try:
        return parse_date(text)
    except ValueError:
        return None


def _lot(record: Record, draft: Draft, state: _State, acquired: date) -> None:
    shares, paid, value, gain = (record.amount(key) for key in ("quantity", "paid", "value", "gain"))
    if shares is None or not state.symbol:
        draft.fault("lot.place", record.where, "a lot without shares or without a position above it")
        return
    basis = None if paid is None else (paid * shares).quantize(CENT)
    if value is not None and gain is not None:
        exact = value - gain
        if paid is not None and abs(exact - paid * shares) > shares * unit(paid) / 2 + CENT:
            draft.fault(
                "lot.basis",
                record.where,
                f"value ${value} less gain ${gain} is not {shares} shares at ${paid}",
                "the row is damaged; download the file again",
            )
        basis = exact
    account = state.account
    account.lots.append(
        (record.where, LotRow(symbol=state.symbol, shares=shares, basis=basis, acquired=acquired))
    )
    draft.note(record.where, "read", f"lot of {shares} {state.symbol}, basis {basis}, acquired {acquired}")
