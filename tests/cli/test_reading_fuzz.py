"""What the commands read beside the documents: any text and any bytes end in a value or in our own error."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.cli.changes import changed, parse_change
from realloc.cli.plan_document import read_plan, read_trades
from realloc.documents import load_household
from realloc.errors import InputError
from realloc.household import Household
from realloc.plan import AccountCash, Certificate, ClassWeight, HouseholdTotals, Plan, PlanCosts
from realloc.testing.mutations import mutated
from realloc.trades import LotSale, Trade

HOUSEHOLD = load_household(Path(__file__).parents[2] / "examples" / "household.json")


def keys(value: Any, path: str = "") -> list[str]:
    """Return the dotted keys of a document."""
    if not isinstance(value, dict):
        return [path]
    return [path, *(key for name, inner in value.items() for key in keys(inner, f"{path}.{name}".strip(".")))]


KEYS = [key for key in keys(HOUSEHOLD.to_dict()) if key]
known = st.sampled_from(KEYS) | st.sampled_from(["cash", "only", "lots", "kind"]).map(
    "accounts[IRA-2207].{}".format
)
values = st.sampled_from(
    ["none", "1", "-1", "1e400", "nan", "[]", "{}", "[[1]]", "true", "'x'", "2026-01-01", "{a=1}"]
)


@given(st.text(max_size=30), st.text(max_size=20))
def test_any_key_and_value_make_a_household_or_our_error(key: str, value: str) -> None:
    with_errors(f"{key}={value}")


@given(known, values | st.text(max_size=10))
def test_any_value_of_a_known_key_makes_a_household_or_our_error(key: str, value: str) -> None:
    with_errors(f"{key}={value}")


def with_errors(text: str) -> None:
    try:
        result = changed(HOUSEHOLD, [parse_change(text, "--set")])
    except InputError as error:
        assert "--set" in str(error) or error.issues  # noqa: PT017 - either the household or this error
    else:
        assert isinstance(result, Household)


def plan() -> Plan:
    lot = LotSale(id="a", shares=1.5, cost_per_share=2.0, acquired=HOUSEHOLD.as_of, term="long", gain=1.0)
    return Plan(
        trades=(Trade("1", "S", -1.5, price=3.0, notional=-4.5, sequence=1, lots=(lot,), reason="Why."),),
        accounts=(AccountCash(account_number="1", cash_before=0.0, cash_after=4.5),),
        classes=(ClassWeight(name="S", target=1.0, before=0.5, after=0.5, band=0.05, account="1"),),
        household=HouseholdTotals(
            value=9.0, drift_before=0.1, drift_after=0.0, realized_short_term=0.0, realized_long_term=1.0
        ),
        costs=PlanCosts(objective=1.0, do_nothing=2.0, drift=0.0, tax=0.2, trading=0.1, location=0.0),
        certificate=Certificate(status="certified", objective=1.0, bound=0.5, gap=0.5, gap_bps=1.0),
    )


def test_a_plan_document_reads_back_as_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan().to_dict()))
    assert read_plan(path) == plan()
    assert read_trades(path) == list(plan().trades)


@pytest.mark.parametrize("read", [read_plan, read_trades])
@pytest.mark.parametrize("name", ["plan.json", "trades.csv"])
def test_damaged_files_end_in_a_result_or_in_our_error(read: Any, name: str, tmp_path: Path) -> None:
    text = (
        json.dumps(plan().to_dict(), indent=1)
        if name == "plan.json"
        else "Account,Symbol,Shares\n1,S,-1.5\n2,T,3\n"
    )
    path, draw = tmp_path / name, Random(7)
    outcomes = set()
    for _ in range(300):
        path.write_bytes(mutated(text.encode(), draw))
        try:
            outcomes.add(type(read(path)).__name__)
        except InputError as error:
            outcomes.add(type(error).__name__)
            places = [issue.where for issue in error.issues]
            assert all(place.startswith(str(path)) for place in places)
    assert "InputError" in outcomes


leaves = st.none() | st.booleans() | st.floats() | st.text(max_size=5)
nested = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "shares", "lots", "code"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(nested, st.sampled_from(sorted(plan().to_dict())))
def test_any_json_value_in_a_plan_document_ends_in_our_error(value: Any, key: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("realloc.cli.plan_document.read_document", lambda _: plan().to_dict() | {key: value})
        try:
            assert isinstance(read_plan(Path("plan.json")), Plan)
        except InputError as error:
            assert error.issues  # noqa: PT017 - either a plan or this error
