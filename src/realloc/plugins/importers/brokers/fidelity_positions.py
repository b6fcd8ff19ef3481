"""Fidelity: ``Portfolio_Positions_*.csv``, all accounts in one table, every generation of its header."""

from __future__ import annotations

import re
from decimal import Decimal

from realloc.plugins.importers.brokers._cells import clean, normal, parse_amount
from realloc.plugins.importers.brokers._draft import AccountDraft, Draft
from realloc.plugins.importers.brokers._importer import SheetImporter, holding_of
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, Record, only_table, records

_NUMBER_LAST = re.compile(r"([A-Z]?\d{8,9})\)?\Z")
_CORE = frozenset({"heldinmoneymarket", "heldinfcash", "heldincash", "cash"})
"""Descriptions of the core position, where its symbol has lost its stars."""
_NUMBER_FIRST = re.compile(r"([A-Z]?\d{8,9})[\s/-]")
_BETWEEN = " (/-"
"""What stands between the name and the number of an account."""


class FidelityPositions(SheetImporter):
    """Fidelity positions of all accounts."""

    name = "fidelity_positions"
    broker = "Fidelity"
    columns = ColumnSpec(
        {
            "account": ("Account Number",),
            "account_name": ("Account Name",),
            "both": ("Account Name/Number", "Account Number/Name"),
            "symbol": ("Symbol",),
            "description": ("Description",),
            "type": ("Investment Type",),
            "quantity": ("Quantity",),
            "price": ("Last Price",),
            "change": ("Last Price Change",),
            "value": ("Current Value",),
            "gain": ("Total Gain/Loss Dollar", "Total Gain/Loss $"),
            "percent": ("Percent Of Account", "% Of Account"),
            "basis": ("Cost Basis Total", "Cost Basis"),
        },
        required=("account|both", "symbol", "quantity", "value"),
    )

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read each row as cash, pending activity or a position."""
        table = only_table(sheet, self.columns, draft)
        percents: dict[str, list[Decimal]] = {}
        for record in records(table, draft, unique=True):
            account = _account(record, draft)
            if account is None:
                continue
            symbol = record.text("symbol")
            if normal(symbol) == "pendingactivity":
                _pending(record, draft, account)
                continue
            share = _percent(record)
            if share is not None:
                percents.setdefault(account.number, []).append(share)
            if record.row.texts == (account.number, account.name):
                draft.note(record.where, "read", f"account {account.number}, without holdings")
            elif symbol.endswith("**") or (normal(record.text("description")) in _CORE and _valued(record)):
                value = record.need_amount("value")
                if value is not None:
                    draft.add_cash(account, record.where, value, f"core position {symbol.rstrip('*')}")
            elif holding := holding_of(record):
                draft.hold(account, record.where, holding, type_text=record.text("type"))
        _check_percents(draft, percents)


def _account(record: Record, draft: Draft) -> AccountDraft | None:
    if "account" in record.table.columns:
        number = record.need_text("account")
        return draft.account(number, record.text("account_name")) if number else None
    text = record.need_text("both")
    if found := _NUMBER_LAST.search(text):
        return draft.account(found[1], clean(text[: found.start()].rstrip(_BETWEEN)))
    if found := _NUMBER_FIRST.match(text):
        return draft.account(found[1], clean(text[found.end() :].lstrip(_BETWEEN)))
    if text:
        draft.fault("row.account", record.at("both"), f"no account number in {text!r}", "complete the row")
    return None


def _pending(record: Record, draft: Draft, account: AccountDraft) -> None:
    """Count pending activity as cash; older files have the amount under the price change."""
    amounts = {amount for key in ("value", "change") if (amount := record.amount(key)) is not None}
    if len(amounts) == 1:
        draft.add_cash(account, record.where, amounts.pop(), "pending activity")
    else:
        draft.fault(
            "row.cell",
            record.at("value"),
            "pending activity has no single amount",
            "wait until it has settled",
        )


def _valued(record: Record) -> bool:
    """Return whether the row states a value alone, as that of a core position does."""
    return not record.text("quantity") and not record.text("price")


def _percent(record: Record) -> Decimal | None:
    try:
        return parse_amount(record.text("percent").removesuffix("%"))
    except ValueError:
        return None


def _check_percents(draft: Draft, percents: dict[str, list[Decimal]]) -> None:
    """Warn where the rows of an account are not all of it: the file has no totals, but it has percents.

    A workbook stores 4.47% as 0.0447: there the whole is 1.
    """
    for number, shares in percents.items():
        total, slack = sum(shares, Decimal(0)), Decimal("0.01") * (len(shares) + 1)
        if min(abs(total - 100), abs(100 * total - 100)) > slack:
            draft.warn(
                "total.percent",
                draft.file,
                f"the rows of account {number} add up to {total}% of it",
                "rows may be missing: download the file again",
            )
