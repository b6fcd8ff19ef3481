"""Tables on a screen: as wide as it is, and never wider."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Iterable

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from realloc._printable import one_line
from realloc.cli.answer import Grid, Line

WIDTH = 80
"""Columns where the output is not a terminal."""

NARROWEST = 12
"""Columns that a wrapped column of text needs to stay readable."""

BETWEEN = 3
"""Columns between two columns of a table."""


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
        screen.print(_table(part, screen.width))
    else:
        _print_records(screen, part)


def _least_width(part: Grid) -> int:
    """Return the columns that a table needs: numbers as they are, text wrapped."""
    widths = [
        _longest(part, n) if side == "right" else min(_longest(part, n), NARROWEST)
        for n, (_, side) in enumerate(part.columns)
    ]
    return sum(widths) + BETWEEN * (len(widths) - 1)


def _table(part: Grid, width: int) -> Table:
    table = Table(box=_RULED, pad_edge=False, show_edge=False, header_style="dim", padding=(0, 1))
    widths = _text_widths(part, width)
    for n, (name, side) in enumerate(part.columns):
        wraps = n in widths
        table.add_column(
            Text(one_line(name)),
            justify=side,
            no_wrap=not wraps,
            overflow="fold" if wraps else "crop",
            width=widths.get(n),
        )
    for row in part.rows:
        table.add_row(*(_cell(text, widths.get(n)) for n, text in enumerate(row)))
    return table


def _text_widths(part: Grid, width: int) -> dict[int, int]:
    """Return the widths of the columns of text: words stay whole where there is room, long texts get the rest."""
    numbers = sum(_longest(part, n) for n, (_, side) in enumerate(part.columns) if side == "right")
    room = width - numbers - BETWEEN * (len(part.columns) - 1)
    wanted = {n: _longest(part, n) for n, (_, side) in enumerate(part.columns) if side == "left"}
    words = {n: _longest(part, n, word=True) for n in wanted}
    most = max(words.values(), default=0)
    while most > NARROWEST and sum(min(word, most) for word in words.values()) > room:
        most -= 1
    widths = {n: min(word, most) for n, word in words.items()}
    for _ in range(max(0, min(room, sum(wanted.values())) - sum(widths.values()))):
        neediest = max(widths, key=lambda n: wanted[n] / widths[n])
        widths[neediest] += 1
    return widths


def _longest(part: Grid, n: int, *, word: bool = False) -> int:
    """Return the cells of the longest text of a column, or of its longest word."""
    texts = [one_line(part.columns[n][0]), *(one_line(row[n]) for row in part.rows)]
    parts = [piece for text in texts for piece in text.split()] if word else texts
    return max(1, *map(cell_len, parts)) if parts else 1


def _wrapped(text: str, width: int) -> str:
    """Return a text in lines of whole words; a word that is wider is broken behind a separator."""
    lines = [""]
    for word in text.split(" "):
        pieces = _SEPARATOR.split(word) if cell_len(word) > width else [word]
        for n, piece in enumerate(pieces):
            joint = " " if lines[-1] and n == 0 else ""
            if not lines[-1] or cell_len(lines[-1] + joint + piece) <= width:
                lines[-1] += joint + piece
            else:
                lines.append(piece)
    return "\n".join(lines)


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


_SEPARATOR = re.compile(r"(?<=[/_.-])(?=\w)")
_STYLES = {"error": "bold red", "warning": "yellow", "sell": "red", "buy": "green"}
_RULED = box.Box("    \n    \n ── \n    \n    \n    \n    \n    \n")


def _cell(text: str, width: int | None = None) -> Text:
    line = one_line(text)
    return Text(_wrapped(line, width) if width else line, style=_STYLES.get(text, ""))
