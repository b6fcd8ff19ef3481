"""Many households at once: tables in, audited plans out, on the processes of one machine."""

from __future__ import annotations

from realloc.batch.assemble import households_of
from realloc.batch.flatten import tables_of
from realloc.batch.folder import write_tables
from realloc.batch.local import Progress, run_local
from realloc.batch.mapper import Options, plan_partition
from realloc.batch.store import read_results
from realloc.batch.tables import RESULTS, TABLES

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
