"""Locks between processes: one changes a file at a time, and a lock ends with the process that holds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from realloc.documents.writing import require_place
from realloc.errors import ExportError

if TYPE_CHECKING:
    from filelock import BaseFileLock

PATIENCE = 60.0
"""Seconds that a change of a file waits for another one to end."""


def take_lock(path: Path, *, patience: float, nested: bool = False) -> BaseFileLock | None:
    """Take a lock of the operating system; None where others hold it for longer than `patience` seconds.

    It is free again after `free_lock`, or when the process ends, however it ends: a lock file that is left
    behind then blocks nobody.

    Parameters
    ----------
    path : pathlib.Path
        The lock file.
    patience : float
        Seconds.
    nested : bool
        The thread that holds the lock may take it again.

    Raises
    ------
    OSError
        The lock file cannot be made, or the file system has no locks.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - reading does without

    lock = FileLock(path, is_singleton=nested, fallback_to_soft=False)
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        return None
    return lock


def free_lock(lock: BaseFileLock) -> None:
    """Free a lock and remove its file."""
    if os.name == "posix" and lock.lock_counter == 1:  # who waits for a removed file makes it anew
        with suppress(OSError):
            Path(lock.lock_file).unlink()
    lock.release()


@contextmanager
def changing(path: str | os.PathLike[str]) -> Iterator[None]:
    """Keep other processes from changing a file in the meantime; the lock is a hidden file beside it.

    Raises
    ------
    ExportFolderError
        The folder does not exist (also a `FileNotFoundError`).
    ExportError
        The file's folder cannot be written, or another process is changing the file for longer than
        `PATIENCE`.
    """
    require_place(Path(path))
    target = Path(path).resolve()
    try:
        lock = take_lock(target.with_name(f".{target.name}.lock"), patience=PATIENCE, nested=True)
    except OSError as error:
        raise ExportError(f"Cannot write {os.fspath(path)}: {error.strerror or error}") from error
    if lock is None:
        raise ExportError(
            f"Cannot write {os.fspath(path)}: another program has been changing it for {PATIENCE:g} seconds; "
            "try again when that has ended"
        )
    try:
        yield
    finally:
        free_lock(lock)
