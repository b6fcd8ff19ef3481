"""What other people named, through every way out: nothing hidden, nothing that a spreadsheet runs."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realloc import Household, Trade, rebalance
from realloc.documents.writing import csv_table
from realloc.notebook import household_html, plan_html
from realloc.plugins.exporters.checklist import ChecklistExporter
from realloc.plugins.exporters.csv_exporter import CSVExporter
from realloc.plugins.exporters.excel import ExcelExporter
from realloc.plugins.exporters.order_file import OrderFile
from realloc.plugins.exporters.orders_csv import BlocksExporter, LotsCSVExporter, OrdersCSVExporter
from realloc.report import report_html
from realloc.report.charts import accounts_chart
from realloc.trades import LotSale

HIDDEN = "\x1b\x85\x9b\u200b\u200f\u202e\u2066\ufeff"
names = st.text("aB1 =+-@;,\t\"'|(!" + HIDDEN, min_size=1, max_size=10).filter(str.strip)
TABLES: list[type[OrderFile]] = [OrdersCSVExporter, LotsCSVExporter, BlocksExporter]


def raw(text: str) -> set[str]:
    return {character for character in text if not character.isprintable()} - {"\n"}


def cells(text: str) -> list[str]:
    return [
        cell
        for separator in ",;\t"
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        for cell in row
    ]


def dangerous(cell: str) -> bool:
    """Say whether a spreadsheet would run a cell; a signed number or word alone computes nothing."""
    start = cell.lstrip(' "')
    return start.startswith(("=", "+", "@", "\t", "\r")) and not re.match(r"[+-][\w.]*\Z", cell)


@settings(max_examples=25, deadline=None)
@given(names, names, names)
def test_no_name_is_run_or_hidden_in_an_exported_file(
    tmp_path_factory: pytest.TempPathFactory, account: str, symbol: str, name: str
) -> None:
    folder = tmp_path_factory.mktemp("out")
    lot = LotSale(
        id=name,
        acquired=date(2020, 1, 1),
        shares=1.0,
        cost_per_share=1.0,
        term="long",
        gain=9.0,
    )
    trade = Trade(account, symbol, -1, price=10.0, reason=name, lots=(lot,))
    CSVExporter(folder / "out").export([trade])
    texts = [(folder / "out").read_text(encoding="utf-8")]
    for exporter in TABLES:
        exporter(folder / "out").export([trade])
        texts.append((folder / "out").read_text(encoding="utf-8"))
    texts.append(csv_table(["name"], [[name]]))
    for text in texts:
        assert not raw(text)
        assert not [cell for cell in cells(text) if dangerous(cell)]
    ChecklistExporter(folder / "out").export([trade])
    assert not raw((folder / "out").read_text(encoding="utf-8"))


def test_a_workbook_hides_nothing_and_runs_nothing(tmp_path: Path) -> None:
    name = "=1+1\u202e\u200b\x85"
    ExcelExporter(tmp_path / "out.xlsx").export([Trade(name, name, -1, price=10.0, reason=name)])
    for sheet in openpyxl.load_workbook(tmp_path / "out.xlsx"):
        assert not raw(sheet.title)
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert not isinstance(cell.value, str) or not raw(cell.value)


def test_report_charts_and_notebook_show_what_is_hidden_in_a_label() -> None:
    label = f"Joint{HIDDEN}"
    household = Household.from_dict(
        {
            "as_of": "2026-11-20",
            "prices": {"VTI": 250.0, "BND": 70.0},
            "accounts": [
                {"label": label, "account_number": "A1", "cash": 900.0, "positions": {"VTI": 9}},
                {"label": "IRA", "account_number": "A2", "kind": "tax_exempt", "positions": {"BND": 9}},
            ],
            "model": {"name": "half", "targets": {"VTI": 0.5, "BND": 0.5}},
        }
    )
    plan = rebalance(household)
    shown = "Joint\\x1b\\x85\\x9b\\u200b\\u200f\\u202e\\u2066\\ufeff"
    for text in (report_html(household, plan), household_html(household)):
        assert not raw(text)
        assert shown in text
    assert not raw(plan_html(plan))
    assert not raw(accounts_chart([label], [{"VTI": 1.0}], ["VTI"]))
