"""The results of a run: a folder of Parquet tables for each finished part, whole or not there at all."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from realloc.batch.manifest import MANIFEST, OF_A_PLAN, OF_A_RUN, read_manifest
from realloc.batch.tables import RESULTS
from realloc.documents.locking import free_lock, take_lock
from realloc.documents.writing import replacing, write_whole
from realloc.errors import ExportError, InputError, Issue

LOCK = ".lock"
WORKER_LOCKS = ".worker-*.lock"
MONITORED = "monitor.parquet"
PATIENCE = 60.0
"""Seconds to wait for workers of an earlier run, which end with the part that they have in hand."""


class Results:
    """The folder of a run: a manifest, and a folder of tables for each finished part."""

    def __init__(self, folder: str | os.PathLike[str], manifest: Mapping[str, Any]) -> None:
        self.folder = Path(folder)
        self.parts = self.folder / "parts"
        self._manifest = dict(manifest)
        path = self.folder / MANIFEST
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
            self._lock = _alone(self.folder)
            self._clear()
        except OSError as error:
            raise ExportError(f"Cannot write {self.folder}: {error.strerror or error}") from error
        try:
            before = read_manifest(self.folder) if path.exists() else self._manifest
            _require_same_run(before, manifest, path)
            self._same_engine = all(before[key] == manifest[key] for key in OF_A_PLAN)
            if before is self._manifest:
                self._write_manifest()
        except InputError:
            self.close()
            raise

    def _write_manifest(self) -> None:
        write_whole(self.folder / MANIFEST, json.dumps(self._manifest, indent=2) + "\n")

    def needed(self, ids: Sequence[str], monitored: Any) -> Sequence[str]:
        """Keep the table of the monitor and return the households that need a plan: all, where it was not asked.

        Raises
        ------
        ExportError
            It cannot be written.
        """
        if monitored is None:
            (self.folder / MONITORED).unlink(missing_ok=True)
            return ids
        write_table(monitored, self.folder / MONITORED)
        found: list[str] = monitored.filter(monitored["needed"])["household_id"].to_pylist()
        return found

    def found(self) -> tuple[dict[str, str], set[str]]:
        """Return the fingerprints of the plans that there are, by household, and the households that failed.

        A plan by another version or with another limit has the fingerprint of nothing.

        Raises
        ------
        InputError
            A finished part cannot be read.
        """
        planned: dict[str, str] = {}
        failed: set[str] = set()
        for part in _finished(self.folder):
            plans = _read(part / "plans.parquet", ["household_id", "fingerprint"])
            rows = zip(plans["household_id"].to_pylist(), plans["fingerprint"].to_pylist(), strict=True)
            planned |= {one: content if self._same_engine else "" for one, content in rows}
            failed.update(_read(part / "failures.parquet", ["household_id"])["household_id"].to_pylist())
        return planned, failed

    def drop(self, stale: Collection[str]) -> None:
        """Take households out of the finished parts, part by part: each has all of its rows before, and none after.

        Raises
        ------
        ExportError
            A part cannot be written again; it stays as it is.
        """
        gone = pa.array(sorted(stale), pa.string())
        for part in _finished(self.folder) if len(gone) else ():
            tables = {name: _read(part / f"{name}.parquet", None) for name in RESULTS}
            left = {
                name: rows.filter(pc.invert(pc.is_in(rows["household_id"], gone)))
                for name, rows in tables.items()
            }
            if all(left[name].num_rows == rows.num_rows for name, rows in tables.items()):
                continue
            aside = part.with_name(f".{part.name}")
            try:
                part.replace(aside)
            except OSError as error:
                raise ExportError(f"Cannot write {part}: {error.strerror or error}") from error
            if left["plans"].num_rows or left["failures"].num_rows:
                write_part(self.parts, f"{part.name}.", left)
            shutil.rmtree(aside, ignore_errors=True)
        self._write_manifest()

    def serial(self) -> int:
        """Return a number that no finished part has in its name yet."""
        return 1 + max((int(part.name[:8]) for part in _finished(self.folder)), default=-1)

    def close(self) -> None:
        """Remove what was left half-written, and let another run begin."""
        self._clear()
        _ended(self.folder, until=time.monotonic())
        free_lock(self._lock)

    def _clear(self) -> None:
        for partial in self.parts.glob(".*"):
            shutil.rmtree(partial, ignore_errors=True)


def _require_same_run(before: Mapping[str, Any], manifest: Mapping[str, Any], path: Path) -> None:
    differing = [key for key in OF_A_RUN if before[key] != manifest[key]]
    if differing:
        message = f"this folder has the results of another run (its {', '.join(differing)} differ)"
        hint = "name another folder, or remove this one"
        raise InputError(Issue(code="run.other", where=str(path), message=message, hint=hint))


def hold(folder: Path) -> Any:
    """Return a lock that keeps others from beginning a run in a folder until it is freed or the process ends."""
    return take_lock(folder / WORKER_LOCKS.replace("*", secrets.token_hex(8)), patience=PATIENCE)


def _alone(folder: Path) -> Any:
    """Wait until no other run and no worker of one is left; return the lock of this run.

    Raises
    ------
    InputError
        Another run still writes here.
    """
    until = time.monotonic() + PATIENCE
    run = take_lock(folder / LOCK, patience=PATIENCE)
    if run is not None:
        if _ended(folder, until):
            return run
        free_lock(run)
    hint = "wait for it, or name another folder"
    raise InputError(Issue(code="run.busy", where=str(folder), message="another run writes here", hint=hint))


def _ended(folder: Path, until: float) -> bool:
    """Wait until a time for the workers of a folder; return whether all have ended, and remove their lock files."""
    workers = sorted(folder.glob(WORKER_LOCKS))
    held = [take_lock(path, patience=max(0.0, until - time.monotonic())) for path in workers]
    for lock in filter(None, held):
        free_lock(lock)
    return all(held)


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


def write_table(table: Any, path: Path) -> None:
    """Write a table as Parquet, whole or not at all.

    Raises
    ------
    ExportError
        It cannot be written.
    """
    try:
        with replacing(path) as file:
            pq.write_table(table, file)
    except OSError as error:
        raise ExportError(f"Cannot write {path}: {error.strerror or error}") from error


def read_results(
    folder: str | os.PathLike[str],
    names: Collection[str] = tuple(RESULTS),
    columns: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return result tables of a run, its parts together, by household id.

    Parameters
    ----------
    folder : str or path
        Folder of the run.
    names : collection of str
        Which tables.
    columns : sequence of str, optional
        Which columns; None: all of them.

    Raises
    ------
    InputError
        There are no results, or a part cannot be read.
    """
    parts = _finished(Path(folder))
    found = {}
    for name in names:
        schema = RESULTS[name]
        keys = [column for column in schema.names[:3] if columns is None or column in columns]
        tables = [_read(part / f"{name}.parquet", columns) for part in parts]
        table = pa.concat_tables(tables) if tables else schema.empty_table()
        found[name] = table.sort_by([(key, "ascending") for key in keys]) if keys else table
    return found


