"""Trades as a CSV file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from realloc.documents.writing import csv_table, share_text, write_whole
from realloc.errors import ExportError
from realloc.plugins.core.base import Exporter, StrPath
from realloc.trades import Trade

HEADER = ("Account", "Symbol", "Shares")


class CSVExporter(Exporter):
    """Write trades as CSV: account, symbol, shares (negative sells).

    Parameters
    ----------
    path : str or path
        The file to write; its folder must exist.

    Notes
    -----
    The file is UTF-8 with a comma as separator and one trade on a line, in the order given. Shares are
    written exactly, without an exponent. It is written whole or not at all. A text that a spreadsheet would
    run as a formula gets an apostrophe in front. What cannot be printed is an escape, but for a line feed.
    """

    name = "csv"

    def __init__(self, path: StrPath) -> None:
        self.path = Path(path)

    def export(self, trades: Iterable[Trade | Mapping[str, Any]]) -> None:
        """Write the trades.

        Raises
        ------
        ExportFolderError
            The folder does not exist (also a `FileNotFoundError`).
        ExportError
            The file cannot be written, or something in `trades` is not a trade. The file stays as it was.
        """
        rows = [_fields(trade, number) for number, trade in enumerate(trades, start=1)]
        write_whole(self.path, csv_table(HEADER, rows))


def _fields(trade: Trade | Mapping[str, Any], number: int) -> tuple[str, str, str]:
    try:
        if isinstance(trade, Mapping):
            account, symbol, shares = trade["account_id"], trade["symbol"], trade["shares"]
        else:
            account, symbol, shares = trade.account_id, trade.symbol, trade.shares
        return str(account), str(symbol), share_text(shares)
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise ExportError(
            f"Trade {number} cannot be exported: it needs account_id, symbol and a finite number of shares "
            f"({type(error).__name__}: {error})"
        ) from error
