"""The command ``rebalance-cli-csv``: rebalance accounts, a model and prices from three CSV files."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from cyclopts import Parameter

from realloc.cli.arguments import DEFAULTS, Rounds, Shared, call
from realloc.cli.decision import Decision, Tools
from realloc.cli.edge import run, start_logging
from realloc.cli.show import show_decision
from realloc.cli.work import as_dicts, decide, export, load_tools
from realloc.errors import InputError
from realloc.household import Household
from realloc.plugins.core.base import AccountImporter, AllocationImporter, PriceImporter, StrPath

COMMAND = "rebalance-cli-csv"
EXAMPLE = """\
rebalance-cli-csv --accounts accounts.csv --allocations model.csv --prices prices.csv --export trades.csv

accounts.csv   Account Label,Account Id,Symbol,Shares   (one row with the symbol CASH for each account)
model.csv      Symbol,Target Weight                     (weights that sum to 1)
prices.csv     Symbol,Price[,Date]
"""


def command() -> int:
    """Run the command with ``sys.argv`` and return its exit status."""
    return main()


def main(args: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0, or 2 where the input cannot be used.

    Parameters
    ----------
    args : sequence of str, optional
        The command line without the command; None takes ``sys.argv``.
    """

    def rebalance(
        *,
        accounts: str,
        allocations: str,
        prices: str,
        export_to: Annotated[str | None, Parameter(name="--export")] = None,
        max_iterations: Rounds = 100,
        options: Shared = DEFAULTS,
    ) -> None:
        """Rebalance accounts to a model, all from CSV files, and print the trades.

        Parameters
        ----------
        accounts : str
            Positions and cash of the accounts.
        allocations : str
            Target weights.
        prices : str
            Prices; of several dates the latest counts.
        export_to : str, optional
            CSV file for the trades: the same as --exporter csv --export-path FILE.
        max_iterations : int
            Most rounds of a rebalancer that works step by step.
        """
        start_logging(options, usual=logging.INFO)
        if export_to is not None:
            if options.exporter is not None:
                raise InputError("--export and --exporter exclude each other")
            options = replace(options, exporter="csv", export_path=export_to)
        household = _read(accounts, allocations, prices)
        tools = load_tools(options)
        decision = _decide(household, tools, max_iterations, (accounts, allocations, prices))
        export(decision, tools, household)
        show_decision(decision, household, options.format)

    return run(COMMAND, lambda: call(rebalance, command=COMMAND, example=EXAMPLE, arguments=args))


def process_rebalance(
    accounts_path: StrPath, allocations_path: StrPath, prices_path: StrPath, max_iterations: int = 100
) -> list[dict[str, Any]]:
    """Rebalance with the ``default`` rebalancer and return the trades; nothing is printed.

    Parameters
    ----------
    accounts_path, allocations_path, prices_path : str or path
        The three CSV files.
    max_iterations : int
        Most rounds.

    Returns
    -------
    list of dict
        The trades: ``account_id``, ``symbol`` and ``shares`` (negative sells).

    Raises
    ------
    InputError
        A file cannot be used, or the files do not fit together.
    """
    paths = (accounts_path, allocations_path, prices_path)
    decision = _decide(_read(*paths), load_tools(DEFAULTS), max_iterations, paths)
    return as_dicts(decision.trades)


def _read(accounts_path: StrPath, allocations_path: StrPath, prices_path: StrPath) -> Household:
    return Household(
        as_of=date.today(),  # noqa: DTZ011 - a calendar date, not an instant
        accounts=tuple(AccountImporter.load_account_importer("csv_account").account_importer(accounts_path)),
        model=AllocationImporter.load_allocation_importer("allocation_csv").import_allocations(
            allocations_path
        ),
        prices=PriceImporter.load_price_importer("price_csv").import_prices(prices_path),
    )


def _decide(household: Household, tools: Tools, rounds: int, paths: Sequence[StrPath]) -> Decision:
    return decide(
        household, tools, rounds, source=dict(zip(("accounts", "model", "prices"), paths, strict=True))
    )
