"""A run on the processes of this machine that survives the death of any of them.

The executors of the standard library lose a run when a worker is killed, and a pool hangs; here the parent waits for
each worker's pipe and its death alike. A part whose worker died is tried again in halves, so that a household which
kills its worker is found and set aside as a failure, and all the others are planned.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realloc.batch.begin import Progress, begun
from realloc.batch.folder import Tables
from realloc.batch.mapper import Options, plan_partition
from realloc.batch.monitor import MonitorOptions
from realloc.batch.results import DEATHS, failure_rows, results_table, set_aside
from realloc.batch.store import hold, write_part
from realloc.documents.locking import free_lock
from realloc.errors import ExportError, InputError

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

PART = 200
"""Households of a part: a few seconds of work."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(slots=True)
class _Part:
    """Neighbouring households to plan together, and how many workers died with them in hand."""

    name: str
    ids: Sequence[str]
    deaths: int = 0


@dataclass(slots=True)
class _Worker:
    """A process, the parent's end of its pipe, and what it works on."""

    process: SpawnProcess
    pipe: Connection
    part: _Part | None = None


def run_local(
    tables: str | os.PathLike[str],
    results: str | os.PathLike[str],
    *,
    workers: int | None = None,
    options: Options | None = None,
    part: int = PART,
    needed: MonitorOptions | None = None,
    tell: Callable[[Progress], object] = id,
) -> Progress:
    """Plan every household of a folder of tables; what an earlier run planned and is still true is kept.

    Parameters
    ----------
    tables : str or path
        Folder of Parquet files as `realloc.batch.TABLES` has them.
    results : str or path
        Folder of the run. Each finished part is there whole or not at all. A run that is started again plans what is
        missing, what failed, and every household of which the rows, the prices, the model or the policy have changed,
        all of them where the version of realloc or the time limit has; what is no longer there is taken out.
    workers : int, optional
        Processes; None: one for each core that this process may use.
    options : Options, optional
        How households are planned.
    part : int
        Households of a part.
    needed : MonitorOptions, optional
        Plan only the households that the monitor says need a plan; what it says stands in ``monitor.parquet``.
    tell : callable
        Is given the progress, at the start and after each part.

    Raises
    ------
    InputError
        A table cannot be used, or `results` is another run's.
    ExportError
        A result cannot be written, for instance because the disk is full. What is finished stays.
    """
    options = options or Options()
    with begun(tables, results, options, needed) as run:
        left, serial = run.left, run.made.serial()
        parts = deque(
            _Part(f"{serial:08}-{start:08}", left[start : start + part])
            for start in range(0, len(left), part)
        )
        work = _Run(Path(tables), run.made.parts, options, run.progress, tell)
        return work.finish(parts, workers or len(os.sched_getaffinity(0)))


def _work(pipe: Connection, tables: Path, parts: Path, options: Options) -> None:
    """Plan parts until the parent is gone; answer with what keeps the run from going on, or None."""
    lock = hold(parts.parent)
    source = Tables(tables)
    while True:
        try:
            name, ids = pipe.recv()
        except (EOFError, OSError, KeyboardInterrupt):
            free_lock(lock)
            return
        pipe.send(_problem(source, parts, name, ids, options))


def _problem(
    source: Tables, parts: Path, name: str, ids: Sequence[str], options: Options
) -> Exception | None:
    try:
        try:
            made: dict[str, Any] = plan_partition(source.part(ids), options)
        except InputError as error:
            rows = [row for one in ids for row in failure_rows(one, error.issues, options.run_id)["failures"]]
            made = results_table({"failures": rows})
        leftover = parts / f".{name}"
        if leftover.exists():
            for file in leftover.iterdir():
                file.unlink()
            leftover.rmdir()
        write_part(parts, name, made)
    except ExportError as error:
        return error
    return None


class _Run:
    """The parent of the workers."""

    work = staticmethod(_work)

    def __init__(
        self,
        tables: Path,
        parts: Path,
        options: Options,
        progress: Progress,
        tell: Callable[[Progress], object],
    ) -> None:
        self.tables, self.parts, self.options = tables, parts, options
        self.progress, self.tell = progress, tell
        self.context = multiprocessing.get_context("spawn")

    def finish(self, parts: deque[_Part], n_workers: int) -> Progress:
        """Hand out parts until none is left."""
        self.tell(self.progress)
        workers = [self._start() for _ in range(min(n_workers, len(parts)))]
        try:
            while parts or any(worker.part for worker in workers):
                for n, worker in enumerate(workers):
                    if worker.part is None and parts:
                        workers[n] = self._hand(worker, parts)
                busy = [worker.pipe for worker in workers if worker.part]
                ready = wait(busy) if busy else []
                for n, worker in enumerate(workers):
                    if worker.part and worker.pipe in ready:
                        workers[n] = self._answered(worker, parts)
        finally:
            for worker in workers:
                worker.process.kill()
                worker.process.join()
                worker.pipe.close()
        return self.progress

    def _start(self) -> _Worker:
        ours, theirs = self.context.Pipe()
        process = self.context.Process(
            target=self.work, args=(theirs, self.tables, self.parts, self.options), daemon=True
        )
        kept = {name: os.environ.get(name) for name in THREADS}
        os.environ.update(dict.fromkeys(THREADS, "1"))
        try:
            process.start()
        finally:
            for name, value in kept.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        theirs.close()
        return _Worker(process, ours)

    def _hand(self, worker: _Worker, parts: deque[_Part]) -> _Worker:
        """Give a worker the next part; one that died with nothing in hand is replaced, and the part kept."""
        try:
            worker.pipe.send((parts[0].name, parts[0].ids))
        except OSError:
            return self._replaced(worker)
        worker.part = parts.popleft()
        return worker

    def _replaced(self, worker: _Worker) -> _Worker:
        worker.process.join()
        worker.pipe.close()
        return self._start()

    def _answered(self, worker: _Worker, parts: deque[_Part]) -> _Worker:
        """Take a worker's answer, or its death."""
        part = worker.part
        assert part is not None  # noqa: S101 - for the type checker: only workers with a part are waited for
        try:
            problem: Exception | None = worker.pipe.recv()
        except (EOFError, OSError):
            self._retry(part, parts)
            return self._replaced(worker)
        if problem is not None:
            raise problem
        worker.part = None
        self._count(len(part.ids))
        return worker

    def _retry(self, part: _Part, parts: deque[_Part]) -> None:
        """Try a part again whose worker died: first in halves; a household alone is set aside in the end."""
        if (self.parts / part.name).exists():  # it was written before the worker died
            self._count(len(part.ids))
        elif len(part.ids) > 1:
            half = len(part.ids) // 2
            for n, ids in enumerate((part.ids[:half], part.ids[half:])):
                parts.appendleft(_Part(f"{part.name}-{n}", ids))
        elif part.deaths + 1 < DEATHS:
            parts.appendleft(_Part(f"{part.name}-r", part.ids, part.deaths + 1))
        else:
            write_part(self.parts, part.name, set_aside(part.ids[0], self.options.run_id))
            self._count(1)

    def _count(self, households: int) -> None:
        self.progress = replace(self.progress, finished=self.progress.finished + households)
        self.tell(self.progress)
