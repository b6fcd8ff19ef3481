from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given

from realloc.accounts import Account
from realloc.checking import check, require_sound
from realloc.errors import InputError, Issue, MissingPriceError
from realloc.household import Household, RecentTrade
from realloc.models import AssetClass, PortfolioModel
from realloc.testing.strategies import households


def document(**changes: Any) -> dict[str, Any]:
    """A sound household of one account, with changes."""
    return {
        "as_of": "2026-03-01",
        "prices": {"S": 10.0, "B": 20.0},
        "accounts": [account()],
        "model": {"name": "model", "targets": {"S": 1.0}},
    } | changes


def account(**changes: Any) -> dict[str, Any]:
    lots = [{"symbol": "S", "shares": 5, "cost_per_share": 8.0, "acquired": "2025-01-01", "id": "first"}]
    return {"account_number": "A", "cash": 100.0, "positions": {"S": 5}, "lots": lots} | changes


def lots(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    plain = {"symbol": "S", "shares": 5, "cost_per_share": 8.0, "acquired": "2025-01-01"}
    return [plain | change for change in changes]


def found(**changes: Any) -> list[tuple[str, str, str]]:
    return [
        (issue.code, issue.where, issue.severity) for issue in check(Household.from_dict(document(**changes)))
    ]


def test_a_sound_household_has_no_issues() -> None:
    assert found() == []
    assert require_sound(Household.from_dict(document())) == []


RECENT = {"account_number": "A", "symbol": "S", "shares": -1, "price": 9.0, "traded": "2026-02-01"}

CASES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("account.none", "accounts", "error", {"accounts": []}),
    (
        "account.number",
        "accounts[1].account_number",
        "error",
        {"accounts": [account(), {"cash": 1.0}]},
    ),
    ("cash.negative", "accounts[0].cash", "error", {"accounts": [account(cash=-0.01)]}),
    (
        "position.negative",
        "accounts[0].positions.B",
        "error",
        {"accounts": [account(positions={"S": 5, "B": -2})]},
    ),
    (
        "position.cash",
        "accounts[0].positions.CASH",
        "error",
        {"accounts": [account(positions={"S": 5, "CASH": 2}, kind="tax_exempt")]},
    ),
    (
        "lot.future",
        "accounts[0].lots[0].acquired",
        "error",
        {"accounts": [account(lots=lots({"acquired": "2026-03-02"}))]},
    ),
    (
        "lot.duplicate",
        "accounts[0].lots[1].id",
        "error",
        {"accounts": [account(lots=lots({"shares": 2, "id": "x"}, {"shares": 3, "id": "x"}))]},
    ),
    ("lot.sum", "accounts[0].lots", "error", {"accounts": [account(lots=lots({"shares": 4.9}))]}),
    (
        "lot.sum",
        "accounts[0].lots",
        "error",
        {"accounts": [account(lots=lots({}, {"symbol": "B", "shares": 1}))]},
    ),
    (
        "lot.unknown_basis",
        "accounts[A].positions.S",
        "warning",
        {"accounts": [account(lots=[])]},
    ),
    ("model.zero", "model.targets", "error", {"model": {"name": "m", "targets": {"S": 0.0}}}),
    (
        "model.zero",
        "accounts[0].targets",
        "error",
        {"accounts": [account(targets={"S": 0.0})]},
    ),
    (
        "class.cash",
        "model.classes.CASH.symbols",
        "error",
        {"model": {"name": "m", "targets": {"S": 1.0}, "classes": {"CASH": {"symbols": ["B"]}}}},
    ),
    (
        "class.overlap",
        "model.classes",
        "error",
        {
            "model": {
                "name": "m",
                "targets": {"x": 1.0},
                "classes": {"x": {"symbols": {"S": 0.7}}, "y": {"symbols": {"S": 0.4}}},
            }
        },
    ),
    (
        "model.twice",
        "model.targets.S",
        "error",
        {"model": {"name": "m", "targets": {"x": 1.0, "S": 1.0}, "classes": {"x": {"symbols": ["S"]}}}},
    ),
    (
        "model.twice",
        "accounts[0].targets.S",
        "error",
        {
            "accounts": [account(targets={"x": 1.0, "S": 1.0})],
            "model": {"name": "m", "targets": {"x": 1.0}, "classes": {"x": {"symbols": ["S"]}}},
        },
    ),
    (
        "price.missing",
        "accounts[0].positions.S",
        "error",
        {"prices": {"B": 1.0}, "model": {"name": "m", "targets": {"B": 1}}},
    ),
    (
        "price.missing",
        "model.targets.GONE",
        "error",
        {"model": {"name": "m", "targets": {"S": 1, "GONE": 1}}},
    ),
    (
        "price.missing",
        "accounts[0].targets.GONE",
        "error",
        {"accounts": [account(targets={"GONE": 1.0})]},
    ),
    (
        "price.missing",
        "model.targets.x",
        "error",
        {"model": {"name": "m", "targets": {"x": 1.0}, "classes": {"x": {"symbols": ["GONE"]}}}},
    ),
    (
        "recent.future",
        "recent_trades[1].traded",
        "error",
        {"recent_trades": [RECENT | {"gain": 1.0}, RECENT | {"shares": 1, "traded": "2026-03-02"}]},
    ),
    (
        "recent.gain",
        "recent_trades[A/S/2026-02-01]",
        "warning",
        {"recent_trades": [RECENT]},
    ),
    (
        "name.unknown",
        "accounts[A].no_buy",
        "warning",
        {"accounts": [account(no_buy=["TYPO"])]},
    ),
    ("name.unknown", "accounts[A].no_sell", "warning", {"accounts": [account(no_sell=["TYPO"])]}),
    ("name.unknown", "accounts[A].only", "warning", {"accounts": [account(only=["S", "TYPO"])]}),
    (
        "name.unknown",
        "accounts[A].location_cost",
        "warning",
        {"accounts": [account(location_cost={"TYPO": 0.1})]},
    ),
    ("name.unknown", "policy.location", "warning", {"policy": {"location": {"TYPO": {"taxable": 0.1}}}}),
    (
        "location.twice",
        "policy.location_preference.S",
        "error",
        {"policy": {"location": {"S": {"taxable": 0.1}}, "location_preference": {"S": ["taxable"]}}},
    ),
    (
        "location.twice",
        "policy.location_from_returns.S",
        "error",
        {
            "policy": {
                "location_preference": {"S": ["taxable"]},
                "location_from_returns": {"S": {"yield": 0.01, "growth": 0.0}},
            }
        },
    ),
    (
        "location.returns",
        "policy.location_from_returns",
        "warning",
        {"policy": {"location_from_returns": True}},
    ),
    (
        "name.unknown",
        "policy.location_preference",
        "warning",
        {"policy": {"location_preference": {"TYPO": ["taxable"]}}},
    ),
    (
        "name.unknown",
        "policy.location_from_returns",
        "warning",
        {"policy": {"location_from_returns": {"TYPO": {"yield": 0.01, "growth": 0.0}}}},
    ),
    (
        "name.unknown",
        "policy.wash_sales.identical",
        "warning",
        {"policy": {"wash_sales": {"identical": [["S", "TYPO"]]}}},
    ),
]


