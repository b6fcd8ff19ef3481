"""Many households at once: tables in, audited plans out, on the processes of one machine."""

from __future__ import annotations

from realloc.batch.assemble import households_of
from realloc.batch.begin import Progress
from realloc.batch.checking import check_tables
from realloc.batch.current import require_current
from realloc.batch.firm import block_orders, custodian_trades
from realloc.batch.flatten import tables_of
from realloc.batch.folder import write_tables
from realloc.batch.local import run_local
from realloc.batch.manifest import read_manifest
from realloc.batch.mapper import Options, plan_partition
from realloc.batch.monitor import MONITOR, MonitorOptions, monitor
from realloc.batch.needed import monitor_folder
from realloc.batch.store import read_results, write_table
from realloc.batch.summary import Summary, summarise
from realloc.batch.tables import RESULTS, TABLES

__all__ = [
    "MONITOR",
    "RESULTS",
    "TABLES",
    "MonitorOptions",
    "Options",
    "Progress",
    "Summary",
    "block_orders",
    "check_tables",
    "custodian_trades",
    "households_of",
    "monitor",
    "monitor_folder",
    "plan_partition",
    "read_manifest",
    "read_results",
    "require_current",
    "run_local",
    "summarise",
    "tables_of",
    "write_table",
    "write_tables",
]
