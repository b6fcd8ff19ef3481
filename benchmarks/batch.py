"""What a batch costs: households per second, its parts, its scaling and its memory.

Run ``python -m benchmarks.batch --help`` in the repository's root.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from benchmarks.households import batch, document
from realloc import Household, Plan
from realloc.audit import require
from realloc.batch import Options, run_local, summarise, tables_of, write_tables
from realloc.batch.assemble import homes_of
from realloc.batch.folder import Tables
from realloc.batch.homes import Home
from realloc.batch.local import PART
from realloc.batch.results import plan_rows, results_table
from realloc.batch.store import write_part
from realloc.batch.tables import RESULTS, SHARED
from realloc.checking import require_sound
from realloc.optimizer.deadline import Deadline
from realloc.optimizer.search import optimize

EPILOG = """\
The first table is made in one process: CPU milliseconds a household for reading the Parquet tables of a part, building
households and their fingerprints, solving (check, optimizer, reasons), auditing, and writing (rows, Arrow,
Parquet, forced to the disk). `overhead` is reading, building and writing by solving and auditing.

The second table is of whole runs, as `realloc batch` makes them: wall-clock seconds with the start of the workers, CPU
seconds of the workers, households per second of the wall and of CPU, and the peak memory of a worker. On a machine with
other work, the figures by CPU are the honest ones.

There are as many different households as --distinct says; beyond them they are there again under other ids.
"""

T = TypeVar("T")
STEPS = ("reading", "building", "solving", "auditing", "writing")


def main() -> int:
    """Measure, and print the tables."""
    asked = _parser().parse_args()
    if asked.write is not None:
        write_tables(households(asked.size, asked.counts[0], asked.distinct), asked.write)
        return 0
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        root = Path(folder)
        _print_steps(root, asked.size, min(asked.counts[0], asked.distinct), asked.time_limit)
        print(
            f"\n{'households':>10} {'workers':>7} {'wall s':>8} {'CPU s':>8} {'/wall s':>8} {'/CPU s':>8} "
            f"{'MB':>5} {'gap p50':>8} {'gap p99':>8} {'gap most':>8} {'failed':>6}"
        )
        for count in asked.counts:
            tables = root / f"tables-{count}"
            write_tables(households(asked.size, count, asked.distinct), tables)
            for workers in asked.workers:
                print(
                    _run(tables, root / f"run-{count}-{workers}", count, workers, asked.time_limit),
                    flush=True,
                )
    return 0


def households(size: str, count: int, distinct: int) -> dict[str, Any]:
    """Return tables of households like S or M, of which `distinct` differ."""
    drawn: Iterable[dict[str, Any]] = (
        batch(min(count, distinct))
        if size == "M"
        else (document("S", n) for n in range(min(count, distinct)))
    )
    tables = tables_of((f"h{n:06}", one) for n, one in enumerate(drawn))
    copies = -(-count // distinct)
    if copies == 1:
        return tables
    wanted = pa.array([f"h{n % distinct:06}-{n // distinct:04}" for n in range(count)])
    return {
        name: table if name in SHARED else _copied(table, copies, wanted) for name, table in tables.items()
    }


def _copied(table: Any, copies: int, wanted: Any) -> Any:
    ids = table["household_id"]
    every = [
        table.set_column(
            0, table.schema.field(0), pa.compute.binary_join_element_wise(ids, f"{copy:04}", "-")
        )
        for copy in range(copies)
    ]
    whole = pa.concat_tables(every)
    return whole.filter(pa.compute.is_in(whole["household_id"], wanted))


class _Clock:
    """CPU seconds by step."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STEPS, 0.0)

    def time(self, step: str, work: Callable[[], T]) -> T:
        start = time.process_time()
        done = work()
        self.seconds[step] += time.process_time() - start
        return done


