"""Which broker file each account is read from: the newest one that has it, named."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from realloc.errors import InputError, Issue, PluginLoadError, PluginNotFoundError
from realloc.plugins.importers.brokers import recognise, statement_importers
from realloc.plugins.importers.brokers._instruments import masked, same_account
from realloc.plugins.importers.brokers.beancount_ledger import BeancountLedger
from realloc.plugins.importers.brokers.joining import join_lots
from realloc.plugins.importers.brokers.mapping import load_mapping
from realloc.plugins.importers.statement import Statement, StatementAccount, StatementImporter
from realloc.portfolio_file.dating import date_of, date_of_name
from realloc.portfolio_file.portfolio import DatedBy

MOST_FILES = 500
"""Files that one pattern may match; the newest of them is used, and all of them are read to find it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Where one account of a portfolio comes from.

    `where` is its JSON path, `number` its account number (or the visible end, or empty), `patterns` are
    relative to the portfolio's folder. `trusted` lets a ledger run the plugins and read the files that it names.
    """

    where: str
    number: str
    patterns: tuple[str, ...]
    importer: str = ""
    mapping: str = ""
    trusted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that matches a pattern, read; `statement` is None where it cannot be used."""

    path: Path
    name: str
    dated: date
    dated_by: DatedBy
    statement: Statement | None
    issues: tuple[Issue, ...] = ()

    @property
    def age(self) -> tuple[date, int, str]:
        """What the newest file has the greatest of."""
        return self.dated, self.path.stat().st_mtime_ns, self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """An account as its files have it; `lots_from` has the file of the lots of each symbol."""

    account: StatementAccount
    file: Candidate
    lots_from: dict[str, Candidate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the requests came to: accounts by JSON path, and all files with all their accounts."""

    accounts: dict[str, Imported]
    statements: tuple[Statement, ...]
    files: dict[str, Candidate]
    unnamed: tuple[tuple[Candidate, StatementAccount], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pick:
    request: Request
    file: Candidate
    account: StatementAccount | None


class Reader:
    """Reads each file once.

    Parameters
    ----------
    folder : pathlib.Path
        The portfolio's; patterns and names are relative to it.
    without : collection of pathlib.Path
        Files that are treated as if they were not there.
    """

    def __init__(self, folder: Path, without: Collection[Path] = ()) -> None:
        self.folder = folder
        self.without = {path.resolve() for path in without}
        self._importers: list[StatementImporter] | None = None
        self._read: dict[tuple[Path, str, str, bool], Candidate] = {}

    def candidates(self, request: Request, pattern: str) -> list[Candidate]:
        """Return the files that match a pattern, newest first.

        Raises as `matches` does.
        """
        files = [
            self._candidate(path, name, request)
            for path, name in matches(self.folder, pattern)
            if path.is_file() and path.resolve() not in self.without
        ]
        return sorted(files, key=lambda file: file.age, reverse=True)

    def _candidate(self, path: Path, name: str, request: Request) -> Candidate:
        key = (path.resolve(), request.importer, request.mapping, request.trusted)
        if key not in self._read:
            self._read[key] = self._open(path, name, request)
        return self._read[key]

    def _open(self, path: Path, name: str, request: Request) -> Candidate:
        try:
            statement = self._importer(path, request).read(path)
        except InputError as error:
            dated, by = date_of_name(path)
            return Candidate(
                path=path, name=name, dated=dated, dated_by=by, statement=None, issues=error.issues
            )
        dated, by = date_of(path, statement)
        return Candidate(path=path, name=name, dated=dated, dated_by=by, statement=statement)

    def _importer(self, path: Path, request: Request) -> StatementImporter:
        if request.trusted and (request.importer or BeancountLedger.name) == BeancountLedger.name:
            ledger = BeancountLedger(trusted=True)
            if request.importer or path.suffix in ledger.supported_extensions:
                return ledger
        if request.importer or request.mapping:
            arguments = {"mapping": load_mapping(self.folder / request.mapping)} if request.mapping else {}
            name = request.importer or "generic_table"
            return StatementImporter.load_statement_importer(name, **arguments)
        if self._importers is None:
            self._importers = statement_importers()
        return recognise(path, self._importers)[0]


def matches(folder: Path, pattern: str) -> list[tuple[Path, str]]:
    """Return the paths that match a pattern, each with its name relative to the portfolio's folder.

    Raises
    ------
    ValueError
        The pattern is none, or matches more than `MOST_FILES`.
    """
    found = glob.glob(os.path.expanduser(pattern), root_dir=folder, recursive=True)  # noqa: PTH111, PTH207 - patterns may be absolute
    if len(found) > MOST_FILES:
        raise ValueError(f"it matches {len(found):,} files, at most {MOST_FILES} are looked at; name fewer")
    return [(folder / name, name) for name in sorted(found)]


def find_accounts(
    requests: Sequence[Request], reader: Reader, issues: list[Issue], outside: list[Issue]
) -> Found:
    """Return every requested account from the newest file that has it.

    What is wrong with the requests goes to `issues`, what is wrong in the files to `outside`.
    """
    picks = [
        pick
        for request in requests
        for pattern in request.patterns
        if (pick := _pick(request, pattern, reader, issues, outside)) is not None
    ]
    files = {str(pick.file.path): pick.file for pick in picks}
    trimmed = [_trimmed(file, picks) for file in files.values()]
    try:
        joined = join_lots(trimmed)
    except InputError as error:
        outside += error.issues
        joined = ()
    return Found(
        accounts={
            request.where: imported
            for request in requests
            if (imported := _imported(request, picks, joined, issues)) is not None
        },
        statements=joined,
        files=files,
        unnamed=tuple(_unnamed(files.values(), picks)),
    )


def fits(number: str, account: StatementAccount) -> bool:
    """Return whether an account number of a portfolio, or its visible end, is this account's."""
    return same_account(masked(number), account.number)


def _pick(
    request: Request, pattern: str, reader: Reader, issues: list[Issue], outside: list[Issue]
) -> _Pick | None:
    where = f"{request.where}.import"
    try:
        files = reader.candidates(request, pattern)
    except (PluginLoadError, PluginNotFoundError) as error:
        place = f"{request.where}.importer"
        issues.append(Issue(code="import.importer", where=place, message=str(error)))
        return None
    except (OSError, ValueError) as error:
        issues.append(Issue(code="import.pattern", where=where, message=f"{pattern!r}: {error}"))
        return None
    if not files:
        hint = "the pattern is relative to the folder of the portfolio file"
        message = f"no file matches {pattern!r}"
        issues.append(Issue(code="import.none", where=where, message=message, hint=hint))
        return None
    if files[0].statement is None:
        outside += files[0].issues
        return None
    for file in files:
        if file.statement is None:
            continue
        chosen = _choose(request, file.statement)
        if len(chosen) == 1:
            if file is not files[0] and len(file.statement.accounts) > 1:
                issues.append(_older(where, request, files[0], file))
            return _Pick(request=request, file=file, account=chosen[0])
        if len(chosen) > 1:
            break
    issues.append(_not_there(where, request, files[0]))
    return None


def _choose(request: Request, statement: Statement) -> Sequence[StatementAccount | None]:
    """Return the accounts of a file that a request can mean; a file of trades alone has None."""
    accounts = statement.accounts
    if not accounts:
        return [None]
    if not request.number:
        return accounts
    exact = [account for account in accounts if account.number == request.number]
    return exact or [account for account in accounts if fits(request.number, account)]


def _older(where: str, request: Request, newest: Candidate, used: Candidate) -> Issue:
    return Issue(
        code="import.older",
        where=where,
        message=f"{newest.name} has no account {request.number}: the older {used.name} is used",
        hint="download the account again, or remove it if it is closed",
        severity="warning",
    )


def _not_there(where: str, request: Request, file: Candidate) -> Issue:
    accounts = file.statement.accounts if file.statement else ()
    listed = ", ".join(f"{account.number} ({account.name})" for account in accounts)
    message = (
        f"{file.name} does not have exactly one account {request.number}"
        if request.number
        else f"{file.name} has {len(accounts)} accounts"
    )
    return Issue(
        code="import.account", where=where, message=message, hint=f"set account_number to one of: {listed}"
    )


def _trimmed(file: Candidate, picks: Iterable[_Pick]) -> Statement:
    """Return the statement with the accounts alone that are taken from it."""
    if file.statement is None:
        raise TypeError("a file that cannot be used was picked")
    taken = [pick.account for pick in picks if pick.file is file]
    accounts = tuple(
        account for account in file.statement.accounts if any(account is other for other in taken)
    )
    return replace(file.statement, accounts=accounts)


def _imported(
    request: Request, picks: Sequence[_Pick], joined: Sequence[Statement], issues: list[Issue]
) -> Imported | None:
    mine = [pick for pick in picks if pick.request is request and pick.account is not None]
    full = [pick for pick in mine if pick.account and not pick.account.lots_only]
    if len(full) != 1:
        if mine and joined:
            files = ", ".join(pick.file.name for pick in full or mine)
            message = (
                f"{files} have the positions of one account"
                if full
                else f"{files}: lots, but no file with positions"
            )
            hint = "name one file with positions, and files with lots beside it"
            issues.append(
                Issue(code="import.positions", where=f"{request.where}.import", message=message, hint=hint)
            )
        return None
    wanted = full[0].account
    path = str(full[0].file.path)
    for statement in joined:
        if statement.file == path and wanted:
            account = next((each for each in statement.accounts if each.number == wanted.number), None)
            if account is not None:
                lots = {lot.symbol: full[0].file for lot in wanted.lots}
                for pick in mine:
                    if pick.account and pick.account.lots_only:
                        lots |= {lot.symbol: pick.file for lot in pick.account.lots}
                return Imported(account=account, file=full[0].file, lots_from=lots)
    return None


def _unnamed(
    files: Iterable[Candidate], picks: Sequence[_Pick]
) -> Iterable[tuple[Candidate, StatementAccount]]:
    """Yield the accounts that nobody asked for, each once."""
    seen = [
        (pick.file.statement.broker, pick.account.number)
        for pick in picks
        if pick.account is not None and pick.file.statement is not None
    ]
    for file in files:
        for account in file.statement.accounts if file.statement else ():
            broker = file.statement.broker if file.statement else ""
            known = any(broker == other and same_account(account.number, number) for other, number in seen)
            if not known and not account.lots_only:
                seen.append((broker, account.number))
                yield file, account
