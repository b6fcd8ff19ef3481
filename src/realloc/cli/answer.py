"""What a command answers, before it is printed: a document, records, and a page of tables and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

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
