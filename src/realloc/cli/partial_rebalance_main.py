"""The command ``partial-rebalance-cli``: sell one symbol down to its target and buy another up to its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from realloc._reading import nearest
from realloc.cli.arguments import DEFAULTS, Rounds, Shared, call
from realloc.cli.edge import run, start_logging
from realloc.cli.rebalance_json_input import read_household
from realloc.cli.show import show_decision
from realloc.cli.work import as_dicts, decide, export, load_tools
from realloc.errors import InputError, Issue
from realloc.household import Household

COMMAND = "partial-rebalance-cli"
EXAMPLE = """\
partial-rebalance-cli household.json --sell-symbol VXUS --buy-symbol BND
partial-rebalance-cli household.json --sell-symbol VXUS --buy-symbol BND --exporter csv --export-path out.csv
"""


def command() -> int:
    """Run the command and return its exit status: 0, or 2 where the input cannot be used."""
    return run(COMMAND, main)


def main() -> list[dict[str, Any]]:
    """Run the command with ``sys.argv`` from Python.

    Returns
    -------
    list of dict
        The trades: ``account_id``, ``symbol`` and ``shares`` (negative sells).

    Raises
    ------
    ValueError
        The input cannot be used.
    ReallocError
        A plugin or an output path cannot be used.
    """
    return call(rebalance_two, command=COMMAND, example=EXAMPLE) or []


def rebalance_two(
    input_file: str,
    /,
    *,
    sell_symbol: str,
    buy_symbol: str,
    iterations: Rounds = 100,
    options: Shared = DEFAULTS,
) -> list[dict[str, Any]]:
    """Sell one symbol down to its target, buy another up to its own, and leave everything else.

    Parameters
    ----------
    input_file : str
        JSON or TOML document with prices, accounts and model.
    sell_symbol : str
        What is sold; never below its target.
    buy_symbol : str
        What is bought; never above its target, and only with the cash that there is.
    iterations : int
        Most rounds.
    """
    start_logging(options, usual=logging.INFO)
    household = read_household(input_file)
    _require_known(household, sell_symbol, buy_symbol)
    tools = load_tools(options)
    decision = decide(
        household, tools, iterations, source=input_file, adjust=between(sell_symbol, buy_symbol)
    )
    export(decision, tools, household)
    show_decision(decision, household, options.format, nothing="No relevant trades found")
    return as_dicts(decision.trades)


def between(
    sell_symbol: str, buy_symbol: str
) -> Callable[[dict[str, float], dict[str, float]], dict[str, float]]:
    """Return the function that keeps every held count of shares but those of the two symbols."""

    def adjust(held: dict[str, float], wanted: dict[str, float]) -> dict[str, float]:
        target = dict(held)
        sold, bought = held.get(sell_symbol, 0.0), held.get(buy_symbol, 0.0)
        target[sell_symbol] = min(sold, wanted.get(sell_symbol, 0.0))
        target[buy_symbol] = max(bought, wanted.get(buy_symbol, 0.0))
        return target

    return adjust


def _require_known(household: Household, sell_symbol: str, buy_symbol: str) -> None:
    if sell_symbol == buy_symbol:
        raise InputError(f"--sell-symbol and --buy-symbol are both {sell_symbol!r}")
    issues = [
        Issue(
            code="symbol.unknown",
            where=option,
            message=f"{symbol!r} has no price in the input",
            hint=nearest(symbol, household.prices),
        )
        for option, symbol in (("--sell-symbol", sell_symbol), ("--buy-symbol", buy_symbol))
        if symbol not in household.prices
    ]
    if issues:
        raise InputError(issues)
