"""Frames that cannot be used are told before Spark does anything."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.sql import types as kinds

from realloc.batch import TABLES
from realloc.batch.spark import plan_frames
from realloc.errors import InputError

_KINDS = {
    "string": kinds.StringType(),
    "double": kinds.DoubleType(),
    "int64": kinds.LongType(),
    "bool": kinds.BooleanType(),
    "date32[day]": kinds.DateType(),
}


def frames(**changed: dict[str, kinds.DataType | None]) -> dict[str, Any]:
    """Return frames of the right schema but for some columns: another type, or none."""
    made: dict[str, Any] = {}
    for name, schema in TABLES.items():
        columns = {field.name: _KINDS[str(field.type)] for field in schema} | changed.get(name, {})
        fields = [kinds.StructField(column, kind) for column, kind in columns.items() if kind]
        made[name] = SimpleNamespace(schema=kinds.StructType(fields))
    return made


def test_missing_frames_and_columns_and_other_types_are_told_together() -> None:
    given = frames(
        lots={"acquired": None, "shares": kinds.StringType()},
        accounts={"no_by": kinds.StringType(), "fractional": kinds.IntegerType()},
        prices={"price": kinds.DecimalType(18, 4), "spread_bps": kinds.NullType()},
    )
    del given["models"]
    with pytest.raises(InputError) as caught:
        plan_frames(given)
    assert {(issue.where, issue.code) for issue in caught.value.issues} == {
        ("models", "table.missing"),
        ("lots", "column.missing"),
        ("lots", "column.type"),
        ("accounts", "column.unknown"),
        ("accounts", "column.type"),
    }
    assert "lots: shares is string, not double (cast the column)" in str(caught.value)
