"""A household from tables of pandas, polars and pyarrow."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc import Household, InputError
from realloc.errors import ExportError, Issue
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


def nullable(columns: Columns) -> pd.DataFrame:
    return pd.DataFrame(dict(columns)).convert_dtypes()


def arrow_backed(columns: Columns) -> pd.DataFrame:
    return pd.DataFrame(dict(columns)).convert_dtypes(dtype_backend="pyarrow")


def objects(columns: Columns) -> pd.DataFrame:
    return pd.DataFrame(dict(columns), dtype=object)


def through_parquet(columns: Columns) -> pd.DataFrame:
    buffer = io.BytesIO()
    pd.DataFrame(dict(columns)).to_parquet(buffer)
    return pd.read_parquet(buffer)


def relation(columns: Columns) -> Any:
    table = pa.table(dict(columns))
    return duckdb.from_arrow(table)


LIBRARIES = (
    pd.DataFrame,
    nullable,
    arrow_backed,
    objects,
    through_parquet,
    pl.DataFrame,
    pl.LazyFrame,
    pa.table,
    relation,
)
WITH_GAPS: dict[str, Columns] = {
    "positions": {
        "account_number": ["401000123", "401000123", "Z1"],
        "symbol": ["VTI", "CASH", "BND"],
        "shares": [10.0, 250.5, 3.0],
    },
    "prices": {"symbol": ["VTI", "BND"], "price": [250.0, 72.5], "spread_bps": [2.0, None]},
    "accounts": {
        "account_number": ["401000123", "Z1"],
        "kind": ["tax_deferred", "taxable"],
        "owner": [None, "Ann"],
        "cash_reserve": [5, None],
        "do_not_trade": [None, False],
        "only": [["VTI", "BND"], None],
        "no_buy": [None, ["VTI"]],
        "max_position_value": [None, 9000.0],
    },
    "lots": {
        "account_number": ["Z1", "Z1"],
        "symbol": ["BND", "BND"],
        "shares": [1.0, 2.0],
        "cost_per_share": [70.0, 71.0],
        "acquired": ["2024-02-29", "2026-01-15"],
        "id": ["a", None],
    },
}


def home_of(make: Callable[..., Any], tables: Mapping[str, Columns] = WITH_GAPS) -> Household:
    made = {name: make(dict(columns)) for name, columns in tables.items()}
    return Household.from_frames(**made, model=MODEL, as_of="2026-11-20")


@pytest.mark.parametrize("make", LIBRARIES)
def test_every_library_and_type_of_column_says_the_same_household(make: Callable[..., Any]) -> None:
    home = home_of(make)
    ira, joint = home.accounts
    assert home == home_of(pl.DataFrame)
    assert (ira.account_number, ira.cash, ira.positions) == ("401000123", 250.5, {"VTI": 10.0})
    assert (ira.owner, ira.cash_reserve, ira.only, ira.max_position_value) == ("", 5.0, ("VTI", "BND"), None)
    assert (joint.owner, joint.cash_reserve, joint.only, joint.no_buy) == ("Ann", 0.0, None, ("VTI",))
    assert [(lot.id, lot.acquired) for lot in joint.lots] == [
        ("a", date(2024, 2, 29)),
        ("", date(2026, 1, 15)),
    ]


@pytest.mark.parametrize("make", LIBRARIES)
@pytest.mark.parametrize(
    "number", [401000123, 401000123.0, Decimal(401000123)], ids=["int", "float", "decimal"]
)
def test_an_account_number_that_was_read_as_a_number_is_its_digits(
    make: Callable[..., Any], number: Any
) -> None:
    positions = {**WITH_GAPS["positions"], "account_number": [number, number, number]}
    home = home_of(make, {"positions": positions, "prices": WITH_GAPS["prices"]})
    assert [account.account_number for account in home.accounts] == ["401000123"]


@pytest.mark.parametrize("number", [12.5, 1e17, True])
def test_a_name_that_has_lost_digits_is_refused_with_its_row(number: Any) -> None:
    positions = {"account_number": [number], "symbol": ["VTI"], "shares": [1.0]}
    with pytest.raises(InputError, match=r"positions\[0\]\.account_number: .*read the column as text"):
        home_of(objects, {"positions": positions, "prices": WITH_GAPS["prices"]})


@pytest.mark.parametrize("make", LIBRARIES)
def test_a_needed_cell_without_a_value_is_named_whatever_stands_for_none(make: Callable[..., Any]) -> None:
    positions = {**WITH_GAPS["positions"], "shares": [10.0, None, 3.0]}
    with pytest.raises(InputError, match=r"positions\[1\]\.shares: the cell is empty"):
        home_of(make, {"positions": positions, "prices": WITH_GAPS["prices"]})


@pytest.mark.parametrize(
    "acquired",
    [
        pd.Series(pd.to_datetime(["2026-12-31 20:20"]).tz_localize("America/New_York")),
        pd.Series([np.datetime64("2026-12-31T23:59:59", "ns")], dtype=object),
        pd.Series([pd.Timestamp("2026-12-31 23:30").to_pydatetime()], dtype=object),
        pd.Series(["2026-12-31"], dtype="category"),
        pd.Series([date(2026, 12, 31)], dtype="date32[pyarrow]"),
    ],
    ids=["zone", "numpy", "datetime", "category", "arrow"],
)
def test_a_day_is_the_one_that_the_column_shows(acquired: Any) -> None:
    lots = pd.DataFrame(
        {"account_number": ["A2"], "symbol": ["BND"], "shares": [3], "cost_per_share": [70.0]}
    )
    lots["acquired"] = acquired
    home = Household.from_frames(
        positions=pd.DataFrame(POSITIONS),
        prices=pd.DataFrame(PRICES),
        lots=lots,
        model=MODEL,
        as_of="2027-01-04",
    )
    assert home.accounts[1].lots[0].acquired == date(2026, 12, 31)


@pytest.mark.parametrize("table", [7, "positions.csv", {"symbol": ["VTI"]}, np.zeros(3)])
def test_what_is_no_table_is_refused(table: Any) -> None:
    with pytest.raises(InputError, match="prices: expected a table of pandas, polars, pyarrow or DuckDB"):
        Household.from_frames(positions=pd.DataFrame(POSITIONS), prices=table, model=MODEL)


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(),
            st.text(),
            st.binary(),
            st.dates(),
            st.datetimes(),
            st.decimals(),
            st.just(pd.NA),
            st.just(pd.NaT),
            st.lists(st.integers()),
        ),
        min_size=3,
        max_size=3,
    ),
    st.sampled_from(["account_number", "symbol", "shares"]),
)
def test_any_cells_end_in_a_household_or_in_an_issue_with_their_place(cells: list[Any], column: str) -> None:
    positions = pd.DataFrame({**WITH_GAPS["positions"], column: pd.Series(cells, dtype=object)})
    issues: tuple[Issue, ...] = ()
    try:
        Household.from_frames(positions=positions, prices=pd.DataFrame(dict(PRICES)), model=MODEL)
    except InputError as error:
        issues = error.issues
    assert all(issue.where for issue in issues)


def test_a_household_needs_no_narwhals_and_tables_say_what_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import realloc, sys; print('narwhals' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
    monkeypatch.setitem(sys.modules, "narwhals", None)
    with pytest.raises(ExportError, match=r"pip install 'realloc\[frames\]'"):
        read()
