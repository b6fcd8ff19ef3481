"""One price for each symbol, from what the portfolio states, a file, a provider and the imported files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from realloc.errors import InputError, Issue
from realloc.plugins.core.base import MarketData
from realloc.plugins.importers.prices.prices_csv import LAYOUT, PricesCSVImporter
from realloc.plugins.importers.tabular import read_table
from realloc.plugins.importers.values import parse_date
from realloc.portfolio_file.portfolio import Checks, Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Dollars per share of a symbol, and where that came from."""

    symbol: str
    price: float
    origin: Origin


def choose_quotes(
    stated: Iterable[Quote], found: Iterable[Quote], checks: Checks, as_of: date
) -> tuple[dict[str, Quote], list[Issue]]:
    """Return the quote of each symbol, with warnings of conflicts and of stale prices.

    What the portfolio states counts before what was found; of what was found the newest counts, then the
    first. A price without a date counts as older than any with one.

    Parameters
    ----------
    stated : iterable of Quote
        Prices in the portfolio itself.
    found : iterable of Quote
        Prices of files and providers.
    checks : Checks
        When to warn.
    as_of : datetime.date
        Date of the decision.
    """
    by_symbol: dict[str, list[Quote]] = {}
    mine = {quote.symbol: quote for quote in stated}
    for quote in found:
        by_symbol.setdefault(quote.symbol, []).append(quote)
    chosen = dict(mine)
    issues: list[Issue] = []
    for symbol, quotes in sorted(by_symbol.items()):
        newest = max(quotes, key=lambda quote: quote.origin.as_of or date.min)
        best = chosen.setdefault(symbol, newest)
        told = {best.origin.source}
        for other in quotes:
            apart = abs(other.price - best.price)
            if other.origin.source not in told and apart > checks.price_conflict * min(
                other.price, best.price
            ):
                told.add(other.origin.source)
                issues.append(_conflict(best, other))
    return chosen, [*issues, *_stale(chosen.values(), checks, as_of)]


def _conflict(best: Quote, other: Quote) -> Issue:
    return Issue(
        code="price.conflict",
        where=f"prices.{best.symbol}",
        message=f"{best.symbol} is {_said(best)} and {_said(other)}: the first is used",
        hint="import files of one day, or state the price under [prices]",
        severity="warning",
    )


def _said(quote: Quote) -> str:
    dated = f" ({quote.origin.as_of})" if quote.origin.as_of else ""
    return f"${quote.price:,.2f} in {quote.origin.source}{dated}"


def _stale(quotes: Iterable[Quote], checks: Checks, as_of: date) -> Iterable[Issue]:
    old: dict[Origin, list[str]] = {}
    for quote in quotes:
        dated = quote.origin.as_of
        if dated is not None and as_of - dated > timedelta(days=checks.stale_days):
            old.setdefault(quote.origin, []).append(quote.symbol)
    for origin, symbols in old.items():
        days = (as_of - (origin.as_of or as_of)).days
        yield Issue(
            code="price.stale",
            where=origin.source,
            message=f"prices of {origin.as_of}, {days} days before {as_of}: {', '.join(sorted(symbols))}",
            hint="download again, name a price file, or fetch prices",
            severity="warning",
        )


def read_price_file(path: Path, source: str) -> list[Quote]:
    """Return the newest price of each symbol in a CSV or Parquet file.

    Parameters
    ----------
    path : pathlib.Path
        A CSV file with the columns ``Symbol``, ``Price`` and, optionally, ``Date``; or a Parquet file
        (``.parquet``) with the same columns, in any case.
    source : str
        How messages name it.

    Raises
    ------
    InputError
        The file cannot be used.
    """
    if path.suffix.casefold() == ".parquet":
        return _read_parquet(path, source)
    prices = PricesCSVImporter().import_prices(path)
    dates: dict[str, date] = {}
    table = read_table(path, LAYOUT)
    for row in table.rows:
        symbol, day = row.text("Symbol"), parse_date(row.text("Date"))
        if day is not None:
            dates[symbol] = max(day, dates.get(symbol, day))
    return [
        Quote(symbol=symbol, price=price, origin=_file_origin(source, dates.get(symbol)))
        for symbol, price in prices.items()
    ]


def _file_origin(source: str, dated: date | None) -> Origin:
    return Origin(source=source, as_of=dated, dated_by="file" if dated else "")


def _read_parquet(path: Path, source: str) -> list[Quote]:
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 - an extra, loaded when it is needed
    except ImportError as error:
        hint = "pip install 'realloc[parquet]'"
        raise _fault("price.parquet", source, "reading Parquet needs pyarrow", hint) from error
    try:
        rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    except (OSError, ArrowException) as error:
        raise _fault("price.parquet", source, f"not a Parquet file that can be read: {error}") from error
    newest: dict[str, Quote] = {}
    issues: list[Issue] = []
    for n, row in enumerate(rows, start=1):
        cells = {str(key).casefold(): value for key, value in row.items()}
        symbol, price, dated = cells.get("symbol"), cells.get("price"), _day(cells.get("date"))
        is_number = isinstance(price, (int, float, Decimal)) and not isinstance(price, bool)
        number = float(price or 0) if is_number else 0.0
        if not isinstance(symbol, str) or not symbol.strip() or not 0 < number < float("inf"):
            message = f"expected a symbol and a price above zero, found {symbol!r} and {price!r}"
            issues.append(Issue(code="price.row", where=f"{source}:{n}", message=message))
            continue
        quote = Quote(symbol=symbol.strip(), price=number, origin=_file_origin(source, dated))
        other = newest.setdefault(quote.symbol, quote)
        if (dated or date.min) > (other.origin.as_of or date.min):
            newest[quote.symbol] = quote
    if issues:
        raise InputError(issues[:20])
    return list(newest.values())


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return parse_date(value) if isinstance(value, str) else None


def fetch_quotes(provider: str, symbols: Sequence[str]) -> list[Quote]:
    """Ask a market-data plugin; this is the one step that may use the network.

    Raises
    ------
    PluginNotFoundError
        There is no such plugin.
    InputError
        It cannot answer.
    """
    answers: Mapping[str, tuple[float, date]] = MarketData.load_market_data(provider).fetch(symbols)
    return [
        Quote(symbol=symbol, price=price, origin=Origin(source=provider, as_of=dated, dated_by="provider"))
        for symbol, (price, dated) in sorted(answers.items())
    ]


def _fault(code: str, source: str, message: str, hint: str = "") -> InputError:
    return InputError(Issue(code=code, where=os.fspath(source), message=message, hint=hint))
