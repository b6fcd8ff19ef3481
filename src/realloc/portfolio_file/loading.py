"""Read a portfolio file and everything that it points to into a household."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta
from os import PathLike
from pathlib import Path
from typing import Any

from realloc._reading import Table, join
from realloc.accounts import ACCOUNT_KEYS, Account
from realloc.check import check
from realloc.documents.reading import at_file, read_document
from realloc.errors import InputError, Issue, ReallocError
from realloc.household import HOUSEHOLD_KEYS, Household, RecentTrade
from realloc.models import CASH
from realloc.plugins.importers.brokers._instruments import same_account
from realloc.plugins.importers.statement import Price
from realloc.portfolio_file.gaps import fill_gaps
from realloc.portfolio_file.portfolio import (
    CHECK_KEYS,
    FILE_ACCOUNT_KEYS,
    FILE_KEYS,
    IMPORT_KEYS,
    Checks,
    DatedBy,
    Origin,
    Portfolio,
)
from realloc.portfolio_file.quotes import Quote, choose_quotes, fetch_quotes, read_price_file
from realloc.portfolio_file.sources import Candidate, Found, Imported, Reader, Request, find_accounts, fits
from realloc.trades import plain

_GAPS = frozenset({"account.kind", "model.targets"})
"""Errors beside which the household can still be checked: each is a blank that a person has to fill."""


_ANSWERED = frozenset({"cash.unknown", "account.unnamed"})
"""Warnings of importers that an account's entry answers, or that are given with its place."""


def load_portfolio(
    path: str | PathLike[str],
    *,
    today: date | None = None,
    fetch: bool = False,
    without: Collection[Path] = (),
) -> Portfolio:
    """Read a portfolio file, the broker files and the prices that it points to.

    Parameters
    ----------
    path : str or path
        A TOML file: the household document's keys, and where positions and prices come from.
    today : datetime.date, optional
        What ``as_of`` means where the file does not say; None takes the computer's date.
    fetch : bool
        Ask the provider that ``[prices]`` names. Nothing else uses the network.
    without : collection of pathlib.Path
        Broker files that are treated as if they were not there.

    Raises
    ------
    InputError
        Something is wrong; all of it is listed, each with its place.

    Examples
    --------
    >>> portfolio = load_portfolio("examples/portfolio/portfolio.toml")
    >>> portfolio.origins["accounts[X00000202].positions.FXAIX"].source
    'downloads/Portfolio_Positions_Aug-03-2026.csv'
    """
    portfolio, issues = read_portfolio(path, today=today, fetch=fetch, without=without)
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors or portfolio is None:
        raise InputError(errors)
    return portfolio


def check_portfolio(
    path: str | PathLike[str], *, today: date | None = None, fetch: bool = False
) -> tuple[Issue, ...]:
    """Return every issue of a portfolio file and of what it points to, errors first; nothing is raised."""
    return read_portfolio(path, today=today, fetch=fetch)[1]


def read_portfolio(
    path: str | PathLike[str],
    *,
    today: date | None = None,
    fetch: bool = False,
    without: Collection[Path] = (),
) -> tuple[Portfolio | None, tuple[Issue, ...]]:
    """Return the portfolio, None where it has errors, and all issues, errors first; see `load_portfolio`."""
    try:
        document = read_document(path)
    except InputError as error:
        return None, error.issues
    return _Reading(Path(path), document, Reader(Path(path).parent, without), fetch=fetch).result(today)


