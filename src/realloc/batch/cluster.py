"""A run on a Spark cluster from a folder of tables to a folder of results, the same as a run on this machine has."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as fn

from realloc.batch.begin import Progress, begun
from realloc.batch.folder import Tables
from realloc.batch.mapper import Options, plan_partition
from realloc.batch.monitor import MonitorOptions
from realloc.batch.session import opened, reason
from realloc.batch.spark import cast_frames, planned
from realloc.batch.store import write_part
from realloc.batch.stream import CHUNK, OWN, untagged, wrong_ids
from realloc.batch.tables import RESULTS
from realloc.errors import ReallocError

WAVE = 20_000
"""Households of a job of Spark: its results are in the memory of this process, and are written as one part."""
TASKS = 3
"""Tasks of a job for each core of the cluster, at least: some take longer than others."""


def run_spark(
    session: SparkSession,
    tables: str | os.PathLike[str],
    results: str | os.PathLike[str],
    *,
    options: Options | None = None,
    wave: int = WAVE,
    needed: MonitorOptions | None = None,
    tell: Callable[[Progress], object] = id,
) -> Progress:
    """Plan every household of a folder of tables on a cluster, as `realloc.batch.run_local` does on this machine.

    What is not said here is as `run_local` says it. A run that either of them began is finished by either.

    Parameters
    ----------
    session : pyspark.sql.SparkSession
        Of the cluster. Every executor sees `tables` at the same path; this process alone writes to `results`, and the
        monitor of `needed` runs here.
    wave : int
        Households of a job of Spark, which are written as one part.

    Raises
    ------
    ReallocError
        Spark gave a job up. What is finished stays.
    """
    options = options or Options()
    with begun(tables, results, options, needed) as run:
        progress, serial = run.progress, run.made.serial()
        tell(progress)
        for start in range(0, len(run.left), wave):
            some = run.left[start : start + wave]
            name = f"{serial:08}-{start:08}"
            write_part(run.made.parts, name, _planned(session, run.source, some, options))
            progress = replace(progress, finished=start + len(some))
            tell(progress)
        return progress


@contextmanager
def cluster(master: str, *, level: str = "ERROR") -> Iterator[Callable[..., Progress]]:
    """Open a session, as `realloc.batch.session.opened` does, and give `run_spark` on it."""
    with opened(master, level=level) as session:
        yield partial(run_spark, session)


def _planned(session: SparkSession, source: Tables, some: Sequence[str], options: Options) -> dict[str, Any]:
    """Return the result tables of these households."""
    plan = partial(plan_partition, options=options)
    shared = source.shared(some)
    try:
        tasks = max(1 + len(some) // CHUNK, TASKS * session.sparkContext.defaultParallelism)
        made = planned(_frames(session, source, some), shared, plan, options.run_id, tasks).toArrow()
    except (PySparkException, Py4JError) as error:
        raise ReallocError(f"Spark gave up, what was finished stays: {reason(error)}") from error
    results = {name: untagged(made, name, schema) for name, schema in RESULTS.items()}
    wrong = wrong_ids(some, results)
    if wrong:
        raise ReallocError(f"Spark lost or doubled {len(wrong)} households, {wrong[0]!r} among them")
    return results


def _frames(session: SparkSession, source: Tables, some: Sequence[str]) -> dict[str, DataFrame]:
    """Return the tables of these households, which are neighbours in the order of ids, as executors read them.

    What another run has planned may lie between them: rows without a row of `households` are no work.
    """
    read = {name: session.read.parquet(f"file://{source.place(name).resolve()}") for name in OWN}
    near = fn.col("household_id").between(some[0], some[-1])
    frames = {name: frame.where(near) for name, frame in cast_frames(read, OWN).items()}
    wanted = fn.broadcast(session.createDataFrame(pa.table({"household_id": some})))
    return frames | {"households": frames["households"].join(wanted, "household_id", "left_semi")}
