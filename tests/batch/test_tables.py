"""Household documents as tables, and back."""

from __future__ import annotations

import copy
import hashlib
from datetime import date
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realloc import Household, InputError, Issue
from realloc.batch import RESULTS, TABLES, Options, households_of, plan_partition, tables_of
from realloc.batch.assemble import homes_of
from realloc.batch.homes import Home
from realloc.batch.rows import Grouped
from realloc.testing.strategies import documents


def document(**more: Any) -> dict[str, Any]:
    """One account with two shares of VTI and money for more."""
    return {
        "as_of": "2026-11-20",
        "prices": {"VTI": 250.0, "BND": {"price": 72.5, "spread_bps": 2.0}},
        "accounts": [{"account_number": "A1", "cash": 1000.0, "positions": {"VTI": 2}}],
        "model": {"name": "all", "targets": {"VTI": 0.5, "BND": 0.5}},
        **more,
    }


def normal(home: Household) -> dict[str, Any]:
    """Return a household's document with its rows in order."""
    document = home.to_dict()
    for account in document["accounts"]:
        for key in ("lots", "only", "no_buy", "no_sell"):
            if key in account:
                account[key] = sorted(account[key], key=repr)
    document["accounts"].sort(key=lambda account: str(account["account_number"]))
    document["recent_trades"].sort(key=repr)
    return document


def outcome(document: dict[str, Any] | InputError) -> dict[str, Any] | list[str]:
    """Return the household of a document, or the codes of all that is wrong with it."""
    try:
        if isinstance(document, InputError):
            raise document
        return normal(Household.from_dict(document))
    except InputError as error:
        return sorted(issue.code for issue in error.issues)


def shuffled(table: Any, seed: int) -> Any:
    order = list(range(table.num_rows))
    Random(seed).shuffle(order)
    return table.take(pa.array(order, pa.int64()))


@settings(max_examples=60)
@given(st.lists(documents("small"), max_size=4), st.integers(0, 9))
def test_every_household_comes_back_as_it_went_whatever_the_order_of_the_rows(
    homes: list[dict[str, Any]], seed: int
) -> None:
    tables = tables_of((f"h{n}", home) for n, home in enumerate(homes))
    back = dict(households_of({name: shuffled(table, seed) for name, table in tables.items()}))
    assert len(back) == len(homes)
    for n, home in enumerate(homes):
        assert outcome(back[f"h{n}"]) == outcome(home)
    assert back == dict(households_of(tables))


