"""The program ``realloc``: from broker files to a portfolio file, and back after the orders."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from cyclopts import App

from realloc.cli import portfolio_commands
from realloc.cli.arguments import invoke
from realloc.cli.edge import run

COMMAND = "realloc"

app = App(
    name=COMMAND,
    help="Rebalance one portfolio that is held in several accounts.",
    help_format="plaintext",
    version=version("realloc"),
)
app.command(portfolio_commands.init)
app.command(portfolio_commands.import_statements, name="import")
app.command(portfolio_commands.check)
app.command(portfolio_commands.rebalance)
app.command(portfolio_commands.confirm)


def command() -> int:
    """Run the program and return its exit status: 0 done, 2 the input cannot be used, 1 a fault."""
    statuses: list[int] = []
    failed = run(COMMAND, lambda: statuses.append(main()))
    return failed or statuses[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program from Python with `arguments`, or with ``sys.argv``; return its exit status.

    Raises
    ------
    ReallocError
        The command line or the input cannot be used.
    """
    result = invoke(app, command=COMMAND, arguments=arguments)
    return result if isinstance(result, int) else 0
