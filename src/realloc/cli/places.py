"""Where a household is read from: the PORTFOLIO of every command."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from realloc.checking import require_sound
from realloc.cli.changes import NO_CHANGES, PolicyOptions, changed, policy_changes
from realloc.cli.waiting import working
from realloc.documents.reading import at_file, load_household
from realloc.errors import InputError, Issue
from realloc.household import Household
from realloc.portfolio_file.loading import load_portfolio

log = logging.getLogger(__name__)

PORTFOLIO = "portfolio.toml"
_BROKER_FILES = frozenset({".csv", ".tsv", ".xlsx", ".xls", ".ofx", ".qfx"})

Place = Annotated[Path | None, Parameter(show_default=False)]
Switch = Annotated[bool, Parameter(negative="", show_default=False)]
Changes = Annotated[tuple[str, ...], Parameter(negative="", show_default=False, metavar="KEY=VALUE")]
Plugins = Annotated[
    tuple[str, ...], Parameter(negative="", show_default=False, metavar="NAME[:key=value,...]")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A household, the file that it comes from, and the warnings about it."""

    path: Path
    household: Household
    issues: Sequence[Issue] = ()


def portfolio_path(place: Path | None) -> Path:
    """Return the file that is meant: the one named, or ``portfolio.toml`` here or in the nearest folder above.

    Raises
    ------
    InputError
        No file is named, and there is none; or the one named is a broker's.
    """
    if place is not None:
        if place.suffix.casefold() in _BROKER_FILES:
            raise InputError(
                f"{place}: a portfolio is a .toml or .json file (a broker's file: 'realloc init {place}')"
            )
        inside = place / PORTFOLIO
        return inside if place.is_dir() and inside.is_file() else place
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / PORTFOLIO).is_file():
            return Path(PORTFOLIO) if folder == here else folder / PORTFOLIO
    raise InputError(
        f"no {PORTFOLIO} here or in a folder above "
        "(name the file, begin one with 'realloc init downloads/*.csv', or see 'realloc demo')"
    )


def load(place: Path | None, *, fetch: bool = False, policy: PolicyOptions = NO_CHANGES) -> Source:
    """Read the household of a portfolio file, or of a household document in JSON or TOML.

    Warnings go to the log, of each kind the first.

    Raises
    ------
    InputError
        There is no such file, something in it cannot be used, or an option does not fit.
    """
    changes = policy_changes(policy)
    path = portfolio_path(place)
    with working(f"Reading {path}"):
        if path.suffix.casefold() == ".json":
            source = Source(path=path, household=load_household(path))
        else:
            portfolio = load_portfolio(path, fetch=fetch)
            source = Source(path=path, household=portfolio.household, issues=portfolio.issues)
    _warn(source.issues)
    household = changed(source.household, changes)
    try:
        require_sound(household)
    except InputError as error:
        raise InputError(at_file(path, error.issues)) from error
    return Source(path=path, household=household, issues=source.issues)


def _warn(issues: Sequence[Issue]) -> None:
    kinds: dict[str, list[Issue]] = {}
    for issue in issues:
        kinds.setdefault(issue.code, []).append(issue)
    for alike in kinds.values():
        more = f"; and {len(alike) - 1} more like it: 'realloc check' lists them" if len(alike) > 1 else ""
        log.warning("%s%s", alike[0], more)
