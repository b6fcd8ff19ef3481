"""Lots that soon turn long-term are kept unless a reserve needs them (rules DEFER-1 and DEFER-2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realloc import Household, audit_plan, rebalance
from realloc.testing.strategies import households
from tests.optimizer.cases import drawn, household, lot


def soon(days: int, **account: Any) -> Household:
    """Return 100 A at $100, bought at $50: half turn long-term on 11 March 2026, half on 12 June."""
    lots = [lot("A", 50, 50.0, "2025-03-10", id="march"), lot("A", 50, 50.0, "2025-06-11", id="june")]
    account = {"label": "Joint", "positions": {"A": 100}, "lots": lots, **account}
    return household(
        account,
        {"A": 100.0, "B": 10.0},
        {"B": 1.0},
        drift={"inside_band": 0.5, "outside_band": 1.0},
        tax={"short_term_rate": 0.37, "long_term_rate": 0.2, "defer_days": days},
    )


def sold(home: Household) -> dict[str, float]:
    return {each.id: each.shares for trade in rebalance(home).trades for each in trade.lots}


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, {"march": 50.0, "june": 50.0}),
        (9, {"march": 50.0, "june": 50.0}),
        (10, {"june": 50.0}),  # 1 March and ten days is 11 March
        (102, {"june": 50.0}),
        (103, {}),
    ],
)
def test_a_lot_is_kept_within_the_days_before_it_turns_long_term(
    days: int, expected: dict[str, float]
) -> None:
    assert sold(soon(days)) == expected


def test_the_plan_says_what_waiting_saves() -> None:
    """50 shares with $50 of gain each, taxed 17 points less: $425."""
    plan = rebalance(soon(10))
    (issue,) = [issue for issue in plan.issues if issue.code == "tax.defer"]
    assert issue.message == "waiting until 2026-03-11 saves $425 of tax on A"
    assert not [issue for issue in rebalance(soon(0)).issues if issue.code == "tax.defer"]


def test_a_reserve_that_nothing_else_reaches_takes_the_lot() -> None:
    """$4,000 are reached by the June lot (less a share to spare), $6,000 are not."""
    assert sold(soon(10, cash_flow=-4000.0)) == {"june": 50.0}
    plan = rebalance(soon(10, cash_flow=-6000.0))
    assert {each.id for trade in plan.trades for each in trade.lots} == {"march", "june"}
    assert any("but nothing else reaches the reserve" in issue.message for issue in plan.issues)


def test_losses_and_long_term_lots_do_not_wait() -> None:
    lots = [lot("A", 50, 150.0, "2025-03-10", id="loss"), lot("A", 50, 50.0, "2025-02-27", id="long")]
    assert sold(soon(300, lots=lots)) == {"loss": 50.0, "long": 50.0}


def test_behind_a_lot_that_waits_nothing_is_relieved() -> None:
    """SELL-3: first in, first out takes the March lot first, so none may go."""
    assert sold(soon(10, lot_relief="fifo")) == {}
    assert sold(soon(10, lot_relief="lifo")) == {"june": 50.0}


def test_the_audit_finds_a_lot_that_should_have_waited() -> None:
    made = rebalance(soon(0))
    report = audit_plan(soon(10), made)
    assert "DEFER-1" in {finding.code for finding in report.errors}
    assert date(2025, 3, 10) in {each.acquired for trade in made.trades for each in trade.lots}


def test_the_days_go_through_the_document() -> None:
    home = soon(10)
    assert home.to_dict()["policy"]["tax"]["defer_days"] == 10
    assert Household.from_dict(home.to_dict()) == home
    assert "defer_days" not in soon(0).to_dict()["policy"]["tax"]


@settings(drawn, max_examples=60)
@given(
    households("small"), st.sampled_from([1, 30, 200, 366]), st.sampled_from(["specific", "fifo", "average"])
)
def test_plans_that_wait_pass_the_audit(home: Household, days: int, relief: Any) -> None:
    for account in home.accounts:
        account.lot_relief = relief
    tax = replace(home.policy.tax, defer_days=days, regime="us")
    waiting = replace(home, policy=replace(home.policy, tax=tax))
    plan = rebalance(waiting)
    assert audit_plan(waiting, plan).ok
