"""Every format, on one household, equals a file that was written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from realloc.household import Household
from realloc.plan import Plan
from realloc.plugins.core.base import Exporter

TEXTS: dict[str, tuple[str, dict[str, Any]]] = {
    "checklist": ("checklist.md", {}),
    "orders_csv": ("orders.csv", {}),
    "lots_csv": ("lots.csv", {}),
    "blocks": ("blocks.csv", {}),
    "ibkr_basket": (
        "ibkr_basket.csv",
        {"accounts": "U0000001", "exchanges": "VTI=ARCA BND=NASDAQ", "tag": "realloc-0001"},
    ),
}
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "schwab_json": ("schwab.json", {"accounts": "U0000001"}),
    "alpaca_json": ("alpaca.json", {"accounts": ["A-77"]}),
    "etrade_json": ("etrade.json", {"accounts": "A-77"}),
}


def written(name: str, path: Path, plan: Plan, household: Household, **settings: Any) -> bytes:
    Exporter.load_exporter(name, path=path, **settings).export_household(plan.trades, household, plan)
    return path.read_bytes()


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_as_written_by_hand(
    name: str, tmp_path: Path, plan: Plan, household: Household, golden: Path
) -> None:
    file, settings = TEXTS[name]
    expected = (golden / file).read_text(encoding="utf-8")
    assert written(name, tmp_path / "out", plan, household, **settings).decode() == expected


@pytest.mark.parametrize("name", REQUESTS)
def test_order_requests_are_as_written_by_hand(
    name: str, tmp_path: Path, plan: Plan, household: Household, golden: Path
) -> None:
    file, settings = REQUESTS[name]
    expected = json.loads((golden / file).read_text(encoding="utf-8"))
    assert json.loads(written(name, tmp_path / "out", plan, household, **settings)) == expected


def test_a_fix_list_is_as_written_by_hand_with_length_and_checksum(
    tmp_path: Path, plan: Plan, household: Household, golden: Path
) -> None:
    fields = (golden / "fix44.txt").read_text(encoding="utf-8").split("\n")[:-1]
    body = "".join(f"{field}\x01" for field in fields)
    start = f"8=FIX.4.4\x019={len(body)}\x01{body}"
    expected = f"{start}10={sum(start.encode()) % 256:03d}\x01"
    settings = {"sender": "ADVISER", "target": "DESK", "sent": "20261120-14:30:00", "accounts": "U0000001"}
    assert written("fix44", tmp_path / "out", plan, household, **settings) == expected.encode()


def test_a_template_of_an_adviser_is_filled(
    tmp_path: Path, plan: Plan, household: Household, golden: Path
) -> None:
    text = written("template", tmp_path / "out", plan, household, template=golden / "custodian.j2").decode()
    assert text == (golden / "custodian.txt").read_text(encoding="utf-8")


def test_the_plan_document_is_the_plan(tmp_path: Path, plan: Plan, household: Household) -> None:
    document = json.loads(written("json", tmp_path / "out", plan, household))
    assert document == json.loads(json.dumps(plan.to_dict()))
    assert document["trades"][2]["lots"][0]["id"] == "a1"


def test_a_workbook_has_the_tables_that_were_computed_by_hand(
    tmp_path: Path, plan: Plan, household: Household
) -> None:
    written("excel", tmp_path / "out.xlsx", plan, household)
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == ["Summary", "Ben 401(k)", "=Roth", "Joint", "Lots"]
    tables = {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}
    assert tables["Summary"] == [
        ["Account", "Label", "Orders", "Sales", "Purchases", "Cash before", "Cash after", "Short-term gain",
         "Long-term gain"],
        ["401K-9", "Ben 401(k)", 2, 2025, 2025, 0, 0, 0, 0],
        ["A-77", "=Roth", 2, 625.25, 578.4, 20, 66.85, 0, 0],
        ["U0000001", "Joint", 2, 7503, 7446.9, 1000, 1056.1, 0, 2103],
        ["Total", None, 6, 10153.25, 10050.3, 1020, 1122.95, 0, 2103],
    ]  # fmt: skip
    assert tables["Joint"] == [
        ["Sequence", "Day", "Side", "Symbol", "Shares", "Price", "Limit", "Notional", "Lots", "Waits for", "Reason"],
        [3, 1, "SELL", "VTI", 30, 250.1, 249.59, 7503, "a1: 30", None, "Sells us_stock."],
        [6, 1, "BUY", "BND", 103, 72.3, 72.45, 7446.9, None, None, "Buys bonds."],
    ]  # fmt: skip
    assert tables["Lots"][1][:4] == ["U0000001", 3, "VTI", "a1"]
    assert tables["Lots"][1][5:] == [30, 180, "long", 2103]
    joint = book["Joint"]
    assert joint.freeze_panes == "A2"
    assert joint.print_title_rows == "$1:$1"
    assert joint.page_setup.orientation == "landscape"
    assert joint.page_setup.fitToHeight == 0
    assert joint["H2"].number_format == "#,##0.00;[Red]-#,##0.00"
    assert book["Lots"]["E2"].number_format == "yyyy-mm-dd"
