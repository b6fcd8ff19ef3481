"""Read a portfolio file and everything that it points to into a household."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from realloc._reading import Table, join
from realloc.accounts import ACCOUNT_KEYS, Account
from realloc.checking import check
from realloc.documents.reading import at_file, document_of, read_document
from realloc.errors import InputError, Issue, MissingFileError
from realloc.household import HOUSEHOLD_KEYS, Household, RecentTrade
from realloc.plugins.importers.brokers._instruments import same_account
from realloc.portfolio_file.gaps import fill_gaps
from realloc.portfolio_file.judging import file_issues, in_order, with_basis
from realloc.portfolio_file.portfolio import (
    CHECK_KEYS,
    FILE_ACCOUNT_KEYS,
    FILE_KEYS,
    IMPORT_KEYS,
    Checks,
    Origin,
    Portfolio,
)
from realloc.portfolio_file.pricing import read_prices
from realloc.portfolio_file.sources import Found, Imported, Reader, Request, find_accounts
from realloc.trades import plain

GAPS = frozenset({"account.kind", "model.targets"})
"""Errors beside which the household can still be checked: each is a blank that a person has to fill."""


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
        missing = {issue.code for issue in errors} == {"file.missing"}
        raise (MissingFileError if missing else InputError)(errors)
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
    text: str | None = None,
) -> tuple[Portfolio | None, tuple[Issue, ...]]:
    """Return the portfolio, None where it has errors, and all issues, errors first; see `load_portfolio`.

    `text` is what the file would have in it; None reads the file.
    """
    try:
        document = read_document(path) if text is None else document_of(text, fspath(path))
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
        priced = read_prices(
            self.top, clean, found, path=self.path, checks=self.checks, as_of=as_of, fetch=self.fetch
        )
        self.issues += priced.issues
        self.outside += priced.outside
        self.origins |= priced.origins
        clean |= {"prices": priced.prices, "as_of": clean.get("as_of", as_of)}
        household = Household.read(Table(clean, "", self.issues, HOUSEHOLD_KEYS), today=as_of)
        household = self._with_trades(household, found)
        self.outside += file_issues(found, self.checks, as_of)
        errors = {issue.code for issue in (*self.issues, *self.outside) if issue.severity == "error"}
        if errors <= GAPS:
            skip = {"model.zero"} if any(issue.code == "model.targets" for issue in self.issues) else set()
            self.issues += [
                with_basis(issue, household, found) for issue in check(household) if issue.code not in skip
            ]
        issues = in_order([*at_file(self.path, self.issues), *self.outside])
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
        number = str(account.get("account_number", "")).strip()
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
            self.origins.setdefault(f"{place}.positions.{str(symbol).strip()}", origin)
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
        trusted=table.flag("trusted", default=False),
    )


def _symbol(lot: object) -> str:
    """Return the symbol of a lot that has not been checked yet; empty where it has none."""
    return str(lot.get("symbol", "")).strip() if isinstance(lot, Mapping) else ""


def _origin(imported: Imported) -> Origin:
    file = imported.file
    return Origin(source=file.name, as_of=file.dated, dated_by=file.dated_by)


def _same(trade: RecentTrade) -> tuple[str, str, date, bool]:
    return trade.account_number, trade.symbol, trade.traded, trade.shares > 0


def _number(number: str, accounts: Collection[Account]) -> str:
    """Return the portfolio's name of the account that a file calls `number`."""
    same = [each.account_number for each in accounts if same_account(each.account_number, number)]
    return same[0] if len(same) == 1 else number
