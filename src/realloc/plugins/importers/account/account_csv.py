"""Accounts from a CSV file of positions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, overload

from realloc.accounts import Account
from realloc.models import CASH
from realloc.plugins.core.base import AccountImporter, StrPath
from realloc.plugins.importers.tabular import Layout, Row, Table, read_table

LAYOUT = Layout(
    keys=("Account Label", "Account Id", "Symbol"),
    numbers=("Shares",),
    synonyms={"Account Label": ("Account Name",), "Account Id": ("Account Number",), "Shares": ("Quantity",)},
)
_ROUNDED_ID = re.compile(r"[0-9](?:\.[0-9]+)?E\+[0-9]+", re.IGNORECASE)


@dataclass(slots=True)
class _Draft:
    """An account while its rows come in."""

    label: str
    first: Row
    shares: dict[str, Decimal] = field(default_factory=dict)


class CSVAccountImporter(AccountImporter):
    """Read accounts from a CSV file with one position on a row.

    Notes
    -----
    Columns: ``Account Label``, ``Account Id``, ``Symbol``, ``Shares``. The row with the symbol ``CASH`` has
    the account's cash in dollars; every account needs one. Rows of one symbol in one account are added up.
    Accounts and positions keep the order of the file.
    """

    name = "csv_account"
    supported_extensions = [".csv"]  # noqa: RUF012 - the plugin interface has a list

    @overload
    def account_importer(self, path: StrPath, return_dicts: Literal[False] = False) -> list[Account]: ...
    @overload
    def account_importer(self, path: StrPath, return_dicts: Literal[True]) -> list[dict[str, Any]]: ...
    def account_importer(
        self, path: StrPath, return_dicts: bool = False
    ) -> list[Account] | list[dict[str, Any]]:
        """Read the accounts of a file.

        Parameters
        ----------
        path : str or path
            The file.
        return_dicts : bool
            Return the accounts as the household document has them.

        Raises
        ------
        InputError
            The file is no such table, or a row is bad: not a number, an empty cell, two labels for one
            account, no ``CASH``. All faults are in it, each with its line and column.
        """
        table = read_table(path, LAYOUT)
        drafts = _drafts(table)
        for number, draft in drafts.items():
            if CASH not in draft.shares:
                draft.first.fault(
                    "Symbol",
                    "account.cash",
                    f"Account {draft.label!r} ({number}) is missing required {CASH} position",
                    f"add a row {draft.label},{number},{CASH},0",
                )
        if not drafts:
            table.fault("table.empty", "the table has no accounts", "add a row for each position")
        table.finish()
        accounts = [_account(number, draft) for number, draft in drafts.items()]
        return [account.to_dict() for account in accounts] if return_dicts else accounts


def _drafts(table: Table) -> dict[str, _Draft]:
    drafts: dict[str, _Draft] = {}
    for row in table.rows:
        label, number, symbol = (row.needed(key) for key in LAYOUT.keys)
        if symbol.casefold() == CASH.casefold():
            symbol = CASH
        shares = row.number("Shares", f"Invalid share amount for {symbol}")
        draft = drafts.setdefault(number, _Draft(label, row))
        if draft.label != label:
            row.fault(
                "Account Label",
                "account.label",
                f"account {number} is {draft.label!r} in line {draft.first.line} and {label!r} here",
                "use one label, or correct the account id",
            )
        if _ROUNDED_ID.fullmatch(number):
            row.fault(
                "Account Id",
                "account.rounded",
                f"{number!r} is an account number that a spreadsheet has rounded",
                "format the column as text and enter the numbers again",
            )
        draft.shares[symbol] = draft.shares.get(symbol, Decimal()) + (shares or Decimal())
    return drafts


def _account(number: str, draft: _Draft) -> Account:
    positions = {symbol: float(shares) for symbol, shares in draft.shares.items()}
    cash = positions.pop(CASH)
    return Account(draft.label, number, cash, positions)
