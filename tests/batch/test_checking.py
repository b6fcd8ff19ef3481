"""Faults in rows are told with their file, row group and row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.households import document
from realloc.batch import TABLES, check_tables, tables_of, write_tables
from realloc.batch.checking import MOST


@pytest.fixture(scope="module")
def tables() -> dict[str, Any]:
    return tables_of((f"h{n}", document("M", n)) for n in range(4))


def test_sound_tables_have_no_issues(tables: dict[str, Any], tmp_path: Path) -> None:
    write_tables(tables, tmp_path)
    assert check_tables(tmp_path) == []


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("households", "household_id", None),
        ("households", "as_of", None),
        ("households", "model_id", "none"),
        ("households", "more", "{"),
        ("accounts", "kind", "ira"),
        ("accounts", "cash", -1.0),
        ("accounts", "cash_flow", float("inf")),
        ("accounts", "more", "[]"),
        ("positions", "shares", None),
        ("positions", "account_number", "none"),
        ("lots", "shares", 0.0),
        ("lots", "acquired", None),
        ("lots", "cost_per_share", float("nan")),
        ("restrictions", "rule", "no_bye"),
        ("recent_trades", "shares", None),
        ("prices", "price", 0.0),
        ("prices", "symbol", None),
        ("targets", "weight", None),
        ("targets", "model_id", "none"),
        ("classes", "band_absolute", -0.1),
        ("members", "class", "none"),
        ("policies", "document", None),
    ],
)
def test_a_faulty_cell_is_told_with_its_place(
    tables: dict[str, Any], tmp_path: Path, table: str, column: str, value: Any
) -> None:
    write_tables(tables, tmp_path)
    rows = pq.read_table(tmp_path / f"{table}.parquet").to_pylist()
    at = len(rows) - 1
    rows[at][column] = value
    pq.write_table(
        pa.Table.from_pylist(rows, schema=TABLES[table]), tmp_path / f"{table}.parquet", row_group_size=3
    )
    places = {issue.where for issue in check_tables(tmp_path)}
    assert f"{table}.parquet: row group {at // 3 + 1}, row {at + 1}: {column}" in places


def test_rows_that_are_there_twice_are_told_and_many_are_counted(
    tables: dict[str, Any], tmp_path: Path
) -> None:
    prices = tables["prices"]
    write_tables({**tables, "prices": pa.concat_tables([prices, prices])}, tmp_path)
    issues = check_tables(tmp_path)
    assert len(issues) == MOST + 1
    assert issues[0].message.startswith("expected each once, found ")
    assert issues[-1].message == f"{prices.num_rows - MOST:,} more rows without each once"


def test_an_unreadable_file_is_told_and_the_others_are_checked(
    tables: dict[str, Any], tmp_path: Path
) -> None:
    write_tables({name: table for name, table in tables.items() if name != "lots"}, tmp_path)
    (tmp_path / "lots").mkdir()
    pq.write_table(tables["lots"], tmp_path / "lots" / "1.parquet", compression="none")
    broken = bytearray((tmp_path / "lots" / "1.parquet").read_bytes())
    broken[4:80] = b"\xff" * 76
    (tmp_path / "lots" / "1.parquet").write_bytes(bytes(broken))
    (issue,) = check_tables(tmp_path)
    assert issue.code == "table.unreadable"
    assert issue.where.endswith("1.parquet")
