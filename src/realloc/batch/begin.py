"""How a run begins, on whatever engine: what is planned, what was planned before, and where results go."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from realloc.batch.current import standing
from realloc.batch.folder import Tables
from realloc.batch.mapper import Options
from realloc.batch.monitor import MonitorOptions
from realloc.batch.needed import monitor_folder
from realloc.batch.results import engine_version
from realloc.batch.store import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    total, before, finished : int
        Households to plan, of them those whose plan from before is still true, and those that this run has finished.
    calm : int
        Households that need no plan.
    changed, retried, gone : int
        Households planned again because what their plan depends on has changed, tried again because they failed
        before, and taken out of the results because they are no longer there or need no plan any more.
    """

    total: int
    before: int
    finished: int
    calm: int = 0
    changed: int = 0
    retried: int = 0
    gone: int = 0


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
        wanted = made.needed(ids, None if needed is None else monitor_folder(tables, needed))
        found = standing(source, wanted, *made.found())
        made.drop(found.changed | found.failed | found.gone)
        left = [one for one in wanted if one not in found.kept]
        progress = Progress(
            total=len(wanted),
            before=len(found.kept),
            finished=0,
            calm=len(ids) - len(wanted),
            changed=len(found.changed),
            retried=len(found.failed),
            gone=len(found.gone),
        )
        yield Begun(source=source, made=made, left=left, progress=progress)
    finally:
        made.close()
