"""The program of the docs that plans on Dask, on workers of their own processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.households import household
from realloc.batch import RESULTS, Options, plan_partition, tables_of, write_tables
from tests.batch.docs_page import block

N = 24


def test_the_program_of_the_docs_plans_every_household_as_the_mapper_does(tmp_path: Path) -> None:
    tables = tables_of((f"h{n:03}", household("S", seed=n).to_dict()) for n in range(N))
    write_tables(tables, tmp_path / "tables")
    program = tmp_path / "program.py"
    text = block("dask")
    assert len([line for line in text.splitlines() if line.strip()]) <= 25
    program.write_text(text.replace("200", "5"), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, str(program)], cwd=tmp_path, capture_output=True, timeout=600, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    expected = plan_partition(tables, Options(run_id="tonight"))
    for name, schema in RESULTS.items():
        parts = [pq.read_table(path) for path in (tmp_path / "results").glob(f"{name}-*.parquet")]
        assert len(parts) == 5
        order = [(column, "ascending") for column in schema.names]
        assert pa.concat_tables(parts).sort_by(order) == expected[name].sort_by(order)
