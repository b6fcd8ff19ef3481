"""How a run begins, on whatever engine: what is planned, what was planned before, and where results go."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from realloc.batch.folder import Tables
from realloc.batch.mapper import Options
from realloc.batch.monitor import MonitorOptions
from realloc.batch.needed import monitor_folder
from realloc.batch.results import engine_version
from realloc.batch.store import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is: households to plan, done before it began, finished by it; `calm` ones need no plan."""

    total: int
    before: int
    finished: int
    calm: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A run: its tables, its folder, the households that are left to plan, sorted, and how far it is."""

    source: Tables
    made: Results
    left: Sequence[str]
    progress: Progress


@contextmanager
def begun(
    tables: str | os.PathLike[str],
    results: str | os.PathLike[str],
    options: Options,
    needed: MonitorOptions | None,
) -> Iterator[Begun]:
    """Begin a run, and let another one begin when it ends; the arguments and errors are those of `run_local`."""
    source = Tables(tables)
    ids = source.ids()
    manifest = {
        "run_id": options.run_id,
        "engine_version": engine_version(),
        "tables": str(Path(tables).resolve()),
        "time_limit": options.time_limit,
        "needed": None if needed is None else asdict(needed),
    }
    made = Results(results, manifest)
    try:
        wanted = ids if needed is None else made.needed(lambda: monitor_folder(tables, needed))
        done = made.done()
        left = [one for one in wanted if one not in done]
        progress = Progress(total=len(wanted), before=len(done), finished=0, calm=len(ids) - len(wanted))
        yield Begun(source=source, made=made, left=left, progress=progress)
    finally:
        made.close()