def read_monitored(folder: str | os.PathLike[str]) -> Any | None:
    """Return which households of a run need a plan, or None where the monitor was not asked.

    Raises
    ------
    InputError
        What the monitor found cannot be read.
    """
    path = Path(folder) / MONITORED
    if not path.exists():
        return None
    return _table(path, ["needed"], "plan again: the monitor writes it anew")


def _read(path: Path, columns: Sequence[str] | None) -> Any:
    return _table(path, columns, f"remove {path.parent} and plan again: the rest is kept")


def _table(path: Path, columns: Sequence[str] | None, hint: str) -> Any:
    try:
        return pq.read_table(path, columns=None if columns is None else list(columns))
    except (OSError, pa.ArrowException) as error:
        text = f"it cannot be read: {error}"
        raise InputError(
            Issue(code="table.unreadable", where=str(path), message=" ".join(text.split()), hint=hint)
        ) from error


def _finished(folder: Path) -> list[Path]:
    """Return the folders of finished parts: what is half-written has a hidden name."""
    try:
        return sorted(part for part in (folder / "parts").iterdir() if not part.name.startswith("."))
    except OSError as error:
        hint = "name the folder that `realloc batch` wrote"
        raise InputError(
            Issue(code="run.missing", where=str(folder), message="here are no results", hint=hint)
        ) from error
