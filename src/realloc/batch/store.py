"""Tables in folders of Parquet files: what a run reads, and what it writes part by part."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from realloc.batch.tables import RESULTS, SHARED, TABLES
from realloc.documents.writing import write_whole
from realloc.errors import ExportError, InputError, Issue

ROWS = 20_000
"""Rows of a row group: few enough that a part reads little beside its own."""
MANIFEST = "manifest.json"
LOCK = ".lock"
PATIENCE = 60.0
"""Seconds to wait for workers of an earlier run, which end with the part that they have in hand."""


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
        A table is missing, cannot be read, or lacks a column or has one of another type.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        issues: list[Issue] = []
        self._tables = {name: self._open(name, issues) for name in TABLES}
        if issues:
            raise InputError(issues)
        self._shared = {name: self._read(name) for name in SHARED}

    def ids(self) -> list[str]:
        """Return the ids of all households, sorted.

        Raises
        ------
        InputError
            An id is there twice, or a household has none.
        """
        ids: list[str] = sorted(
            str(value or "")
            for value in self._tables["households"].to_table(["household_id"])["household_id"].to_pylist()
        )
        twice = next((one for one, other in pairwise(ids) if one == other), None)
        if twice is not None or "" in ids[:1]:
            text = f"household {twice!r} is there twice" if twice else "a household has no id"
            raise InputError(Issue(code="household.id", where=str(self._place("households")), message=text))
        return ids

    def part(self, ids: Sequence[str]) -> dict[str, Any]:
        """Return the tables of these households, which are neighbours in the order of ids.

        Raises
        ------
        InputError
            A file cannot be read.
        """
        key = ds.field("household_id")
        among = (key >= ids[0]) & (key <= ids[-1])
        wanted = pa.array(ids)
        tables = dict(self._shared)
        for name in TABLES.keys() - set(SHARED):
            found = self._read(name, among)
            tables[name] = found.filter(ds.field("household_id").isin(wanted)) if found.num_rows else found
        return tables

    def _place(self, name: str) -> Path:
        file = self.folder / f"{name}.parquet"
        return file if file.exists() else self.folder / name

    def _read(self, name: str, among: Any = None) -> Any:
        try:
            return self._tables[name].to_table(TABLES[name].names, filter=among).cast(TABLES[name])
        except (OSError, pa.ArrowException) as error:
            raise InputError(
                Issue(
                    code="table.unreadable",
                    where=str(self._place(name)),
                    message=f"it cannot be read: {error}",
                )
            ) from error

    def _open(self, name: str, issues: list[Issue]) -> Any:
        place = self._place(name)
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


class Results:
    """The folder of a run: a manifest, and a folder of tables for each finished part."""

    def __init__(self, folder: str | os.PathLike[str], manifest: Mapping[str, Any]) -> None:
        self.folder = Path(folder)
        self.parts = self.folder / "parts"
        path = self.folder / MANIFEST
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
            self._lock = _alone(self.folder / LOCK)
            self._clear()
        except OSError as error:
            raise ExportError(f"Cannot write {self.folder}: {error.strerror or error}") from error
        if path.exists():
            before = json.loads(path.read_text(encoding="utf-8"))
            differing = [key for key, value in manifest.items() if before.get(key) != value]
            if differing:
                self.close()
                raise InputError(
                    Issue(
                        code="run.other",
                        where=str(path),
                        message=f"this folder has the results of another run (its {', '.join(differing)} differ)",
                        hint="name another folder, or remove this one",
                    )
                )
        else:
            write_whole(path, json.dumps(manifest, indent=2) + "\n")

    def close(self) -> None:
        """Remove what was left half-written, and let another run begin."""
        self._clear()
        self._lock.close()

    def _clear(self) -> None:
        for partial in self.parts.glob(".*"):
            shutil.rmtree(partial, ignore_errors=True)

    def done(self) -> set[str]:
        """Return the households of finished parts."""
        done: set[str] = set()
        for part in _finished(self.folder):
            for name in ("plans", "failures"):
                done.update(
                    pq.read_table(part / f"{name}.parquet", columns=["household_id"])[
                        "household_id"
                    ].to_pylist()
                )
        return done


def hold(folder: Path) -> Any:
    """Return an open file that keeps others from beginning a run in a folder, as long as it is open."""
    lock = (folder / LOCK).open("a")
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def _alone(path: Path) -> Any:
    """Wait until no worker of another run is left, and hold the lock as a worker does.

    Raises
    ------
    InputError
        Another run still writes here.
    """
    lock = path.open("a")
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= until:
                lock.close()
                hint = "wait for it, or name another folder"
                raise InputError(
                    Issue(
                        code="run.busy", where=str(path.parent), message="another run writes here", hint=hint
                    )
                ) from None
            time.sleep(0.1)
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def write_part(parts: Path, name: str, results: Mapping[str, Any]) -> None:
    """Write the tables of one part: its folder has its name only when all of them are on the disk.

    Raises
    ------
    ExportError
        A file cannot be written; nothing is left behind.
    """
    partial = parts / f".{name}"
    try:
        partial.mkdir()
        for table, rows in results.items():
            with (partial / f"{table}.parquet").open("wb") as file:
                pq.write_table(rows, file)
                file.flush()
                os.fsync(file.fileno())
        partial.replace(parts / name)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise ExportError(f"Cannot write {parts / name}: {error.strerror or error}") from error


def read_results(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the result tables of a run, its parts together, by household id."""
    parts = _finished(Path(folder))
    return {
        name: pa.concat_tables(
            [pq.read_table(part / f"{name}.parquet") for part in parts] or [schema.empty_table()]
        ).sort_by([(column, "ascending") for column in schema.names[:3]])
        for name, schema in RESULTS.items()
    }


def _finished(folder: Path) -> list[Path]:
    """Return the folders of finished parts: what is half-written has a hidden name."""
    return sorted(part for part in (folder / "parts").iterdir() if not part.name.startswith("."))


def _castable(found: Any, wanted: Any) -> bool:
    kinds = pa.types
    if kinds.is_dictionary(found):
        found = found.value_type
    if kinds.is_string(wanted):
        return bool(kinds.is_string(found) or kinds.is_large_string(found) or kinds.is_null(found))
    if kinds.is_date(wanted):
        return bool(kinds.is_date(found) or kinds.is_null(found))
    return bool(
        kinds.is_floating(found) or kinds.is_integer(found) or kinds.is_decimal(found) or kinds.is_null(found)
    )
