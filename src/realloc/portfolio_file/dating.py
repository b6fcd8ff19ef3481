"""The date of a broker's file: in the file, else in its name, else the time at which it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from realloc.plugins.importers.statement import Statement
from realloc.portfolio_file.portfolio import DatedBy

_MONTHS = {
    name: n
    for n, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_YEAR_FIRST = re.compile(r"(?<!\d)(?P<y>20\d\d)([-_.]?)(?P<m>\d\d)\2(?P<d>\d\d)(?!\d)")
_MONTH_FIRST = re.compile(r"(?<!\d)(?P<m>\d\d)([-_.])(?P<d>\d\d)\2(?P<y>20\d\d)(?!\d)")
_MONTH_NAME = re.compile(r"(?<![A-Za-z])(?P<m>[A-Za-z]{3})[-_.](?P<d>\d{1,2})[-_.](?P<y>20\d\d)(?!\d)")
_TIME = r"(?:[-_T]?\d{6}|[-_]\d{4})?"
_COPY = re.compile(r"(?<=\S) ?\(\d+\)$")


def date_of(path: Path, statement: Statement) -> tuple[date, DatedBy]:
    """Return the date of a broker's file, and what says it."""
    if statement.as_of is not None:
        return statement.as_of, "file"
    return date_of_name(path)


def date_of_name(path: Path) -> tuple[date, DatedBy]:
    """Return the date in a file's name, else the day on which it was written."""
    for found in _dates(path.stem):
        return found[1], "name"
    return date.fromtimestamp(path.stat().st_mtime), "modified"  # noqa: DTZ012 - the user's own calendar


def glob_of(name: str) -> str:
    """Return the pattern that the next download of a file called `name` will match.

    A date with a time becomes ``*``; without one the end of the name is left open, where browsers put their
    ``(1)``. The rest is taken literally.

    Examples
    --------
    >>> glob_of("Portfolio_Positions_Aug-03-2026.csv")
    'Portfolio_Positions_*.csv'
    >>> glob_of("OfxDownload (1).csv")
    'OfxDownload*.csv'
    """
    path = Path(name)
    stem = path.stem
    pattern = ""
    text = next((text for text, _ in _dates(stem)), "")
    if text:
        before, _, stem = stem.partition(text)
        pattern = _literal(before) + "*"
        stem = re.sub(rf"^{_TIME}", "", stem)
    pattern += _literal(_COPY.sub("", stem))
    return f"{pattern}{'' if text else '*'}{_literal(path.suffix)}"


def _literal(text: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", text)


def _dates(stem: str) -> Iterator[tuple[str, date]]:
    for pattern in (_YEAR_FIRST, _MONTH_NAME, _MONTH_FIRST):
        for found in pattern.finditer(stem):
            month = found["m"].casefold()
            number = _MONTHS.get(month, 0) if month.isalpha() else int(month)
            try:
                yield found[0], date(int(found["y"]), number, int(found["d"]))
            except ValueError:
                continue
