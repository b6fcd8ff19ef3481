"""What is written is read back: no order lost, quantities and dollars as in the trades."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import openpyxl
import pytest
import simplefix
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import realloc
from realloc.documents import load_household
from realloc.plugins.core.base import Exporter
from realloc.trades import Trade

ROOT = Path(__file__).parents[3]
Row: TypeAlias = tuple[str, str, Decimal]
"""Account, symbol, shares (negative sells)."""


def signed(side: str, shares: Any) -> Decimal:
    return Decimal(str(shares)) * (-1 if side.lower() in ("sell", "2") else 1)


def of_orders_csv(data: bytes) -> list[Row]:
    rows = csv.DictReader(io.StringIO(data.decode()))
    return [(row["Account"], row["Symbol"], signed(row["Side"], row["Shares"])) for row in rows]


def of_blocks(data: bytes) -> list[Row]:
    rows = csv.DictReader(io.StringIO(data.decode()))
    return [
        (row["Account"], row["Symbol"], signed(row["Side"], row["Shares"]))
        for row in rows
        if row["Record"] == "ALLOCATION"
    ]


def of_ibkr(data: bytes) -> list[Row]:
    rows = csv.DictReader(io.StringIO(data.decode()))
    return [(row["Account"], row["Symbol"], signed(row["Action"], row["Quantity"])) for row in rows]


def of_schwab(data: bytes) -> list[Row]:
    rows = []
    for item in json.loads(data)["orders"]:
        (leg,) = item["order"]["orderLegCollection"]
        rows.append(
            (item["account"], leg["instrument"]["symbol"], signed(leg["instruction"], leg["quantity"]))
        )
    return rows


def of_alpaca(data: bytes) -> list[Row]:
    orders = [(item["account"], item["order"]) for item in json.loads(data)["orders"]]
    return [(account, order["symbol"], signed(order["side"], order["qty"])) for account, order in orders]


def of_etrade(data: bytes) -> list[Row]:
    rows = []
    for item in json.loads(data)["orders"]:
        (detail,) = item["order"]["PreviewOrderRequest"]["Order"]
        (leg,) = detail["Instrument"]
        rows.append((item["account"], leg["Product"]["symbol"], signed(leg["orderAction"], leg["quantity"])))
    return rows


def of_fix(data: bytes) -> list[Row]:
    if not data:
        return []
    parser = simplefix.FixParser()
    parser.append_buffer(data)
    message = parser.get_message()
    orders: list[dict[bytes, str]] = []
    for tag, value in message.pairs:
        if tag == b"11":
            orders.append({})
        if orders:
            orders[-1][tag] = value.decode()
    assert int(message.get(73)) == int(message.get(68)) == len(orders)
    assert [int(order[b"67"]) for order in orders] == list(range(1, len(orders) + 1))
    return [(order[b"1"], order[b"55"], signed(order[b"54"], order[b"38"])) for order in orders]


def of_json(data: bytes) -> list[Row]:
    trades = json.loads(data, parse_float=str, parse_int=str)["trades"]
    return [(trade["account_id"], trade["symbol"], Decimal(trade["shares"])) for trade in trades]


def of_excel(data: bytes) -> list[Row]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    summary = list(book["Summary"].iter_rows(min_row=2, values_only=True))
    accounts = [str(row[0]) for row in summary[:-1]]
    sheets = [sheet for sheet in book if sheet.title not in ("Summary", "Lots")]
    return [
        (account, str(row[3]), signed(str(row[2]), row[4]))
        for account, sheet in zip(accounts, sheets, strict=True)
        for row in sheet.iter_rows(min_row=2, values_only=True)
    ]


READERS: dict[str, Callable[[bytes], list[Row]]] = {
    "orders_csv": of_orders_csv,
    "blocks": of_blocks,
    "ibkr_basket": of_ibkr,
    "schwab_json": of_schwab,
    "alpaca_json": of_alpaca,
    "etrade_json": of_etrade,
    "fix44": of_fix,
    "json": of_json,
    "excel": of_excel,
}
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FRACTIONS = ("orders_csv", "blocks", "alpaca_json", "json", "excel")


def drawn_trades(shares: st.SearchStrategy[float]) -> st.SearchStrategy[list[Trade]]:
    return st.lists(
        st.builds(
            Trade,
            st.sampled_from(["A1", "U0000001", "401K-9 x"]),
            st.sampled_from(["VTI", "BND", "BRK B"]),
            shares,
            price=st.sampled_from([250.1, 72.3, 0.37, 500_000.0]),
        ),
        max_size=8,
    )


whole = st.integers(-9_999_999, 9_999_999).filter(bool).map(float)
thousandths = st.integers(-9_999_999, 9_999_999).filter(bool).map(lambda milli: milli / 1000)


def rows_of(trades: Iterable[Trade]) -> list[Row]:
    return sorted((trade.account_id, trade.symbol, Decimal(str(trade.shares))) for trade in trades)


def written(name: str, folder: Path, trades: Sequence[Trade]) -> bytes:
    Exporter.load_exporter(name, path=folder / name).export(trades)
    return (folder / name).read_bytes()


@pytest.mark.parametrize("name", READERS)
@FEW
@given(trades=drawn_trades(whole))
def test_every_order_of_whole_shares_comes_back(name: str, tmp_path: Path, trades: list[Trade]) -> None:
    assert sorted(READERS[name](written(name, tmp_path, trades))) == rows_of(trades)


@pytest.mark.parametrize("name", FRACTIONS)
@FEW
@given(trades=drawn_trades(thousandths))
def test_every_order_of_thousandths_comes_back(name: str, tmp_path: Path, trades: list[Trade]) -> None:
    assert sorted(READERS[name](written(name, tmp_path, trades))) == rows_of(trades)


def test_the_files_of_a_plan_add_up_to_the_plan(tmp_path: Path) -> None:
    household = load_household(ROOT / "examples" / "household.json")
    plan = realloc.rebalance(household)
    assert len(plan.trades) > 4
    for name in ("orders_csv", "blocks", "json", "excel"):
        exporter = Exporter.load_exporter(name, path=tmp_path / name)
        exporter.export_household(plan.trades, household, plan)
        assert sorted(READERS[name]((tmp_path / name).read_bytes())) == rows_of(plan.trades)
    sold = sum(Decimal(str(-trade.notional)) for trade in plan.trades if trade.shares < 0)
    bought = sum(Decimal(str(trade.notional)) for trade in plan.trades if trade.shares > 0)
    total = [
        cell.value
        for cell in list(openpyxl.load_workbook(io.BytesIO((tmp_path / "excel").read_bytes()))["Summary"])[-1]
    ]
    assert [Decimal(str(value)) for value in total[2:5]] == [len(plan.trades), sold, bought]
    for name, column in (("orders_csv", "Notional"), ("blocks", "Notional")):
        rows = list(csv.DictReader(io.StringIO((tmp_path / name).read_text())))
        orders = [row for row in rows if row.get("Record") != "BLOCK"]
        of_blocks_only = [row for row in rows if row.get("Record", "BLOCK") == "BLOCK"]
        for listed in (orders, of_blocks_only):
            assert sum(Decimal(row[column]) for row in listed) == sold + bought
    lots = [lot for trade in plan.trades for lot in trade.lots]
    Exporter.load_exporter("lots_csv", path=tmp_path / "lots").export_household(plan.trades, household, plan)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "lots").read_text())))
    assert [(row["Lot"], float(row["Shares"])) for row in rows] == [(lot.id, lot.shares) for lot in lots]
