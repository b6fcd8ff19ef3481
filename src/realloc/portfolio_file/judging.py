"""What the imported files themselves say, and the order in which issues are shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date

from realloc.errors import Issue
from realloc.household import Household
from realloc.portfolio_file.portfolio import Checks
from realloc.portfolio_file.sources import Found, fits

_ANSWERED = frozenset({"cash.unknown", "account.unnamed"})
"""Warnings of importers that an account's entry answers, or that are given with its place."""


def file_issues(found: Found, checks: Checks, as_of: date) -> Iterator[Issue]:
    """Yield what the files themselves say: their warnings, their age, accounts that nobody asked for."""
    for statement in found.statements:
        yield from (issue for issue in statement.issues if issue.code not in _ANSWERED)
    for file in found.files.values():
        days = (as_of - file.dated).days
        if days > checks.stale_days or days < 0:
            message = (
                f"positions of {file.dated}, {abs(days)} days {'before' if days > 0 else 'after'} {as_of}"
            )
            yield Issue(
                code="positions.stale" if days > 0 else "positions.later",
                where=file.name,
                message=message,
                hint="download the file again" if days > 0 else "set as_of to that day or a later one",
                severity="warning",
            )
    for file, account in found.unnamed:
        if any(fits(number, account) for number in checks.ignore_accounts):
            continue
        name = f" ({account.name})" if account.name else ""
        yield Issue(
            code="account.extra",
            where=file.name,
            message=f"account {account.number}{name}, ${account.total:,.2f}, is not in the portfolio",
            hint="add it to the portfolio, or list it in checks.ignore_accounts",
            severity="warning",
        )


def with_basis(issue: Issue, household: Household, found: Found) -> Issue:
    """Return the issue; one of a missing basis with the cost that the file states for the position."""
    if issue.code != "lot.unknown_basis":
        return issue
    for n, account in enumerate(household.accounts):
        imported = found.accounts.get(f"accounts[{n}]")
        for held in imported.account.positions if imported else ():
            mine = issue.where == f"accounts[{account.account_number}].positions.{held.symbol}"
            if mine and imported and held.cost_basis is not None:
                stated = (
                    f"{imported.file.name} states a cost of ${held.cost_basis:,.2f} in all, without dates"
                )
                return replace(issue, hint=f"{stated}: {issue.hint}")
    return issue


def in_order(issues: Collection[Issue]) -> tuple[Issue, ...]:
    """Return the issues, each once, errors first."""
    rank = {"error": 0, "warning": 1, "info": 2}
    unique: dict[tuple[str, str, str], Issue] = {}
    for issue in issues:
        unique.setdefault((issue.code, issue.where, issue.message), issue)
    return tuple(sorted(unique.values(), key=lambda issue: rank[issue.severity]))
