"""What a Spark cluster costs: the same batch on it and on the local engine, on this machine.

``python -m benchmarks.batch_spark --households 1000`` prints seconds of the clock and of the CPU. The clock is of use
on an idle machine only; the CPU time is that of every process: master, workers, executors, their Python, and the
driver. The cluster is a master and two workers of one core; its start is not counted, that of the session is.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from benchmarks.households import SIZES, household
from benchmarks.loopback import cpu_seconds, environment, loopback
from realloc.batch import read_results, run_local, tables_of, write_tables
from realloc.batch.cluster import run_spark
from realloc.batch.session import opened

Result = TypeVar("Result")

DRAWN = 200
"""Different households; more are these again."""


def main() -> None:
    """Print a row for each engine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="M")
    parser.add_argument("--households", type=int, default=1_000)
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        drawn = [household(given.size, seed=seed).to_dict() for seed in range(min(DRAWN, given.households))]
        write_tables(
            tables_of((f"h{n:07}", drawn[n % len(drawn)]) for n in range(given.households)), folder / "tables"
        )
        print(f"{given.households:,} households of size {given.size}, two tasks at a time")
        print(f"{'':24}{'clock s':>9}{'CPU s':>9}{'households per CPU s':>22}")
        measured("local", lambda: run_local(folder / "tables", folder / "local", workers=2), given.households)
        os.environ.update(environment(folder))
        with loopback(folder) as cluster:
            spark(cluster.url, folder, given.households)
        same = read_results(folder / "spark") == read_results(folder / "local")
        print(f"the same rows: {same}")


def spark(url: str, folder: Path, households: int) -> None:
    """Print what a session costs, and a first and a second run in it."""
    opening = opened(url)
    session = measured("Spark: opening a session", opening.__enter__)
    try:
        for name, out in (("Spark: a run", "spark"), ("Spark: once more", "again")):
            measured(name, partial(run_spark, session, folder / "tables", folder / out), households)
    finally:
        opening.__exit__(None, None, None)


def measured(name: str, work: Callable[[], Result], households: int = 0) -> Result:
    """Do the work and print a row of the table."""
    clock, used = time.perf_counter(), cpu_seconds(os.getpid())
    result = work()
    clock, used = time.perf_counter() - clock, cpu_seconds(os.getpid()) - used
    rate = f"{households / used:22.1f}" if households else ""
    print(f"{name:24}{clock:9.1f}{used:9.1f}{rate}", flush=True)
    return result


if __name__ == "__main__":
    main()
