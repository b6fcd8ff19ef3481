"""Joins and sums of Arrow tables, the same on every run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def typed(table: Any, schema: Any) -> Any:
    """Return a table with the columns and types of a schema; a decimal is the nearest number, as its text is.

    Arrow's own cast of decimals to floats misses the nearest one by a unit in the last place.
    """
    columns = []
    for field in schema:
        column = table[field.name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_decimal(column.type):
            column = column.cast(pa.string())
        columns.append(column.cast(field.type))
    return pa.table(columns, schema=schema)


def left(table: Any, right: Any, *keys: str) -> Any:
    """Return the rows of `table` with the columns that `right` has for their keys, null where it has none."""
    return table.join(right, keys=list(keys), join_type="left outer", use_threads=False)


def inner(table: Any, right: Any, *keys: str) -> Any:
    """Return the rows of `table` that `right` has too, once for each of its rows."""
    return table.join(right, keys=list(keys), join_type="inner", use_threads=False)


def without(table: Any, right: Any, *keys: str) -> Any:
    """Return the rows of `table` whose keys `right` does not have."""
    return table.join(right.select(list(keys)), keys=list(keys), join_type="left anti", use_threads=False)


def sums(table: Any, keys: Sequence[str], *columns: str) -> Any:
    """Return the sums of columns by keys, under their own names."""
    found = table.select([*keys, *columns]).group_by(list(keys), use_threads=False)
    summed = found.aggregate([(column, "sum") for column in columns])
    return summed.select([*keys, *(f"{column}_sum" for column in columns)]).rename_columns([*keys, *columns])


def with_columns(table: Any, **columns: Any) -> Any:
    """Return a table with more columns, or others of the same names."""
    for name, values in columns.items():
        at = table.schema.get_field_index(name)
        table = table.append_column(name, values) if at < 0 else table.set_column(at, name, values)
    return table


def zero(column: Any) -> Any:
    """Return numbers with zeros for nulls."""
    return pc.fill_null(column, 0.0)


def is_number(column: Any) -> Any:
    """Return where a column has a finite number."""
    return pc.is_finite(pc.fill_null(column, float("nan")))


def ids(table: Any, where: Any) -> set[str]:
    """Return the households of the rows where something holds."""
    return set(table.filter(where)["household_id"].to_pylist())


def one_of(column: Any, names: Sequence[str]) -> Any:
    """Return where a column has one of some texts."""
    return pc.is_in(column, pa.array(names, pa.string()))
