"""Raising cash: whole and fractional shares, commissions, caps on gains, and reserves that are no whole cents."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realloc.audit import audit_plan
from realloc.engine import rebalance
from realloc.household import Household
from realloc.optimizer.deadline import NEVER
from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import build
from realloc.optimizer.raising import trimmed
from realloc.optimizer.relaxation import Relaxation
from realloc.optimizer.search import _idle
from realloc.plan import Plan
from realloc.testing.strategies import households
from tests.optimizer.cases import drawn, household, lot


def orders(plan: Plan) -> dict[str, float]:
    return {trade.symbol: trade.shares for trade in plan.trades}


def shortfalls(plan: Plan) -> list[float]:
    return [account.shortfall for account in plan.accounts]


def test_a_fractional_account_sells_no_thousandth_more_than_its_reserve_needs() -> None:
    positions = {"S": 100.0, "T": 100.0}
    lots = [lot("S", 100, 25.0), lot("T", 100, 27.0)]
    account = {"cash_flow": -1000, "fractional": True, "positions": positions, "lots": lots}
    plan = rebalance(household(account, {"S": 20, "T": 21}, {"S": 1, "T": 1}, mode="raise_cash"))
    # T saves more tax for each dollar: 6 of 21 against 5 of 20; 47.619 shares are $999.999
    assert orders(plan) == {"T": -47.62}
    assert plan.certificate.gap_bps < 1


def test_a_commission_and_a_cap_on_gains_leave_the_sale_that_both_allow() -> None:
    account = {
        "cash": 96.15,
        "cash_flow": -384.58,
        "positions": {"S": 152.837, "T": 25},
        "lots": [lot("S", 152.837, 48.4973), lot("T", 25, 57.7859)],
    }
    subject = household(
        account,
        {"S": 44.56, "T": 55.27},
        {"S": 0.7, "T": 0.3},
        mode="raise_cash",
        costs={"commission": 19.0},
        max_realized_gain=0.0,
    )
    plan = rebalance(subject)
    # $288.43 and $19 are 6.9 shares of S or 5.6 of T; both are at a loss, so that a share more may stay
    assert plan.accounts[0].cash_after >= 0
    assert len(plan.trades) == 1
    assert plan.trades[0].symbol == "S"


def test_the_relaxation_leaves_room_above_a_ceiling_of_cash_for_commissions_that_it_does_not_pay() -> None:
    lots = [lot("S", 20, 150.0), lot("T", 20, 150.0)]
    account = {"cash_flow": -100, "positions": {"S": 20, "T": 20}, "lots": lots}
    prices, targets = {"S": 100, "T": 100}, {"S": 1, "T": 1}
    subject = household(account, prices, targets, mode="raise_cash", costs={"commission": 50.0})
    problem = build(subject)
    made = Repair(problem, _idle(problem, NEVER).sells_losses)
    # three shares in two orders pay $100 and leave $100, no more than a share above the reserve
    made.set(np.array([-2.0, -1.0]))
    assert max(made.missed()) == 0
    tax = float(made.pair_tax.sum())
    capped = replace(problem, limits=replace(problem.limits, tax=tax))
    assert Relaxation(capped).solve().missed == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("mode", ["full", "raise_cash"])
def test_a_shortfall_of_a_reserve_that_is_no_whole_cent_is_stated_as_it_is(mode: str) -> None:
    account = {"cash": 10, "cash_reserve": 72.64225, "positions": {"S": 1}, "kind": "tax_deferred"}
    plan = rebalance(household(account, {"S": 10}, {"S": 1}, mode=mode))
    assert orders(plan) == {"S": -1}
    assert shortfalls(plan) == [52.64225]


@pytest.mark.parametrize("mode", ["full", "raise_cash"])
def test_a_reserve_that_is_no_whole_cent_is_reached_by_cash_in_whole_cents(mode: str) -> None:
    account = {"cash": 0, "cash_reserve": 99.993, "positions": {"S": 10}, "fractional": True}
    plan = rebalance(household({**account, "kind": "tax_exempt"}, {"S": 9.999}, {"S": 1}, mode=mode))
    # 10 shares bring $99.99, below the reserve
    assert plan.accounts[0].cash_after == 99.99
    assert shortfalls(plan) == [pytest.approx(0.003)]


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list to which every move adds its pair; the thousandth but one ends the test."""
    made: list[int] = []
    move = Repair.move

    def counted(self: Repair, pair: int, count: float) -> None:
        made.append(pair)
        assert len(made) < 1_000
        move(self, pair, count)

    monkeypatch.setattr(Repair, "move", counted)
    return made


