"""What is wrong with the rows of a folder of tables, each with its file, row group and row."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from realloc.accounts import KINDS
from realloc.batch.columns import is_number, one_of, typed
from realloc.batch.folder import Tables
from realloc.batch.tables import RULES, SHARED, TABLES
from realloc.errors import Issue

MOST = 20
"""Issues of one kind in one table; the rest is counted."""

Fault = tuple[str, Callable[[Any], Any], str]
"""A column, what is wrong with a cell (true where it is), and what was expected."""

_KEYS = {
    "household_id", "account_number", "symbol", "name", "class", "rule", "acquired", "traded", "as_of",
    *SHARED.values(),
}  # fmt: skip
_NULLABLE = {("restrictions", "symbol"), ("households", "policy_id")}


def _not_above_zero(column: Any) -> Any:
    return pc.invert(pc.and_(is_number(column), pc.greater(pc.fill_null(column, 0.0), 0.0)))


def _below_zero(column: Any) -> Any:
    return pc.invert(
        pc.and_(pc.is_finite(pc.fill_null(column, 0.0)), pc.greater_equal(pc.fill_null(column, 0.0), 0.0))
    )


def _no_number(column: Any) -> Any:
    return pc.invert(is_number(column))


def _not_finite(column: Any) -> Any:
    return pc.invert(pc.is_finite(pc.fill_null(column, 0.0)))


def _none_of(column: Any, names: Sequence[str]) -> Any:
    return pc.invert(one_of(column, names))


def _no_json(column: Any) -> Any:
    return pa.array([text is not None and not _is_object(text) for text in column.to_pylist()], pa.bool_())


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


_FAULTS: dict[str, tuple[Fault, ...]] = {
    "households": (("more", _no_json, "a JSON object"),),
    "accounts": (
        ("kind", lambda column: _none_of(pc.fill_null(column, "taxable"), KINDS), f"one of {', '.join(KINDS)}"),
        ("cash", _below_zero, "dollars, at least 0"),
        ("cash_reserve", _below_zero, "dollars, at least 0"),
        ("cash_flow", _not_finite, "a finite number"),
        ("max_position_value", _below_zero, "dollars, at least 0"),
        ("more", _no_json, "a JSON object"),
    ),
    "positions": (("shares", lambda column: pc.or_(_no_number(column), _below_zero(column)), "shares, at least 0"),),
    "lots": (
        ("shares", _not_above_zero, "shares, more than 0"),
        ("cost_per_share", lambda column: pc.or_(_no_number(column), _below_zero(column)), "dollars, at least 0"),
    ),
    "restrictions": (("rule", lambda column: _none_of(column, RULES), f"one of {', '.join(RULES)}"),),
    "recent_trades": (
        ("shares", _no_number, "shares"),
        ("price", _below_zero, "dollars, at least 0"),
        ("gain", _not_finite, "a finite number"),
    ),
    "prices": (
        ("price", _not_above_zero, "dollars, more than 0"),
        ("spread_bps", _below_zero, "at least 0"),
    ),
    "models": (("more", _no_json, "a JSON object"),),
    "targets": (("weight", lambda column: pc.or_(_no_number(column), _below_zero(column)), "a weight, at least 0"),),
    "classes": (
        ("band_absolute", _below_zero, "at least 0"),
        ("band_relative", _below_zero, "at least 0"),
        ("more", _no_json, "a JSON object"),
    ),
    "members": (("share", _below_zero, "a part, at least 0"),),
    "policies": (("document", lambda column: pc.or_(pc.is_null(column), _no_json(column)), "a JSON object"),),
}  # fmt: skip

_REFERENCES = (
    ("accounts", ("household_id",), "households", ("household_id",)),
    *((name, ("household_id", "account_number"), "accounts", ("household_id", "account_number"))
      for name in ("positions", "lots", "restrictions")),
    ("recent_trades", ("household_id",), "households", ("household_id",)),
    ("households", ("model_id",), "models", ("model_id",)),
    ("households", ("policy_id",), "policies", ("policy_id",)),
    ("households", ("prices_id",), "prices", ("prices_id",)),
    *((name, ("model_id",), "models", ("model_id",)) for name in ("targets", "classes", "members")),
    ("members", ("model_id", "class"), "classes", ("model_id", "name")),
)  # fmt: skip
"""Columns of a table whose values another table has to have."""

_ONCE = (
    ("households", ("household_id",)), ("accounts", ("household_id", "account_number")),
    ("prices", ("prices_id", "symbol")), ("models", ("model_id",)), ("targets", ("model_id", "name")),
    ("classes", ("model_id", "name")), ("members", ("model_id", "class", "symbol")), ("policies", ("policy_id",)),
)  # fmt: skip
"""Columns whose values are there once."""


def check_tables(folder: str | os.PathLike[str]) -> list[Issue]:
    """Return what is wrong with the cells of a folder of tables, their references and their keys.

    A run does not need it: what is wrong with a household is its failure there. This says in which file, row group and
    row it stands.

    Parameters
    ----------
    folder : str or path
        Folder of Parquet files as `realloc.batch.TABLES` has them.

    Returns
    -------
    list of Issue
        By table; each with the place of the first row of its kind, at most `MOST` of a kind in a table.

    Raises
    ------
    InputError
        A table is missing, or lacks a column or has one that it should not have.
    """
    source = Tables(folder)
    keys: _Keys = {
        (name, columns): set() for name, columns in {(there, theirs) for _, _, there, theirs in _REFERENCES}
    }
    return [issue for name in _ORDER for issue in _of_table(source, name, keys)]


_ORDER = (
    "models", "policies", "prices", "targets", "classes", "members", "households", "accounts", "positions", "lots",
    "restrictions", "recent_trades",
)  # fmt: skip
"""A table comes after those that it refers to."""

_Keys = dict[tuple[str, tuple[str, ...]], set[tuple[Any, ...]]]


def _of_table(source: Tables, name: str, keys: _Keys) -> Iterator[Issue]:
    found: dict[tuple[str, str], int] = {}
    once: _Keys = {(name, columns): set() for there, columns in _ONCE if there == name}
    for file in source.datasets[name].files:
        start = 0
        try:
            parquet = pq.ParquetFile(file)
            for group in range(parquet.num_row_groups):
                rows = typed(parquet.read_row_group(group, columns=TABLES[name].names), TABLES[name])
                for column, expected, at in _faults(name, rows, keys, once):
                    found[column, expected] = found.get((column, expected), 0) + 1
                    if found[column, expected] <= MOST:
                        value = rows[column][at].as_py()
                        yield Issue(
                            code="cell",
                            where=f"{Path(file).name}: row group {group + 1}, row {start + at + 1}: {column}",
                            message=f"expected {expected}, found {'nothing' if value is None else repr(value)}",
                        )
                start += rows.num_rows
        except (OSError, pa.ArrowException) as error:
            yield Issue(code="table.unreadable", where=file, message=f"it cannot be read: {error}")
    for (column, expected), count in found.items():
        if count > MOST:
            text = f"{count - MOST:,} more rows without {expected}"
            yield Issue(code="cell", where=f"{name}: {column}", message=text)


def _faults(name: str, rows: Any, keys: _Keys, once: _Keys) -> Iterator[tuple[str, str, int]]:
    """Yield column, what was expected and position of each faulty cell, and remember the keys."""
    for column in rows.schema.names:
        if column in _KEYS and (name, column) not in _NULLABLE:
            for at in _where(pc.is_null(rows[column])):
                yield column, "a value", at
    for column, is_wrong, expected in _FAULTS.get(name, ()):
        for at in _where(is_wrong(rows[column])):
            yield column, expected, at
    yield from _key_faults(name, rows, keys, once)


def _key_faults(name: str, rows: Any, keys: _Keys, once: _Keys) -> Iterator[tuple[str, str, int]]:
    """Yield keys that are there twice, or that no other table has; remember the keys of this table."""
    for (_, columns), seen in once.items():
        for at, key in enumerate(_tuples(rows, columns)):
            if key in seen:
                yield columns[-1], "each once", at
            seen.add(key)
    for columns, there, theirs in [row[1:] for row in _REFERENCES if row[0] == name]:
        for at, key in enumerate(_tuples(rows, columns)):
            if None not in key and key not in keys[there, theirs]:
                yield columns[-1], f"one of the table {there!r}", at
    for columns in [columns for where, columns in keys if where == name]:
        keys[name, columns].update(_tuples(rows, columns))


def _where(mask: Any) -> list[int]:
    whole = mask.combine_chunks() if isinstance(mask, pa.ChunkedArray) else mask
    positions: list[int] = pc.indices_nonzero(pc.fill_null(whole, False)).to_pylist()
    return positions


def _tuples(rows: Any, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    return zip(*(rows[column].to_pylist() for column in columns), strict=True)
