"""The command ``list-plugins``: every plugin with its kind, description and distribution."""

from __future__ import annotations

from realloc.cli.arguments import OUTPUT_DEFAULTS, SharedOutput, call
from realloc.cli.edge import run, start_logging
from realloc.cli.show import show_plugins
from realloc.plugins.core.discovery import list_plugins

COMMAND = "list-plugins"
EXAMPLE = "list-plugins --format json"


def command() -> int:
    """Run the command and return its exit status."""
    return run(COMMAND, main)


def main() -> None:
    """Run the command with ``sys.argv`` from Python."""
    call(show, command=COMMAND, example=EXAMPLE)


def show(*, options: SharedOutput = OUTPUT_DEFAULTS) -> None:
    """List the plugins: importers, exporters, validators and rebalancers, each with its distribution.

    One that cannot be used is listed with the reason.
    """
    start_logging(options)
    show_plugins(list_plugins(), options.format)
