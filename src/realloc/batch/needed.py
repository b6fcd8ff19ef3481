"""The monitor over a folder of tables, some households at a time, so that memory does not grow with the firm."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from realloc.batch.folder import Tables
from realloc.batch.monitor import MONITOR, MonitorOptions, monitor
from realloc.errors import InputError

CHUNK = 2_000
"""Households to look at together."""


def monitor_folder(folder: str | os.PathLike[str], options: MonitorOptions | None = None) -> Any:
    """Return which households of a folder need a plan, and why, as `monitor` does.

    Parameters
    ----------
    folder : str or path
        Folder of Parquet files as `realloc.batch.TABLES` has them.
    options : MonitorOptions, optional
        When a household needs one.

    Raises
    ------
    InputError
        A table cannot be used.
    """
    source = Tables(folder)
    ids = source.ids()
    found = [_looked_at(source, ids[start : start + CHUNK], options) for start in range(0, len(ids), CHUNK)]
    return pa.concat_tables([MONITOR.empty_table(), *found])


def _looked_at(source: Tables, ids: Sequence[str], options: MonitorOptions | None) -> Any:
    """Return the rows of some households; all of them need a plan where their rows cannot be read."""
    try:
        return monitor(source.part(ids), options)
    except InputError:
        rows = [{"household_id": one, "needed": True, "reasons": "unclear"} for one in ids]
        return pa.Table.from_pylist(rows, schema=MONITOR)
