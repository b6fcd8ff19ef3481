"""Tables of households in folders of Parquet files: written by household, and read part by part."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from realloc._reading import nearest
from realloc.batch.columns import typed
from realloc.batch.tables import SHARED, TABLES
from realloc.errors import ExportError, InputError, Issue

ROWS = 10_000
"""Rows of a row group: few enough that a part reads little beside its own."""


def write_tables(tables: Mapping[str, Any], folder: str | os.PathLike[str]) -> None:
    """Write household tables as one Parquet file each, by household id, so that a part reads only its rows.

    Raises
    ------
    ExportError
        A file cannot be written.
    """
    root = Path(folder)
    try:
        root.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            key = TABLES[name].names[0]
            partial = root / f".{name}.partial"
            pq.write_table(table.sort_by(key), partial, row_group_size=ROWS)
            partial.replace(root / f"{name}.parquet")
    except OSError as error:
        raise ExportError(f"Cannot write {root}: {error.strerror or error}") from error


class Tables:
    """The tables of a folder: ``NAME.parquet``, or a folder ``NAME`` of Parquet files.

    Raises
    ------
    InputError
        A table is missing, cannot be read, or lacks a column or has one that it should not have.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        issues: list[Issue] = []
        self.datasets = {name: self._open(name, issues) for name in TABLES}
        if issues:
            raise InputError(issues)
        self._shared: dict[str, tuple[list[str], Any]] = {}

    def ids(self) -> list[str]:
        """Return the ids of all households, sorted.

        Raises
        ------
        InputError
            An id is there twice, or a household has none.
        """
        ids: list[str] = sorted(
            str(value or "")
            for value in self.datasets["households"].to_table(["household_id"])["household_id"].to_pylist()
        )
        twice = next((one for one, other in pairwise(ids) if one == other), None)
        if twice is not None or "" in ids[:1]:
            text = f"household {twice!r} is there twice" if twice else "a household has no id"
            raise InputError(Issue(code="household.id", where=str(self.place("households")), message=text))
        return ids

    def part(self, ids: Sequence[str]) -> dict[str, Any]:
        """Return the tables of these households, which are neighbours in the order of ids.

        Raises
        ------
        InputError
            A file cannot be read.
        """
        tables = {name: self._rows(name, "household_id", ids) for name in TABLES if name not in SHARED}
        return tables | self._referred(tables["households"])

    def shared(self, ids: Sequence[str]) -> dict[str, Any]:
        """Return the shared tables of these households, as `part` does."""
        return self._referred(self._rows("households", "household_id", ids))

    def place(self, name: str) -> Path:
        """Return where a table is."""
        file = self.folder / f"{name}.parquet"
        return file if file.exists() else self.folder / name

    def _referred(self, homes: Any) -> dict[str, Any]:
        for name, key in SHARED.items():
            wanted = sorted(set(homes[key].drop_null().to_pylist()))
            before = self._shared.get(name)
            if before is None or before[0] != wanted:
                self._shared[name] = (wanted, self._rows(name, key, wanted))
        return {name: self._shared[name][1] for name in SHARED}

    def _rows(self, name: str, key: str, wanted: Sequence[str]) -> Any:
        """Return the rows whose key is among sorted values; the statistics of row groups spare the others."""
        if not wanted:
            return TABLES[name].empty_table()
        column = ds.field(key)
        try:
            near = self.datasets[name].to_table(
                TABLES[name].names,
                filter=(column >= wanted[0]) & (column <= wanted[-1]),
            )
            found = typed(near, TABLES[name])
        except (OSError, pa.ArrowException) as error:
            raise InputError(
                Issue(
                    code="table.unreadable",
                    where=str(self.place(name)),
                    message=f"it cannot be read: {error}",
                )
            ) from error
        return found.filter(pc.is_in(found[key], pa.array(wanted, pa.string())))

    def _open(self, name: str, issues: list[Issue]) -> Any:
        place = self.place(name)
        if not place.exists():
            hint = f"it has the columns {', '.join(TABLES[name].names)}"
            issues.append(
                Issue(code="table.missing", where=str(place), message="the table is missing", hint=hint)
            )
            return None
        try:
            table = ds.dataset(place, format="parquet")
        except (OSError, pa.ArrowException) as error:
            issues.append(
                Issue(code="table.unreadable", where=str(place), message=f"it is not Parquet: {error}")
            )
            return None
        for column in table.schema.names:
            if column not in TABLES[name].names:
                text = f"the column {column!r} is unknown"
                hint = nearest(column, TABLES[name].names)
                issues.append(Issue(code="column.unknown", where=str(place), message=text, hint=hint))
        for field in TABLES[name]:
            if field.name not in table.schema.names:
                text = f"the column {field.name!r} is missing"
                issues.append(Issue(code="column.missing", where=str(place), message=text))
            elif not _castable(table.schema.field(field.name).type, field.type):
                text = f"{field.name} is {table.schema.field(field.name).type}, not {field.type}"
                issues.append(
                    Issue(code="column.type", where=str(place), message=text, hint="cast the column")
                )
        return table


def _castable(found: Any, wanted: Any) -> bool:
    kinds = pa.types
    if kinds.is_dictionary(found):
        found = found.value_type
    if kinds.is_null(found):
        return True
    if kinds.is_string(wanted):
        return bool(kinds.is_string(found) or kinds.is_large_string(found) or kinds.is_string_view(found))
    if kinds.is_date(wanted):
        return bool(kinds.is_date(found))
    if kinds.is_boolean(wanted):
        return bool(kinds.is_boolean(found))
    return bool(kinds.is_floating(found) or kinds.is_integer(found) or kinds.is_decimal(found))
