"""What a portfolio file says, read: the household, and where every figure of it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from realloc._reading import Table
from realloc.accounts import ACCOUNT_KEYS
from realloc.errors import Issue
from realloc.household import HOUSEHOLD_KEYS, Household
from realloc.plugins.importers.statement import Statement

IMPORT_KEYS = frozenset({"import", "importer", "mapping", "trusted"})
"""Keys of an account beside those of the household document: where its positions come from."""

FILE_KEYS = HOUSEHOLD_KEYS | {"checks"}
FILE_ACCOUNT_KEYS = ACCOUNT_KEYS | IMPORT_KEYS

DatedBy = Literal["stated", "file", "name", "modified", "provider", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a figure came from.

    Parameters
    ----------
    source : str
        The file, as it is named in the portfolio's folder, or the provider.
    as_of : datetime.date, optional
        The date of the figure; None where nothing says it.
    dated_by : str
        What says the date: ``stated`` (in the portfolio), ``file`` (in the broker's file), ``name`` (the
        file's name), ``modified`` (the time at which the file was written), ``provider``, or empty.
    """

    source: str
    as_of: date | None = None
    dated_by: DatedBy = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What is worth a warning.

    Parameters
    ----------
    stale_days : int
        A price or position that is more days older than the decision is stale.
    price_conflict : float
        Two prices of a symbol that are further apart than this fraction of the lower one conflict.
    ignore_accounts : tuple of str
        Accounts in the imported files that are not part of the household.
    """

    stale_days: int = 7
    price_conflict: float = 0.005
    ignore_accounts: tuple[str, ...] = ()

    @classmethod
    def read(cls, table: Table) -> Checks:
        """Build the checks from a table that collects the issues."""
        days = table.whole("stale_days", 7, least=0)
        return cls(
            stale_days=7 if days is None else days,
            price_conflict=table.number("price_conflict", 0.005, least=0.0, most=1.0),
            ignore_accounts=table.names("ignore_accounts"),
        )


CHECK_KEYS = frozenset(Checks.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """A portfolio file with everything that it points to.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    household : Household
        What is planned with.
    origins : mapping of str to Origin
        By figure: ``accounts[Z1].cash``, ``accounts[Z1].positions.VTI``, ``accounts[Z1].lots.VTI`` and
        ``prices.VTI``, with the account's number in the brackets.
    statements : tuple of Statement
        The broker files that were read, lots joined to their positions.
    issues : tuple of Issue
        Warnings and remarks; a portfolio with an error is not built.
    """

    path: Path
    household: Household
    origins: Mapping[str, Origin] = field(default_factory=dict)
    statements: tuple[Statement, ...] = ()
    issues: tuple[Issue, ...] = ()
