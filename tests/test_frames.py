"""The trades of a plan as a table of the caller's own library."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from realloc import frames
from realloc.errors import ExportError
from realloc.frames import trades_frame
from realloc.trades import LotSale, Trade

LOTS = (
    LotSale(id="a", shares=2.0, cost_per_share=1.0, acquired=date(2020, 1, 2), term="long", gain=10.5),
    LotSale(id="b", shares=0.5, cost_per_share=1.0, acquired=date(2026, 1, 2), term="short", gain=-3.0),
)
TRADES = [
    Trade("A1", "VTI", -2.5, price=100.0, notional=-250.0, sequence=1, lots=LOTS, reason="Sells."),
    Trade("A2", "BND", 3, sequence=2),
]
EXPECTED: dict[str, list[Any]] = {
    "account_id": ["A1", "A2"],
    "symbol": ["VTI", "BND"],
    "side": ["sell", "buy"],
    "shares": [-2.5, 3.0],
    "price": [100.0, None],
    "notional": [-250.0, None],
    "sequence": [1, 2],
    "gain_short_term": [-3.0, 0.0],
    "gain_long_term": [10.5, 0.0],
    "lots": ["a: 2; b: 0.5", ""],
    "reason": ["Sells.", ""],
}


def test_polars_users_get_a_polars_frame() -> None:
    for named in (pl, "polars"):
        frame = trades_frame(TRADES, named)
        assert isinstance(frame, pl.DataFrame)
        assert frame.to_dict(as_series=False) == EXPECTED


def test_pyarrow_users_get_a_table() -> None:
    for named in (pa, "pyarrow"):
        table = trades_frame(TRADES, named)
        assert isinstance(table, pa.Table)
        assert table.to_pydict() == EXPECTED


def test_pandas_users_get_a_pandas_frame() -> None:
    for named in (pd, "pandas"):
        frame = trades_frame(TRADES, named)
        assert isinstance(frame, pd.DataFrame)
        assert list(frame.columns) == list(EXPECTED)
        listed = frame.astype(object).where(frame.notna(), None).to_dict("list")
        assert listed == EXPECTED


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_no_trades_are_a_table_with_typed_columns(library: str) -> None:
    frame = trades_frame([], library)
    assert len(frame) == 0
    table = pa.table(frame) if library != "pyarrow" else frame
    assert table.column_names == list(EXPECTED)
    assert pa.types.is_float64(table.schema.field("shares").type)
    assert pa.types.is_int64(table.schema.field("sequence").type)


def test_several_imported_libraries_need_a_name() -> None:
    with pytest.raises(TypeError, match="pandas and polars imported"):
        trades_frame(TRADES)


@pytest.mark.parametrize("library", ["polars", "pandas"])
def test_the_one_library_that_is_imported_is_taken(library: str) -> None:
    code = (
        f"import {library}\n"
        "from realloc.frames import trades_frame\n"
        "trades_frame([]); print(type(trades_frame([])).__module__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(library)


def test_without_any_library_the_caller_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "LIBRARIES", ("none_such",))
    with pytest.raises(TypeError, match="none of none_such imported"):
        trades_frame(TRADES)


def test_a_missing_narwhals_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "narwhals", None)
    with pytest.raises(ExportError, match=r"pip install 'realloc\[frames\]'"):
        trades_frame(TRADES, "polars")


def test_importing_the_package_loads_no_data_frames() -> None:
    heavy = "{'narwhals', 'pandas', 'polars', 'pyarrow', 'openpyxl', 'jinja2', 'simplefix'}"
    code = f"import sys, realloc, realloc.plugins.exporters.excel; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
