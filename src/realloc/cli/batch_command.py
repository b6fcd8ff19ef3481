"""The subcommand ``batch``: every household of a firm, on the processes of this machine."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

from realloc.cli.answer import Answer, Grid, Line, money, percent, plural
from realloc.cli.arguments import OUTPUT_DEFAULTS, SharedOutput
from realloc.cli.edge import start_logging
from realloc.cli.output import show
from realloc.documents.reading import read_document
from realloc.errors import InputError, Issue

if TYPE_CHECKING:
    from collections.abc import Callable

    from realloc.batch import Progress


def batch(
    tables: Path,
    results: Path,
    /,
    *,
    engine: Literal["local", "spark"] = "local",
    master: str | None = None,
    workers: int | None = None,
    time_limit: float | None = None,
    run_id: str = "",
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Plan many households, on the processes of this machine or on a Spark cluster.

    A run that was stopped goes on where it was when it is started again. A household that cannot be planned is a row of
    the table of failures; it stops nothing. The exit status is 0 also where there are failures.

    Parameters
    ----------
    tables : path
        Folder of Parquet tables, or of household documents (JSON), one in each file.
    results : path
        Folder for the results: a folder of Parquet tables for each finished part.
    engine : {"local", "spark"}
        Where households are planned.
    master : str, optional
        URL of the Spark cluster, such as spark://HOST:7077.
    workers : int, optional
        Processes of the local engine; one for each core where it is not said.
    time_limit : float, optional
        Seconds of search for one household.
    run_id : str
        Stands in the rows of plans and failures.
    """
    start_logging(options)
    try:
        from realloc.batch import Options, read_results  # noqa: PLC0415 - an extra, loaded when it is used
    except ImportError as error:
        raise InputError(
            "Batches need pyarrow, which is not installed: pip install 'realloc[parquet]'"
        ) from error
    for name, number in (("--workers", workers), ("--time-limit", time_limit)):
        if number is not None and not number > 0:
            raise InputError(
                Issue(code="argument", where=name, message=f"expected more than 0, found {number:g}")
            )
    how = Options(run_id=run_id, time_limit=time_limit)
    opening = _engine(engine, master, workers, verbose=options.verbose)
    source = _tables(tables, results)
    with opening as run, _told() as tell:
        end = run(source, results, options=how, tell=tell)
    summary = _summary(read_results(results), end)
    columns = tuple(key for key in summary if key != "failures")
    record = {key: summary[key] for key in columns}
    show(Answer(document=summary, columns=columns, records=[record], page=_page(summary)), options.format)
    return 0


def _engine(
    name: str, master: str | None, workers: int | None, *, verbose: bool
) -> AbstractContextManager[Callable[..., Progress]]:
    """Return what opens an engine and gives the function that runs a batch on it."""
    if name == "local":
        if master is not None:
            raise InputError(Issue(code="argument", where="--master", message="it needs --engine spark"))
        from realloc.batch import run_local  # noqa: PLC0415

        return nullcontext(partial(run_local, workers=workers))
    if master is None:
        text = "--engine spark needs the URL of the cluster, such as spark://HOST:7077"
        raise InputError(Issue(code="argument", where="--master", message=text))
    if workers is not None:
        raise InputError(Issue(code="argument", where="--workers", message="a Spark cluster has its own"))
    try:
        from realloc.batch.cluster import cluster  # noqa: PLC0415 - another extra
    except ImportError as error:
        raise InputError(
            "The engine spark needs pyspark, which is not installed: pip install 'realloc[spark]'"
        ) from error
    return cluster(master, level="WARN" if verbose else "ERROR")


def _tables(folder: Path, results: Path) -> Path:
    """Return the folder of tables, made from documents where there are no tables."""
    from realloc.batch import tables_of, write_tables  # noqa: PLC0415

    if not folder.is_dir():
        hint = "name a folder of Parquet tables or of household documents"
        raise InputError(
            Issue(code="folder.missing", where=str(folder), message="there is no such folder", hint=hint)
        )
    documents = sorted(folder.glob("*.json"))
    if not documents or (folder / "households.parquet").exists() or (folder / "households").exists():
        return folder
    made = results / "tables"
    if not made.exists():
        write_tables(tables_of((path.stem, _document(path)) for path in documents), made)
    return made


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


def _summary(results: dict[str, Any], end: Progress) -> dict[str, Any]:
    plans = results["plans"].to_pydict()
    failures = results["failures"].to_pylist()
    gaps = sorted(plans["gap_bps"])
    value = sum(plans["value"])

    def drift(key: str) -> float:
        return sum(d * v for d, v in zip(plans[key], plans["value"], strict=True)) / value if value else 0.0

    return {
        "households": end.total,
        "done_before": end.before,
        "planned": len(gaps),
        "traded": sum(count > 0 for count in plans["trades"]),
        "orders": sum(plans["trades"]),
        "value": value,
        "drift_before": drift("drift_before"),
        "drift_after": drift("drift_after"),
        "tax": sum(plans["tax"]),
        "gap_bps_median": median(gaps) if gaps else 0.0,
        "gap_bps_p99": gaps[int(0.99 * (len(gaps) - 1))] if gaps else 0.0,
        "gap_bps_most": gaps[-1] if gaps else 0.0,
        "failed": len({row["household_id"] for row in failures}),
        "failures": dict(sorted(Counter(row["code"] for row in failures).items())),
    }


def _page(summary: dict[str, Any]) -> list[Grid | Line]:
    before = f", {summary['done_before']:,} of them before" if summary["done_before"] else ""
    page: list[Grid | Line] = [
        Line(
            text=f"{plural(summary['planned'], 'household')} planned{before}, {summary['failed']:,} failed.",
            strong=True,
        ),
        Line(
            text=f"{plural(summary['traded'], 'household')} trade, {plural(summary['orders'], 'order')} in all; drift "
            f"{percent(summary['drift_before'])} before, {percent(summary['drift_after'])} after, by value; tax "
            f"{money(summary['tax'])}."
        ),
        Line(
            text=f"How close to the best possible: {summary['gap_bps_median']:.3f} bps of a household's value at the "
            f"median, {summary['gap_bps_p99']:.3f} at the 99th percentile, {summary['gap_bps_most']:.3f} at most."
        ),
    ]
    if summary["failures"]:
        rows = tuple((code, f"{count:,}") for code, count in summary["failures"].items())
        page.append(Grid(title="Failures", columns=(("Code", "left"), ("Issues", "right")), rows=rows))
    return page