@pytest.mark.parametrize(
    ("code", "where", "severity", "changes"), CASES, ids=[f"{code}-{where}" for code, where, *_ in CASES]
)
def test_each_mistake_is_one_issue_with_its_place(
    code: str, where: str, severity: str, changes: dict[str, Any]
) -> None:
    assert found(**changes) == [(code, where, severity)]


def test_two_accounts_of_one_number_are_an_issue_each() -> None:
    assert found(accounts=[account(), account()]) == [
        ("account.duplicate", "accounts[0].account_number", "error"),
        ("account.duplicate", "accounts[1].account_number", "error"),
    ]


def test_a_negative_weight_of_a_model_that_is_not_long_only_is_refused() -> None:
    model = {"name": "m", "enforce_long_only": False, "targets": {"S": 1.0, "B": -0.5}}
    assert found(model=model) == [("model.negative", "model.targets.B", "error")]


@pytest.mark.parametrize(
    "changes",
    [
        {"accounts": [account(lots=lots({"shares": 5.0000009}))]},
        {"accounts": [account(lots=lots({"acquired": "2026-03-01"}))]},
        {"accounts": [account(lots=[], kind="tax_deferred")]},
        {"accounts": [account(positions={"S": 5, "GONE": 0})]},
        {"accounts": [account(cash=0.0)]},
        {"recent_trades": [RECENT | {"gain": -1.0}]},
        {"recent_trades": [RECENT | {"shares": 1, "traded": "2026-03-01"}]},
        {
            "accounts": [account(kind="tax_exempt", lots=[])],
            "recent_trades": [RECENT],
        },
        {
            "model": {
                "name": "m",
                "targets": {"x": 1.0, "y": 0.0},
                "classes": {"x": {"symbols": ["GONE", "S"]}, "y": {"symbols": ["ELSE"]}},
            }
        },
        {
            "model": {
                "name": "m",
                "targets": {"CASH": 1.0, "S": 1.0},
                "classes": {"CASH": {"band": {"absolute": 0.01}}},
            }
        },
        {
            "model": {
                "name": "m",
                "targets": {"x": 1.0},
                "classes": {"x": {"symbols": {"S": 0.7}}, "y": {"symbols": {"S": 0.3}}},
            }
        },
    ],
)
def test_what_is_right_at_the_edge_is_no_issue(changes: dict[str, Any]) -> None:
    assert found(**changes) == []


