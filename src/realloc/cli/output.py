"""What a command answers, in four forms: tables for people, JSON and CSV for programs, Markdown for documents.

A command makes one `Answer`; nothing else writes to standard output. The JSON and CSV forms are stable: their
keys and columns are listed in docs/commands.md.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from realloc.cli.edge import one_line
from realloc.documents.writing import spreadsheet_safe
from realloc.errors import Issue

Align = Literal["left", "right"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table for people: columns of text are wrapped where there is no room, columns of numbers never.

    Parameters
    ----------
    title : str
        Stands above the table.
    columns : tuple of (str, {"left", "right"})
        Heading and side; numbers stand on the right.
    rows : tuple of tuple of str
        One text for each column.
    """

    title: str
    columns: tuple[tuple[str, Align], ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A sentence for people; `strong` ones carry the result."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command has to say.

    Parameters
    ----------
    document : object
        The JSON form.
    columns : tuple of str
        Columns of the CSV form.
    records : sequence of mapping
        Rows of the CSV form, by column; what is missing is empty.
    page : sequence of Grid or Line
        What people read, as tables and as Markdown.
    """

    document: Any
    columns: tuple[str, ...]
    records: Sequence[Mapping[str, Any]]
    page: Sequence[Grid | Line] = field(default_factory=tuple)


def show(answer: Answer, form: str) -> None:
    """Print an answer on standard output in one of the four forms."""
    if form == "json":
        sys.stdout.write(json.dumps(answer.document, indent=2, allow_nan=False) + "\n")
    elif form == "csv":
        sys.stdout.write(_csv(answer))
    elif form == "markdown":
        sys.stdout.write("\n".join(_markdown(part) for part in answer.page))
    else:
        from realloc.cli.screen import print_page  # noqa: PLC0415 - rich loads where a person reads

        print_page(answer.page)


def show_message(text: str) -> None:
    """Print one line."""
    sys.stdout.write(one_line(text) + "\n")


def grid(title: str, left: Sequence[str], right: Sequence[str], rows: Iterable[Sequence[str]]) -> Grid:
    """Return a table with columns of text and then columns of numbers."""
    columns: list[tuple[str, Align]] = [(name, "left") for name in left]
    columns += [(name, "right") for name in right]
    return Grid(title=title, columns=tuple(columns), rows=tuple(tuple(row) for row in rows))


def notes(issues: Iterable[Issue], title: str = "Notes") -> list[Grid]:
    """Return the table of issues, errors first; nothing where there are none."""
    rank = {"error": 0, "warning": 1, "info": 2}
    listed = sorted(issues, key=lambda issue: rank[issue.severity])
    rows = [(issue.severity, str(issue)) for issue in listed]
    return [grid(title, ["Level", "What"], [], rows)] if rows else []


def money(amount: float) -> str:
    """Return dollars and cents, a loss as ``-$1.00``."""
    text = f"${abs(amount):,.2f}"
    return f"-{text}" if round(amount, 2) < 0 else text


def percent(fraction: float) -> str:
    """Return a percentage to a tenth."""
    text = f"{fraction:.1%}"
    return "0.0%" if text == "-0.0%" else text


def points(fraction: float) -> str:
    """Return a signed difference of two percentages, to a tenth."""
    text = f"{fraction:+.1%}"
    return "0.0%" if text in ("-0.0%", "+0.0%") else text


def shares(amount: float) -> str:
    """Return a number of shares without zeros at its end."""
    return f"{amount:,.6f}".rstrip("0").rstrip(".")


def plural(count: int, word: str) -> str:
    """Return ``1 order`` or ``2 orders``."""
    return f"{count} {word}{'s' * (count != 1)}"


def _csv(answer: Answer) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows([_cell(record.get(name)) for name in answer.columns] for record in answer.records)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    return spreadsheet_safe(one_line(value))


def _markdown(part: Grid | Line) -> str:
    if isinstance(part, Line):
        text = _escaped(part.text)
        return f"**{text}**\n" if part.strong else f"{text}\n"
    lines = [f"### {_escaped(part.title)}\n"] if part.title else []
    lines.append("| " + " | ".join(_escaped(name) for name, _ in part.columns) + " |")
    lines.append("| " + " | ".join("---:" if side == "right" else "---" for _, side in part.columns) + " |")
    lines += ["| " + " | ".join(map(_escaped, row)) + " |" for row in part.rows]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    safe = one_line(text).replace("\\", "\\\\")
    for character in "|*_`<[":
        safe = safe.replace(character, f"\\{character}")
    return safe
