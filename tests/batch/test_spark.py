"""Runs on a Spark cluster: a master and two workers, separate processes on the loopback address."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.households import household
from benchmarks.loopback import Cluster, environment, loopback
from realloc.batch import RESULTS, read_results, run_local, tables_of, write_tables
from tests.batch.deadly import POISON
from tests.batch.docs_page import block

pytestmark = [
    pytest.mark.xdist_group("spark"),  # one cluster for all of them
    pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java"),
]

ROOT = Path(__file__).parents[2]
N = 60
IDS = [f"h{n:03}" for n in range(N - 1)] + [POISON]
PATIENCE = 600.0
"""Seconds: a busy machine is no failure."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spark")


@pytest.fixture(scope="module")
def surroundings(place: Path) -> dict[str, str]:
    """The environment of master, workers and drivers; short-lived Java needs no thorough compiler."""
    return {
        **environment(place),
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture(scope="module")
def cluster(place: Path, surroundings: dict[str, str]) -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in surroundings.items():
            patch.setenv(name, value)
        with loopback(place) as running:
            yield running


@pytest.fixture(scope="module")
def tables(place: Path) -> Path:
    """Tables of sixty households, one of them impossible to plan."""
    documents = [household("S", seed=seed).to_dict() for seed in range(N)]
    documents[7]["accounts"][0]["positions"]["VTI"] = -5
    write_tables(tables_of(zip(IDS, documents, strict=True)), place / "tables")
    return place / "tables"


@pytest.fixture(scope="module")
def expected(tables: Path, place: Path) -> dict[str, Any]:
    run_local(tables, place / "local", workers=1)
    return read_results(place / "local")


def ordered(table: Any) -> Any:
    """Return a table without the id of the run, in one order."""
    names = [name for name in table.schema.names if name != "run_id"]
    return table.select(names).sort_by([(name, "ascending") for name in names])


def test_a_run_whose_executor_is_killed_is_that_of_the_local_engine(
    cluster: Cluster, surroundings: dict[str, str], tables: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = [
        str(Path(sys.executable).with_name("realloc")), "batch", str(tables), str(out),
        "--engine", "spark", "--master", cluster.url, "--format", "json",
    ]  # fmt: skip
    run = subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until = time.monotonic() + PATIENCE
    while run.poll() is None and not cluster.busy() and time.monotonic() < until:
        time.sleep(0.05)
    killed = cluster.busy()[:1]
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    planned_before = list((out / "parts").glob("[0-9]*"))
    said, errors = run.communicate(timeout=PATIENCE)
    assert run.returncode == 0, errors.decode()
    assert killed
    assert planned_before == []
    assert b'"planned": 59' in said
    assert read_results(out) == expected
    assert run_local(tables, out).before == N - 1  # either engine goes on with what the other began


def test_the_program_of_the_docs_plans_frames_and_a_household_that_kills_its_process_is_set_aside(
    cluster: Cluster, surroundings: dict[str, str], tables: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "tables").symlink_to(tables)
    broken = shutil.copytree(tables, tmp_path / "broken")
    data = bytearray((broken / "positions.parquet").read_bytes())
    data[4:200] = b"\xff" * 196  # the first pages; what the file says of itself is at its end
    (broken / "positions.parquet").write_bytes(data)
    program = tmp_path / "program.py"
    program.write_text(block("spark"), encoding="utf-8")
    out = tmp_path / "out"
    paths = [str(path) for path in (program, broken, out)]
    command = [sys.executable, "-m", "tests.batch.spark_driver", cluster.url, *paths]
    run = subprocess.run(
        command, env=surroundings, cwd=tmp_path, capture_output=True, timeout=PATIENCE, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    found = {
        name: pq.read_table(tmp_path / "results" / name).cast(schema) for name, schema in RESULTS.items()
    }
    failures = {row["household_id"]: row["code"] for row in found["failures"].to_pylist()}
    assert failures[POISON] == "worker.died"
    assert failures.keys() == {POISON, "h007"}
    for name in ("plans", "trades", "classes", "issues"):
        others = expected[name].filter(pa.compute.not_equal(expected[name]["household_id"], POISON))
        assert ordered(found[name]) == ordered(others)
    said = run.stdout.decode()
    assert said.startswith("Spark gave up, what was finished stays: ")
    assert "\n" not in said
    assert [path.name for path in (out / "parts").iterdir()] == []
