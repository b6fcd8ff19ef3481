"""The commands ``rebalance-cli`` and ``rebalance-cli-json``: rebalance the household of one document."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from realloc.cli import seed_form
from realloc.cli.arguments import DEFAULTS, Rounds, Shared, call
from realloc.cli.edge import run, start_logging
from realloc.cli.show import show_decision
from realloc.cli.work import as_dicts, decide, export, load_tools
from realloc.documents import household_from, read_document
from realloc.documents.reading import at_file
from realloc.errors import InputError
from realloc.household import Household
from realloc.trades import is_trade_remaining

__all__ = ["command", "is_trade_remaining", "main", "read_household"]

COMMAND = "rebalance-cli"
EXAMPLE = """\
rebalance-cli household.json
rebalance-cli household.json --exporter csv --export-path trades.csv --validator minimum_value:min_value=100
"""


def command() -> int:
    """Run the command and return its exit status: 0, or 2 where the input cannot be used."""
    return run(COMMAND, lambda: _main(read_household))


def main() -> list[dict[str, Any]]:
    """Run the command with ``sys.argv`` from Python.

    Returns
    -------
    list of dict
        The trades: ``account_id``, ``symbol`` and ``shares`` (negative sells).

    Raises
    ------
    ValueError
        The input cannot be used, for instance "Missing required keys in input file: {'prices'}".
    ReallocError
        A plugin or an output path cannot be used.
    """
    return _main(_read_with_fixed_words)


def read_household(path: str) -> Household:
    """Read the household of a document whose model is named and has targets.

    Raises
    ------
    InputError
        The document cannot be used; every issue has the file and the place in it.
    """
    document = read_document(path)
    household = household_from(document, path)
    fault = seed_form.first_fault(document)
    if fault:
        raise InputError(at_file(path, [fault]))
    return household


def _read_with_fixed_words(path: str) -> Household:
    fault = seed_form.first_fault(read_document(path))
    if fault:
        raise InputError(fault.message)
    return read_household(path)


def _main(read: Callable[[str], Household]) -> list[dict[str, Any]]:
    def rebalance(
        input_file: str, /, *, iterations: Rounds = 100, options: Shared = DEFAULTS
    ) -> list[dict[str, Any]]:
        """Rebalance the accounts of a household to its model and print the trades.

        Parameters
        ----------
        input_file : str
            JSON or TOML document with prices, accounts and model.
        iterations : int
            Most rounds of a rebalancer that works step by step.
        """
        start_logging(options, usual=logging.INFO)
        household = read(input_file)
        tools = load_tools(options)
        decision = decide(household, tools, iterations, source=input_file)
        export(decision, tools, household)
        show_decision(decision, household, options.format)
        return as_dicts(decision.trades)

    return call(rebalance, command=COMMAND, example=EXAMPLE) or []
