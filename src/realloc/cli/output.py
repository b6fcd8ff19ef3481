"""An answer in four forms: tables for people, JSON and CSV for programs, Markdown for documents.

A command makes one `Answer`; nothing else writes to standard output. The JSON and CSV forms are stable: their
keys and columns are listed in docs/commands.md.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from realloc._printable import one_line
from realloc.cli.answer import Answer, Grid, Line
from realloc.documents.writing import csv_table


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


def _csv(answer: Answer) -> str:
    return csv_table(
        answer.columns, ([_cell(record.get(name)) for name in answer.columns] for record in answer.records)
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    return one_line(value)


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