def test_sales_are_made_smaller_in_strides(moves: list[int]) -> None:
    positions = {"S": 8621.193, "T": 294.132}
    account = {"cash_reserve": 2000, "positions": positions, "fractional": True, "kind": "tax_deferred"}
    subject = household(account, {"S": 6.91, "T": 218.54}, {"S": 1, "T": 1}, mode="raise_cash")
    problem = build(subject)
    made = _idle(problem, NEVER)
    made.set(-problem.pairs.sell_max)
    left = trimmed(made)
    assert len(moves) < 60
    assert 0 <= float(left.cash[0]) - 2000 < 0.001 * 218.54


@pytest.mark.usefixtures("moves")
def test_steps_and_leaps_do_not_undo_each_other_for_ever() -> None:
    # a thousandth of S moves drift by less than what counts, a leap of some of them by more
    positions = {"S": 3.1, "T": 23.353238}
    account = {"cash": 34.48, "cash_reserve": 2917.67, "positions": positions, "fractional": True}
    subject = household(
        {**account, "kind": "tax_exempt"},
        {"S": 0.37, "U": 20.76, "T": 143.32},
        {"U": 5},
        mode="raise_cash",
        costs={"spread_bps": 10.0},
        max_drift=0.2,
    )
    assert audit_plan(subject, rebalance(subject)).ok


def test_drift_that_whole_shares_keep_above_a_cap_of_none_takes_no_integer_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("realloc.optimizer.search.Program", None)
    accounts = [
        {"cash": 834500, "positions": {"S": 316}, "lots": [lot("S", 316, 222.15)]},
        {"cash": 6948810, "positions": {}, "kind": "tax_exempt"},
    ]
    targets = {"S": 0.2, "T": 0.3, "U": 0.5}
    plan = rebalance(household(accounts, {"S": 186.09, "T": 206.65, "U": 12.19}, targets, max_drift=0.0))
    assert plan.household.drift_after < 0.5e-4
    assert plan.certificate.gap_bps < 0.3


@st.composite
def raising(draw: st.DrawFn) -> Household:
    """Draw a household in which accounts have cash to raise, with steps, tails, costs and caps of every kind."""
    document = draw(households("small")).policy
    subject = draw(households("small"))
    accounts = []
    for account in subject.accounts:
        worth = account.cash + sum(subject.prices.get(s, 0.0) * n for s, n in account.positions.items())
        part = draw(st.sampled_from([0.0, 0.1, 0.4, 0.9, 1.2]))
        digits = draw(st.sampled_from([2, 2, 5]))
        changes: dict[str, Any] = {"cash_reserve": round(worth * part, digits)}
        if draw(st.booleans()):
            changes["fractional"] = True
        accounts.append(replace(account, **changes))
    policy = replace(
        subject.policy,
        mode="raise_cash",
        costs=document.costs,
        max_realized_gain=draw(st.sampled_from([None, None, 0.0, 40.0])),
        max_tax=draw(st.sampled_from([None, None, None, 25.0])),
    )
    return replace(subject, accounts=tuple(accounts), policy=policy)


@settings(drawn, max_examples=70)
@given(raising())
def test_every_household_that_has_cash_to_raise_gets_a_plan_that_passes_the_audit(subject: Household) -> None:
    plan = rebalance(subject)
    assert audit_plan(subject, plan).ok
    assert all(trade.shares < 0 for trade in plan.trades)
