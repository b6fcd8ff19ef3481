from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.errors import ExportError, ReallocError
from realloc.plugins.exporters import csv_exporter, csv_exporters
from realloc.plugins.exporters.csv_exporter import CSVExporter
from realloc.testing.conformance import ExporterConformance
from realloc.trades import Trade


class TestConformance(ExporterConformance):
    plugin = CSVExporter
    entry_point = "csv"

    def make(self, path: Path) -> CSVExporter:
        return CSVExporter(path)


def export(folder: Path, trades: Any) -> str:
    CSVExporter(path=str(folder / "trades.csv")).export(trades)
    return (folder / "trades.csv").read_bytes().decode()


def test_the_file_has_account_symbol_and_shares_one_trade_on_a_line(tmp_path: Path) -> None:
    trades = [
        Trade("A2", "GOOG", 7),
        Trade("A1", "AAPL", -10.0),
        {"account_id": 3, "symbol": "X", "shares": 0.5},
    ]
    assert export(tmp_path, trades) == "Account,Symbol,Shares\nA2,GOOG,7\nA1,AAPL,-10\n3,X,0.5\n"


def test_no_trades_are_a_header(tmp_path: Path) -> None:
    assert export(tmp_path, []) == "Account,Symbol,Shares\n"


def test_both_names_of_the_module_are_one_module() -> None:
    assert csv_exporters is csv_exporter


@pytest.mark.parametrize(
    ("shares", "text"),
    [(1e-05, "0.00001"), (1e21, "1" + "0" * 21), (0.1, "0.1"), (-0.0, "0"), (1234567.125, "1234567.125")],
)
def test_shares_are_exact_and_without_exponent(tmp_path: Path, shares: float, text: str) -> None:
    assert export(tmp_path, [Trade("A", "B", shares)]).splitlines()[1] == f"A,B,{text}"


def test_quotes_separators_and_line_ends_in_a_name_are_quoted(tmp_path: Path) -> None:
    text = export(tmp_path, [Trade('Ann\'s "IRA", old\nnew', "BRK B", 1)])
    assert list(csv.reader(text.splitlines(keepends=True)))[1] == ['Ann\'s "IRA", old\nnew', "BRK B", "1"]


def test_a_name_that_a_spreadsheet_would_run_is_made_harmless(tmp_path: Path) -> None:
    assert export(tmp_path, [Trade("=1+1", "-AAPL", 1)]).splitlines()[1] == "'=1+1,-AAPL,1"
    assert export(tmp_path, [Trade("-A1", "@AAPL", -1)]).splitlines()[1] == "-A1,'@AAPL,-1"


@pytest.mark.parametrize(
    "bad",
    [
        {"symbol": "X", "shares": 1},
        {"account_id": "A", "symbol": "X", "shares": "many"},
        {"account_id": "A", "symbol": "X", "shares": None},
        Trade("A", "X", float("nan")),
        Trade("A", "X", float("-inf")),
        "A,X,1",
        None,
    ],
)
def test_what_is_no_trade_is_an_error_with_its_number_and_the_file_stays(tmp_path: Path, bad: Any) -> None:
    (tmp_path / "trades.csv").write_text("before")
    with pytest.raises(ExportError, match="Trade 2 cannot be exported") as caught:
        export(tmp_path, [Trade("A", "X", 1), bad])
    assert isinstance(caught.value, ReallocError)
    assert (tmp_path / "trades.csv").read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


names = st.text("AZaz09 ,;\"'.-_\n\u00e9\u20ac", min_size=1, max_size=12).filter(
    lambda name: name[0] not in "-\n"
)
amounts = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(names, names, amounts), max_size=5))
def test_every_trade_comes_back_from_the_file_exactly(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, float]]
) -> None:
    text = export(tmp_path_factory.mktemp("export"), [Trade(*row) for row in rows])
    _, *body = csv.reader(io.StringIO(text, newline=""))
    assert [(account, symbol, float(shares)) for account, symbol, shares in body] == rows
    assert not any("e" in shares.lower() for _, _, shares in body)