NASTY = [
    None,
    True,
    False,
    "x",
    "",
    " VTI ",
    -1,
    1.5,
    10**400,
    float("nan"),
    [],
    {},
    [None],
    {"a": None},
    ["VTI"] * 2,
]


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a document of which one value is another, gone, or has a stranger beside it."""
    document = draw(documents("small"))
    at: Any = document
    while True:
        keys = list(range(len(at))) if isinstance(at, list) else sorted(at)
        keys = [key for key in keys if at is not document or key != "as_of"]
        if not keys:
            return document
        key = draw(st.sampled_from(keys))
        if isinstance(at[key], (dict, list)) and at[key] and draw(st.integers(0, 3)):
            at = at[key]
            continue
        match draw(st.integers(0, 4)):
            case 0:
                del at[key]
            case 1 if isinstance(at, dict):
                at["stranger"] = draw(st.sampled_from(NASTY))
            case _:
                at[key] = draw(st.sampled_from(NASTY))
        return document


@settings(max_examples=400)
@given(damaged())
def test_what_is_wrong_with_a_document_is_wrong_with_its_rows(home: dict[str, Any]) -> None:
    expected = outcome(copy.deepcopy(home))
    ((_, back),) = households_of(tables_of([("a", home)]))
    assert outcome(back) == expected


def read(home: Home | InputError) -> Household | list[Issue]:
    """Return the household of rows, or what is wrong with it."""
    try:
        if isinstance(home, InputError):
            raise home
        return home.household()
    except InputError as error:
        return list(error.issues)


def read_document(document: dict[str, Any] | InputError) -> Household | list[Issue]:
    try:
        if isinstance(document, InputError):
            raise document
        return Household.from_dict(document)
    except InputError as error:
        return list(error.issues)


@settings(max_examples=200)
@given(st.one_of(documents("small"), damaged()))
def test_rows_make_the_household_that_their_document_makes(home: dict[str, Any]) -> None:
    tables = tables_of([("a", home)])
    ((_, found),) = homes_of(tables)
    ((_, document),) = households_of(tables)
    assert read(found) == read_document(document)


LOTS = [
    {"symbol": "VTI", "shares": 1.0, "cost_per_share": 0.0, "acquired": "2026-11-20"},
    {"symbol": "VTI", "shares": 1.0, "cost_per_share": 200.0, "acquired": "2024-02-29", "id": "first"},
]


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("symbol", None, "key.missing"), ("symbol", " ", "text.empty"), ("symbol", " VTI\u00a0", None),
        ("shares", None, "key.missing"), ("shares", 0.0, "number.range"), ("shares", float("nan"), "number.range"),
        ("shares", 1.1e15, "number.range"), ("shares", float("inf"), "number.range"),
        ("cost_per_share", None, "key.missing"), ("cost_per_share", -0.01, "number.range"),
        ("cost_per_share", float("nan"), "number.range"), ("cost_per_share", 1e16, "number.range"),
        ("acquired", None, "key.missing"), ("acquired", 4_000_000, "type.date"), ("acquired", -800_000, "type.date"),
        ("id", "", "text.empty"), ("id", " first", None), ("id", None, None),
    ],
)  # fmt: skip
def test_a_lot_that_cannot_be_used_is_found_as_in_the_document(
    column: str, value: Any, code: str | None
) -> None:
    account = {"account_number": "A1", "cash": 1.0, "positions": {"VTI": 2}, "lots": LOTS}
    tables = tables_of([("a", document(accounts=[account])), ("b", document(accounts=[account]))])
    lots = tables["lots"]
    at, kind = lots.schema.get_field_index(column), lots.schema.field(column).type
    cells = lots[column].cast(pa.int32()).to_pylist() if column == "acquired" else lots[column].to_pylist()
    cells[2] = value
    plain = pa.array(cells, pa.int32()).cast(kind) if column == "acquired" else pa.array(cells, kind)
    tables["lots"] = lots.set_column(at, column, plain)
    (_, sound), (_, bad) = homes_of(tables)
    _, (_, stated) = households_of(tables)
    assert read(sound) == Household.from_dict(document(accounts=[account]))
    found = read(bad)
    assert found == read_document(stated)
    assert ([issue.code for issue in found] if isinstance(found, list) else [None]) == [code]


def test_a_menu_with_nothing_on_it_is_a_menu() -> None:
    account = {"account_number": "A1", "cash": 100.0, "only": [], "no_buy": ["VTI"]}
    tables = tables_of([("a", document(accounts=[account]))])
    assert {(row["rule"], row["symbol"]) for row in tables["restrictions"].to_pylist()} == {
        ("only", None),
        ("no_buy", "VTI"),
    }
    ((_, back),) = households_of(tables)
    assert not isinstance(back, InputError)
    assert back["accounts"][0]["only"] == []


def test_a_class_keeps_the_order_of_its_symbols_and_their_shares() -> None:
    classes = {
        "stocks": {"symbols": ["ZZZ", "VTI"], "band": {"relative": 0.2}},
        "mixed": {"symbols": {"VT": 0.6, "BND": 0.4}},
        "CASH": {"band": {"absolute": 0.01}},
    }
    model = {"label": "m", "targets": {"stocks": 1.0}, "classes": classes}
    tables = tables_of([("a", document(model=model))])
    assert tables["models"]["more"].to_pylist() == [None]
    ((_, back),) = households_of(tables)
    assert not isinstance(back, InputError)
    assert back["model"]["classes"] == classes
    assert list(back["model"]["classes"]["stocks"]["symbols"]) == ["ZZZ", "VTI"]


def test_what_a_document_that_cannot_be_read_says_is_its_failure() -> None:
    why = InputError(Issue(code="json.syntax", where="b.json:3", message="a comma is missing"))
    results = plan_partition(tables_of([("a", document()), ("b", why)]), Options())
    assert results["plans"]["household_id"].to_pylist() == ["a"]
    (failure,) = results["failures"].to_pylist()
    assert (failure["household_id"], failure["code"], failure["where"]) == ("b", "json.syntax", "b.json:3")


def test_keys_of_the_household_that_no_column_has_go_through_unchanged() -> None:
    tables = tables_of([("a", document(a_later_key={"x": [1, 2]}))])
    ((_, back),) = households_of(tables)
    assert not isinstance(back, InputError)
    assert back["a_later_key"] == {"x": [1, 2]}


def test_the_tables_have_the_published_schemas() -> None:
    tables = tables_of([("a", document())])
    assert {name: table.schema for name, table in tables.items()} == TABLES
    results = plan_partition(tables, Options())
    assert {name: table.schema for name, table in results.items()} == RESULTS


def test_what_households_share_is_there_once() -> None:
    tables = tables_of([("a", document()), ("b", document()), ("c", document(policy={"max_orders": 1}))])
    counts = {name: tables[name].num_rows for name in ("households", "models", "policies", "prices")}
    assert counts == {"households": 3, "models": 1, "policies": 1, "prices": 2}


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


@pytest.mark.parametrize(
    ("table", "row", "code"),
    [
        ("prices", {"symbol": "VTI", "price": 1.0}, "row.duplicate"),
        ("targets", {"name": "VTI", "weight": 1.0}, "row.duplicate"),
        ("models", {"name": "other"}, "row.duplicate"),
        ("policies", {"document": "{}"}, "row.duplicate"),
        ("accounts", {"account_number": "A1"}, "account.duplicate"),
        ("members", {"class": "none", "rank": 0, "symbol": "VTI"}, "reference"),
        ("restrictions", {"account_number": "A1", "rule": "no_bye", "symbol": "VTI"}, "restriction"),
        ("restrictions", {"account_number": "A1", "rule": "no_buy"}, "restriction"),
        ("restrictions", {"account_number": "B1", "rule": "no_buy", "symbol": "VTI"}, "account.unknown"),
    ],
)  # fmt: skip
def test_rows_that_contradict_each_other_are_failures(table: str, row: dict[str, Any], code: str) -> None:
    tables = tables_of([("a", document(policy={}))])
    key = tables[table].schema.names[0]
    row = row | {key: tables["households"][key][0].as_py()}
    tables[table] = pa.concat_tables([tables[table], pa.Table.from_pylist([row], schema=TABLES[table])])
    results = plan_partition(tables, Options())
    assert results["plans"].num_rows == 0
    assert results["failures"]["code"].to_pylist() == [code]


def test_a_key_of_the_json_may_not_contradict_a_column_or_stand_twice() -> None:
    for more, code in (
        ('{"cash": 2.0}', "key.duplicate"),
        ('{"x": 1, "x": 2}', "json"),
        ('{"owner": "\\ud800"}', "json"),
        ("[]", "json"),
    ):
        tables = tables_of([("a", document())])
        at = tables["accounts"].schema.get_field_index("more")
        tables["accounts"] = tables["accounts"].set_column(at, "more", pa.array([more]))
        assert plan_partition(tables, Options())["failures"]["code"].to_pylist() == [code]


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
        ("models", "more", "{", "json"),
        ("policies", "document", "{", "json"),
        ("policies", "document", None, "json"),
        ("households", "as_of", None, "key.missing"),
        ("accounts", "more", "{", "json"),
        ("positions", "shares", float("nan"), "number.range"),
        ("prices", "price", -1.0, "number.range"),
    ],
)
def test_an_unusable_cell_is_a_failure_with_a_code(table: str, column: str, value: Any, code: str) -> None:
    tables = tables_of([("a", document(policy={}))])
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


def digest(table: Any, name: str) -> str:
    made = hashlib.sha256()
    Grouped(table).digest(made, name)
    return made.hexdigest()


CELLS: dict[Any, list[Any]] = {
    pa.string(): [None, "", "A", "AB"],
    pa.float64(): [None, 0.0, 1.0, 1.0000000000000002],
    pa.date32(): [None, date(1970, 1, 1), date(2026, 11, 20)],
    pa.bool_(): [None, False, True],
    pa.int64(): [None, 0, 1],
}


@pytest.mark.parametrize(
    ("name", "column"), [(name, column) for name, schema in TABLES.items() for column in schema.names[1:]]
)
def test_every_cell_is_in_the_digest_of_its_rows(name: str, column: str) -> None:
    schema = TABLES[name]
    cells = CELLS[schema.field(column).type]
    row = {field.name: CELLS[field.type][-1] for field in schema}
    key = schema.names[0]
    found = set()
    for cell in cells:
        rows = [{**row, key: "a", column: cell}, {**row, key: "a"}, {**row, key: "b"}]
        table = pa.Table.from_pylist(rows, schema=schema)
        found.add(digest(table, "a"))
        assert digest(shuffled(table, 1), "a") == digest(table, "a")
        assert digest(table, "b") == digest(table.slice(2), "b")
    assert len(found) == len(cells)


def test_texts_of_neighbouring_cells_and_rows_do_not_run_into_each_other() -> None:
    parted = [("AB", "C"), ("A", "BC"), ("", "ABC"), (None, "ABC")]
    rows = [{"model_id": "m", "name": one, "more": other} for one, other in parted]
    tables = [pa.Table.from_pylist([row], schema=TABLES["models"]) for row in rows]
    twice = [{"policy_id": "p", "document": text} for text in ("A", "A", "AA")]
    policies = [pa.Table.from_pylist(some, schema=TABLES["policies"]) for some in (twice[:2], twice[2:])]
    assert len({*(digest(table, "m") for table in tables), *(digest(table, "p") for table in policies)}) == 6


def test_the_fingerprint_knows_what_matters_and_not_the_order_of_rows() -> None:
    two = [
        {"account_number": "A1", "cash": 1.0, "positions": {"VTI": 1, "BND": 2}, "no_buy": ["VTI", "BND"]},
        {"account_number": "A2", "cash": 2.0},
    ]

    def of(home: dict[str, Any], seed: int) -> str:
        tables = {name: shuffled(table, seed) for name, table in tables_of([("a", home)]).items()}
        return str(plan_partition(tables, Options())["plans"]["fingerprint"][0])

    assert (
        len({of(document(accounts=accounts), seed) for accounts in (two, two[::-1]) for seed in range(5)})
        == 1
    )
    others = (
        {"as_of": "2026-11-21"},
        {"prices": {"VTI": 250.0, "BND": 72.5}},
        {"model": {"name": "all", "targets": {"VTI": 0.5, "BND": 0.4}}},
        {"policy": {"max_orders": 9}},
        {"tax_year": {"realized_short_term": 1.0}},
    )
    assert len({of(document(accounts=two, **other), 0) for other in ({}, *others)}) == 1 + len(others)


def test_the_fingerprint_does_not_know_how_what_is_shared_is_called() -> None:
    (_, alone), *_ = homes_of(tables_of([("a", document())]))
    *_, (_, later) = homes_of(
        tables_of([("0", document(policy={})), ("1", document(prices={"VTI": 1.0})), ("a", document())])
    )
    assert isinstance(alone, Home)
    assert isinstance(later, Home)
    assert alone.fingerprint == later.fingerprint
