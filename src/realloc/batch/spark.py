"""Many households on Apache Spark: frames in, one frame of plans out, planned by the same mapper.

Spark's own shuffle brings the rows of a household together; they go to the mapper and come back as Arrow batches.
Tables that households share are sent to every task. It needs ``realloc[spark]`` and Java 17.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import DataFrame
from pyspark.sql import functions as fn
from pyspark.sql import types as kinds

from realloc._reading import nearest
from realloc.batch.guard import Guard
from realloc.batch.mapper import Options, plan_partition
from realloc.batch.stream import CHUNK, OWN, Plan, plan_stream
from realloc.batch.tables import RESULTS, SHARED, TABLES
from realloc.errors import InputError, Issue

_KINDS: Mapping[Any, tuple[type[kinds.DataType], type[kinds.DataType]]] = {
    # of a column: the type that it has, and what may become it
    pa.string(): (kinds.StringType, kinds.StringType),
    pa.float64(): (kinds.DoubleType, kinds.NumericType),
    pa.int64(): (kinds.LongType, kinds.IntegralType),
    pa.date32(): (kinds.DateType, kinds.DateType),
    pa.bool_(): (kinds.BooleanType, kinds.BooleanType),
}


def plan_frames(
    frames: Mapping[str, DataFrame], options: Options | None = None, *, partitions: int | None = None
) -> DataFrame:
    """Plan every household of a session's frames.

    Parameters
    ----------
    frames : mapping of str to pyspark.sql.DataFrame
        As `realloc.batch.TABLES` has them.
    options : Options, optional
        How households are planned.
    partitions : int, optional
        Tasks of the plan; None: one for 200 households, for which `households` is counted.

    Returns
    -------
    pyspark.sql.DataFrame
        Lazy, with a household id and a struct for each table of `realloc.batch.RESULTS`, one of them not null:
        `result_frames` takes it apart. Write it before it is taken apart, or each part plans everything again.

    Raises
    ------
    InputError
        A frame or a column is missing, or a column is unknown or has another type.

    Notes
    -----
    A task that fails is tried again by Spark (``spark.task.maxFailures``, 4 by default). From the second try on the
    mapper runs in a child process of the task, so that a household which kills it is a failure (``worker.died``) and
    the others are planned. Tries give the same rows, except where a time limit is reached.
    """
    options = options or Options()
    cast = cast_frames(frames, tuple(TABLES))
    if partitions is None:
        partitions = 1 + cast["households"].count() // CHUNK
    shared = {name: cast[name].toArrow() for name in SHARED}
    return planned(cast, shared, partial(plan_partition, options=options), options.run_id, partitions)


def result_frames(planned: DataFrame) -> dict[str, DataFrame]:
    """Return what `plan_frames` made, as it was written, by the names of `realloc.batch.RESULTS`."""
    return {name: planned.where(fn.col(name).isNotNull()).select(f"{name}.*") for name in RESULTS}


def planned(
    own: Mapping[str, DataFrame], shared: Mapping[str, Any], plan: Plan, run_id: str, partitions: int
) -> DataFrame:
    """Return the frame of `plan_frames`: frames that have been cast, the shared tables in Arrow, and the mapper."""
    first, *others = (
        own[name].select("household_id", fn.struct(*TABLES[name].names).alias(name)) for name in OWN
    )
    rows = first
    for other in others:
        rows = rows.unionByName(other, allowMissingColumns=True)
    ordered = rows.repartition(partitions, "household_id").sortWithinPartitions("household_id")
    task = _Task({name: _bytes(table) for name, table in shared.items()}, plan, run_id)
    with quiet():
        return ordered.mapInArrow(task, _stream_type())


@contextmanager
def quiet() -> Iterator[None]:
    """Hide what pyspark says of pandas, which it wants to be installed and which nothing here uses."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield


@dataclass(frozen=True, slots=True)
class _Task:
    """What a task does with its partition: it is pickled with the shared tables, which Spark sends once."""

    shared: Mapping[str, bytes]
    plan: Plan
    run_id: str

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        shared = {name: pa.ipc.open_stream(data).read_all() for name, data in self.shared.items()}
        context = TaskContext.get()
        if context is None or not context.attemptNumber():
            yield from plan_stream(batches, shared, self.plan)
            return
        with Guard(self.plan, self.run_id) as guard:
            yield from plan_stream(batches, shared, guard)


def cast_frames(frames: Mapping[str, DataFrame], names: Sequence[str]) -> dict[str, DataFrame]:
    """Return frames with the columns and types of `TABLES`.

    Raises
    ------
    InputError
        A frame or a column is missing, or a column is unknown or has another type.
    """
    issues: list[Issue] = []
    for name in names:
        schema = TABLES[name]
        if name not in frames:
            hint = f"it has the columns {', '.join(schema.names)}"
            issues.append(Issue(code="table.missing", where=name, message="the table is missing", hint=hint))
            continue
        found = {field.name: field.dataType for field in frames[name].schema}
        for column in sorted(found.keys() - set(schema.names)):
            text = f"the column {column!r} is unknown"
            hint = nearest(column, schema.names)
            issues.append(Issue(code="column.unknown", where=name, message=text, hint=hint))
        for field in schema:
            _, wanted = _KINDS[field.type]
            if field.name not in found:
                text = f"the column {field.name!r} is missing"
                issues.append(Issue(code="column.missing", where=name, message=text))
            elif not isinstance(found[field.name], (wanted, kinds.NullType)):
                text = f"{field.name} is {found[field.name].simpleString()}, not {field.type}"
                issues.append(Issue(code="column.type", where=name, message=text, hint="cast the column"))
    if issues:
        raise InputError(issues)
    return {
        name: frames[name].select(
            *(fn.col(field.name).cast(_KINDS[field.type][0]()).alias(field.name) for field in TABLES[name])
        )
        for name in names
    }


def _stream_type() -> kinds.StructType:
    tables = [kinds.StructField(name, _struct(schema)) for name, schema in RESULTS.items()]
    return kinds.StructType([kinds.StructField("household_id", kinds.StringType()), *tables])


def _struct(schema: Any) -> kinds.StructType:
    return kinds.StructType([kinds.StructField(field.name, _KINDS[field.type][0]()) for field in schema])


def _bytes(table: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data
