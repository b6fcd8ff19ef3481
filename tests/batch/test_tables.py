"""Household documents as tables, and back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realloc import Household, InputError
from realloc.batch import RESULTS, TABLES, Options, households_of, plan_partition, tables_of
from realloc.batch.tables import fingerprint
from realloc.testing.strategies import households


def document(**more: Any) -> dict[str, Any]:
    """One account with two shares of VTI and money for more."""
    return {
        "as_of": "2026-11-20",
        "prices": {"VTI": 250.0, "BND": {"price": 72.5, "spread_bps": 2.0}},
        "accounts": [{"account_number": "A1", "cash": 1000.0, "positions": {"VTI": 2}}],
        "model": {"name": "all", "targets": {"VTI": 0.5, "BND": 0.5}},
        **more,
    }


@settings(max_examples=40)
@given(st.lists(households("small"), max_size=4))
def test_every_household_comes_back_as_it_went(homes: list[Household]) -> None:
    tables = tables_of((f"h{n}", home.to_dict()) for n, home in enumerate(homes))
    back = dict(households_of(tables))
    assert len(back) == len(homes)
    for n, home in enumerate(homes):
        found = back[f"h{n}"]
        assert not isinstance(found, InputError)
        assert Household.from_dict(found) == home


def test_the_tables_have_the_published_schemas() -> None:
    tables = tables_of([("a", document())])
    assert {name: table.schema for name, table in tables.items()} == TABLES
    results = plan_partition(tables, Options())
    assert {name: table.schema for name, table in results.items()} == RESULTS


def test_what_households_share_is_there_once() -> None:
    tables = tables_of([("a", document()), ("b", document()), ("c", document(policy={"max_orders": 1}))])
    counts = {name: tables[name].num_rows for name in ("households", "models", "policies", "prices")}
    assert counts == {"households": 3, "models": 1, "policies": 2, "prices": 2}


def test_keys_that_no_column_has_go_through_unchanged() -> None:
    account = {"account_number": "A1", "cash": 1.0, "only": ["VTI"], "a_later_key": {"x": [1, 2]}}
    policy = {"a_later_policy": 7}
    tables = tables_of([("a", document(accounts=[account], policy=policy))])
    ((_, back),) = households_of(tables)
    assert not isinstance(back, InputError)
    assert back["accounts"][0] == {**account, "positions": {}, "lots": []}
    assert back["policy"] == policy


def test_a_household_may_be_there_once() -> None:
    with pytest.raises(InputError, match="there twice"):
        tables_of([("a", document()), ("a", document())])


def test_rows_without_what_they_refer_to_are_issues_of_their_household_alone() -> None:
    tables = tables_of([("a", document()), ("b", document())])
    stray = {"household_id": "b", "account_number": "B9", "symbol": "VTI", "shares": 1.0}
    tables["positions"] = pa.concat_tables(
        [tables["positions"], pa.Table.from_pylist([stray], schema=TABLES["positions"])]
    )
    results = plan_partition(tables, Options(run_id="r"))
    assert results["plans"]["household_id"].to_pylist() == ["a"]
    (failure,) = results["failures"].to_pylist()
    assert (failure["household_id"], failure["code"], failure["run_id"]) == ("b", "account.unknown", "r")
    assert "no account 'B9'" in failure["message"]


@pytest.mark.parametrize(
    ("table", "column", "value", "code"),
    [
        ("households", "model_id", "none", "reference"),
        ("models", "document", "{", "reference"),
        ("accounts", "more", "{", "json"),
        ("positions", "shares", float("nan"), "number.range"),
        ("prices", "price", -1.0, "number.range"),
    ],
)
def test_an_unusable_cell_is_a_failure_with_a_code(table: str, column: str, value: Any, code: str) -> None:
    tables = tables_of([("a", document())])
    at = tables[table].schema.get_field_index(column)
    kind = tables[table].schema.field(column).type
    cells = pa.array([value] * tables[table].num_rows, kind)
    tables[table] = tables[table].set_column(at, column, cells)
    results = plan_partition(tables, Options())
    assert results["plans"].num_rows == 0
    assert code in results["failures"]["code"].to_pylist()


def test_a_plan_is_in_the_tables_to_the_cent() -> None:
    results = plan_partition(tables_of([("a", document())]), Options(run_id="r7"))
    (plan,) = results["plans"].to_pylist()
    assert (plan["status"], plan["value"], plan["run_id"]) == ("certified", 1500.0, "r7")
    # 750 dollars of each: 3 VTI, and 10 BND for 725 and a half spread of a hundredth of a percent
    trades = results["trades"].to_pylist()
    assert {(trade["symbol"], trade["shares"], trade["notional"]) for trade in trades} == {
        ("BND", 10.0, 725.0),
        ("VTI", 1.0, 250.0),
    }
    assert plan["trades"] == 2
    assert plan["gap"] >= 0


def test_the_fingerprint_knows_what_matters_and_not_the_order_of_accounts() -> None:
    two = [{"account_number": "A1", "cash": 1.0}, {"account_number": "A2", "cash": 2.0}]
    one, other = document(accounts=two), document(accounts=two[::-1])
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(document(accounts=two, as_of=str(date(2026, 11, 21))))