def _print_steps(root: Path, size: str, count: int, time_limit: float | None) -> None:
    write_tables(households(size, count, count), root / "steps")
    (root / "parts").mkdir()
    source, clock = Tables(root / "steps"), _Clock()
    ids = source.ids()
    _step_through(source.part(ids[:2]), _Clock(), root / "parts" / "warm", time_limit)
    for start in range(0, count, PART):
        tables = clock.time("reading", partial(source.part, ids[start : start + PART]))
        _step_through(tables, clock, root / "parts" / f"{start}", time_limit)
    each = {step: 1000 * seconds / count for step, seconds in clock.seconds.items()}
    solved = each["solving"] + each["auditing"]
    print(f"{count} households like {size}, CPU milliseconds each")
    print("  ".join(f"{step:>9}" for step in (*STEPS, "all", "overhead", "/CPU s")))
    cells = [*(f"{each[step]:.2f}" for step in STEPS), f"{sum(each.values()):.2f}"]
    cells += [f"{100 * (sum(each.values()) - solved) / solved:.0f}%", f"{1000 / sum(each.values()):.0f}"]
    print("  ".join(f"{cell:>9}" for cell in cells))


def _step_through(tables: Mapping[str, Any], clock: _Clock, place: Path, time_limit: float | None) -> None:
    """Do what the mapper and a worker do, step by step."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in RESULTS}
    homes = clock.time("building", partial(homes_of, tables))
    while found := clock.time("building", partial(next, homes, None)):
        household_id, home = found
        assert isinstance(home, Home)  # noqa: S101 - what is drawn is sound
        household = clock.time("building", home.household)
        plan = clock.time("solving", partial(_solved, household, time_limit))
        clock.time("auditing", partial(require, household, plan))
        made = clock.time("writing", partial(plan_rows, household_id, plan, "", home.fingerprint))
        for name, more in made.items():
            rows[name] += more
    clock.time("writing", lambda: write_part(place.parent, place.name, results_table(rows)))


def _solved(household: Household, time_limit: float | None) -> Plan:
    return optimize(household, require_sound(household), Deadline.after(time_limit))


def _run(tables: Path, out: Path, count: int, workers: int, time_limit: float | None) -> str:
    """Run in a process of its own, whose children are the workers; return a row."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_measured, args=(theirs, tables, out, workers, time_limit)
    )
    process.start()
    wall, cpu, peak = ours.recv()
    process.join()
    found = summarise(out)
    gaps = " ".join(f"{gap:8.3f}" for gap in found.gap_bps)
    return (
        f"{count:10,} {workers:7} {wall:8.1f} {cpu:8.1f} {count / wall:8.1f} {count / cpu:8.1f} {peak:5.0f} {gaps} "
        f"{found.failed:6}"
    )


def _measured(pipe: Any, tables: Path, out: Path, workers: int, time_limit: float | None) -> None:
    start = time.perf_counter()
    run_local(tables, out, workers=workers, options=Options(time_limit=time_limit))
    wall = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    pipe.send((wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))


def _numbers(text: str) -> list[int]:
    numbers = [int(part.replace("_", "")) for part in text.split(",")]
    if min(numbers) < 1:
        raise argparse.ArgumentTypeError(f"expected numbers from 1, found {text!r}")
    return numbers


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.batch",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--size", choices=("S", "M"), default="M", help="which households (M)")
    parser.add_argument(
        "--counts",
        type=_numbers,
        default=[400],
        metavar="N,N",
        help="how many of them, one run for each (400)",
    )
    parser.add_argument(
        "--workers", type=_numbers, default=[1, 2], metavar="N,N", help="processes, one run for each (1,2)"
    )
    parser.add_argument("--time-limit", type=float, metavar="SECONDS", help="of search for one household")
    parser.add_argument("--distinct", type=int, default=20_000, help="how many of them differ (20000)")
    parser.add_argument(
        "--write",
        type=Path,
        metavar="FOLDER",
        help="only write the tables of the first count, for `realloc batch`",
    )
    parser.add_argument("--folder", type=Path, help="where tables and results are kept meanwhile")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
