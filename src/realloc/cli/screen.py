"""Tables on a screen: as wide as it is, and never wider."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from realloc.cli.answer import Grid, Line
from realloc.cli.edge import one_line

WIDTH = 80
"""Columns where the output is not a terminal."""

NARROWEST = 14
"""Columns that a wrapped column of text needs to stay readable."""

LONGEST_WORD = 28
"""Columns up to which a cell of one word, such as the name of a plugin, stays in one piece."""


def console(*, stderr: bool = False) -> Console:
    """Return the console of standard output, or of standard error: colours on a terminal only.

    The environment's ``NO_COLOR`` switches every style off, ``COLUMNS`` sets the width.
    """
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    plain = not terminal or bool(os.environ.get("NO_COLOR"))
    return Console(
        stderr=stderr,
        highlight=False,
        markup=False,
        emoji=False,
        force_terminal=terminal,
        color_system=None if plain else "auto",
        width=None if terminal or "COLUMNS" in os.environ else WIDTH,
    )


def print_page(page: Iterable[Grid | Line]) -> None:
    """Print tables and sentences, with an empty line between a table and what follows."""
    screen = console()
    with screen.capture() as captured:
        _print_parts(screen, page)
    lines = (line.rstrip() for line in captured.get().splitlines())
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _print_parts(screen: Console, page: Iterable[Grid | Line]) -> None:
    before: Grid | Line | None = None
    for part in page:
        if before is not None and not (isinstance(before, Line) and isinstance(part, Line)):
            screen.print()
        if isinstance(part, Line):
            _print_sentence(screen, part)
        else:
            _print_grid(screen, part)
        before = part


def _print_sentence(screen: Console, part: Line) -> None:
    """Print a sentence in lines of whole words: a path that is wider than the screen stays in one piece."""
    lines = textwrap.wrap(
        one_line(part.text), screen.width, break_long_words=False, break_on_hyphens=False
    ) or [""]
    for line in lines:
        screen.print(Text(line, style="bold" if part.strong else ""), soft_wrap=True)


def _print_grid(screen: Console, part: Grid) -> None:
    if part.title:
        screen.print(Text(one_line(part.title), style="bold"))
    if not part.rows:
        screen.print(Text("  none"))
    elif _least_width(part) <= screen.width:
        screen.print(_table(part))
    else:
        _print_records(screen, part)


def _least_width(part: Grid) -> int:
    """Return the columns that a table needs: numbers and words as they are, text wrapped, three spaces between."""
    width = -3
    for n, (name, _) in enumerate(part.columns):
        longest = max(cell_len(one_line(text)) for text in (name, *(row[n] for row in part.rows)))
        width += 3 + (min(longest, NARROWEST) if _wraps(part, n) else longest)
    return width


def _wraps(part: Grid, n: int) -> bool:
    """Return whether a column is text that may be wrapped: no numbers, and not words alone."""
    texts = (one_line(row[n]) for row in part.rows)
    return part.columns[n][1] == "left" and any(
        " " in text or cell_len(text) > LONGEST_WORD for text in texts
    )


def _table(part: Grid) -> Table:
    table = Table(box=_RULED, pad_edge=False, show_edge=False, header_style="dim", padding=(0, 1))
    for n, (name, side) in enumerate(part.columns):
        wraps = _wraps(part, n)
        table.add_column(
            Text(one_line(name)), justify=side, no_wrap=not wraps, overflow="fold" if wraps else "crop"
        )
    for row in part.rows:
        table.add_row(*map(_cell, row))
    return table


def _print_records(screen: Console, part: Grid) -> None:
    """Print each row as a list of names and values, where the table has no room."""
    for n, row in enumerate(part.rows):
        if n:
            screen.print()
        record = Table.grid(padding=(0, 2))
        record.add_column(no_wrap=True)
        record.add_column(overflow="fold")
        for (name, _), text in zip(part.columns, row, strict=True):
            if text:
                record.add_row(Text(one_line(name), style="dim"), _cell(text))
        screen.print(Padding(record, (0, 0, 0, 2)))


_STYLES = {"error": "bold red", "warning": "yellow", "sell": "red", "buy": "green"}
_RULED = box.Box("    \n    \n ── \n    \n    \n    \n    \n    \n")


def _cell(text: str) -> Text:
    return Text(one_line(text), style=_STYLES.get(text, ""))
