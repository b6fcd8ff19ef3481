"""Prices from a CSV file."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812 - `date` is an argument's name below
from datetime import datetime
from decimal import Decimal

from realloc.errors import InputError
from realloc.plugins.core.base import PriceImporter, StrPath
from realloc.plugins.importers.tabular import Layout, Row, Table, read_table
from realloc.plugins.importers.values import parse_date

LAYOUT = Layout(keys=("Symbol",), numbers=("Price",), optional=("Date",))

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quote:
    row: Row
    symbol: str
    price: Decimal
    date: Date


class PricesCSVImporter(PriceImporter):
    """Read prices from a CSV file with one price on a row.

    Notes
    -----
    Columns: ``Symbol``, ``Price`` in dollars per share and, where there is one, ``Date``. A date is
    ``2026-11-20`` or, month first, ``11/20/2026``.
    """

    name = "price_csv"
    supported_extensions = [".csv"]  # noqa: RUF012 - the plugin interface has a list

    def import_prices(self, path: StrPath, date: Date | str | None = None) -> dict[str, float]:
        """Read the prices of a file, in dollars per share by symbol.

        Parameters
        ----------
        path : str or path
            The file.
        date : datetime.date or str, optional
            Read the prices of this date alone and skip the other rows. None takes the most recent price of
            each symbol; where they are not all of one date, the log warns. A file without dates has prices
            for any date.

        Raises
        ------
        InputError
            The file is no such table; a price is no number or not positive; a date is missing or no date; a
            symbol has two prices on one date; or nothing is left. All faults are in it, each with its line
            and column.
        """
        wanted = _wanted(date)
        table = read_table(path, LAYOUT)
        dated = "Date" in table.columns
        if wanted and not dated:
            log.warning("%s has no Date column: its prices are taken for %s", table.source, wanted)
        latest: dict[str, _Quote] = {}
        seen: dict[tuple[str, Date], _Quote] = {}
        for row in table.rows:
            quote = _quote(row, wanted if dated else None, dated=dated)
            if quote is None:
                continue
            other = seen.setdefault((quote.symbol, quote.date), quote)
            if other.price != quote.price:
                _conflict(other, quote)
            if quote.symbol not in latest or quote.date > latest[quote.symbol].date:
                latest[quote.symbol] = quote
        if not latest and not table.issues:
            _nothing(table, wanted)
        table.finish()
        _warn_of_old(table, latest)
        return {symbol: float(quote.price) for symbol, quote in latest.items()}


def _wanted(date: Date | str | None) -> Date | None:
    if isinstance(date, datetime):
        return date.date()
    if isinstance(date, str):
        parsed = parse_date(date.strip())
        if parsed is None:
            raise InputError(f"Invalid date {date!r}: write it as year-month-day, for instance 2026-11-20")
        return parsed
    return date


def _quote(row: Row, wanted: Date | None, *, dated: bool) -> _Quote | None:
    """Return the price in a row; None after a fault, or where the row is of another date."""
    symbol = row.needed("Symbol")
    date = Date.min
    if dated:
        text = row.needed("Date")
        parsed = parse_date(text)
        if parsed is None:
            if text:
                row.fault(
                    "Date", "cell.date", f"Invalid date for {symbol}: found {text!r}", "write 2026-11-20"
                )
            return None
        date = parsed
    if wanted and date != wanted:
        return None
    price = row.number("Price", f"Invalid price for {symbol}")
    if price is None:
        return None
    if float(price) <= 0.0:
        row.fault("Price", "price.positive", f"Price must be positive for {symbol}: found {price}")
        return None
    return _Quote(row=row, symbol=symbol, price=price, date=date) if symbol else None


def _conflict(other: _Quote, quote: _Quote) -> None:
    quote.row.fault(
        "Price",
        "price.twice",
        f"two prices for {quote.symbol}: {other.price} in line {other.row.line} and {quote.price} here",
        "keep one",
    )


def _nothing(table: Table, wanted: Date | None) -> None:
    if table.rows:
        table.fault("price.date", f"no price of {wanted}", "ask for a date that is in the file")
    else:
        table.fault("table.empty", "the table has no prices", "add a row for each symbol")


def _warn_of_old(table: Table, latest: dict[str, _Quote]) -> None:
    newest = max(quote.date for quote in latest.values())
    old = sorted(symbol for symbol, quote in latest.items() if quote.date < newest)
    if old:
        log.warning("%s: the latest price is older than %s for %s", table.source, newest, ", ".join(old))
