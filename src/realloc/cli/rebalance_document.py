"""Rebalance the household of one document and print the trades: what ``rebalance-cli`` does once it is loaded."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from realloc.cli.arguments import DEFAULTS, Rounds, Shared, call
from realloc.cli.edge import start_logging
from realloc.cli.show import show_decision
from realloc.cli.work import as_dicts, decide, export, load_tools
from realloc.household import Household

COMMAND = "rebalance-cli"
EXAMPLE = """\
rebalance-cli household.json
rebalance-cli household.json --exporter csv --export-path trades.csv --validator minimum_value:min_value=100
"""


def rebalance_document(read: Callable[[str], Household]) -> list[dict[str, Any]]:
    """Do what ``sys.argv`` says, reading the document as `read` does, and return the trades as dictionaries.

    Raises
    ------
    ReallocError
        The command line, the document, a plugin or the output path cannot be used.
    """

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