def test_errors_come_before_warnings() -> None:
    changes = {"accounts": [account(lots=[], cash=-1.0), {"cash": 1.0, "positions": {"B": 1}}]}
    assert [severity for _, _, severity in found(**changes)] == ["error", "error", "warning", "warning"]


def test_a_typo_is_answered_with_the_nearest_name() -> None:
    home = Household.from_dict(document(accounts=[account(no_buy=["SS"])], prices={"S": 1.0}))
    assert "'S'" in check(home)[0].hint


def test_all_errors_are_raised_at_once() -> None:
    home = Household.from_dict(document(accounts=[account(cash=-1.0, lots=lots({"shares": 1}))]))
    with pytest.raises(InputError) as raised:
        require_sound(home)
    assert [issue.code for issue in raised.value.issues] == ["cash.negative", "lot.sum"]
    assert not isinstance(raised.value, MissingPriceError)


def test_missing_prices_alone_are_a_key_error() -> None:
    home = Household.from_dict(document(prices={"B": 1.0}))
    with pytest.raises(MissingPriceError) as raised:
        require_sound(home)
    assert isinstance(raised.value, KeyError)
    assert [issue.where for issue in raised.value.issues] == ["accounts[0].positions.S", "model.targets.S"]


def test_warnings_are_returned() -> None:
    issues = require_sound(Household.from_dict(document(accounts=[account(lots=[])])))
    assert [issue.code for issue in issues] == ["lot.unknown_basis"]
    assert all(isinstance(issue, Issue) for issue in issues)


def test_values_built_in_python_are_checked_as_documents_are() -> None:
    home = Household(
        as_of=date(2026, 3, 1),
        prices={"S": 1.0},
        accounts=(Account("", "A", -5.0, {"S": -1.0}),),
        model=PortfolioModel("m", {"x": 1.0}, classes={"x": AssetClass(symbols={"S": 1.0})}),
        recent_trades=(
            RecentTrade(account_number="A", symbol="S", shares=1, price=1.0, traded=date(2027, 1, 1)),
        ),
    )
    assert [issue.code for issue in check(home)] == ["cash.negative", "position.negative", "recent.future"]
    assert check(replace(home, accounts=()))[0].code == "account.none"


@given(households("small"))
def test_drawn_households_are_sound(home: Household) -> None:
    assert all(issue.severity == "warning" for issue in require_sound(home))
