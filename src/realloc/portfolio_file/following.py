"""See that a portfolio file reads what was confirmed, before it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from realloc.errors import InputError, Issue
from realloc.household import Household
from realloc.plugins.importers.statement import Statement, StatementAccount
from realloc.portfolio_file.editing import Kept, set_value
from realloc.portfolio_file.initial import pattern_of
from realloc.portfolio_file.loading import GAPS, read_portfolio
from realloc.portfolio_file.sources import matches


def require_imported(
    kept: Kept,
    now: Household,
    after: Mapping[str, StatementAccount],
    statements: Sequence[Statement],
    *,
    take_files: bool,
) -> None:
    """Refuse files that no ``import`` matches, or make them what it matches; nothing is written.

    Parameters
    ----------
    kept : Kept
        The portfolio file.
    now : Household
        Its accounts, in the file's order.
    after : mapping of str to StatementAccount
        The new files' accounts by account number.
    statements : sequence of Statement
        The new files.
    take_files : bool
        Replace an ``import`` that does not match.

    Raises
    ------
    InputError
        A file is not matched; or it should be, and ``import`` is a list, in which a person has to say which
        pattern it replaces.
    """
    issues = []
    for n, (table, account) in enumerate(zip(kept.document["accounts"], now.accounts, strict=True)):
        stated = after.get(account.account_number)
        if stated is None or "import" not in table:
            continue
        file = Path(next(each.file for each in statements if any(one is stated for one in each.accounts)))
        folder = kept.path.parent
        patterns = _patterns(table["import"])
        found = {path.resolve() for pattern in patterns for path, _ in matches(folder, pattern)}
        if file.resolve() in found:
            continue
        pattern = pattern_of(file, folder)
        if take_files and isinstance(table["import"], str):
            set_value(table, "import", pattern)
            continue
        listed = ", ".join(map(repr, patterns))
        issues.append(
            Issue(
                code="confirm.import",
                where=f"{kept.path}:accounts[{n}].import",
                message=f"{listed} does not match {file}: the account would be read from an older file",
                hint=f"move the file, or set import to {pattern!r}"
                + (", which --take-files does" if isinstance(table["import"], str) else ""),
            )
        )
    if issues:
        raise InputError(issues)


def require_loaded(
    kept: Kept, now: Household, after: Mapping[str, StatementAccount], today: date | None
) -> None:
    """Refuse a changed file that would not be read again, or not as what was confirmed.

    Raises
    ------
    InputError
        There are errors, or a newer file has other positions.
    """
    portfolio, issues = read_portfolio(kept.path, today=today, text=kept.text)
    errors = [
        issue
        for issue in issues
        if issue.severity == "error" and issue.code not in GAPS and not issue.code.startswith("price.")
    ]
    read = {} if portfolio is None else {each.account_number: each for each in portfolio.household.accounts}
    errors += [
        Issue(
            code="confirm.older",
            where=f"{kept.path}:accounts[{account.account_number}]",
            message="import would read other positions than those of the new file",
            hint="name the newest file, or remove those that are newer than it",
        )
        for account in now.accounts
        if account.account_number in after
        and account.account_number in read
        and read[account.account_number].positions != account.positions
    ]
    if errors:
        raise InputError(errors)


def _patterns(value: Any) -> list[str]:
    return [str(value)] if isinstance(value, str) else [str(each) for each in value]
