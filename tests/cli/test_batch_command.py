"""The subcommand ``batch`` on folders of documents and of tables."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from realloc.batch import read_results
from realloc.cli.main import main
from realloc.errors import InputError

EXAMPLE = Path(__file__).parents[2] / "examples" / "household.json"


@pytest.fixture
def homes(tmp_path: Path) -> Path:
    """Three documents, one of which names a symbol without a price."""
    folder = tmp_path / "homes"
    folder.mkdir()
    document = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    for name in ("one", "two"):
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    document["model"]["classes"]["bonds"]["symbols"] = ["ZZZ"]
    (folder / "three.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def test_a_folder_of_documents_is_planned_and_what_fails_is_told(
    homes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "results"
    assert main(["batch", str(homes), str(out), "--workers", "1", "--format", "json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["households"], summary["planned"], summary["failed"]) == (3, 2, 1)
    assert summary["orders"] == 16
    assert sum(summary["failures"].values()) >= 1
    assert main(["batch", str(homes), str(out)]) == 0
    text = capsys.readouterr().out
    assert "2 households planned, 2 of them before, 1 failed, 1 that had failed tried again." in " ".join(
        text.split()
    )


def test_a_folder_that_is_not_there_and_numbers_that_mean_nothing_are_refused(
    homes: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no such folder"):
        main(["batch", str(tmp_path / "no"), str(tmp_path / "out")])
    with pytest.raises(InputError, match="more than 0"):
        main(["batch", str(homes), str(tmp_path / "out"), "--workers", "0"])
    with pytest.raises(InputError, match="the table is missing"):
        main(["batch", str(tmp_path), str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_the_monitor_says_who_needs_a_plan(
    homes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "monitor.parquet"
    assert main(["batch-monitor", str(homes), str(out), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["households"], found["needed"]) == (3, 3)
    assert found["reasons"]["outside_band"] >= 2
    assert pq.read_table(out)["household_id"].to_pylist() == ["one", "three", "two"]
    assert main(["batch-monitor", str(homes)]) == 0
    assert "3 of 3 households need a plan." in capsys.readouterr().out
    with pytest.raises(InputError, match="at least 0"):
        main(["batch-monitor", str(homes), "--loss", "-1"])


def test_the_firm_gets_its_orders_and_its_report(
    homes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("two", "three"):
        (homes / f"{name}.json").unlink()
    out, orders = tmp_path / "results", tmp_path / "orders"
    assert main(["batch", str(homes), str(out), "--workers", "1", "--only-needed"]) == 0
    capsys.readouterr()
    assert main(["batch-orders", str(out), str(orders), "--format", "json"]) == 0
    files = {Path(row["file"]).name: row["orders"] for row in json.loads(capsys.readouterr().out)["files"]}
    trades = read_results(out)["trades"].to_pylist()
    symbols = {(row["shares"] < 0, row["symbol"], row["price"]) for row in trades}
    assert files == {"blocks.parquet": len(symbols), "allocations.parquet": 8, "unnamed.csv": 8}
    assert len((orders / "unnamed.csv").read_text(encoding="utf-8").splitlines()) == 9
    with pytest.raises(InputError, match="known: unnamed"):
        main(["batch-orders", str(out), str(orders), "--custodian", "north"])
    assert main(["batch-report", str(out), str(tmp_path / "firm.html")]) == 0
    assert "Gap to the best possible" in (tmp_path / "firm.html").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="here are no results"):
        main(["batch-report", str(tmp_path), str(tmp_path / "other.html")])
    assert not (tmp_path / "other.html").exists()


def test_a_document_that_cannot_be_read_fails_alone(
    homes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (homes / "three.json").write_text('{"as_of": ', encoding="utf-8")
    assert main(["batch", str(homes), str(tmp_path / "out"), "--workers", "1", "--format", "json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["planned"], summary["failed"]) == (2, 1)
    failure = read_results(tmp_path / "out")["failures"].to_pylist()[0]
    assert "three.json" in failure["where"]


def test_faulty_cells_are_told_with_their_places(
    homes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["batch", str(homes), str(tmp_path / "out"), "--workers", "1"]) == 0
    tables = tmp_path / "out" / "tables"
    capsys.readouterr()
    assert main(["batch-check", str(tables)]) == 0
    assert "Nothing is wrong" in capsys.readouterr().out
    lots = pq.read_table(tables / "lots.parquet").to_pylist()
    lots[1]["shares"] = -1.0
    schema = pq.read_schema(tables / "lots.parquet")
    pq.write_table(pa.Table.from_pylist(lots, schema=schema), tables / "lots.parquet")
    with pytest.raises(InputError, match=r"lots.parquet: row group 1, row 2: shares"):
        main(["batch-check", str(tables)])
