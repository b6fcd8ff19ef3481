"""Rows of many tables in one stream, and the guard that survives a household."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa
import pytest

from benchmarks.households import household
from realloc.batch import RESULTS, TABLES, Options, plan_partition, tables_of
from realloc.batch.guard import Guard
from realloc.batch.results import failure_rows, results_table
from realloc.batch.stream import OWN, plan_stream, tagged, untagged, wrong_ids
from realloc.errors import Issue
from tests.batch.deadly import POISON, deadly_plan

N = 7
PLAN = partial(plan_partition, options=Options(run_id="r"))


@pytest.fixture(scope="module")
def tables() -> dict[str, Any]:
    """Seven households, the fourth of them with a position that no account can have."""
    documents = [household("S", seed=seed).to_dict() for seed in range(N)]
    documents[3]["accounts"][0]["positions"]["VTI"] = -5
    return tables_of((f"h{n}", document) for n, document in enumerate(documents))


def stream(tables: Mapping[str, Any], *, rows: int, seed: int = 0) -> list[Any]:
    """Return the own tables as batches of so many rows, sorted by household and by nothing else."""
    tagged_rows = [
        {"household_id": row["household_id"], name: row} for name in OWN for row in tables[name].to_pylist()
    ]
    random.Random(seed).shuffle(tagged_rows)
    tagged_rows.sort(key=lambda row: row["household_id"] or "")
    fields = [pa.field(name, pa.struct(list(TABLES[name]))) for name in OWN]
    schema = pa.schema([pa.field("household_id", pa.string()), *fields])
    whole = pa.Table.from_pylist(tagged_rows, schema=schema)
    batches: list[Any] = whole.to_batches(max_chunksize=rows)
    return batches


def together(batches: list[Any]) -> dict[str, Any]:
    rows = pa.Table.from_batches(batches)
    return {name: ordered(untagged(rows, name, schema)) for name, schema in RESULTS.items()}


def ordered(table: Any) -> Any:
    return table.sort_by([(name, "ascending") for name in table.schema.names])


@pytest.mark.parametrize(("rows", "chunk"), [(1, 2), (7, 3), (50, 1), (10_000, 2), (13, 100)])
def test_a_stream_is_planned_as_the_whole_is_however_it_is_cut(
    tables: dict[str, Any], rows: int, chunk: int
) -> None:
    sizes: list[int] = []

    def plan(part: Mapping[str, Any]) -> dict[str, Any]:
        sizes.append(part["households"].num_rows)
        return PLAN(part)

    found = together(list(plan_stream(stream(tables, rows=rows, seed=rows), tables, plan, chunk=chunk)))
    assert found == {name: ordered(table) for name, table in PLAN(tables).items()}
    assert sum(sizes) == N
    assert max(sizes) <= chunk


def test_a_mapper_is_given_the_shared_rows_that_its_households_refer_to(tables: dict[str, Any]) -> None:
    seen: list[tuple[int, int]] = []

    def plan(part: Mapping[str, Any]) -> dict[str, Any]:
        seen.append((part["prices"].num_rows, len(set(part["prices"]["prices_id"].to_pylist()))))
        return results_table({})

    assert list(plan_stream(stream(tables, rows=100), tables, plan, chunk=1)) == []
    assert [lists for _, lists in seen] == [1] * N
    assert sum(rows for rows, _ in seen) >= tables["prices"].num_rows


def test_rows_of_no_household_are_no_work(tables: dict[str, Any]) -> None:
    stray = {**tables, "households": tables["households"].slice(0, 0)}
    assert list(plan_stream(stream(stray, rows=100), stray, PLAN)) == []
    assert list(plan_stream([], tables, PLAN)) == []


def test_a_household_that_is_there_twice_or_has_no_id_fails_alone(tables: dict[str, Any]) -> None:
    homes = tables["households"]
    nameless = homes.slice(1, 1).set_column(0, homes.schema.field(0), pa.array([None], pa.string()))
    more = {**tables, "households": pa.concat_tables([homes, homes.slice(0, 1), nameless])}
    found = together(list(plan_stream(stream(more, rows=50), more, PLAN)))
    failures = {row["household_id"]: row["code"] for row in found["failures"].to_pylist()}
    assert (failures["h0"], failures[""]) == ("household.id", "household.id")
    assert failures.keys() == {"", "h0", "h3"}
    assert found["plans"]["household_id"].to_pylist() == ["h1", "h2", "h4", "h5", "h6"]


def test_results_go_through_a_stream_unchanged(tables: dict[str, Any]) -> None:
    made = PLAN(tables)
    assert together(list(tagged(made))) == {name: ordered(table) for name, table in made.items()}


def test_what_is_lost_or_doubled_is_found(tables: dict[str, Any]) -> None:
    ids = [f"h{n}" for n in range(N)]
    made = PLAN(tables)
    assert wrong_ids(ids, made) == []
    assert wrong_ids([*ids, "h9"], made) == ["h9"]
    assert wrong_ids(ids[1:], made) == ["h0"]
    doubled = {**made, "plans": pa.concat_tables([made["plans"], made["plans"].slice(0, 1)])}
    assert wrong_ids(ids, doubled) == [made["plans"]["household_id"][0].as_py()]
    both = results_table(failure_rows("h1", [Issue(code="c", where="", message="")] * 2, "r"))
    assert wrong_ids(ids, {**made, "failures": pa.concat_tables([made["failures"], both["failures"]])}) == [
        "h1"
    ]


def test_a_household_that_kills_its_process_is_set_aside_and_the_others_are_planned() -> None:
    ids = [f"h{n}" for n in range(N - 1)] + [POISON]
    tables = tables_of((one, household("S", seed=seed).to_dict()) for seed, one in enumerate(ids))
    with Guard(partial(deadly_plan, options=Options(run_id="r")), "r") as guard:
        found = guard(tables)
        os.kill(guard._process.pid or 0, signal.SIGKILL)  # one that dies of itself costs nothing
        again = guard(tables)
    expected = PLAN(tables)
    kept = pa.compute.not_equal(expected["plans"]["household_id"], POISON)
    assert found["failures"].select(["household_id", "run_id", "code"]).to_pylist() == [
        {"household_id": POISON, "run_id": "r", "code": "worker.died"}
    ]
    assert ordered(found["plans"]) == ordered(expected["plans"].filter(kept))
    assert found == again
