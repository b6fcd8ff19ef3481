"""The commands of ``realloc``: where each one is, its line in the list, its usage and its examples."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

COMMAND = "realloc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command.

    Parameters
    ----------
    place : str
        ``module:function``, imported when the command is used.
    line : str
        Its line in the list.
    words : str
        Its arguments, as the usage has them.
    examples : tuple of str
        What one would type, the simplest first.
    """

    place: str
    line: str
    words: str = ""
    examples: tuple[str, ...] = ()


COMMANDS = {
    "init": Command(
        place="realloc.cli.portfolio_commands:init",
        line="Begin a portfolio file from broker files.",
        words="[FILES...]",
        examples=("realloc init downloads/*.csv",),
    ),
    "import": Command(
        place="realloc.cli.portfolio_commands:import_statements",
        line="Read broker files and show what is in them.",
        words="[FILES...]",
        examples=(
            "realloc import downloads/*.csv",
            "realloc import odd-broker.csv --propose-to mapping.toml",
            "realloc import odd-broker.csv --mapping mapping.toml",
        ),
    ),
    "check": Command(
        place="realloc.cli.portfolio_commands:check",
        line="Check a portfolio and everything that it points to; list every issue at once.",
        words="[PORTFOLIO]",
        examples=("realloc check", "realloc check --fetch"),
    ),
    "drift": Command(
        place="realloc.cli.drift_command:drift",
        line="Show where the household stands: classes with their bands, symbols, accounts.",
        words="[PORTFOLIO]",
        examples=("realloc drift", "realloc drift --set model.targets.bonds=0.3"),
    ),
    "rebalance": Command(
        place="realloc.cli.planning_commands:rebalance",
        line="Decide the trades of a portfolio, print them and write them as orders.",
        words="[PORTFOLIO]",
        examples=(
            "realloc rebalance --why",
            "realloc rebalance --exporter excel --export-path orders.xlsx",
            "realloc rebalance --max-tax 500 --what-if max_tax=0 --what-if max_orders=5",
            "realloc rebalance --format json > plan.json",
        ),
    ),
    "explain": Command(
        place="realloc.cli.explain_command:explain",
        line="Say why a symbol, an account, a class or one order is treated as it is.",
        words="TARGET [PORTFOLIO]",
        examples=("realloc explain VTI", "realloc explain 'Joint brokerage'", "realloc explain 3"),
    ),
    "compare": Command(
        place="realloc.cli.compare_command:compare",
        line="Put several rebalancers and policies side by side.",
        words="[PORTFOLIO]",
        examples=(
            "realloc compare",
            "realloc compare --attempt max_tax=0 --attempt max_orders=5,costs.order=20",
        ),
    ),
    "export": Command(
        place="realloc.cli.planning_commands:export_orders",
        line="Write the orders of a portfolio, or of a saved plan, with an exporter.",
        words="EXPORTER OUTPUT [PORTFOLIO]",
        examples=("realloc export excel orders.xlsx", "realloc export checklist orders.md --plan plan.json"),
    ),
    "report": Command(
        place="realloc.cli.planning_commands:report",
        line="Write a report of the plan for a person to read.",
        words="OUTPUT [PORTFOLIO]",
        examples=("realloc report report.html", "realloc report report.pdf --plan plan.json"),
    ),
    "audit": Command(
        place="realloc.cli.audit_command:audit",
        line="Judge a list of trades: which rule each one breaks, and what they cost.",
        words="TRADES [PORTFOLIO]",
        examples=("realloc audit trades.csv",),
    ),
    "confirm": Command(
        place="realloc.cli.portfolio_commands:confirm",
        line="Compare the broker's next files with a plan; bring the portfolio file up to date.",
        words="PLAN [FILES...]",
        examples=("realloc confirm plan.json downloads/*.csv --dry-run",),
    ),
    "batch": Command(
        place="realloc.cli.batch_command:batch",
        line="Plan many households, on the processes of this machine or on a Spark cluster.",
        words="TABLES RESULTS",
        examples=("realloc batch households results --workers 2",),
    ),
    "batch-check": Command(
        place="realloc.cli.batch_firm:check",
        line="Check the tables of a batch: every faulty cell with its file, row group and row.",
        words="TABLES",
        examples=("realloc batch-check households",),
    ),
    "batch-monitor": Command(
        place="realloc.cli.batch_firm:monitor",
        line="Say which households need a plan, and why, without planning any.",
        words="TABLES [OUTPUT]",
        examples=("realloc batch-monitor households monitor.parquet",),
    ),
    "batch-orders": Command(
        place="realloc.cli.batch_firm:orders",
        line="Write the orders of a batch: blocks with their allocations, and a file for each custodian.",
        words="RESULTS FOLDER",
        examples=(
            "realloc batch-orders results orders",
            "realloc batch-orders results orders --exporter schwab_json --suffix .json",
        ),
    ),
    "batch-report": Command(
        place="realloc.cli.batch_firm:report",
        line="Write a report of a batch for a person to read: one HTML file with the distributions.",
        words="RESULTS OUTPUT",
        examples=("realloc batch-report results firm.html",),
    ),
    "demo": Command(
        place="realloc.cli.other_commands:demo",
        line="Plan the household that comes with the program.",
        examples=("realloc demo", "realloc demo --save household.json"),
    ),
    "plugins": Command(
        place="realloc.cli.list_plugins:show",
        line="List the plugins: importers, exporters, validators and rebalancers, each with its distribution.",
        examples=("realloc plugins",),
    ),
    "schema": Command(
        place="realloc.cli.other_commands:print_schema",
        line="Print the JSON Schema of a document, or its keys with their meaning.",
        words="DOCUMENT",
        examples=("realloc schema household --keys policy", "realloc schema plan > plan.schema.json"),
    ),
    "completion": Command(
        place="realloc.cli.other_commands:completion",
        line="Print or install the completion of commands and options for a shell.",
        words="SHELL",
        examples=("realloc completion bash --install",),
    ),
}
"""Each command by its name, in the order of the list."""

PORTFOLIO = """\
PORTFOLIO is a portfolio file (portfolio.toml here or in the nearest folder above, where none is named) or a \
household document (JSON or TOML)."""

STATUSES = """\
Exit status: 0 done; 1 nothing to do, rules broken (audit) or not converged; 2 the input cannot be used; \
70 a fault of the program; 130 interrupted."""


def usage(name: str) -> str:
    """Return the usage of a command."""
    return f"Usage: {' '.join(filter(None, (COMMAND, name, '[OPTIONS]', COMMANDS[name].words)))}"


def epilogue(name: str, width: int) -> str:
    """Return what stands below the options of a command: examples, what PORTFOLIO is, exit statuses."""
    command = COMMANDS[name]
    title = "Examples" if len(command.examples) > 1 else "Example"
    parts = ["\n".join([f"{title}:", *(f"  {line}" for line in command.examples)])]
    said = [PORTFOLIO, STATUSES] if "PORTFOLIO" in command.words else [STATUSES]
    return "\n\n".join([*parts, *(textwrap.fill(text, width) for text in said)])
