"""The commands beside ``batch``: who needs a plan, the firm's orders, and the firm's report."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from realloc.cli.answer import Answer, Line, plural
from realloc.cli.arguments import OUTPUT_DEFAULTS, SharedOutput, parse_plugin
from realloc.cli.batch_answers import monitor_answer
from realloc.cli.batch_command import require_current_results, tables_in
from realloc.cli.batch_watch import WATCH_DEFAULTS, SharedWatch
from realloc.cli.edge import start_logging
from realloc.cli.output import show
from realloc.cli.waiting import wait_for
from realloc.documents.writing import require_place
from realloc.errors import InputError, Issue
from realloc.plugins.core.base import Exporter

if TYPE_CHECKING:
    from types import ModuleType


def monitor(
    tables: Path,
    output: Path | None = None,
    /,
    *,
    watch: SharedWatch = WATCH_DEFAULTS,
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Say which households need a plan, and why, without planning any.

    A household needs one when a class is outside its band, cash is about to leave or to arrive, an account is below
    its reserve, cash is idle, losses may be sold, or something is unclear. The exit status is 1 where none does.

    Parameters
    ----------
    tables : path
        Folder of Parquet tables, or of household documents (JSON), one in each file.
    output : path, optional
        Parquet file for the table: a row for each household.
    """
    start_logging(options)
    library = _batch()
    if output is not None:
        require_place(output)
    with TemporaryDirectory() as folder:
        source = tables_in(tables, Path(folder) / "tables")
        found = wait_for("Looking at the households", lambda: library.monitor_folder(source, watch.read()))
    if output is not None:
        library.write_table(found, output)
    show(monitor_answer(found, "" if output is None else str(output)), options.format)
    return 0 if any(found["needed"].to_pylist()) else 1


def check(tables: Path, /, *, options: SharedOutput = OUTPUT_DEFAULTS) -> int:
    """Check the tables of a batch: every faulty cell with its file, row group and row.

    A run does not need it: there, what is wrong with a household is its failure. The exit status is 2 where something
    is wrong.

    Parameters
    ----------
    tables : path
        Folder of Parquet tables.
    """
    start_logging(options)
    library = _batch()
    issues = wait_for("Checking the tables", lambda: library.check_tables(tables))
    if issues:
        raise InputError(issues)
    record = {"tables": str(tables), "issues": 0}
    page = [Line(text=f"Nothing is wrong with the tables in {tables}.")]
    show(Answer(document=record, columns=tuple(record), records=[record], page=page), options.format)
    return 0


def orders(
    results: Path,
    folder: Path,
    /,
    *,
    exporter: str = "orders_csv",
    suffix: str = ".csv",
    custodian: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Write the orders of a batch: blocks with their allocations, and a file for each custodian.

    `blocks.parquet` has an order for each symbol, side and price, `allocations.parquet` whose shares are in it. The
    custodian of an account stands in the table of accounts. Where a household has changed since it was planned, nothing
    is written. The exit status is 1 where there are no orders.

    Parameters
    ----------
    results : path
        Folder of the run.
    folder : path
        Folder for the files; it is made where it is not there.
    exporter : str
        Exporter of the custodians' files, with its arguments: NAME[:key=value,key=value].
    suffix : str
        End of the names of the custodians' files.
    custodian : tuple of str
        Only this custodian's file. Repeatable.
    """
    start_logging(options)
    library = _batch()
    name, arguments = parse_plugin(exporter, "--exporter")
    wait_for("Comparing the plans with the households", lambda: require_current_results(results))
    blocks, allocations = library.block_orders(library.read_results(results, ["trades"])["trades"])
    by_custodian = library.custodian_trades(results)
    unknown = sorted({*custodian} - {*by_custodian})
    if unknown:
        known = ", ".join(by_custodian) or "none"
        raise InputError(
            Issue(
                code="argument",
                where="--custodian",
                message=f"no orders at {unknown[0]!r}",
                hint=f"known: {known}",
            )
        )
    folder.mkdir(parents=True, exist_ok=True)
    library.write_table(blocks, folder / "blocks.parquet")
    library.write_table(allocations, folder / "allocations.parquet")
    records: list[dict[str, Any]] = [
        {"file": str(folder / "blocks.parquet"), "orders": blocks.num_rows},
        {"file": str(folder / "allocations.parquet"), "orders": allocations.num_rows},
    ]
    for at, trades in by_custodian.items():
        if not custodian or at in custodian:
            path = folder / f"{_safe(at)}{suffix}"
            Exporter.load_exporter(name, **{**arguments, "path": str(path)}).export(trades)
            records.append({"file": str(path), "orders": len(trades)})
    page = [Line(text=f"Wrote {plural(record['orders'], 'row')} to {record['file']}.") for record in records]
    show(
        Answer(document={"files": records}, columns=("file", "orders"), records=records, page=page),
        options.format,
    )
    return 0 if allocations.num_rows else 1


def report(
    results: Path,
    output: Path,
    /,
    *,
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Write a report of a batch for a person to read: one HTML file with the distributions.

    Parameters
    ----------
    results : path
        Folder of the run.
    output : path
        The file, for instance firm.html.
    """
    start_logging(options)
    require_place(output)
    library = _batch()
    from realloc.report import write_firm_report  # noqa: PLC0415 - charts load where a report is written

    figures = library.summarise(results)
    wait_for(f"Writing {output}", lambda: write_firm_report(figures, output))
    record = {"path": str(output)}
    told = [Line(text=f"Wrote {output}.")]
    show(Answer(document=record, columns=tuple(record), records=[record], page=told), options.format)
    return 0


def _batch() -> ModuleType:
    try:
        import realloc.batch  # noqa: PLC0415 - an extra, loaded when it is used
    except ImportError as error:
        raise InputError(
            "Batches need pyarrow, which is not installed: pip install 'realloc[parquet]'"
        ) from error
    return realloc.batch


def _safe(name: str) -> str:
    """Return a custodian's name as part of a file's name."""
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in name)