class _Reading:
    """One portfolio file while it is read; `issues` have places in it, `outside` places in other files."""

    def __init__(self, path: Path, document: Mapping[str, Any], reader: Reader, *, fetch: bool) -> None:
        self.path = path
        self.reader = reader
        self.fetch = fetch
        self.issues: list[Issue] = []
        self.outside: list[Issue] = []
        self.origins: dict[str, Origin] = {}
        self.top = Table(document, "", self.issues, FILE_KEYS)
        self.checks = Checks.read(self.top.table("checks", CHECK_KEYS))
        self.own = Origin(source=path.name, dated_by="stated")

    def result(self, today: date | None) -> tuple[Portfolio | None, tuple[Issue, ...]]:
        """Return the portfolio, None where it has errors, and all issues, errors first."""
        accounts = self.top.tables("accounts", FILE_ACCOUNT_KEYS)
        requests = [_request(each) for each in accounts if "import" in each]
        found = find_accounts(requests, self.reader, self.issues, self.outside)
        hints = {where: imported.account.kind_hint for where, imported in found.accounts.items()}
        clean = {key: self.top.value[key] for key in HOUSEHOLD_KEYS & self.top.value.keys()}
        clean["accounts"] = [self._account(table, found) for table in accounts]
        fill_gaps(self.top, accounts, clean, hints)
        as_of = Table(clean, "", [], None).date("as_of", today or date.today())  # noqa: DTZ011 - a calendar date
        clean |= {"prices": self._prices(clean, found, as_of), "as_of": clean.get("as_of", as_of)}
        household = Household.read(Table(clean, "", self.issues, HOUSEHOLD_KEYS), today=as_of)
        household = self._with_trades(household, found)
        self._look_at_files(found, as_of)
        errors = {issue.code for issue in (*self.issues, *self.outside) if issue.severity == "error"}
        if errors <= _GAPS:
            skip = {"model.zero"} if any(issue.code == "model.targets" for issue in self.issues) else set()
            self.issues += [_with_basis(issue, found) for issue in check(household) if issue.code not in skip]
        issues = _sorted([*at_file(self.path, self.issues), *self.outside])
        if any(issue.severity == "error" for issue in issues):
            return None, issues
        return Portfolio(
            path=self.path,
            household=household,
            origins=self.origins,
            statements=found.statements,
            issues=issues,
        ), issues

    def _account(self, table: Table, found: Found) -> dict[str, Any]:
        """Return an account as the household document has it."""
        account = {key: value for key, value in table.value.items() if key in ACCOUNT_KEYS}
        number = str(account.get("account_number", ""))
        imported = found.accounts.get(table.where)
        if imported is not None:
            number = number or imported.account.number
            account = self._take(table, account, imported, number)
        elif "import" not in table:
            for key in sorted(IMPORT_KEYS & table.value.keys()):
                table.fault("import.missing", join(table.where, key), f"{key!r} needs 'import'", "add it")
        place = f"accounts[{number}]"
        origin = self.own if imported is None else _origin(imported)
        for symbol in account["positions"] if isinstance(account.get("positions"), Mapping) else ():
            self.origins.setdefault(f"{place}.positions.{symbol}", origin)
        self.origins.setdefault(f"{place}.cash", self.own)
        for lot in account["lots"] if isinstance(account.get("lots"), list) else ():
            if symbol := _symbol(lot):
                self.origins.setdefault(f"{place}.lots.{symbol}", self.own)
        return account

    def _take(self, table: Table, account: dict[str, Any], imported: Imported, number: str) -> dict[str, Any]:
        held = imported.account
        place = f"accounts[{number}]"
        if "positions" in table:
            table.fault(
                "import.twice",
                join(table.where, "positions"),
                f"positions stand here and in {imported.file.name}",
                "keep 'import' or 'positions'",
            )
        if held.cash is not None:
            if "cash" in table:
                table.fault(
                    "import.twice",
                    join(table.where, "cash"),
                    f"cash stands here and in {imported.file.name} (${held.cash:,.2f})",
                    "remove it here; what is about to leave or to arrive is 'cash_flow'",
                )
            account["cash"] = held.cash
            self.origins[f"{place}.cash"] = _origin(imported)
        elif "cash" not in table:
            message = f"{imported.file.name} does not state cash: it is taken as none"
            self.issues.append(
                Issue(
                    code="cash.unknown",
                    where=join(table.where, "cash"),
                    message=message,
                    hint="write 'cash = ' with what is there",
                    severity="warning",
                )
            )
        lots = [lot.to_dict() for lot in held.lots]
        for symbol, file in imported.lots_from.items():
            dated = Origin(source=file.name, as_of=file.dated, dated_by=file.dated_by)
            self.origins[f"{place}.lots.{symbol}"] = dated
        account["lots"] = lots + self._own_lots(table, imported)
        account["positions"] = {each.symbol: plain(float(each.shares)) for each in held.positions}
        account["account_number"] = number
        account.setdefault("label", held.name or number)
        return account

    def _own_lots(self, table: Table, imported: Imported) -> list[Any]:
        """Return the lots that the portfolio states, of symbols for which the files have none."""
        own = table.value.get("lots", [])
        if not isinstance(own, list):
            return [own]
        for symbol in sorted({_symbol(lot) for lot in own} & imported.lots_from.keys()):
            self.issues.append(
                Issue(
                    code="lot.twice",
                    where=join(table.where, "lots"),
                    message=f"lots of {symbol} stand here and in {imported.lots_from[symbol].name}: "
                    "the file's are used",
                    hint="remove them here",
                    severity="warning",
                )
            )
        return [lot for lot in own if _symbol(lot) not in imported.lots_from]

    def _prices(self, clean: Mapping[str, Any], found: Found, as_of: date) -> dict[str, Any]:
        """Return the prices as the household document has them."""
        table = self.top.table("prices")
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
        quotes = [
            _quote(each, found.files[statement.file])
            for statement in found.statements
            for each in statement.prices
        ]
        quotes = self._more_quotes(settings, clean) + quotes
        mine, spreads = _stated(stated, Origin(source=self.path.name, as_of=dated, dated_by="stated"))
        chosen, issues = choose_quotes(mine, quotes, self.checks, as_of)
        for issue in issues:
            (self.outside if issue.code == "price.stale" else self.issues).append(issue)
        self.origins |= {f"prices.{symbol}": quote.origin for symbol, quote in chosen.items()}
        prices: dict[str, Any] = {
            symbol: {"price": quote.price, "spread_bps": spreads[symbol]}
            if symbol in spreads
            else quote.price
            for symbol, quote in chosen.items()
        }
        told = {quote.symbol for quote in mine} | spreads.keys() & chosen.keys()
        return prices | {symbol: value for symbol, value in stated.items() if symbol not in told}

    def _more_quotes(self, settings: Mapping[str, str], clean: Mapping[str, Any]) -> list[Quote]:
        quotes: list[Quote] = []
        try:
            if name := settings.get("file"):
                quotes += read_price_file(self.path.parent / name, name)
            if (name := settings.get("provider")) and self.fetch:
                quotes += fetch_quotes(name, sorted(_symbols(clean)))
        except InputError as error:
            self.outside += error.issues
        except ReallocError as error:
            self.issues.append(Issue(code="price.provider", where="prices.provider", message=str(error)))
        return quotes

    def _with_trades(self, household: Household, found: Found) -> Household:
        """Return the household with the recent trades of the imported files that it does not have yet."""
        first = household.as_of - timedelta(days=household.policy.wash_sales.window_days)
        own = {_same(trade) for trade in household.recent_trades}
        more: list[RecentTrade] = []
        for statement in found.statements:
            for trade in statement.trades:
                number = _number(trade.account_number, household.accounts)
                named = replace(trade, account_number=number)
                if trade.traded >= first and _same(named) not in own:
                    more.append(named)
        return replace(household, recent_trades=(*household.recent_trades, *more))

    def _look_at_files(self, found: Found, as_of: date) -> None:
        """Add what the files themselves say: their warnings, their age, accounts that nobody asked for."""
        for statement in found.statements:
            self.outside += [issue for issue in statement.issues if issue.code not in _ANSWERED]
        for file in found.files.values():
            days = (as_of - file.dated).days
            if days > self.checks.stale_days or days < 0:
                message = (
                    f"positions of {file.dated}, {abs(days)} days {'before' if days > 0 else 'after'} {as_of}"
                )
                self.outside.append(
                    Issue(
                        code="positions.stale" if days > 0 else "positions.later",
                        where=file.name,
                        message=message,
                        hint="download the file again"
                        if days > 0
                        else "set as_of to that day or a later one",
                        severity="warning",
                    )
                )
        for file, account in found.unnamed:
            if any(fits(number, account) for number in self.checks.ignore_accounts):
                continue
            name = f" ({account.name})" if account.name else ""
            self.outside.append(
                Issue(
                    code="account.extra",
                    where=file.name,
                    message=f"account {account.number}{name}, ${account.total:,.2f}, is not in the portfolio",
                    hint="add it to the portfolio, or list it in checks.ignore_accounts",
                    severity="warning",
                )
            )


