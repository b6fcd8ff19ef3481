"""The rows of many tables in one stream: how an engine that shuffles rows brings households to the mapper.

A row of the stream has a household id and one column for each table, a struct, of which exactly one is not null. So the
rows of all tables can be shuffled and sorted together, and results go back the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from realloc.batch.tables import RESULTS, SHARED, TABLES

OWN = tuple(name for name in TABLES if name not in SHARED)
"""Input tables that are by household: the columns of the stream that goes in; those of `RESULTS` come out."""
CHUNK = 200
"""Households that are planned together: what a worker holds in memory."""

Plan = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def plan_stream(
    batches: Iterable[Any], shared: Mapping[str, Any], plan: Plan, *, chunk: int = CHUNK
) -> Iterator[Any]:
    """Plan the households of a stream, a few at a time.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        Rows of the tables `OWN`, sorted by household id.
    shared : mapping of str to pyarrow.Table
        The tables `SHARED`, whole.
    plan : callable
        The mapper, with its options.
    chunk : int
        Households that are planned together.

    Yields
    ------
    pyarrow.RecordBatch
        Rows of the tables `RESULTS`, in the order of households.
    """
    for rows in _chunks(batches, chunk):
        own = {name: untagged(rows, name, TABLES[name]) for name in OWN}
        homes = own["households"]
        if homes.num_rows:
            yield from tagged(
                plan({**own, **{name: _needed(shared[name], key, homes) for name, key in SHARED.items()}})
            )


def tagged(tables: Mapping[str, Any]) -> Iterator[Any]:
    """Yield result tables as batches of the stream."""
    kinds = {name: pa.struct(list(schema)) for name, schema in RESULTS.items()}
    for name, table in tables.items():
        for batch in table.to_batches():
            columns = {
                other: batch.to_struct_array() if other == name else pa.nulls(batch.num_rows, kind)
                for other, kind in kinds.items()
            }
            yield pa.RecordBatch.from_pydict({"household_id": batch["household_id"], **columns})


def untagged(rows: Any, name: str, schema: Any) -> Any:
    """Return the rows of one table of a stream."""
    found = rows.select([name]).filter(pc.is_valid(rows[name])).flatten()
    return found.rename_columns([column.removeprefix(f"{name}.") for column in found.column_names]).cast(
        schema
    )


def wrong_ids(wanted: Iterable[str], results: Mapping[str, Any]) -> list[str]:
    """Return the households that are not exactly once in plans, or else in failures."""
    found = Counter(results["plans"]["household_id"].to_pylist())
    found.update(set(results["failures"]["household_id"].to_pylist()))
    expected = Counter(wanted)
    return sorted(one for one in expected.keys() | found.keys() if expected[one] != found[one])


def _chunks(batches: Iterable[Any], size: int) -> Iterator[Any]:
    """Yield the rows of `size` whole households at a time."""
    held = None
    for batch in batches:
        more = pa.Table.from_batches([batch])
        held = more if held is None else pa.concat_tables([held, more])
        ids = held["household_id"].combine_chunks()
        ends = pc.run_end_encode(ids).run_ends.to_pylist()[
            :-1
        ]  # the last household may go on in the next batch
        start = 0
        for end in ends[size - 1 :: size]:
            yield held.slice(start, end - start)
            start = end
        held = held.slice(start)
    if held is not None and held.num_rows:
        yield held


def _needed(table: Any, key: str, homes: Any) -> Any:
    """Return the rows of a shared table that households refer to."""
    return table.filter(pc.is_in(table[key], homes[key].combine_chunks()))
