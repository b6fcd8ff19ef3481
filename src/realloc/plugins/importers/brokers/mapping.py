"""How the columns of any table are read: a mapping, proposed from the header and kept as TOML."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from realloc._reading import Table, join
from realloc.documents.writing import replacing
from realloc.errors import InputError, Issue
from realloc.plugins.core.base import StrPath
from realloc.plugins.importers.brokers._cells import normal
from realloc.plugins.importers.brokers._sheet import Row, read_sheet
from realloc.plugins.importers.statement import fault
from realloc.plugins.importers.text import read_text

GUESSES: Mapping[str, tuple[str, ...]] = {
    "symbol": ("Symbol", "Ticker", "Ticker Symbol", "Security Symbol", "Fund", "Instrument", "Security"),
    "shares": ("Shares", "Quantity", "Qty", "Units", "Number of Shares", "Share Balance", "Shares/Units"),
    "price": (
        "Price",
        "Share Price",
        "Last Price",
        "Market Price",
        "Price per Share",
        "NAV",
        "Close",
        "Unit Price",
        "Unit Value",
        "Current Price",
    ),
    "value": (
        "Value",
        "Market Value",
        "Current Value",
        "Total Value",
        "Balance",
        "Current Balance",
        "Amount",
        "Mkt Val",
    ),
    "cost_basis": ("Cost Basis", "Total Cost", "Cost Basis Total", "Cost", "Book Value"),
    "cost_per_share": ("Cost per Share", "Cost/Share", "Purchase Price", "Unit Cost", "Price Paid"),
    "acquired": ("Acquired", "Date Acquired", "Acquisition Date", "Purchase Date", "Open Date", "Trade Date"),
    "account": ("Account Number", "Account", "Account #", "Account Id", "Account No", "Acct", "Acct #"),
    "account_name": ("Account Name", "Account Label", "Account Nickname"),
    "description": ("Description", "Name", "Fund Name", "Security Description", "Security Name"),
    "type": ("Security Type", "Asset Type", "Type", "Asset Class"),
    "currency": ("Currency", "CCY", "Market Value Currency", "Price Currency", "Market Price Currency"),
    "lot": ("Lot", "Lot Id", "Tax Lot Id"),
}
"""Names that a column with each meaning often has, the likeliest first."""

CASH_SYMBOLS = ("CASH", "USD", "CASH & CASH INVESTMENTS")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """What the columns of a table mean.

    Parameters
    ----------
    columns : mapping of str to str
        Name of the column, as the file prints it, by meaning (the keys of `GUESSES`); symbol and shares
        are needed.
    account_number, account_name : str
        The account, where no column has it.
    date_format : str
        `strptime` format of the dates; empty reads ISO and US dates.
    cash_symbols : tuple of str
        Symbols, in capitals, whose value (or shares) is cash.
    """

    columns: Mapping[str, str]
    account_number: str = ""
    account_name: str = ""
    date_format: str = ""
    cash_symbols: tuple[str, ...] = field(default=CASH_SYMBOLS)

    def to_toml(self) -> str:
        """Return the mapping as a person edits it."""
        lines = [
            "# How realloc reads the columns of a file: meaning = name of the column.",
            f"# Meanings: {', '.join(GUESSES)}.",
            f"account_number = {_quoted(self.account_number)}  # where no column has it",
            f"account_name = {_quoted(self.account_name)}",
            f"date_format = {_quoted(self.date_format)}  # such as %d.%m.%Y; empty: 2026-01-15 or 01/15/2026",
            f"cash_symbols = [{', '.join(map(_quoted, self.cash_symbols))}]",
            "",
            "[columns]",
            *(f"{key} = {_quoted(self.columns[key])}" for key in GUESSES if key in self.columns),
        ]
        return "\n".join(lines) + "\n"


def propose_mapping(path: StrPath) -> ColumnMapping:
    """Propose a mapping from the header of a file; a person looks at it before it is used.

    Raises
    ------
    InputError
        No row names both a symbol and shares.
    """
    sheet = read_sheet(path, head=True)
    best = max(sheet.rows, key=lambda row: (len(_guess(row)), -row.line), default=None)
    columns = _guess(best) if best else {}
    if not {"symbol", "shares"} <= columns.keys():
        raise fault(
            "mapping.none",
            sheet.file,
            "no row looks like a header with a symbol and shares",
            f"write a mapping by hand; symbol is often called {', '.join(GUESSES['symbol'][:3])}",
        )
    number = "" if "account" in columns else Path(path).stem
    return ColumnMapping(columns=columns, account_number=number)


def save_mapping(mapping: ColumnMapping, path: StrPath) -> None:
    """Write a mapping as TOML.

    Raises
    ------
    InputError
        The file exists, or cannot be written.
    """
    try:
        with replacing(Path(path).resolve(), new=True) as file:
            file.write(mapping.to_toml().encode())
    except OSError as error:
        raise fault("mapping.write", os.fspath(path), f"cannot be written: {error.strerror}") from error


def load_mapping(path: StrPath) -> ColumnMapping:
    """Read a mapping from TOML.

    Raises
    ------
    InputError
        It is not TOML, a key or a meaning is unknown, or symbol or shares are missing.
    """
    file = os.fspath(path)
    try:
        data = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise fault("mapping.toml", file, f"not TOML: {error}", "correct the line") from error
    issues: list[Issue] = []
    table = Table(data, file, issues, tuple(ColumnMapping.__dataclass_fields__))
    columns = table.table("columns", tuple(GUESSES))
    optional = {
        key: str(table.value[key]).strip() if isinstance(table.value.get(key), str) else ""
        for key in ("account_number", "account_name", "date_format")
    }
    mapping = ColumnMapping(
        columns={key: columns.text(key) for key in GUESSES if key in columns},
        cash_symbols=tuple(name.upper() for name in table.names("cash_symbols", CASH_SYMBOLS)),
        **optional,
    )
    for key in ("symbol", "shares"):
        if key not in columns:
            table.fault("key.missing", join(columns.where, key), f"missing {key!r}", "name the column")
    if "account" not in columns and not mapping.account_number:
        hint = "set account_number, or columns.account"
        table.fault("key.missing", join(file, "account_number"), "no account is named", hint)
    if issues:
        raise InputError(issues)
    return mapping


def _guess(row: Row) -> dict[str, str]:
    names = {normal(cell).removesuffix("dollar"): cell for cell in reversed(row.cells) if cell}
    found: dict[str, str] = {}
    for key, guesses in GUESSES.items():
        hit = next((names[normal(guess)] for guess in guesses if normal(guess) in names), None)
        if hit is not None and hit not in found.values():
            found[key] = hit
    return found


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
