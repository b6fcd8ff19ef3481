"""A household from tables of pandas, polars and pyarrow."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given

from realloc import Household, InputError
from realloc.errors import ExportError
from realloc.testing.strategies import households

Columns = Mapping[str, list[Any]]
MAKERS = (pd.DataFrame, pl.DataFrame, pa.table)
MODEL = {"name": "60/40", "targets": {"VTI": 0.6, "BND": 0.4}}
POSITIONS: Columns = {
    "account_number": ["A1", "A1", "A2", "A1", "A2"],
    "symbol": ["VTI", "CASH", "BND", "VTI", "CASH"],
    "shares": [10.0, 250.5, 3.0, 2.0, 0.0],
}
PRICES: Columns = {"symbol": ["VTI", "BND"], "price": [250.0, 72.5]}


def read(make: Callable[..., Any] = pl.DataFrame, **tables: Any) -> Household:
    """A household of the tables given as columns, in one library."""
    given = {"positions": POSITIONS, "prices": PRICES} | tables
    made = {name: make(dict(columns)) for name, columns in given.items() if isinstance(columns, Mapping)}
    return Household.from_frames(**made, model=MODEL, as_of="2026-11-20")


def faults(**tables: Any) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        read(**tables)
    return [(issue.code, issue.where) for issue in caught.value.issues]


@pytest.mark.parametrize("make", MAKERS)
def test_positions_and_prices_make_a_household(make: Callable[..., Any]) -> None:
    household = read(make)
    assert [account.to_dict() for account in household.accounts] == [
        {
            "label": number,
            "account_number": number,
            "cash": cash,
            "positions": positions,
            "targets": {},
            "enforce_no_negative_positions": False,
        }
        for number, cash, positions in (("A1", 250.5, {"VTI": 12.0}), ("A2", 0.0, {"BND": 3.0}))
    ]
    assert household.prices == {"VTI": 250.0, "BND": 72.5}
    assert household.as_of == date(2026, 11, 20)


@pytest.mark.parametrize("make", MAKERS)
def test_accounts_lots_and_trades_are_tables_too(make: Callable[..., Any]) -> None:
    household = read(
        make,
        positions={"Account Id": [1, 1], "Symbol": ["VTI", "BND"], "Quantity": [10, 3]},
        prices={"symbol": ["VTI", "BND"], "price": [250.0, 72.5], "spread_bps": [2.0, None]},
        accounts={"account_number": [1], "kind": ["taxable"], "cash_reserve": [5.0], "owner": [None]},
        lots={
            "account_number": [1, 1],
            "symbol": ["VTI", "VTI"],
            "shares": [4, 6],
            "cost_per_share": [100.0, 110.0],
            "acquired": [date(2020, 1, 2), date(2026, 3, 4)],
        },
        recent_trades={
            "account_number": [1],
            "symbol": ["BND"],
            "shares": [-2],
            "traded": ["2026-11-02"],
            "gain": [-3.5],
        },
    )
    (account,) = household.accounts
    assert (account.account_number, account.cash_reserve, account.owner) == ("1", 5.0, "")
    assert [(lot.shares, lot.acquired) for lot in account.lots] == [
        (4.0, date(2020, 1, 2)),
        (6.0, date(2026, 3, 4)),
    ]
    assert household.spreads_bps == {"VTI": 2.0}
    assert [(trade.symbol, trade.gain) for trade in household.recent_trades] == [("BND", -3.5)]


def test_pandas_timestamps_are_dates() -> None:
    lots = {"account_number": ["A2"], "symbol": ["BND"], "shares": [3], "cost_per_share": [70.0]}
    frame = pd.DataFrame({**lots, "acquired": pd.to_datetime(["2024-02-29"])})
    household = Household.from_frames(
        positions=pd.DataFrame(POSITIONS), prices=pd.DataFrame(PRICES), lots=frame, model=MODEL
    )
    assert household.accounts[1].lots[0].acquired == date(2024, 2, 29)


def test_every_fault_has_its_table_row_and_column() -> None:
    bad = {"account_number": ["A1", None, "A1"], "symbol": ["VTI", "BND", None], "shares": [1.0, 2.0, 3.0]}
    assert faults(positions=bad) == [
        ("cell.empty", "positions[1].account_number"),
        ("cell.empty", "positions[2].symbol"),
    ]
    assert faults(positions={"symbol": ["VTI"], "shares": [1]}) == [("column.missing", "positions")]
    assert faults(prices={"symbol": ["VTI", "VTI"], "price": [1, 2]}) == [("price.duplicate", "prices[1]")]
    assert faults(accounts={"account_number": ["A1", "A1", "A2"]}) == [("account.duplicate", "accounts[1]")]
    assert faults(accounts={"account_number": ["A1"]})[0] == ("account.unknown", "positions[2]")
    assert faults(positions={**POSITIONS, "shares": ["1", "2", "3", "4", "5"]})[0] == (
        "type.number",
        "positions[0].shares",
    )


def test_an_unknown_column_suggests_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'cash_reserve'"):
        read(accounts={"account_number": ["A1", "A2"], "cash_reserv": [1, 2]})


def test_not_a_number_is_an_empty_cell() -> None:
    positions = pd.DataFrame({**POSITIONS, "shares": [float("nan"), 1.0, 1.0, 1.0, 1.0]})
    with pytest.raises(InputError, match=r"positions\[0\].shares: the cell is empty"):
        Household.from_frames(positions=positions, prices=pd.DataFrame(PRICES), model=MODEL)


def test_what_a_document_refuses_tables_cannot_say() -> None:
    assert faults(prices={"symbol": ["VTI", "BND"], "price": [250.0, -1.0]}) == [
        ("number.range", "prices.BND.price")
    ]


def test_many_faults_are_counted() -> None:
    many = {"account_number": [None] * 30, "symbol": ["VTI"] * 30, "shares": [1.0] * 30}
    found = faults(positions=many)
    assert len(found) == 21
    assert found[-1] == ("table.more", "")


@given(households("small"))
def test_tables_of_a_household_make_it_again(home: Household) -> None:
    document = home.to_dict()
    positions = [
        {"account_number": account["account_number"], "symbol": symbol, "shares": float(shares)}
        for account in document["accounts"]
        for symbol, shares in {"CASH": account["cash"], **account["positions"]}.items()
    ]
    lots = [
        {"account_number": account["account_number"], **lot}
        for account in document["accounts"]
        for lot in account.get("lots", ())
    ]
    trades = [{"gain": None, **trade} for trade in document["recent_trades"]]
    accounts = [
        {key: value for key, value in account.items() if key not in ("cash", "positions", "lots")}
        for account in document["accounts"]
    ]
    columns = dict.fromkeys(key for account in accounts for key in account)
    made = Household.from_frames(
        positions=pl.DataFrame(positions),
        prices=pl.DataFrame(
            {
                "symbol": list(home.prices),
                "price": [float(price) for price in home.prices.values()],
                "spread_bps": [home.spreads_bps.get(symbol) for symbol in home.prices],
            },
            schema={"symbol": pl.String, "price": pl.Float64, "spread_bps": pl.Float64},
        ),
        accounts=pd.DataFrame(
            {key: [account.get(key) for account in accounts] for key in columns}, dtype=object
        ),
        lots=pl.DataFrame(lots, infer_schema_length=None) if lots else None,
        recent_trades=pl.DataFrame(trades, infer_schema_length=None) if trades else None,
        model=document["model"],
        policy=document["policy"],
        as_of=home.as_of,
    )
    assert made == home


def test_a_household_needs_no_narwhals_and_tables_say_what_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import realloc, sys; print('narwhals' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
    monkeypatch.setitem(sys.modules, "narwhals", None)
    with pytest.raises(ExportError, match=r"pip install 'realloc\[frames\]'"):
        read()
