"""The rows of a CSV text, whatever its separator, with the numbers of their lines."""

from __future__ import annotations

import csv
import io
import logging
import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from realloc.errors import InputError, Issue

LONGEST_CELL = 10_000
"""Characters of a cell, or of a value in a statement; no name, description or amount has as many."""

LONGEST_LINE = 100_000
"""Characters of a row with all its cells."""

_INVISIBLE = re.compile(r"[\u200b\u200c\u200d\u2060\ufeff]")
_SPACE_AFTER_QUOTE = re.compile(r'" +(?=[,;|\t\r\n]|$)')
_TEXT_FORMULA = re.compile(r'="(.*)"', re.DOTALL)

log = logging.getLogger(__name__)

Line: TypeAlias = tuple[int, list[str]]
"""A row of a file: the number of its first line, from 1, and its cells without spaces around them."""


def split(text: str, separator: str, source: str) -> Iterator[Line]:
    """Yield the rows of a text.

    A cell that a spreadsheet protects as ``="00123"`` is read as ``00123``.

    Raises
    ------
    InputError
        The text is not CSV: a quotation mark in the wrong place or never closed, or a row or a cell is longer than
        `LONGEST_LINE` or `LONGEST_CELL`.
    """
    text = _SPACE_AFTER_QUOTE.sub('"', text)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=separator != "\t", strict=True
    )
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            hint = "look for a quotation mark that is not closed"
            raise InputError(
                Issue(code="file.csv", where=f"{source}:{number}", message=f"not CSV: {error}", hint=hint)
            ) from None
        _check_lengths(cells, f"{source}:{number}")
        yield number, list(map(_clean, cells))


def _check_lengths(cells: Sequence[str], where: str) -> None:
    longest, total = max(map(len, cells), default=0), sum(map(len, cells))
    if longest > LONGEST_CELL or total > LONGEST_LINE:
        what = f"a cell of {longest:,}" if longest > LONGEST_CELL else f"a row of {total:,}"
        raise InputError(
            Issue(
                code="file.length",
                where=where,
                message=f"{what} characters: no broker writes as much",
                hint="look for a quotation mark that is not closed, or download the file again",
            )
        )


def _clean(cell: str) -> str:
    if cell.isalnum() and cell.isascii():
        return cell
    if not cell.isascii():
        cell = _INVISIBLE.sub("", cell)
    cell = cell.strip()
    formula = _TEXT_FORMULA.fullmatch(cell) if cell.startswith("=") else None
    return formula.group(1).strip() if formula else cell


def without_footer(lines: list[Line], source: str) -> list[Line]:
    """Return the rows that are not empty, without the prose below the last row of the table."""
    filled = [line for line in lines if any(line[1])]
    if len(filled) < len(lines):
        log.info("%s: skipped %d empty rows", source, len(lines) - len(filled))
    while filled and _is_prose(filled[-1][1]):
        log.info("%s:%d: skipped a footer", source, filled[-1][0])
        filled.pop()
    return filled


def _is_prose(cells: Sequence[str]) -> bool:
    first, *rest = cells
    sentence = len(first.split()) >= 4 or len(first) > 40 or ": " in first or first.endswith(".")
    return sentence and not any(rest)
