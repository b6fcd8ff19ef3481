"""The subcommand ``batch``: every household of a firm, on the processes of this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from realloc.cli.arguments import OUTPUT_DEFAULTS, SharedOutput
from realloc.cli.batch_answers import run_answer
from realloc.cli.batch_engine import ENGINE_DEFAULTS, SharedEngine
from realloc.cli.batch_watch import WATCH_DEFAULTS, SharedWatch
from realloc.cli.edge import start_logging
from realloc.cli.output import show
from realloc.cli.places import Switch
from realloc.documents.reading import read_document
from realloc.documents.writing import write_whole
from realloc.errors import InputError, Issue

if TYPE_CHECKING:
    from collections.abc import Callable

    from realloc.batch import Progress


DOCUMENTS = "documents.json"
"""Beside tables that were made of documents: the folder of these."""


def batch(
    tables: Path,
    results: Path,
    /,
    *,
    engine: SharedEngine = ENGINE_DEFAULTS,
    time_limit: float | None = None,
    run_id: str = "",
    only_needed: Switch = False,
    watch: SharedWatch = WATCH_DEFAULTS,
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Plan many households, on the processes of this machine or on a Spark cluster.

    A run that is started again keeps the plans that are still true: it plans what is missing, what failed, and what has
    changed since, and takes out what is gone. A household that cannot be planned is a row of the table of failures; it
    stops nothing. The exit status is 0 also where there are failures.

    Parameters
    ----------
    tables : path
        Folder of Parquet tables, or of household documents (JSON), one in each file.
    results : path
        Folder for the results: a folder of Parquet tables for each finished part.
    time_limit : float, optional
        Seconds of search for one household.
    run_id : str
        Stands in the rows of plans and failures.
    only_needed : bool
        Plan only the households that need a plan, as `realloc batch-monitor` finds them.
    """
    start_logging(options)
    try:
        from realloc.batch import Options, summarise  # noqa: PLC0415 - an extra, loaded when it is used
    except ImportError as error:
        raise InputError(
            "Batches need pyarrow, which is not installed: pip install 'realloc[parquet]'"
        ) from error
    for name, number in (("--workers", engine.workers), ("--time-limit", time_limit)):
        if number is not None and not number > 0:
            raise InputError(
                Issue(code="argument", where=name, message=f"expected more than 0, found {number:g}")
            )
    opening = engine.open(verbose=options.verbose)
    source = tables_in(tables, results / "tables")
    with opening as run, _told() as tell:
        end = run(
            source,
            results,
            options=Options(run_id=run_id, time_limit=time_limit),
            needed=watch.read() if only_needed else None,
            tell=tell,
        )
    show(run_answer(summarise(results), end), options.format)
    return 0


def tables_in(folder: Path, made: Path) -> Path:
    """Return the folder of tables; where there are documents, it is made of them as they are now, in `made`.

    Raises
    ------
    InputError
        There is no such folder.
    ExportError
        The tables cannot be written.
    """
    from realloc.batch import tables_of, write_tables  # noqa: PLC0415

    if not folder.is_dir():
        hint = "name a folder of Parquet tables or of household documents"
        raise InputError(
            Issue(code="folder.missing", where=str(folder), message="there is no such folder", hint=hint)
        )
    documents = sorted(folder.glob("*.json"))
    if not documents or (folder / "households.parquet").exists() or (folder / "households").exists():
        return folder
    write_tables(tables_of((path.stem, _document(path)) for path in documents), made)
    write_whole(made / DOCUMENTS, json.dumps({"folder": str(folder.resolve())}) + "\n")
    return made


def require_current_results(results: Path) -> None:
    """Refuse results that are not those of the tables, or of the documents, as they are now.

    Raises
    ------
    InputError
        As `realloc.batch.require_current`.
    """
    from realloc.batch import read_manifest, require_current  # noqa: PLC0415 - an extra, loaded when it is used

    note = Path(read_manifest(results)["tables"]) / DOCUMENTS
    if not note.exists():
        require_current(results)
        return
    folder = _noted(note)
    with TemporaryDirectory() as place:
        require_current(results, tables_in(folder, Path(place) / "tables"))


def _noted(note: Path) -> Path:
    """Return the folder of documents that tables were made of."""
    folder = read_document(note).get("folder")
    if not isinstance(folder, str):
        text, hint = "it does not say which folder the tables were made of", "run 'realloc batch' again"
        raise InputError(Issue(code="run.documents", where=str(note), message=text, hint=hint))
    return Path(folder)


def _document(path: Path) -> dict[str, Any] | InputError:
    """Return a household document, or why it cannot be read: it is a failure of this household alone."""
    try:
        return {"as_of": date.today().isoformat()} | read_document(path)  # noqa: DTZ011 - a calendar date
    except InputError as error:
        return error


@contextmanager
def _told() -> Iterator[Callable[[Progress], object]]:
    """Show progress with rate and time left on a terminal; give the function that is told of it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    from realloc.cli.screen import console  # noqa: PLC0415

    columns = (
        TextColumn("Planning households"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(),
    )  # fmt: skip
    with Bar(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, rate="")

        def tell(progress: Progress) -> None:
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = f"{progress.finished / elapsed:,.0f}/s" if elapsed and progress.finished else ""
            bar.update(task, total=progress.total, completed=progress.before + progress.finished, rate=rate)

        yield tell
