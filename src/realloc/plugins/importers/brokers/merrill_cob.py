"""Merrill: holdings at the close of business, many accounts in one table."""

from __future__ import annotations

import re

from realloc.plugins.importers.brokers._draft import Draft
from realloc.plugins.importers.brokers._importer import SheetImporter, holding_of
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, Record, only_table, records

_SWEEP = re.compile(
    r"\b(?:BANK|DIRECT) DEPOSIT PROG\w*|\bPREFERRED DEPOSIT\b|^CASH(?: BALANCE)?$", re.IGNORECASE
)


class MerrillCob(SheetImporter):
    """Merrill close-of-business holdings of all accounts."""

    name = "merrill_cob"
    broker = "Merrill"
    columns = ColumnSpec(
        {
            "as_of": ("COB Date",),
            "symbol": ("Symbol",),
            "description": ("Security Description",),
            "nickname": ("Account Nickname",),
            "registration": ("Account Registration",),
            "account": ("Account #",),
            "quantity": ("Quantity",),
            "price": ("Price ($)",),
            "value": ("Value ($)",),
            "gain": ("Unrealized Gain/Loss ($)",),
            "accrued": ("Accrued Interest ($)",),
        },
        required=("as_of", "symbol", "description", "account", "quantity", "value"),
    )

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read each row; a bank deposit program at a price of 1 is cash."""
        for record in records(only_table(sheet, self.columns, draft), draft, unique=True):
            number = record.need_text("account")
            _date(record, draft)
            holding = holding_of(record) if number else None
            if holding is None:
                continue
            names = [name for key in ("nickname", "registration") if (name := record.text(key))]
            account = draft.account(number, " ".join(dict.fromkeys(names)))
            if (
                _SWEEP.search(holding.description)
                and holding.price in {None, 1}
                and holding.value is not None
            ):
                if abs(holding.shares - holding.value) > 0:
                    draft.fault(
                        "value.mismatch", record.where, f"{holding.shares} at $1 are not ${holding.value}"
                    )
                else:
                    draft.add_cash(account, record.where, holding.value, holding.description)
            else:
                draft.hold(account, record.where, holding)
            if accrued := record.amount("accrued"):
                draft.note(record.where, "skipped", f"accrued interest ${accrued}: not paid yet")


def _date(record: Record, draft: Draft) -> None:
    as_of = record.need_date("as_of")
    if draft.as_of not in {None, as_of} and as_of is not None:
        draft.fault("row.date", record.at("as_of"), f"the file has rows of {draft.as_of} and of {as_of}")
    draft.as_of = draft.as_of or as_of