def _request(table: Table) -> Request:
    raw = table.value["import"]
    where = join(table.where, "import")
    patterns = (table.check_text(raw, where),) if isinstance(raw, str) else table.check_names(raw, where)
    return Request(
        where=table.where,
        number=str(table.value.get("account_number", "")).strip(),
        patterns=tuple(pattern for pattern in patterns if pattern),
        importer=table.text("importer", ""),
        mapping=table.text("mapping", ""),
    )


def _symbol(lot: object) -> str:
    """Return the symbol of a lot that has not been checked yet; empty where it has none."""
    return str(lot.get("symbol", "")).strip() if isinstance(lot, Mapping) else ""


def _origin(imported: Imported) -> Origin:
    file = imported.file
    return Origin(source=file.name, as_of=file.dated, dated_by=file.dated_by)


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
        positions = account.get("positions", {})
        symbols |= {name for name in positions if isinstance(name, str)}
    return symbols - classes - {CASH}


def _same(trade: RecentTrade) -> tuple[str, str, date, bool]:
    return trade.account_number, trade.symbol, trade.traded, trade.shares > 0


def _number(number: str, accounts: Collection[Account]) -> str:
    """Return the portfolio's name of the account that a file calls `number`."""
    same = [each.account_number for each in accounts if same_account(each.account_number, number)]
    return same[0] if len(same) == 1 else number


def _with_basis(issue: Issue, found: Found) -> Issue:
    """Return the issue; one of a missing basis with the cost that the file states for the position."""
    if issue.code != "lot.unknown_basis":
        return issue
    for imported in found.accounts.values():
        for held in imported.account.positions:
            mine = issue.where == f"accounts[{imported.account.number}].positions.{held.symbol}"
            if mine and held.cost_basis is not None:
                stated = (
                    f"{imported.file.name} states a cost of ${held.cost_basis:,.2f} in all, without dates"
                )
                return replace(issue, hint=f"{stated}: {issue.hint}")
    return issue


def _sorted(issues: Collection[Issue]) -> tuple[Issue, ...]:
    rank = {"error": 0, "warning": 1, "info": 2}
    unique: dict[tuple[str, str, str], Issue] = {}
    for issue in issues:
        unique.setdefault((issue.code, issue.where, issue.message), issue)
    return tuple(sorted(unique.values(), key=lambda issue: rank[issue.severity]))
