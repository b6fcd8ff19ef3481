"""Many households at once: tables in, audited plans out, on the processes of one machine."""

from __future__ import annotations

from realloc.batch.local import Progress, run_local
from realloc.batch.mapper import Options, plan_partition
from realloc.batch.store import read_results, write_tables
from realloc.batch.tables import RESULTS, TABLES, households_of, tables_of

__all__ = [
    "RESULTS",
    "TABLES",
    "Options",
    "Progress",
    "households_of",
    "plan_partition",
    "read_results",
    "run_local",
    "tables_of",
    "write_tables",
]
