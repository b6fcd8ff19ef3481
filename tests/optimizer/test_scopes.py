from __future__ import annotations

import pytest

from realloc.optimizer.scopes import Group, Scope, account_value, scopes_of
from tests.optimizer.cases import household


def by_name(scope: Scope) -> dict[str, Group]:
    return {group.name: group for group in scope.groups}


def test_an_account_is_worth_its_cash_its_flow_and_its_shares() -> None:
    # 100.50 - 40 + 2.5 x 20 = 110.50 (VAL-1)
    home = household(
        {"cash": 100.5, "cash_flow": -40, "positions": {"X": 2.5, "GONE": 0}}, {"X": 20}, {"X": 1}
    )
    assert account_value(home.accounts[0], home) == 110.5


def test_accounts_without_targets_are_one_scope_and_every_other_is_its_own() -> None:
    home = household(
        [
            {"cash": 1, "targets": {"X": 1}},
            {"cash": 10},
            {"cash": 100},
            {"cash": 1000, "targets": {"CASH": 1}},
        ],
        {"X": 20},
        {"X": 1},
    )
    scopes = scopes_of(home)
    assert [(scope.own, scope.value) for scope in scopes] == [("", 110.0), ("A", 1.0), ("D", 1000.0)]
    assert [account.account_number for account in scopes[0].accounts] == ["B", "C"]


def test_a_household_of_own_targets_has_no_common_scope() -> None:
    home = household({"cash": 1, "targets": {"CASH": 1}}, {"X": 20}, {"X": 1})
    assert [scope.own for scope in scopes_of(home)] == ["A"]


def test_the_household_scope_counts_every_class_every_target_and_what_is_held_beside_them() -> None:
    home = household(
        {"cash": 0, "positions": {"OLD": 1, "S2": 1, "NONE": 0}},
        {"S1": 1, "S2": 1, "OWN": 1, "OLD": 1},
        {"stocks": 3, "OWN": 1},
        classes={"stocks": {"symbols": ["S1", "S2"]}, "bonds": {"symbols": ["B1"]}},
    )
    (scope,) = scopes_of(home)
    assert {name: group.target for name, group in by_name(scope).items()} == {
        "stocks": 0.75,
        "OWN": 0.25,
        "bonds": 0.0,
        "OLD": 0.0,
        "CASH": 0.0,
    }
    assert scope.groups[-1].name == "CASH"


def test_an_own_scope_counts_only_what_its_targets_name() -> None:
    home = household(
        {"cash": 0, "positions": {"S2": 1}, "targets": {"bonds": 1, "CASH": 3}},
        {"S2": 1, "B1": 1},
        {"stocks": 1},
        classes={"stocks": {"symbols": ["S2"]}, "bonds": {"symbols": ["B1"]}},
    )
    (scope,) = scopes_of(home)
    assert {name: group.target for name, group in by_name(scope).items()} == {
        "bonds": 0.25,
        "S2": 0.0,
        "CASH": 0.75,
    }


def test_a_fund_of_two_classes_counts_in_both_with_its_shares() -> None:
    home = household(
        {"cash": 1},
        {"MIX": 1, "S": 1},
        {"bonds": 1, "stocks": 1},
        classes={
            "stocks": {"symbols": {"S": 1.0, "MIX": 0.6}},
            "bonds": {"symbols": {"MIX": 0.3}},
        },
    )
    (scope,) = scopes_of(home)
    names = [group.name for group in scope.groups]
    assert {names[g]: share for g, share in scope.cover["MIX"]} == {"stocks": 0.6, "bonds": 0.3}
    assert {names[g]: share for g, share in scope.cover["S"]} == {"stocks": 1.0}


def test_what_is_wanted_is_in_a_class_or_target_above_zero_with_its_place_in_it() -> None:
    home = household(
        {"cash": 1, "positions": {"OLD": 1}},
        {"S": 1, "MIX": 1, "B": 1, "OWN": 1, "OLD": 1, "ZERO": 1},
        {"stocks": 1, "bonds": 0, "OWN": 1, "ZERO": 0},
        classes={
            "stocks": {"symbols": {"S": 1.0, "MIX": 0.5, "NOTHING": 0.0}},
            "bonds": {"symbols": {"MIX": 0.5, "B": 1.0}},
        },
    )
    assert dict(scopes_of(home)[0].wanted) == {"S": 0, "MIX": 1, "OWN": 0}


def test_the_best_place_of_a_fund_of_two_classes_counts() -> None:
    home = household(
        {"cash": 1},
        {"S": 1, "MIX": 1},
        {"stocks": 1, "bonds": 1},
        classes={
            "stocks": {"symbols": {"S": 1.0, "MIX": 0.5}},
            "bonds": {"symbols": {"MIX": 0.5}},
        },
    )
    assert dict(scopes_of(home)[0].wanted) == {"S": 0, "MIX": 0}


@pytest.mark.parametrize(
    ("own", "common", "width"),
    [
        (None, {"absolute": 0.05, "relative": 0.25}, 0.05),
        (None, {"absolute": 0.05, "relative": 0.1}, 0.04),
        (None, {"relative": 0.5}, 0.2),
        ({"absolute": 0.3}, {"absolute": 0.05, "relative": 0.1}, 0.3),
        ({"relative": 0.01}, {"absolute": 0.05}, 0.004),
    ],
)
def test_a_band_is_the_lesser_measure_of_the_class_or_else_of_the_policy(
    own: dict[str, float] | None, common: dict[str, float], width: float
) -> None:
    stocks = {"symbols": ["S"]} | ({} if own is None else {"band": own})
    home = household(
        {"cash": 1}, {"S": 1}, {"stocks": 0.4, "CASH": 0.6}, classes={"stocks": stocks}, band=common
    )
    assert by_name(scopes_of(home)[0])["stocks"].band == pytest.approx(width, abs=1e-15)


def test_cash_has_the_band_of_its_class_and_a_symbol_that_of_the_policy() -> None:
    home = household(
        {"cash": 1, "positions": {"stocks": 1}},
        {"S": 1, "OWN": 1, "stocks": 1},
        {"OWN": 0.5, "CASH": 0.5},
        classes={"CASH": {"band": {"absolute": 0.01}}},
        band={"absolute": 0.03},
    )
    groups = by_name(scopes_of(home)[0])
    assert groups["CASH"].band == 0.01
    assert groups["OWN"].band == 0.03
    assert groups["stocks"].band == 0.03


def test_a_relative_band_around_a_target_of_zero_is_zero() -> None:
    home = household({"cash": 1, "positions": {"OLD": 1}}, {"OLD": 1}, {"CASH": 1}, band={"relative": 0.25})
    assert by_name(scopes_of(home)[0])["OLD"].band == 0.0
