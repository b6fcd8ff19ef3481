"""The program ``realloc``: from broker files to orders and back; commands load when they are used."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cyclopts import App

from realloc.cli.arguments import invoke, package_version
from realloc.cli.edge import INTERRUPTED, run

COMMAND = "realloc"

COMMANDS = {
    "init": ("realloc.cli.portfolio_commands:init", "Begin a portfolio file from broker files."),
    "import": (
        "realloc.cli.portfolio_commands:import_statements",
        "Read broker files and show what is in them.",
    ),
    "check": (
        "realloc.cli.portfolio_commands:check",
        "Check a portfolio and everything that it points to; list every issue at once.",
    ),
    "drift": (
        "realloc.cli.drift_command:drift",
        "Show where the household stands: classes with their bands, symbols, accounts.",
    ),
    "rebalance": (
        "realloc.cli.planning_commands:rebalance",
        "Decide the trades of a portfolio, print them and write them as orders.",
    ),
    "explain": (
        "realloc.cli.explain_command:explain",
        "Say why a symbol, an account, a class or one order is treated as it is.",
    ),
    "compare": (
        "realloc.cli.compare_command:compare",
        "Put several rebalancers and policies side by side.",
    ),
    "export": (
        "realloc.cli.planning_commands:export_orders",
        "Write the orders of a portfolio, or of a saved plan, with an exporter.",
    ),
    "report": ("realloc.cli.planning_commands:report", "Write a report of the plan for a person to read."),
    "audit": (
        "realloc.cli.audit_command:audit",
        "Judge a list of trades: which rule each one breaks, and what they cost.",
    ),
    "confirm": (
        "realloc.cli.portfolio_commands:confirm",
        "Compare the broker's next files with a plan; bring the portfolio file up to date.",
    ),
    "demo": ("realloc.cli.other_commands:demo", "Plan the household that comes with the program."),
    "plugins": (
        "realloc.cli.list_plugins:show",
        "List the plugins: importers, exporters, validators and rebalancers, each with its distribution.",
    ),
    "schema": ("realloc.cli.other_commands:print_schema", "Print the JSON Schema of a document."),
    "completion": (
        "realloc.cli.other_commands:completion",
        "Print or install the completion of commands and options for a shell.",
    ),
}
"""Each command with the place of its function and its line in the list; the place is imported when it is used."""

STATUSES = """\
PORTFOLIO is a portfolio file (portfolio.toml here or in the nearest folder above, where none is named) or a
household document (JSON or TOML).

Exit status: 0 done; 1 nothing to do, rules broken (audit) or not converged; 2 the input cannot be used;
70 a fault of the program; 130 interrupted."""


def build_app(chosen: str = "") -> App:
    """Return the program; the help of the `chosen` command is its own, of the others their line in the list."""
    app = App(
        name=COMMAND,
        help="Rebalance one portfolio that is held in several accounts.",
        help_format="plaintext",
        help_formatter="plain",
        help_epilogue=STATUSES,
        version=package_version,
    )
    for name, (place, line) in COMMANDS.items():
        app.command(place, name=name, sort_key=0, help=None if name == chosen else line)
    return app


def command() -> int:
    """Run the program and return its exit status."""
    statuses: list[int] = []
    failed = run(COMMAND, lambda: statuses.append(main()))
    if failed == INTERRUPTED:
        from realloc.cli.waiting import interrupted_work  # noqa: PLC0415 - nothing to look for before work began

        if interrupted_work():
            sys.stdout.flush()
            os._exit(failed)
    return failed or next(iter(statuses), 0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program from Python with `arguments`, or with ``sys.argv``; return its exit status.

    Raises
    ------
    ReallocError
        The command line or the input cannot be used.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    result = invoke(build_app(words[0] if words else ""), command=COMMAND, arguments=words)
    return result if isinstance(result, int) else 0
