"""The program ``realloc``: from broker files to orders and back; commands load when they are used."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from realloc.cli.edge import INTERRUPTED, run

if TYPE_CHECKING:
    from cyclopts import App

COMMAND = "realloc"

WIDEST = 100
"""Columns beyond which the help gets no wider."""

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
    "batch": (
        "realloc.cli.batch_command:batch",
        "Plan many households, on the processes of this machine or on a Spark cluster.",
    ),
    "batch-monitor": (
        "realloc.cli.batch_firm:monitor",
        "Say which of many households need a plan, and why, without planning any.",
    ),
    "batch-orders": (
        "realloc.cli.batch_firm:orders",
        "Write the orders of a batch: blocks with allocations, and a file for each custodian.",
    ),
    "batch-report": ("realloc.cli.batch_firm:report", "Write a report of a batch for a person to read."),
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

PORTFOLIO_AND_STATUSES = """\
PORTFOLIO is a portfolio file (portfolio.toml here or in the nearest folder above, where none is named) or a \
household document (JSON or TOML).

Exit status: 0 done; 1 nothing to do, rules broken (audit) or not converged; 2 the input cannot be used; \
70 a fault of the program; 130 interrupted.
"""


def help_page(width: int) -> str:
    """Return the help of the program itself: no command is loaded for it, nor what reads command lines."""
    lines = [
        f"Usage: {COMMAND} COMMAND [ARGUMENTS]",
        "",
        "Rebalance one portfolio that is held in several accounts.",
        "",
        "Commands:",
    ]
    for name, (_, line) in COMMANDS.items():
        lines.append(textwrap.fill(line, width, initial_indent=f"  {name:<12}", subsequent_indent=" " * 14))
    more = f"'{COMMAND} COMMAND --help' explains a command, '{COMMAND} --version' says which this is."
    lines += [f"\n{textwrap.fill(part, width)}" for part in (more, *PORTFOLIO_AND_STATUSES.split("\n\n"))]
    return "\n".join(lines) + "\n"


def build_app() -> App:
    """Return the program; a command is imported when it is used."""
    from cyclopts import App  # noqa: PLC0415 - the help of the program does without

    from realloc.cli.arguments import package_version  # noqa: PLC0415
    from realloc.cli.help_pages import HelpFormatter  # noqa: PLC0415

    app = App(
        name=COMMAND,
        help_format="plaintext",
        help_formatter=HelpFormatter(),
        help_epilogue=PORTFOLIO_AND_STATUSES,
        suppress_keyboard_interrupt=False,
        version=package_version,
    )
    for name, (place, _) in COMMANDS.items():
        app.command(place, name=name)
    return app


def command() -> int:
    """Run the program and return its exit status."""
    statuses: list[int] = []
    failed = run(COMMAND, lambda: statuses.append(main()))
    if failed == INTERRUPTED:
        from realloc.cli.waiting import interrupted_work  # noqa: PLC0415 - seldom needed

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
    if words in ([], ["--help"], ["-h"]):
        sys.stdout.write(help_page(min(shutil.get_terminal_size().columns, WIDEST)))
        return 0
    from realloc.cli.arguments import invoke  # noqa: PLC0415 - the help above does without

    result = invoke(build_app(), command=COMMAND, arguments=words)
    return result if isinstance(result, int) else 0
