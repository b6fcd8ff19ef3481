"""Lots joined to the positions of another file, and accounts that two files both have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from realloc.accounts import Lot
from realloc.errors import InputError, Issue
from realloc.plugins.importers.brokers._instruments import same_account
from realloc.plugins.importers.statement import Note, Statement, StatementAccount

_SAME_SHARES = Decimal("0.000001")


def join_lots(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Return the statements with the lots of lot files in the accounts that they belong to.

    A lot file whose broker has no positions file here is returned as it is, with a warning.

    Raises
    ------
    InputError
        An account is in two files, or lots do not belong to exactly one position or do not add up to it.
    """
    statements = list(statements)
    issues = list(_twice(statements))
    for at, source in enumerate(statements):
        for account in source.accounts:
            if account.lots_only:
                issues += _join(statements, at, account)
    if any(issue.severity == "error" for issue in issues):
        raise InputError(issue for issue in issues if issue.severity == "error")
    kept = [statement for statement in statements if statement.accounts or statement.trades]
    if issues:
        kept[0] = replace(kept[0], issues=(*kept[0].issues, *issues))
    return tuple(kept)


def _twice(statements: list[Statement]) -> Iterable[Issue]:
    seen: list[tuple[Statement, StatementAccount]] = []
    for statement in statements:
        for account in statement.accounts:
            if account.lots_only:
                continue
            for other, twin in seen:
                same = same_account(account.number, twin.number) and statement.broker == other.broker
                if other is not statement and (same or _full(account) == _full(twin) != ""):
                    yield Issue(
                        code="account.twice",
                        where=statement.file,
                        message=f"account {account.number} is also in {other.file}",
                        hint="import one of the two files, the newer one",
                    )
            seen.append((statement, account))


def _full(account: StatementAccount) -> str:
    """Return a number that no two accounts of different brokers share by chance."""
    digits = sum(letter.isdigit() for letter in account.number)
    return account.number if digits >= 7 and not account.number.startswith("...") else ""


def _join(statements: list[Statement], at: int, lots: StatementAccount) -> list[Issue]:
    source = statements[at]
    peers = [
        (index, account)
        for index, statement in enumerate(statements)
        if statement.broker == source.broker
        for account in statement.accounts
        if not account.lots_only
    ]
    if not peers:
        text = f"lots of account {lots.number}, but no file with its positions"
        hint = "import the positions file of the same day with it"
        return [Issue(code="lot.alone", where=source.file, message=text, hint=hint, severity="warning")]
    targets = [(index, account) for index, account in peers if same_account(account.number, lots.number)]
    if len(targets) != 1:
        found = ", ".join(account.number for _, account in peers)
        text = f"lots of account {lots.number} fit {len(targets) or 'none'} of the accounts {found}"
        return [
            Issue(code="lot.account", where=source.file, message=text, hint="import the files one by one")
        ]
    index, account = targets[0]
    faults = _faults(source, lots, account)
    if faults:
        return faults
    target = statements[index]
    joined = replace(account, lots=(*account.lots, *lots.lots))
    note = Note(where=source.file, action="read", text=f"{len(lots.lots)} lots joined to {target.file}")
    statements[index] = replace(
        target,
        accounts=tuple(joined if other is account else other for other in target.accounts),
        notes=(*target.notes, *source.notes, note),
        issues=(*target.issues, *source.issues),
    )
    source = statements[at]
    rest = tuple(other for other in source.accounts if other is not lots)
    statements[at] = replace(source, accounts=rest, notes=(), issues=())
    return []


def _faults(source: Statement, lots: StatementAccount, account: StatementAccount) -> list[Issue]:
    by_symbol: dict[str, list[Lot]] = defaultdict(list)
    for lot in lots.lots:
        by_symbol[lot.symbol].append(lot)
    held = {holding.symbol: holding.shares for holding in account.positions}
    known = {lot.symbol for lot in account.lots}
    issues = []
    for symbol, rows in by_symbol.items():
        total = sum((Decimal(repr(lot.shares)) for lot in rows), Decimal(0))
        message = ""
        if symbol not in held:
            message = f"lots of {symbol}, which account {account.number} does not hold"
        elif symbol in known:
            message = f"a second set of lots of {symbol} for account {account.number}"
        elif abs(held[symbol] - total) > _SAME_SHARES:
            message = (
                f"the lots of {symbol} are {total} shares, "
                f"its position in account {account.number} is {held[symbol]}"
            )
        if message:
            hint = "download positions and lots again, on the same day"
            issues.append(Issue(code="lot.sum", where=source.file, message=message, hint=hint))
    return issues
