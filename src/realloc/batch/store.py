"""The results of a run: a folder of Parquet tables for each finished part, whole or not there at all."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from realloc.batch.tables import RESULTS
from realloc.documents.locking import free_lock, take_lock
from realloc.documents.writing import replacing, write_whole
from realloc.errors import ExportError, InputError, Issue

MANIFEST = "manifest.json"
LOCK = ".lock"
WORKER_LOCKS = ".worker-*.lock"
PATIENCE = 60.0
"""Seconds to wait for workers of an earlier run, which end with the part that they have in hand."""


class Results:
    """The folder of a run: a manifest, and a folder of tables for each finished part."""

    def __init__(self, folder: str | os.PathLike[str], manifest: Mapping[str, Any]) -> None:
        self.folder = Path(folder)
        self.parts = self.folder / "parts"
        path = self.folder / MANIFEST
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
            self._lock = _alone(self.folder)
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

    def needed(self, look: Callable[[], Any]) -> list[str]:
        """Return the households that need a plan, as an earlier run found or as `look` finds, and keep it.

        Raises
        ------
        ExportError
            It cannot be written.
        """
        path = self.folder / "monitor.parquet"
        if not path.exists():
            write_table(look(), path)
        table = pq.read_table(path, columns=["household_id", "needed"])
        found: list[str] = table.filter(table["needed"])["household_id"].to_pylist()
        return found

    def close(self) -> None:
        """Remove what was left half-written, and let another run begin."""
        self._clear()
        _ended(self.folder, until=time.monotonic())
        free_lock(self._lock)

    def _clear(self) -> None:
        for partial in self.parts.glob(".*"):
            shutil.rmtree(partial, ignore_errors=True)

    def done(self) -> set[str]:
        """Return the households of finished parts."""
        done: set[str] = set()
        for part in _finished(self.folder):
            for name in ("plans", "failures"):
                done.update(_read(part / f"{name}.parquet", ["household_id"])["household_id"].to_pylist())
        return done


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


def _read(path: Path, columns: Sequence[str] | None) -> Any:
    try:
        return pq.read_table(path, columns=None if columns is None else list(columns))
    except (OSError, pa.ArrowException) as error:
        text = f"it cannot be read: {error}"
        raise InputError(Issue(code="table.unreadable", where=str(path), message=text)) from error


def _finished(folder: Path) -> list[Path]:
    """Return the folders of finished parts: what is half-written has a hidden name."""
    try:
        return sorted(part for part in (folder / "parts").iterdir() if not part.name.startswith("."))
    except OSError as error:
        hint = "name the folder that `realloc batch` wrote"
        raise InputError(
            Issue(code="run.missing", where=str(folder), message="here are no results", hint=hint)
        ) from error
