"""The program ``realloc``: from broker files to orders and back; commands load when they are used."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from realloc.cli.commands import COMMAND, COMMANDS, PORTFOLIO, STATUSES, epilogue, usage
from realloc.cli.edge import INTERRUPTED, run

if TYPE_CHECKING:
    from cyclopts import App

WIDEST = 100
"""Columns beyond which the help gets no wider."""


def help_page(width: int) -> str:
    """Return the help of the program itself: no command is loaded for it, nor what reads command lines."""
    lines = [
        f"Usage: {COMMAND} COMMAND [ARGUMENTS]",
        "",
        "Rebalance one portfolio that is held in several accounts.",
        "",
        "Commands:",
    ]
    names = max(map(len, COMMANDS)) + 2
    for name, each in COMMANDS.items():
        first, after = f"  {name:<{names}}", " " * (names + 2)
        lines.append(textwrap.fill(each.line, width, initial_indent=first, subsequent_indent=after))
    more = f"'{COMMAND} COMMAND --help' explains a command, '{COMMAND} --version' says which this is."
    lines += [f"\n{textwrap.fill(part, width)}" for part in (more, PORTFOLIO, STATUSES)]
    return "\n".join(lines) + "\n"


def screen_width() -> int:
    """Return the columns that the help takes."""
    return min(shutil.get_terminal_size().columns, WIDEST)


def build_app() -> App:
    """Return the program; a command is imported when it is used."""
    from cyclopts import App  # noqa: PLC0415 - the help of the program does without

    from realloc.cli.arguments import package_version  # noqa: PLC0415
    from realloc.cli.help_pages import HelpFormatter  # noqa: PLC0415

    app = App(
        name=COMMAND,
        help_format="plaintext",
        help_formatter=HelpFormatter(),
        suppress_keyboard_interrupt=False,
        version=package_version,
    )
    for name, each in COMMANDS.items():
        app.command(each.place, name=name, usage=usage(name), help_epilogue=epilogue(name, screen_width()))
    return app


def command() -> int:
    """Run the program and return its exit status."""
    statuses: list[int] = []
    failed = run(COMMAND, lambda: statuses.append(main()))
    if failed == INTERRUPTED:
        from realloc.cli.waiting import interrupted_work  # noqa: PLC0415 - seldom needed

        if interrupted_work():
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
        sys.stdout.write(help_page(screen_width()))
        return 0
    from realloc.cli.arguments import invoke  # noqa: PLC0415 - the help above does without

    result = invoke(build_app(), command=COMMAND, arguments=words)
    return result if isinstance(result, int) else 0
