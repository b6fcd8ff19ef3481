"""The prices of a portfolio: what it states, a price file, a provider, and the imported files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from realloc._reading import Table, join
from realloc.errors import InputError, Issue, ReallocError
from realloc.models import CASH
from realloc.plugins.importers.statement import Price
from realloc.portfolio_file.portfolio import Checks, DatedBy, Origin
from realloc.portfolio_file.quotes import Quote, choose_quotes, fetch_quotes, read_price_file
from realloc.portfolio_file.sources import Candidate, Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """Prices as the household document has them, and where each came from.

    `issues` have their places in the portfolio file, `outside` in other files.
    """

    prices: dict[str, Any]
    origins: dict[str, Origin]
    issues: tuple[Issue, ...]
    outside: tuple[Issue, ...]


def read_prices(
    top: Table,
    clean: Mapping[str, Any],
    found: Found,
    *,
    path: Path,
    checks: Checks,
    as_of: date,
    fetch: bool,
) -> Priced:
    """Return the prices of a portfolio; a stated one that cannot be used is left to be refused.

    Parameters
    ----------
    top : Table
        The portfolio document.
    clean : mapping
        The household document in the making, with its accounts.
    found : Found
        The imported files.
    path : pathlib.Path
        The portfolio file.
    checks : Checks
        When to warn.
    as_of : datetime.date
        Date of the decision.
    fetch : bool
        Whether the provider may be asked.
    """
    table = top.table("prices")
    stated: dict[str, Any] = {}
    settings: dict[str, str] = {}
    dated: date | None = None
    for symbol, value in table.entries():
        if symbol in ("file", "provider") and isinstance(value, str):
            settings[symbol] = table.check_text(value, join("prices", symbol))
        elif symbol == "date" and not isinstance(value, (int, float, Mapping)):
            dated = table.date("date", None)
        else:
            stated[symbol] = value
    outside: list[Issue] = []
    quotes = _more_quotes(settings, clean, path.parent, outside, fetch=fetch)
    quotes += [
        _quote(each, found.files[statement.file])
        for statement in found.statements
        for each in statement.prices
    ]
    mine, spreads = _stated(stated, Origin(source=path.name, as_of=dated, dated_by="stated"))
    chosen, warnings = choose_quotes(mine, quotes, checks, as_of)
    prices: dict[str, Any] = {
        symbol: {"price": quote.price, "spread_bps": spreads[symbol]} if symbol in spreads else quote.price
        for symbol, quote in chosen.items()
    }
    told = {quote.symbol for quote in mine} | spreads.keys() & chosen.keys()
    return Priced(
        prices=prices | {symbol: value for symbol, value in stated.items() if symbol not in told},
        origins={f"prices.{symbol}": quote.origin for symbol, quote in chosen.items()},
        issues=tuple(issue for issue in warnings if issue.code != "price.stale"),
        outside=(*outside, *(issue for issue in warnings if issue.code == "price.stale")),
    )


def _more_quotes(
    settings: Mapping[str, str], clean: Mapping[str, Any], folder: Path, outside: list[Issue], *, fetch: bool
) -> list[Quote]:
    quotes: list[Quote] = []
    try:
        if name := settings.get("file"):
            quotes += read_price_file(folder / name, name)
        if (name := settings.get("provider")) and fetch:
            quotes += fetch_quotes(name, sorted(_symbols(clean)))
    except InputError as error:
        outside += error.issues
    except ReallocError as error:
        outside.append(Issue(code="price.provider", where="prices.provider", message=str(error)))
    return quotes


def _quote(price: Price, file: Candidate) -> Quote:
    dated_by: DatedBy = "file" if price.as_of else file.dated_by
    origin = Origin(source=file.name, as_of=price.as_of or file.dated, dated_by=dated_by)
    return Quote(symbol=price.symbol, price=float(price.price), origin=origin)


def _stated(stated: Mapping[str, Any], origin: Origin) -> tuple[list[Quote], dict[str, Any]]:
    """Return the sound prices that the portfolio states, and the spreads; the rest is left to be refused."""
    quotes: list[Quote] = []
    spreads: dict[str, Any] = {}
    for symbol, value in stated.items():
        detail = value if isinstance(value, Mapping) else {"price": value}
        price = detail.get("price")
        if detail.keys() - {"price", "spread_bps"}:
            continue
        if isinstance(price, (int, float)) and not isinstance(price, bool) and price > 0:
            quotes.append(Quote(symbol=symbol, price=price, origin=origin))
        elif "price" in detail:
            continue
        if "spread_bps" in detail:
            spreads[symbol] = detail["spread_bps"]
    return quotes, spreads


def _symbols(clean: Mapping[str, Any]) -> set[str]:
    """Return every symbol whose price could matter."""
    model = Table(clean.get("model", {}), "", [])
    symbols: set[str] = set()
    classes: set[str] = set()
    for name, value in model.table("classes").entries():
        classes.add(name)
        members = value.get("symbols", ()) if isinstance(value, Mapping) else ()
        symbols |= {member for member in members if isinstance(member, str)}
    symbols |= {name for name, _ in model.table("targets").entries()}
    for account in clean.get("accounts", ()):
        symbols |= {name for name, _ in Table(account.get("positions", {}), "", []).entries()}
    return symbols - classes - {CASH}
